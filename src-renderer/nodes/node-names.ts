/** Pure: what a node is called on the screen. */
import type { ClusterNode } from '../../src-main/contract/cluster';

/** Names given elsewhere, as the practice runtime gives "worker-1" to 127.0.0.1:9801. */
export interface NamedAddress {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface NodeTitle {
  readonly title: string;
  /** `host:port`, and nothing else. */
  readonly address: string;
  /** What the title leaves of the address: ":9801", or the whole of it. */
  readonly rest: string;
}

export function isCoordinator(node: Pick<ClusterNode, 'groupId'>): boolean {
  return node.groupId === 0;
}

/** By node id. A host that carries one node names it; a host that carries several needs the port as well. */
export function toNodeTitles(
  nodes: readonly ClusterNode[],
  named: readonly NamedAddress[] = [],
): ReadonlyMap<number, NodeTitle> {
  const perHost = new Map<string, number>();
  for (const node of nodes) perHost.set(node.name, (perHost.get(node.name) ?? 0) + 1);
  const given = new Map(named.map((entry) => [`${entry.host}:${entry.port}`, entry.name]));
  return new Map(
    nodes.map((node) => {
      const address = `${node.name}:${node.port}`;
      const name = given.get(address);
      if (name !== undefined) return [node.nodeId, { title: name, address, rest: `:${node.port}` }];
      if (isCoordinator(node) && node.role === 'primary') {
        return [node.nodeId, { title: 'coordinator', address, rest: address }];
      }
      return (perHost.get(node.name) ?? 0) > 1
        ? [node.nodeId, { title: address, address, rest: '' }]
        : [node.nodeId, { title: node.name, address, rest: `:${node.port}` }];
    }),
  );
}

/** The title of the node at `host:port`; the address itself when no such node is known. */
export function titleOfAddress(titles: ReadonlyMap<number, NodeTitle>, address: string): string {
  for (const title of titles.values()) if (title.address === address) return title.title;
  return address;
}

/** Words of main, which knows nodes by their addresses, with what the nodes are called in their place. */
export function withTitles(text: string, titles: ReadonlyMap<number, NodeTitle>): string {
  return [...titles.values()]
    .sort((one, other) => other.address.length - one.address.length)
    .reduce((words, { title, address }) => words.replaceAll(address, title), text);
}

/** Addresses of nodes that were given a name, by that name. */
export function withNames(text: string, named: readonly NamedAddress[]): string {
  return named.reduce(
    (words, { name, host, port }) =>
      words.replace(new RegExp(`${host.replaceAll('.', '\\.')}:${port}(?!\\d)`, 'g'), name),
    text,
  );
}
