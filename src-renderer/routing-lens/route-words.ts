/** Pure: what a route means, in words. */
import type { RouteKind, RoutePart, StatementRoute } from '../../src-main/contract/routing';
import { formatCount, formatCounted } from '../ui/format';
import type { ShownState } from '../ui/states';

export interface RouteWords {
  readonly title: string;
  readonly meaning: string;
  /** Undefined: neither good nor bad. */
  readonly state?: ShownState;
}

/** @param groups shard groups that the lit shards belong to. */
export function routeWords(route: StatementRoute, groups: number): RouteWords {
  switch (route.kind satisfies RouteKind) {
    case 'one-shard':
      return {
        title: 'Runs on one shard group',
        meaning: 'Citus sends it whole to the node that holds the shard group. Nothing scales better.',
        state: 'ok',
      };
    case 'many-shards':
      return {
        title: `Runs on ${route.isWhole ? '' : 'at least '}${formatCounted(groups, 'shard group')} at once`,
        meaning: route.parts.some((part) => part.role === 'subplan')
          ? 'An earlier step fetches rows to the coordinator and sends them out again before the last one runs.'
          : 'Each shard group answers for itself, and the coordinator puts the answers together.',
      };
    case 'repartition':
      return {
        title: 'Sends rows between the nodes first',
        meaning:
          'The tables are joined on a column that does not say where their rows lie, so every node sends its rows to where they meet.',
        state: 'mind',
      };
    case 'pulled':
      return {
        title: 'Rows go through the coordinator',
        meaning:
          'The coordinator fetches all rows that are read and sends them out again to where they are written.',
        state: 'mind',
      };
    case 'redistributed':
      return {
        title: 'Rows are sent from node to node',
        meaning: 'They are read on one shard and written on another; the coordinator does not carry them.',
        state: 'mind',
      };
    case 'by-row':
      return {
        title: 'Each row goes where its value leads',
        meaning:
          'The plan does not name the shards that are written. Route the value of the distribution column to see its shard.',
      };
    case 'nothing':
      return {
        title: 'Touches no shard',
        meaning: 'The conditions exclude each other, or every shard.',
      };
    case 'coordinator':
      return {
        title: 'Runs on the coordinator alone',
        meaning: 'No distributed table is in it: PostgreSQL runs it where it was sent.',
      };
  }
}

/** "On the nodes: 8 tasks; its rows go to the coordinator and from there to the nodes". */
export function partWords(part: RoutePart, groups: number): string {
  const size =
    part.taskCount !== null ? formatCounted(part.taskCount, 'task') : formatCounted(groups, 'shard group');
  const how = part.isRepartitioned ? ', after rows were sent between the nodes' : '';
  switch (part.role) {
    case 'main':
      return `On the nodes: ${size}${how}`;
    case 'subplan':
      return `On the nodes: ${size}${how}; its rows go to the coordinator and from there to the nodes`;
    case 'source':
      return `On the nodes: ${size}${how}; its rows are what is written`;
  }
}

/** What is not told by what is lit; empty when all is. */
export function gapWords(route: StatementRoute): string {
  if (route.isWhole || route.kind === 'by-row') return '';
  const tasks = route.parts.reduce((sum, part) => sum + (part.taskCount ?? 0), 0);
  return route.kind === 'repartition'
    ? 'The plan of a repartitioned join names no shards: those lit are not all.'
    : `The plan names the shards of some of its ${formatCount(tasks)} tasks only: those lit are not all.`;
}
