/** Moves as statements that a person can keep or run by hand, written as the app would send them. */
import { shownStatement } from '../connections/database';
import type { ScriptedMove } from '../contract/rebalance';
import { moveShardStatement } from './move-changes';
import type { MoveChoice } from './move-changes';

/** A move that names a node or a shard that does not exist stands in the script as a comment: nobody can run it. */
export function moveScript(
  moves: readonly ScriptedMove[],
  choice: MoveChoice,
  options: { readonly isTriedOut: boolean },
): string {
  const head = options.isTriedOut
    ? 'Made for a cluster that was only tried out: some of these nodes or groups do not exist.'
    : 'One after another, each on its own: a move cannot be taken back by ROLLBACK.';
  return [comment(head), ...moves.map((move) => lineOf(move, choice)), ''].join('\n');
}

function lineOf({ order, source, target, tables }: ScriptedMove, choice: MoveChoice): string {
  const words = `${tables.join(', ')}: ${source.label} to ${target.label}`;
  if (source.address === null || target.address === null)
    return comment(`shard ${order.shardId}, ${words}; not in this cluster`);
  const statement = moveShardStatement({ ...order, source: source.address, target: target.address }, choice);
  return `${shownStatement(statement).shown}; ${comment(words)}`;
}

/** Names may hold the end of a line, which would end the comment. */
function comment(words: string): string {
  return `-- ${words.replaceAll(/[\r\n\v\f\u0085\u2028\u2029]+/g, ' ')}`;
}
