/** Pure: the moves of a running job as flows between nodes, and what each node gives and gets. */
import type {
  ClusterNode,
  JobProgress,
  JobState,
  MoveProgress,
  TaskProgress,
} from '../../src-main/contract/cluster';
import type { Operation, StepState } from '../../src-main/contract/operations';
import type { ShardMap } from './shard-groups';

/** Moves from one node to another, drawn as one arc. */
export interface Flow {
  readonly id: string;
  readonly sourceNodeId: number;
  readonly targetNodeId: number;
  /** Shard groups that have not arrived yet. */
  readonly groupsLeft: number;
  readonly groupsTotal: number;
  /** Of the groups left; null when one of them has no known size. */
  readonly bytesLeft: number | null;
  /** One of them is being copied right now. */
  readonly isRunning: boolean;
}

export interface NodeTraffic {
  readonly receiving: number;
  /** Arrived, or arriving now: "receiving 3 of 8". */
  readonly received: number;
  readonly sending: number;
  readonly sent: number;
}

export interface Traffic {
  readonly flows: readonly Flow[];
  readonly nodes: ReadonlyMap<number, NodeTraffic>;
  /** Keys of shard groups that move or wait to. */
  readonly movingGroups: ReadonlySet<string>;
}

export const noTraffic: Traffic = { flows: [], nodes: new Map(), movingGroups: new Set() };

export function hasEnded(state: JobState): boolean {
  return state === 'finished' || state === 'cancelled' || state === 'failed';
}

const doneTask = (task: TaskProgress): boolean => task.status === 'done';
/** Tasks that will not run any more. */
const droppedTask = (task: TaskProgress): boolean =>
  task.status === 'cancelled' || task.status === 'error' || task.status === 'unscheduled';

export function addressOf(node: Pick<ClusterNode, 'name' | 'port'>): string {
  return `${node.name}:${node.port}`;
}

interface Step {
  readonly source: number;
  readonly target: number;
  readonly key: string | null;
  readonly isDone: boolean;
  readonly isRunning: boolean;
  readonly bytes: number | null;
}

/** A move whose size the size reading does not know still has the one that the move itself reports. */
function bytesOf(shards: ShardMap, shardId: string, move: MoveProgress | undefined): number | null {
  const key = shards.groupOfShard.get(shardId);
  const known = key === undefined ? null : (shards.groupByKey.get(key)?.bytes ?? null);
  return known ?? move?.sourceBytes ?? null;
}

/** What moves: a background job's tasks and moves, or those of an operation of this app. */
export type Moving = Pick<JobProgress, 'tasks' | 'moves'>;

const taskStatus: Readonly<Record<StepState, string>> = {
  waiting: 'blocked',
  running: 'running',
  done: 'done',
  failed: 'error',
  cancelled: 'cancelled',
  conflict: 'unscheduled',
};

/** The moves that this app makes one by one, as a job would tell them; null while none are made. */
export function movingOfOperations(operations: readonly Operation[]): Moving | null {
  for (const { state, steps } of operations) {
    const step = steps.find((one) => one.action.type === 'move-shards');
    if (step?.action.type !== 'move-shards' || step.state !== 'running' || state === 'cancelled') continue;
    const orders = new Map(step.action.moves.map((move) => [move.shardId, move]));
    const tasks: TaskProgress[] = [];
    const moves: MoveProgress[] = [];
    for (const item of step.items) {
      const order = orders.get(item.itemId);
      if (!order) continue;
      tasks.push({
        taskId: item.itemId,
        status: taskStatus[item.state],
        command: '',
        retryCount: Math.max(0, item.attempts - 1),
        message: item.outcome ?? '',
        shardId: item.itemId,
        sourceNodeId: order.sourceNodeId,
        targetNodeId: order.targetNodeId,
      });
      if (item.live === null) continue;
      moves.push({
        shardId: item.itemId,
        tables: order.tables,
        sourceNode: `${order.source.host}:${order.source.port}`,
        targetNode: `${order.target.host}:${order.target.port}`,
        operation: 'move',
        phase: item.live.phase,
        sourceBytes: item.live.sourceBytes,
        targetBytes: item.live.targetBytes,
        sourceLsn: null,
        targetLsn: null,
      });
    }
    return { tasks, moves };
  }
  return null;
}

