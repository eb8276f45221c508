/** What the pages about tables read beside the snapshot, while somebody looks at them. */
import { readServerFacts } from '../../citus/capabilities';
import { describeTable } from '../../citus/describe-table';
import { readRowEstimates } from '../../citus/row-estimates';
import { readForeignKeys } from '../../citus/table-keys';
import { readPlainTables } from '../../citus/tables';
import { readTenants } from '../../citus/tenants';
import { qualified } from '../../connections/database';
import type { Registry } from '../../connections/registry';
import type { ClusterSnapshot } from '../../contract/cluster';
import type { Monitor } from '../../monitor/monitor';
import { onlineMoveFixes } from '../../plans/online-moves';
import type { Handlers } from '../serve';

type TableHandlers = Pick<Handlers, Extract<keyof Handlers, `tables.${string}`>>;

export interface TableParts {
  readonly registry: Registry;
  readonly monitor: Monitor;
}

/** Statements that wait for other nodes. */
const rowsTimeoutMs = 20_000;

export function tableHandlers({ registry, monitor }: TableParts): TableHandlers {
  const snapshotOf = async (clusterId: string): Promise<ClusterSnapshot> =>
    monitor.snapshot(clusterId) ?? monitor.refresh(clusterId);
  return {
    'tables.plain': async ({ clusterId }, signal) => {
      const { catalog } = await readServerFacts(registry.coordinator(clusterId), { signal });
      return readPlainTables(registry.coordinator(clusterId), catalog, { signal });
    },
    'tables.describe': async ({ clusterId, table }, signal) => {
      const { catalog } = await readServerFacts(registry.coordinator(clusterId), { signal });
      return describeTable(registry.coordinator(clusterId), catalog, table, { signal });
    },
    'tables.keys': async ({ clusterId }, signal) => {
      const snapshot = await snapshotOf(clusterId);
      const foreignKeys = await readForeignKeys(registry.coordinator(clusterId), snapshot.versions, {
        signal,
      });
      return {
        takenAt: new Date().toISOString(),
        foreignKeys,
        onlineMoveFixes: onlineMoveFixes(snapshot.tables, qualified),
      };
    },
    'tables.rowEstimates': async ({ clusterId }, signal) => {
      const snapshot = await snapshotOf(clusterId);
      const read = await readRowEstimates(await registry.aside(clusterId), snapshot, {
        signal,
        timeoutMs: rowsTimeoutMs,
      });
      return { takenAt: new Date().toISOString(), ...read };
    },
    'tables.tenants': async ({ clusterId, table }, signal) => {
      const snapshot = await snapshotOf(clusterId);
      const known = snapshot.tables.find((one) => one.schema === table.schema && one.name === table.name);
      if (!known?.distributionColumn) return { tenants: [], evidence: 'it has no distribution column' };
      return readTenants(await registry.aside(clusterId), table, known.distributionColumn, {
        signal,
        timeoutMs: rowsTimeoutMs,
      });
    },
  };
}
