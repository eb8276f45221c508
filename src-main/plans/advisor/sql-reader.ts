/**
 * Reads as much of a statement as decides where Citus would run it: its tables, which of their columns are compared by
 * equality with a value or with one another, and the clauses that Citus limits. What it does not understand it says.
 */
import { readAssignments, readEquality, readNames, readTable, reserved, startsCondition } from './sql-parts';
import type { ColumnUse, TableUse } from './sql-parts';
import { tokensOf } from './sql-tokens';
import type { Token } from './sql-tokens';

export interface ReadStatement {
  readonly outcome: 'read';
  readonly command: 'select' | 'insert' | 'update' | 'delete' | 'merge';
  readonly tables: readonly TableUse[];
  /** Comparisons that must hold for every row of the result; the right side is null for a value. */
  readonly equalities: readonly (readonly [ColumnUse, ColumnUse | null])[];
  /** Scope -> the scope around it; the outermost is 0. */
  readonly parentScopes: readonly number[];
  /** Columns that an UPDATE, or an INSERT on conflict, sets. */
  readonly setColumns: readonly string[];
  /** Null: no INSERT, or all columns. */
  readonly insertColumns: readonly string[] | null;
  readonly insertsQuery: boolean;
  /** Columns after ON CONFLICT; null without them. */
  readonly conflictColumns: readonly string[] | null;
  readonly locksRows: boolean;
  readonly hasGroupingSets: boolean;
  readonly isRecursive: boolean;
  readonly aggregates: boolean;
}

/** `other` touches no rows of tables that could be known here: SET, BEGIN, COPY, DDL. */
export type Reading = ReadStatement | { readonly outcome: 'other' } | { readonly outcome: 'not-understood' };

const commands = ['select', 'insert', 'update', 'delete', 'merge'] as const;

const aggregateNames = new Set(
  'count sum avg min max array_agg string_agg json_agg jsonb_agg stddev variance'.split(' '),
);

interface Frame {
  readonly kind: 'query' | 'call' | 'group';
  readonly scope: number;
  clause: 'none' | 'from' | 'predicate' | 'other';
  /** Index in `equalities` where the predicate of this frame began. */
  predicateStart: number;
  /** Depth of CASE. */
  cases: number;
}

