/** The columns of tables, read one by one as they come to be wanted. */
import { reactive, shallowReactive } from 'vue';
import type { TableDescription, TableName } from '../../src-main/contract/cluster';
import type { Failure } from '../../src-main/contract/failure';
import { request } from '../api/bridge';
import { tableKey } from '../operations/distribute-form';

export interface Descriptions {
  /** By `tableKey`. */
  readonly known: ReadonlyMap<string, TableDescription>;
  /** Why the columns of a table could not be read; gone once they were. */
  readonly failures: ReadonlyMap<string, Failure>;
  /** Reads them once; again only after a failure. */
  readonly read: (table: TableName) => Promise<void>;
}

export function useDescriptions(
  clusterId: () => string,
  onRead: (table: TableName, description: TableDescription) => void,
): Descriptions {
  const known = reactive(new Map<string, TableDescription>());
  const failures = shallowReactive(new Map<string, Failure>());
  /** Asked for and not answered yet. */
  const asked = new Set<string>();

  async function read({ schema, name }: TableName): Promise<void> {
    const key = tableKey({ schema, name });
    if (known.has(key) || asked.has(key)) return;
    asked.add(key);
    const result = await request('tables.describe', { clusterId: clusterId(), table: { schema, name } });
    asked.delete(key);
    if (!result.ok) {
      failures.set(key, result.failure);
      return;
    }
    failures.delete(key);
    known.set(key, result.value);
    onRead({ schema, name }, result.value);
  }

  return { known, failures, read };
}
