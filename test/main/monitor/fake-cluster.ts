/** A cluster that exists as answers only: what the monitor reads of it can be changed while it reads. */
import type { Reader, StatementOptions } from '../../../src-main/connections/database';
import { FailureError } from '../../../src-main/contract/failure';
import type { Failure } from '../../../src-main/contract/failure';
import type { EventName, Events } from '../../../src-main/contract/events';
import type { Publish } from '../../../src-main/monitor/parts';

export const refused: Failure = { kind: 'unreachable', message: 'refuses connections' };

export function fail(failure: Failure): never {
  throw new FailureError(failure);
}

export interface FakeCluster {
  readonly coordinator: Reader;
  readonly aside: Reader;
  /** Statements by what they ask for, in order. */
  readonly asked: string[];
  facts: Record<string, unknown>;
  catalogs: Record<string, string>;
  /** What the server counted as written; null: whatever differs in `catalogs`. */
  counts: string | null;
  job: { job: object; tasks: readonly object[] } | null;
  moves: readonly object[];
  sizes: Readonly<Record<string, number>>;
  /** Called before each answer; may throw, or wait. */
  before: (what: string, options?: StatementOptions) => Promise<void> | void;
}

export const shardLines = (groups: readonly (readonly [number, readonly string[]])[]): string =>
  groups.map(([group, ids]) => `${group}|${ids.join(',')}`).join('\n');

export const node = (nodeId: number, groupId: number, port: number): object => ({
  nodeid: nodeId,
  groupid: groupId,
  nodename: 'host',
  nodeport: port,
  noderack: 'default',
  hasmetadata: true,
  isactive: true,
  noderole: 'primary',
  nodecluster: 'default',
  metadatasynced: true,
  shouldhaveshards: groupId !== 0,
});

export function createFakeCluster(): FakeCluster {
  const cluster: FakeCluster = {
    asked: [],
    facts: {
      citus: 'Citus 13.2.2 on Linux',
      extension: '13.2-1',
      postgres: '15.20',
      role: 'postgres',
      superuser: true,
      recovery: false,
      local_group: 0,
      rebalance: true,
      job_status: true,
      move_by_id: true,
      schemas: true,
      clones: true,
      parallel: true,
      jobs: true,
      cleanup: true,
      sizes_by_id: true,
      prompt_counts: true,
    },
    catalogs: {
      nodes: JSON.stringify([node(1, 0, 5432), node(2, 1, 5433), node(3, 2, 5434)]),
      tables: JSON.stringify([
        [20, 'public', 'permits', 'distributed', 'h', 'id', 1, 'postgres', 'heap', false, null, true, false],
      ]),
      groups: '[[1,2,1,"bigint",null]]',
      strategies: '[["by_disk_size",true,0.1,0.01,0.5]]',
      cleanup: '0',
      jobs: '[]',
      shards: '20|100,101|-2147483648,0|-1,2147483647',
      placements: '1|100\n2|101',
    },
    counts: null,
    job: null,
    moves: [],
    sizes: { '100': 1000, '101': 3000 },
    before: () => undefined,
    coordinator: { address: 'host:5432', read: (statement, options) => answer(statement.text, options) },
    aside: { address: 'host:5432', read: (statement, options) => answer(statement.text, options) },
  };

  const answer = async (text: string, options?: StatementOptions): Promise<never> => {
    const what = subjectOf(text);
    cluster.asked.push(what);
    await cluster.before(what, options);
    if (options?.signal?.aborted) fail({ kind: 'cancelled', message: 'Cancelled.' });
    return rowsOf(what) as never;
  };

  const rowsOf = (what: string): readonly object[] => {
    switch (what) {
      case 'facts':
        return [cluster.facts];
      case 'catalogs':
        return [cluster.catalogs];
      case 'counts':
        return [{ counts: cluster.counts ?? JSON.stringify(cluster.catalogs) }];
      case 'glance':
        return [{ glance: JSON.stringify(cluster.catalogs) }];
      case 'job':
        return cluster.job
          ? [{ job: JSON.stringify(cluster.job.job), tasks: JSON.stringify(cluster.job.tasks) }]
          : [];
      case 'moves':
        return cluster.moves.map((move) => ({
          shard: String((move as { shardid: string }).shardid),
          whole: JSON.stringify(move),
        }));
      case 'sizes':
        return [{ ids: Object.keys(cluster.sizes).join(','), bytes: Object.values(cluster.sizes).join(',') }];
      case 'check':
        return [{ reached: true }];
      case 'checks':
        return fail({ kind: 'database', message: 'function does not exist', sqlState: '42883' });
      default:
        return [{}];
    }
  };
  return cluster;
}

function subjectOf(text: string): string {
  if (text.includes('citus_version()')) return 'facts';
  if (text.includes('AS placements')) return 'catalogs';
  if (text.includes('AS counts')) return 'counts';
  if (text.includes('AS glance')) return 'glance';
  if (text.includes('get_rebalance_progress')) return 'moves';
  if (text.includes('citus_shard_sizes')) return 'sizes';
  if (text.includes('citus_check_connection_to_node')) return 'check';
  if (text.includes('master_run_on_worker')) return 'checks';
  if (text.includes('pg_dist_background_task')) return 'job';
  return 'heartbeat';
}

export interface Published {
  readonly publish: Publish;
  readonly all: readonly { readonly event: EventName; readonly record: Events[EventName] }[];
  of<E extends EventName>(event: E): readonly Events[E][];
}

export function createPublished(): Published {
  const all: { event: EventName; record: Events[EventName] }[] = [];
  return {
    publish: (event, record) => void all.push({ event, record }),
    all,
    of: <E extends EventName>(event: E) =>
      all.filter((one) => one.event === event).map((one) => one.record as Events[E]),
  };
}
