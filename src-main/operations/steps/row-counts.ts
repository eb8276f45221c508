/** Rows counted before a change and again after it, table by table: the proof that none was lost. */
import { readRowCount } from '../../citus/operation-reads';
import type { TableName } from '../../contract/cluster';
import type { StepMemory } from '../journal';
import type { Observation, StepContext } from './step';

function keyOf(table: TableName): string {
  return `rowsBefore ${table.schema}.${table.name}`;
}

export async function countBefore(
  { reader, signal, report }: StepContext,
  tables: readonly TableName[],
): Promise<StepMemory> {
  const memory: Record<string, string> = {};
  for (const [index, table] of tables.entries()) {
    report({ outcome: `counts rows, ${index + 1} of ${tables.length} tables` });
    memory[keyOf(table)] = await readRowCount(reader(), table, { timeoutMs: 0, signal });
  }
  return memory;
}

/** `words` say what holds apart from the rows. */
export async function compareAfter(
  { reader, memory }: StepContext,
  tables: readonly TableName[],
  words: string,
): Promise<Observation> {
  let total = 0n;
  let compared = 0;
  const grown: string[] = [];
  for (const table of tables) {
    const before = memory[keyOf(table)];
    if (typeof before !== 'string') continue;
    const after = await readRowCount(reader(), table, { timeoutMs: 0 });
    if (BigInt(after) < BigInt(before)) {
      return {
        state: 'conflict',
        words: `${words}, with ${after} rows in ${table.schema}.${table.name} where ${before} were counted before: deleted meanwhile, or not copied`,
      };
    }
    // Rows may be inserted between the count and the lock.
    if (after !== before) grown.push(`${table.schema}.${table.name} (${before} before, ${after} after)`);
    total += BigInt(after);
    compared += 1;
  }
  if (compared === 0) return { state: 'done', words };
  const of = compared === 1 ? '' : ` in ${compared} tables`;
  return grown.length === 0
    ? { state: 'done', words: `${words}, ${total} rows${of} before and after` }
    : { state: 'done', words: `${words}, ${total} rows${of}; written to meanwhile: ${grown.join(', ')}` };
}
