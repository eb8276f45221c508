/** Parts of a statement: a table with its alias, a list of names, a comparison by equality. Pure. */
import type { Token } from './sql-tokens';

export interface TableUse {
  readonly schema: string | null;
  readonly name: string;
  readonly alias: string;
  /** Of the query it stands in. */
  readonly scope: number;
  readonly isTarget: boolean;
}

export interface ColumnUse {
  readonly qualifier: string | null;
  readonly name: string;
  readonly scope: number;
}

/** Words after which no alias stands. */
export const reserved = new Set(
  (
    'where on using join inner left right full outer cross natural group order having limit offset fetch for union '
    + 'intersect except returning set values select from when then window tablesample default as and or not do is in '
    + 'overriding with end else case lateral'
  ).split(' '),
);
const isName = (token: Token | undefined): token is Token => token?.kind === 'word' || token?.kind === 'name';

export function readTable(
  tokens: readonly Token[],
  start: number,
  scope: number,
  isTarget: boolean,
): { readonly use: TableUse; readonly next: number } | null {
  let at = start;
  const first = tokens[at];
  if (!isName(first) || (first.kind === 'word' && reserved.has(first.text))) return null;
  let schema: string | null = null;
  let name = first.text;
  at += 1;
  const second = tokens[at + 1];
  if (tokens[at]?.text === '.' && isName(second)) {
    schema = name;
    name = second.text;
    at += 2;
  }
  if (tokens[at]?.text === '*') at += 1;
  if (!isTarget && tokens[at]?.text === '(') return null;
  let alias = name;
  if (tokens[at]?.text === 'as' && isName(tokens[at + 1])) {
    alias = (tokens[at + 1] as Token).text;
    at += 2;
  } else {
    const candidate = tokens[at];
    if (isName(candidate) && !(candidate.kind === 'word' && reserved.has(candidate.text))) {
      alias = candidate.text;
      at += 1;
    }
  }
  return { use: { schema, name, alias, scope, isTarget }, next: at };
}

/** "(a, b)"; null for anything else in the parentheses. */
export function readNames(
  tokens: readonly Token[],
  start: number,
): { readonly names: string[]; readonly next: number } | null {
  if (tokens[start]?.text !== '(') return null;
  const names: string[] = [];
  for (let at = start + 1; at < tokens.length; at += 2) {
    const name = tokens[at];
    if (!isName(name) || name.text === 'select' || name.text === 'with') return null;
    names.push(name.text);
    if (tokens[at + 1]?.text === ')') return { names, next: at + 2 };
    if (tokens[at + 1]?.text !== ',') return null;
  }
  return null;
}

/** Names on the left of "=" after SET, up to the end of the clause. */
export function readAssignments(tokens: readonly Token[], start: number): readonly string[] {
  const names: string[] = [];
  let depth = 0;
  for (let at = start; at < tokens.length; at += 1) {
    const token = tokens[at] as Token;
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (depth < 0 || (depth === 0 && ['where', 'from', 'returning'].includes(token.text))) break;
    const isFirst = at === start || (depth === 0 && tokens[at - 1]?.text === ',');
    if (isFirst && isName(token) && tokens[at + 1]?.text === '=') names.push(token.text);
  }
  return names;
}

export function startsCondition(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1];
  return before !== undefined && ['where', 'on', 'and', '('].includes(before.text);
}

interface Operand {
  readonly column: { readonly qualifier: string | null; readonly name: string } | null;
  readonly next: number;
}

function readOperand(tokens: readonly Token[], start: number): Operand | null {
  const token = tokens[start];
  if (token?.kind === 'value') return { column: null, next: skipCast(tokens, start + 1) };
  if (!isName(token) || (token.kind === 'word' && reserved.has(token.text))) return null;
  if (token.text === 'true' || token.text === 'false')
    return { column: null, next: skipCast(tokens, start + 1) };
  const second = tokens[start + 2];
  if (tokens[start + 1]?.text === '.' && isName(second)) {
    const third = tokens[start + 4];
    if (tokens[start + 3]?.text === '.' && isName(third)) {
      return { column: { qualifier: second.text, name: third.text }, next: start + 5 };
    }
    return { column: { qualifier: token.text, name: second.text }, next: start + 3 };
  }
  if (tokens[start + 1]?.text === '(') return null;
  return { column: { qualifier: null, name: token.text }, next: start + 1 };
}

/** A value stays a value when it is cast; a column does not stay itself. */
function skipCast(tokens: readonly Token[], start: number): number {
  let at = start;
  while (tokens[at]?.text === '::') {
    at += 2;
    while (isName(tokens[at]) && !reserved.has((tokens[at] as Token).text)) at += 1;
  }
  return at;
}

const endsCondition = new Set(
  'and or where ) group order limit offset for returning union intersect except having window join inner left right full cross ; when then fetch'.split(
    ' ',
  ),
);

export function readEquality(
  tokens: readonly Token[],
  start: number,
  scope: number,
): { readonly pair: readonly [ColumnUse, ColumnUse | null]; readonly next: number } | null {
  const left = readOperand(tokens, start);
  if (!left || tokens[left.next]?.text !== '=' || tokens[left.next]?.kind !== 'sign') return null;
  const right = readOperand(tokens, left.next + 1);
  if (!right) return null;
  const end = tokens[right.next];
  if (end !== undefined && !endsCondition.has(end.text)) return null;
  const [column, other] = left.column ? [left.column, right.column] : [right.column, null];
  if (!column) return null;
  return {
    pair: [{ ...column, scope }, other ? { ...other, scope } : null],
    next: right.next,
  };
}