export function readStatement(text: string): Reading {
  const tokens = tokensOf(text);
  const words = tokens.map((token) => (token.kind === 'word' ? token.text : ''));
  const first = words[0] ?? '';
  if (!['select', 'insert', 'update', 'delete', 'merge', 'with', 'values'].includes(first)) {
    return { outcome: 'other' };
  }
  if (words.includes('natural')) return { outcome: 'not-understood' };
  const has = { aggregates: false, groupingSets: false, recursion: false, locks: false };
  const tables: TableUse[] = [];
  const equalities: (readonly [ColumnUse, ColumnUse | null])[] = [];
  const parentScopes: number[] = [0];
  const commonNames = new Set<string>();
  const setColumns: string[] = [];
  let insertColumns: string[] | null = null;
  let insertsQuery = false;
  let conflictColumns: string[] | null = null;
  let command: ReadStatement['command'] | null = null;
  const frames: Frame[] = [{ kind: 'query', scope: 0, clause: 'none', predicateStart: 0, cases: 0 }];
  const top = (): Frame => frames.at(-1) as Frame;

  tokens.forEach((token, index) => {
    if (token.kind !== 'word' && token.kind !== 'name') return;
    const next = tokens[index + 1];
    const after = tokens[index + 2];
    const opens = next?.text === 'as' ? tokens[index + 2]?.text : next?.text;
    if (
      (words[index - 1] === 'with' || words[index - 1] === 'recursive' || tokens[index - 1]?.text === ',')
      && next?.text === 'as'
      && (opens === '(' || after?.text === 'materialized' || after?.text === 'not')
    ) {
      commonNames.add(token.text);
    }
  });

  let index = 0;
  while (index < tokens.length) {
    const token = tokens[index] as Token;
    const frame = top();
    const word = token.kind === 'word' ? token.text : '';
    if (token.text === '(' && token.kind === 'sign') {
      frames.push(openFrame(tokens, index, frame, parentScopes, equalities.length));
      index += 1;
      continue;
    }
    if (token.text === ')' && token.kind === 'sign') {
      if (frames.length > 1) frames.pop();
      index += 1;
      continue;
    }
    if (word === 'case') frame.cases += 1;
    if (word === 'end' && frame.cases > 0) frame.cases -= 1;
    if (aggregateNames.has(word) && tokens[index + 1]?.text === '(') has.aggregates = true;
    if (word === 'group' || word === 'distinct') has.aggregates = true;
    if (word === 'rollup' || word === 'cube' || (word === 'grouping' && words[index + 1] === 'sets'))
      has.groupingSets = true;
    if (word === 'recursive') has.recursion = true;
    if (
      word === 'for'
      && (words[index + 1] === 'update' || words[index + 1] === 'share' || words[index + 1] === 'no')
    )
      has.locks = true;
    const isQueryWord = frame.kind !== 'call';
    if (isQueryWord && (commands as readonly string[]).includes(word)) {
      const isAction = ['for', 'on', 'key', 'do', 'then'].includes(words[index - 1] ?? '');
      if (!isAction && frame.scope === 0 && command === null) command = word as ReadStatement['command'];
      if (!isAction && (word === 'update' || word === 'delete' || word === 'insert' || word === 'merge')) {
        const at = ['from', 'into', 'only'].includes(words[index + 1] ?? '') ? index + 2 : index + 1;
        const read = readTable(tokens, at, frame.scope, true);
        if (read) {
          tables.push(read.use);
          index = read.next;
          if (word === 'insert') {
            const listed = readNames(tokens, index);
            if (listed) {
              insertColumns = listed.names;
              index = listed.next;
            }
            insertsQuery = !tokens
              .slice(index, index + 4)
              .some(({ text: one }) => one === 'values' || one === 'default');
          }
          frame.clause = 'other';
          continue;
        }
      }
      if (word === 'select') frame.clause = 'other';
    }
    if (isQueryWord && word === 'conflict') {
      const listed = readNames(tokens, index + 1);
      if (listed) conflictColumns = listed.names;
    }
    if (isQueryWord && word === 'set' && frame.scope === 0)
      setColumns.push(...readAssignments(tokens, index + 1));
    const startsTable =
      isQueryWord
      && ((word === 'from' && words[index - 1] !== 'distinct')
        || word === 'join'
        || (word === 'using' && tokens[index + 1]?.text !== '('));
    if (startsTable || (frame.clause === 'from' && token.text === ',')) {
      frame.clause = 'from';
      const at = ['lateral', 'only'].includes(words[index + 1] ?? '') ? index + 2 : index + 1;
      const read = readTable(tokens, at, frame.scope, false);
      if (read && !(read.use.schema === null && commonNames.has(read.use.name))) tables.push(read.use);
      index = read ? read.next : index + 1;
      continue;
    }
    if (word === 'using' && tokens[index + 1]?.text === '(' && frame.clause === 'from') {
      const listed = readNames(tokens, index + 1);
      const last = tables.at(-1);
      const others = tables.slice(0, -1).filter((one) => one.scope === frame.scope);
      const before = others.at(-1);
      if (listed && last && before) {
        for (const name of listed.names) {
          const pair = [last, before].map((use) => ({ qualifier: use.alias, name, scope: frame.scope }));
          equalities.push([pair[0] as ColumnUse, pair[1] as ColumnUse]);
        }
      }
      index = listed ? listed.next : index + 1;
      continue;
    }
    if (isQueryWord && (word === 'where' || word === 'on')) {
      frame.clause = 'predicate';
      frame.predicateStart = equalities.length;
    } else if (
      ['group', 'order', 'limit', 'returning', 'union', 'having', 'window', 'set'].includes(word)
      && isQueryWord
    ) {
      frame.clause = 'other';
    } else if (['inner', 'left', 'right', 'full', 'cross'].includes(word) && frame.clause === 'predicate') {
      frame.clause = 'from';
    }
    if (word === 'or' && frame.clause === 'predicate' && frame.cases === 0) {
      // Either side may hold alone: none of them must.
      equalities.length = Math.min(equalities.length, frame.predicateStart);
      frame.clause = 'other';
    }
    if (frame.clause === 'predicate' && frame.cases === 0 && startsCondition(tokens, index)) {
      const read = readEquality(tokens, index, frame.scope);
      if (read) {
        equalities.push(read.pair);
        index = read.next;
        continue;
      }
    }
    index += 1;
  }
  if (command === null) return { outcome: 'not-understood' };
  if (tables.length === 0)
    return { outcome: words.some((word) => word === 'from') ? 'not-understood' : 'other' };
  return {
    outcome: 'read',
    command,
    tables,
    equalities,
    parentScopes,
    setColumns,
    insertColumns,
    insertsQuery,
    conflictColumns,
    locksRows: has.locks,
    hasGroupingSets: has.groupingSets,
    isRecursive: has.recursion,
    aggregates: has.aggregates,
  };
}

function openFrame(
  tokens: readonly Token[],
  index: number,
  around: Frame,
  parentScopes: number[],
  equalityCount: number,
): Frame {
  const next = tokens[index + 1];
  const before = tokens[index - 1];
  const startsQuery =
    next?.kind === 'word' && ['select', 'with', 'insert', 'update', 'delete'].includes(next.text);
  if (startsQuery) {
    const scope = parentScopes.length;
    parentScopes.push(around.scope);
    return { kind: 'query', scope, clause: 'none', predicateStart: equalityCount, cases: 0 };
  }
  const isCall =
    before !== undefined
    && (before.kind === 'name' || (before.kind === 'word' && !reserved.has(before.text)))
    && around.clause !== 'from';
  if (isCall)
    return {
      kind: 'call',
      scope: around.scope,
      clause: 'other',
      predicateStart: equalityCount,
      cases: around.cases,
    };
  // A parenthesis of a predicate goes on with it unless it is denied as a whole.
  const isDenied = before?.text === 'not';
  return {
    kind: 'group',
    scope: around.scope,
    clause: isDenied ? 'other' : around.clause,
    predicateStart: equalityCount,
    cases: around.cases,
  };
}
