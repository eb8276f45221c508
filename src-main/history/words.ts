/** Words that the sentences of a history share. Pure. */
import type { ClusterNode } from '../contract/cluster';

export function addressOf({ name, port }: Pick<ClusterNode, 'name' | 'port'>): string {
  return `${name}:${port}`;
}

export function counted(count: number, singular: string): string {
  return `${count} ${count === 1 ? singular : `${singular}s`}`;
}
