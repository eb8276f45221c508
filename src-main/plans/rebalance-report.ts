/** What a run of moves came to: balance before and after, and what falls short of its plan. Pure. */
import type { NodeLoad } from '../contract/operations';
import type { RebalanceReport, ReportedNode } from '../contract/rebalance';
import { defaultBaseCostBytes } from './planner-world';
import { listed } from './plan';

export interface ReportFacts {
  /** ISO 8601. */
  readonly madeAt: string;
  readonly measure: 'bytes' | 'groups';
  /** As the plan found the nodes and as it foresaw them. */
  readonly planned: readonly NodeLoad[];
  /** As they are now, in `bytesBefore` and `shardGroupsBefore`. */
  readonly found: readonly NodeLoad[];
  readonly leftovers: RebalanceReport['leftovers'];
}

/** Rows written meanwhile and the bloat that a copy does not have make bytes differ a little from any plan. */
const tolerance = 0.05;

export function toRebalanceReport(facts: ReportFacts): RebalanceReport {
  const foundByNode = new Map(facts.found.map((load) => [load.node, load]));
  const nodes = facts.planned.map((load): ReportedNode => {
    const now = foundByNode.get(load.node);
    return {
      node: load.node,
      bytesBefore: load.bytesBefore,
      bytesAfter: now ? now.bytesBefore : 0,
      groupsBefore: load.shardGroupsBefore,
      groupsAfter: now?.shardGroupsBefore ?? 0,
    };
  });
  const value = (bytes: number | null, groups: number): number | null =>
    facts.measure === 'groups' ? groups : bytes === null ? null : bytes + groups * defaultBaseCostBytes;
  // Nodes that are to end empty have no part in the balance.
  const staying = new Set(facts.planned.filter((load) => load.shardGroupsAfter > 0).map((load) => load.node));
  const counted = nodes.filter((node) => staying.has(node.node));
  const spreadBefore = spread(counted.map((node) => value(node.bytesBefore, node.groupsBefore)));
  const spreadAfter = spread(counted.map((node) => value(node.bytesAfter, node.groupsAfter)));
  const spreadPlanned = spread(
    facts.planned
      .filter((load) => staying.has(load.node))
      .map((load) => value(load.bytesAfter, load.shardGroupsAfter)),
  );
  return {
    madeAt: facts.madeAt,
    nodes,
    spreadBefore,
    spreadAfter,
    measure: facts.measure,
    shortfalls: shortfallsOf(facts, nodes, {
      before: spreadBefore,
      planned: spreadPlanned,
      after: spreadAfter,
    }),
    leftovers: facts.leftovers,
  };
}

interface Spreads {
  readonly before: number | null;
  readonly planned: number | null;
  readonly after: number | null;
}

/** A plan that promised more balance must have brought some; one that did not, must not have done more harm than it said. */
function isWorse({ before, planned, after }: { [K in keyof Spreads]: number }): boolean {
  return planned < before ? after >= before : after > planned * (1 + tolerance);
}

function shortfallsOf(
  facts: ReportFacts,
  nodes: readonly ReportedNode[],
  { before, planned, after }: Spreads,
): readonly string[] {
  const shortfalls: string[] = [];
  const foundOf = new Map(nodes.map((node) => [node.node, node]));
  const stayedEmpty = facts.planned.filter(
    (load) => load.shardGroupsAfter > 0 && foundOf.get(load.node)?.groupsAfter === 0,
  );
  if (stayedEmpty.length > 0) {
    shortfalls.push(`${listed(stayedEmpty.map(({ node }) => node))} should hold shards now and hold none.`);
  }
  const notEmptied = facts.planned.filter(
    (load) =>
      load.shardGroupsBefore > 0
      && load.shardGroupsAfter === 0
      && (foundOf.get(load.node)?.groupsAfter ?? 0) > 0,
  );
  if (notEmptied.length > 0) {
    shortfalls.push(
      `${listed(notEmptied.map(({ node }) => node))} should be empty now and still hold shards.`,
    );
  }
  // What is listed above explains a poor balance better than the figures do.
  const isExplained = shortfalls.length > 0;
  if (
    !isExplained
    && before !== null
    && planned !== null
    && after !== null
    && isWorse({ before, planned, after })
  ) {
    shortfalls.push(
      `The fullest node held ${before.toFixed(2)} times the average before, ${planned.toFixed(2)} were planned, and it holds ${after.toFixed(2)} now.`,
    );
  }
  return shortfalls;
}

/** Fullest divided by the average. */
function spread(values: readonly (number | null)[]): number | null {
  if (values.length === 0 || values.some((value) => value === null)) return null;
  const known = values.map((value) => value ?? 0);
  const total = known.reduce((sum, value) => sum + value, 0);
  return total === 0 ? null : Math.max(...known) / (total / known.length);
}
