import {
  addNode,
  replicateReferenceTables,
  setCoordinatorHost,
  setShouldHaveShards,
} from '../../citus/node-changes';
import {
  readCoordinatorAddress,
  readCoordinatorReaches,
  readMissingReferenceTables,
  readNode,
  readRowsOfPlacements,
} from '../../citus/operation-reads';
import { FailureError } from '../../contract/failure';
import type { ActionOf, Observation, Step, StepContext } from './step';
import { noticeWords } from './step';

/** No limit of the session's own: a cluster with many tables takes minutes to send its metadata. */
const unlimited = 0;

/** The daemon tries once a minute; five failures are worth a person's look. */
const syncLimitMs = 5 * 60_000;

export const setCoordinatorHostStep: Step<ActionOf<'set-coordinator-host'>> = {
  retrySafe: true,
  async execute({ action, writer, signal }) {
    const result = await setCoordinatorHost(writer(), action, { signal });
    return {
      outcome: `registered as ${action.host}:${action.port}`,
      notices: noticeWords(result.notices),
    };
  },
  async observe({ action, reader, timing }) {
    const found = await readCoordinatorAddress(reader(), { timeoutMs: timing.readLimitMs });
    if (found && found.host === action.host && found.port === action.port) {
      return { state: 'done', words: `registered as ${action.host}:${action.port}` };
    }
    return {
      state: 'absent',
      words: found ? `registered as ${found.host}:${found.port}` : 'not registered',
    };
  },
};

export const addNodeStep: Step<ActionOf<'add-node'>> = {
  retrySafe: true,
  async execute({ action, writer, signal }) {
    const result = await addNode(writer(), action, { signal, timeoutMs: unlimited });
    const id = result.rows[0]?.node_id;
    return {
      outcome: id === undefined ? 'registered' : `registered as node ${id}`,
      notices: noticeWords(result.notices),
    };
  },
  async observe({ action, reader, timing }) {
    const options = { timeoutMs: timing.readLimitMs };
    const node = await readNode(reader(), action, options);
    if (!node) return { state: 'absent', words: 'not in pg_dist_node' };
    if (node.role !== 'primary') {
      return { state: 'conflict', words: `it is registered as a ${node.role} node` };
    }
    if (!node.isActive) {
      return {
        state: 'conflict',
        words: `node ${node.nodeId} is registered and not active; SELECT citus_activate_node activates it`,
      };
    }
    if (node.hasMetadata && !node.metadataSynced) {
      return { state: 'underway', words: `node ${node.nodeId} waits for its metadata` };
    }
    if (!(await readCoordinatorReaches(reader(), action, options))) {
      return {
        state: 'conflict',
        words: `node ${node.nodeId} is registered and active, but the coordinator does not reach it`,
      };
    }
    return { state: 'done', words: `node ${node.nodeId}, active, metadata synced` };
  },
  /** The maintenance daemon sends metadata that is missing; this only waits for it. */
  async follow(context) {
    const { action, reader, timing, signal } = context;
    for (let waitedMs = 0; waitedMs < syncLimitMs; waitedMs += timing.pollMs) {
      const node = await readNode(reader(), action, { timeoutMs: timing.readLimitMs });
      if (!node || node.metadataSynced || signal.aborted) {
        return { outcome: 'metadata sent by the maintenance daemon', notices: [] };
      }
      await context.wait(timing.pollMs);
    }
    throw new FailureError({
      kind: 'conflict',
      message: `The maintenance daemon has not sent the metadata to ${action.host}:${action.port} within ${syncLimitMs / 60_000} minutes.`,
      remedy: 'Look into the log of the coordinator for what its maintenance daemon reports.',
    });
  },
};

export const setShouldHaveShardsStep: Step<ActionOf<'set-should-have-shards'>> = {
  retrySafe: true,
  async execute({ action, writer, signal }) {
    const result = await setShouldHaveShards(writer(), action, action.value, { signal });
    return { outcome: words(action.value), notices: noticeWords(result.notices) };
  },
  async observe({ action, reader, timing }) {
    const node = await readNode(reader(), action, { timeoutMs: timing.readLimitMs });
    if (!node) return { state: 'conflict', words: `${action.host}:${action.port} is no longer registered` };
    return node.shouldHaveShards === action.value
      ? { state: 'done', words: words(action.value) }
      : { state: 'absent', words: words(node.shouldHaveShards) };
  },
};

function words(takes: boolean): string {
  return takes ? 'takes shards' : 'takes no shards';
}

export const replicateReferenceTablesStep: Step<ActionOf<'replicate-reference-tables'>> = {
  // Citus copies only what is missing.
  retrySafe: true,
  async execute({ action, writer, signal }) {
    const result = await replicateReferenceTables(writer(), action.transferMode, {
      signal,
      timeoutMs: unlimited,
    });
    return { outcome: 'copied', notices: noticeWords(result.notices) };
  },
  async observe(context) {
    const { action, reader, timing } = context;
    const node = await readNode(reader(), action, { timeoutMs: timing.readLimitMs });
    if (!node) return { state: 'conflict', words: `${action.host}:${action.port} is no longer registered` };
    const missing = await readMissingReferenceTables(reader(), action, { timeoutMs: timing.readLimitMs });
    if (missing.length > 0) {
      return { state: 'absent', words: `${missing.length} of ${action.tables.length} not copied yet` };
    }
    return compareCopies(context);
  },
};

/** Writes between two counts make them differ for a moment, so a difference is looked at again before it counts. */
const comparisons = 4;

async function compareCopies(
  context: StepContext<ActionOf<'replicate-reference-tables'>>,
): Promise<Observation> {
  const { action, reader, wait, timing } = context;
  const target = `${action.host}:${action.port}`;
  let total = 0n;
  for (const table of action.tables) {
    let difference = '';
    for (let attempt = 0; attempt < comparisons; attempt += 1) {
      if (attempt > 0) await wait(timing.pollMs);
      const counts = await readRowsOfPlacements(reader(), table, { timeoutMs: unlimited });
      const own = counts.find((count) => count.node === target)?.rows ?? null;
      const others = counts.filter((count) => count.node !== target && count.rows !== null);
      const differing = others.filter((count) => count.rows !== own);
      if (own === null) {
        difference = `${table.schema}.${table.name} could not be counted on ${target}`;
      } else if (differing.length > 0) {
        difference = `${table.schema}.${table.name} has ${own} rows on ${target} and ${differing[0]?.rows ?? '?'} on ${differing[0]?.node ?? '?'}`;
      } else {
        difference = '';
        total += BigInt(own);
        break;
      }
    }
    if (difference !== '') return { state: 'conflict', words: difference };
  }
  return { state: 'done', words: `${action.tables.length} copied, ${total} rows, every copy alike` };
}
