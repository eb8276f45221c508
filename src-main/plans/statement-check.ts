/** Whether a text that somebody pasted is one statement whose route can be told. */
import type { Failure } from '../contract/failure';

/** Strings, quoted names, comments and dollar quotes: what stands in them is text. */
const textual =
  /[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$/g;
const comments = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;

const routed: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'delete', 'merge', 'with']);

export type StatementCheck =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly failure: Failure };

export function checkStatement(pasted: string): StatementCheck {
  const text = pasted.replace(comments, '').replace(/[\s;]+$/, '');
  const bare = text.replace(textual, (found) => ' '.repeat(found.length));
  const first = /^\(*\s*([a-z_]+)/i.exec(bare)?.[1]?.toLowerCase() ?? '';
  if (text === '')
    return refuse('There is no statement.', 'Paste a SELECT, INSERT, UPDATE, DELETE or MERGE.');
  if (first === 'explain')
    return refuse('The statement begins with EXPLAIN.', 'Leave it out: it is put before the statement here.');
  if (/^\\/.test(text)) return refuse('This is a command of psql.', 'Paste the statement itself.');
  if (!routed.has(first)) {
    return refuse(
      `${first === '' ? 'This' : first.toUpperCase()} is no statement that is routed to shards.`,
      'The lens takes SELECT, INSERT, UPDATE, DELETE and MERGE, and WITH before one of them.',
    );
  }
  if (/;/.test(bare)) return refuse('There is more than one statement.', 'Paste one at a time.');
  const parameter = /\$\d+/.exec(bare)?.[0];
  if (parameter !== undefined) {
    return refuse(
      `The statement has a parameter, ${parameter}.`,
      'Write a value in its place: the shard depends on it.',
    );
  }
  return { ok: true, text };
}

function refuse(message: string, remedy: string): StatementCheck {
  return {
    ok: false,
    failure: { kind: 'invalid-input', message, meaning: 'Nothing was sent to the server.', remedy },
  };
}

/** Adds to the server's refusal what it means for where the statement would run. */
export function explainRefusal(failure: Failure): Failure {
  const said = failure.serverMessage ?? failure.message;
  if (/requires repartitioning/.test(said)) {
    return {
      ...failure,
      meaning:
        'The tables are joined on columns by which they are not distributed, so their rows would have to be sent between the nodes first. Citus does that only when citus.enable_repartition_joins is on.',
      remedy: 'Join on the distribution columns as well, make one table a reference table, or colocate both.',
    };
  }
  if (failure.sqlState === '25006') {
    return {
      ...failure,
      meaning:
        'Citus takes the next value of a sequence while it plans, and planning here may change nothing.',
      remedy: 'Write a value for every column that has a sequence or identity.',
    };
  }
  return failure;
}