/** The job while it runs, else what this app moves itself. */
export function movingOf(progress: JobProgress | undefined, operations: readonly Operation[]): Moving | null {
  if (progress !== undefined && !hasEnded(progress.job.state)) return progress;
  return movingOfOperations(operations);
}

export function toTraffic(progress: Moving | null, nodes: readonly ClusterNode[], shards: ShardMap): Traffic {
  if (progress === null) return noTraffic;
  const byAddress = new Map(nodes.map((node) => [addressOf(node), node.nodeId]));
  const keyOf = (shardId: string): string => shards.groupOfShard.get(shardId) ?? shardId;
  const moveByKey = new Map(progress.moves.map((move) => [keyOf(move.shardId), move]));
  const steps: Step[] = [];
  const seen = new Set<string>();
  for (const task of progress.tasks) {
    if (task.shardId === null || task.sourceNodeId === null || task.targetNodeId === null) continue;
    if (droppedTask(task)) continue;
    const key = keyOf(task.shardId);
    const move = moveByKey.get(key);
    seen.add(key);
    steps.push({
      source: task.sourceNodeId,
      target: task.targetNodeId,
      key,
      isDone: doneTask(task),
      isRunning: task.status === 'running',
      bytes: bytesOf(shards, task.shardId, move),
    });
  }
  for (const [key, move] of moveByKey) {
    if (seen.has(key)) continue;
    const source = byAddress.get(move.sourceNode);
    const target = byAddress.get(move.targetNode);
    if (source === undefined || target === undefined) continue;
    const isDone = move.phase === 'Completed';
    steps.push({
      source,
      target,
      key,
      isDone,
      isRunning: !isDone && move.phase !== 'Not Started Yet',
      bytes: bytesOf(shards, move.shardId, move),
    });
  }
  return toBundles(steps);
}

function toBundles(steps: readonly Step[]): Traffic {
  const flows = new Map<string, Flow>();
  const traffic = new Map<number, NodeTraffic>();
  const movingGroups = new Set<string>();
  const at = (nodeId: number): NodeTraffic =>
    traffic.get(nodeId) ?? { receiving: 0, received: 0, sending: 0, sent: 0 };
  for (const step of steps) {
    const id = `flow:${step.source}:${step.target}`;
    const flow = flows.get(id) ?? {
      id,
      sourceNodeId: step.source,
      targetNodeId: step.target,
      groupsLeft: 0,
      groupsTotal: 0,
      bytesLeft: 0,
      isRunning: false,
    };
    const bytesLeft = flow.bytesLeft === null || step.bytes === null ? null : flow.bytesLeft + step.bytes;
    flows.set(id, {
      ...flow,
      groupsTotal: flow.groupsTotal + 1,
      groupsLeft: flow.groupsLeft + (step.isDone ? 0 : 1),
      bytesLeft: step.isDone ? flow.bytesLeft : bytesLeft,
      isRunning: flow.isRunning || step.isRunning,
    });
    if (!step.isDone && step.key !== null) movingGroups.add(step.key);
    const counts = step.isDone || step.isRunning ? 1 : 0;
    const target = at(step.target);
    traffic.set(step.target, {
      ...target,
      receiving: target.receiving + 1,
      received: target.received + counts,
    });
    const source = at(step.source);
    traffic.set(step.source, { ...source, sending: source.sending + 1, sent: source.sent + counts });
  }
  return {
    flows: [...flows.values()].filter((flow) => flow.groupsLeft > 0),
    nodes: traffic,
    movingGroups,
  };
}
