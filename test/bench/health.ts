/**
 * All health checks on 100 nodes of which ten hang: they accept connections and never answer. Wall time against what one
 * such node costs, by its time-out and as measured with one of them. The nodes are proxies to the servers of a practice
 * cluster, so that every session, question and answer is real.
 */
import { activePrimaries } from '../../src-main/plans/plan';
import { nodeTimeoutMs } from '../../src-main/monitor/node-probe';
import type { HealthReport } from '../../src-main/contract/health';
import { startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { startTcpProxy } from '../support/tcp-proxy';
import type { TcpProxy } from '../support/tcp-proxy';
import { waitFor } from '../support/wait';
import { watchCluster, watchedId } from '../support/watched-cluster';
import type { WatchedCluster } from '../support/watched-cluster';
import type { BenchFigure } from './figure';

const nodeCount = 100;
const deadCount = 10;
const servers = 4;

export async function run(): Promise<readonly BenchFigure[]> {
  const cluster = await startPracticeCluster({ workers: servers });
  const proxies: TcpProxy[] = [];
  let watched: WatchedCluster | null = null;
  try {
    await register(cluster, proxies);
    watched = await watchCluster(await cluster.endpoint(), { refreshSeconds: 60 });
    const well = await check(watched, nodeCount, 0);
    // Until every connection between two nodes was tried once, the machine has other things to do.
    await waitFor(
      'the connections between all nodes',
      () =>
        watched?.monitor.healthReport(watchedId)?.checks.find(({ id }) => id === 'connectivity')?.level
        !== 'unknown',
      240_000,
      500,
    );
    for (const proxy of proxies.slice(0, 1)) proxy.hang();
    const one = await check(watched, nodeCount, 1);
    for (const proxy of proxies.slice(0, deadCount)) proxy.hang();
    const ten = await check(watched, nodeCount, deadCount);
    const byLimit = round(ten.tookMs / nodeTimeoutMs);
    const byOne = round(ten.tookMs / one.tookMs);
    return [
      told('checks', ten.checks.length, 'checks'),
      told('all nodes well', round(well.tookMs / 1000), 's'),
      told('time-out of one node', nodeTimeoutMs / 1000, 's'),
      told('1 of 100 dead', round(one.tookMs / 1000), 's'),
      told('10 of 100 dead', round(ten.tookMs / 1000), 's'),
      {
        figure: '10 dead / time-out of one node',
        value: byLimit,
        unit: 'ratio',
        goal: '<= 1.2',
        holds: byLimit <= 1.2,
      },
      { figure: '10 dead / 1 dead', value: byOne, unit: 'ratio', goal: '<= 1.2', holds: byOne <= 1.2 },
    ];
  } finally {
    await watched?.end();
    await Promise.all(proxies.map((proxy) => proxy.end()));
    await cluster.end();
  }
}

function told(figure: string, value: number, unit: string): BenchFigure {
  return { figure, value, unit, goal: '', holds: null };
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

/** A report of everything, made now; throws where it does not name the dead and know the others. */
async function check(watched: WatchedCluster, nodes: number, dead: number): Promise<HealthReport> {
  const report = await watched.monitor.checkHealth(watchedId);
  const found = activePrimaries(
    watched.monitor.snapshot(watchedId) ?? (await watched.monitor.refresh(watchedId)),
  ).length;
  if (found !== nodes) throw new Error(`${found} nodes are registered, not ${nodes}`);
  const reach = report.checks.find(({ id }) => id === 'reachability');
  const away = reach?.evidence.filter(({ isFinding }) => isFinding).length ?? -1;
  if (away !== dead) throw new Error(`${away} nodes were found away, not ${dead}: ${reach?.title}`);
  const asked = report.checks.find(({ id }) => id === 'wal-level');
  const answered = asked?.evidence.filter(({ value }) => value === 'logical').length ?? -1;
  if (answered !== nodes - dead) throw new Error(`${answered} nodes answered, not ${nodes - dead}`);
  return report;
}

/** Rows for nodes that are proxies to the workers, on every server, without the triggers that would set each of them up. */
async function register(cluster: PracticeClusterForTest, proxies: TcpProxy[]): Promise<void> {
  const workers = Array.from({ length: servers }, (_, index) => `worker-${index + 1}`);
  const ports = await Promise.all(workers.map(async (name) => (await cluster.endpoint(name)).port));
  for (let index = 0; index < nodeCount - servers - 1; index += 1)
    proxies.push(await startTcpProxy(ports[index % servers] ?? 0));
  const rows = proxies.map(
    ({ port }, index) => `(${1000 + index}, ${1000 + index}, '127.0.0.1', ${port}, true, true, true)`,
  );
  for (const name of [undefined, ...workers]) {
    const database = await cluster.connect(name);
    await database.change({ text: 'SET session_replication_role = replica' });
    await database.change({ text: 'SET allow_system_table_mods = on' });
    await database.change({
      text: `INSERT INTO pg_dist_node (nodeid, groupid, nodename, nodeport, hasmetadata, isactive, metadatasynced) VALUES ${rows.join(', ')}`,
    });
    await database.change({ text: 'RESET session_replication_role' });
  }
}
