import { ref, watch } from 'vue';
import type { Ref } from 'vue';
import type { OperationRequest, RefusalReason, RequestOf } from '../../src-main/contract/operations';
import type { Repair, SetTable } from '../../src-main/contract/table-changes';

export interface Repairs {
  /** Ids of those taken into the plan. */
  readonly accepted: Ref<readonly string[]>;
  /** Tables that were taken into the plan with them. */
  readonly tables: Ref<readonly SetTable[]>;
  take(reasons: readonly Pick<RefusalReason, 'repair'>[]): void;
}

/** What a person took into the plan; forgotten when what is asked for changes. */
export function useRepairs(asked: () => unknown): Repairs {
  const accepted = ref<readonly string[]>([]);
  const tables = ref<readonly SetTable[]>([]);
  watch(asked, () => {
    accepted.value = [];
    tables.value = [];
  });
  return {
    accepted,
    tables,
    take(reasons) {
      const repairs = reasons.flatMap(({ repair }) => (repair === undefined ? [] : [repair]));
      accepted.value = [
        ...new Set([...accepted.value, ...repairs.filter((one) => !one.table).map((one) => one.id)]),
      ];
      tables.value = withTables(
        tables.value,
        repairs.flatMap(({ table }) => (table === undefined ? [] : [table])),
      );
    },
  };
}

/** A table that is in already is changed, another is added. */
export function withTables(tables: readonly SetTable[], added: readonly SetTable[]): readonly SetTable[] {
  return added.reduce<readonly SetTable[]>(
    (known, table) => [...known.filter((one) => !isSame(one, table)), table],
    tables,
  );
}

function isSame(one: SetTable, other: SetTable): boolean {
  return one.table.schema === other.table.schema && one.table.name === other.table.name;
}

/** The set that one table with what its repairs bring along makes; null for one by append, which is distributed alone. */
export function toSetRequest(
  one: RequestOf<'distribute-table'>,
  accepted: readonly string[],
  more: readonly SetTable[],
): RequestOf<'distribute-set'> | null {
  const { as, table } = one;
  if (as.type === 'append') return null;
  const own: SetTable =
    as.type === 'hash'
      ? {
          table,
          becomes: 'distributed',
          column: as.column,
          colocateWith: as.colocateWith,
          shardCount: as.shardCount,
        }
      : { table, becomes: as.type, column: null, colocateWith: 'default', shardCount: null };
  return {
    kind: 'distribute-set',
    tables: [...more, own],
    concurrently: as.type === 'hash' && as.concurrently === true,
    repairs: [...accepted],
  };
}

/** What is asked for again when a person takes a remedy into the plan from its review; null where none can be. */
export function withRepair(request: OperationRequest, repair: Repair): OperationRequest | null {
  switch (request.kind) {
    case 'distribute-table':
      return toSetRequest(request, [repair.id], []);
    case 'add-node':
    case 'rebalance':
    case 'rebalance-moves':
      return null;
    default:
      return { ...request, repairs: [...(request.repairs ?? []), repair.id] };
  }
}
