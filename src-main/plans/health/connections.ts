/** Who reaches whom, as rows and columns. Pure. */
import type { HealthConnections } from '../../contract/health';
import type { HealthFacts } from './facts';

/** Nodes that do not answer have their row and column too: what they reach, and who reaches them, is not known. */
export function toConnections(
  facts: Pick<HealthFacts, 'nodes' | 'away' | 'connectivity'>,
): HealthConnections | undefined {
  const nodes = [...facts.nodes.map(({ address }) => address), ...facts.away];
  if (nodes.length < 2) return undefined;
  const place = new Map(nodes.map((address, index) => [address, index]));
  const cells: HealthConnections['rows'][number][][] = nodes.map((_, row) =>
    nodes.map((_other, column) => (row === column ? '.' : '?')),
  );
  for (const { from, to, reached } of facts.connectivity.known ? facts.connectivity.value.pairs : []) {
    const row = cells[place.get(from) ?? -1];
    const column = place.get(to);
    if (row !== undefined && column !== undefined) row[column] = reached ? '+' : 'x';
  }
  return { nodes, rows: cells.map((row) => row.join('')) };
}
