import { computed } from 'vue';
import { useCluster } from '../clusters/cluster-store';
import { titleOfAddress, toNodeTitles, withTitles } from './node-names';

export interface NodeNames {
  /** What the node at `host:port` is called on the screen. */
  readonly nameOf: (address: string) => string;
  /** Words of main with what the nodes are called in the place of their addresses. */
  readonly named: (text: string) => string;
}

export function useNodeNames(clusterId: () => string): NodeNames {
  const { practice, snapshot } = useCluster(clusterId);
  const titles = computed(() => toNodeTitles(snapshot.value?.nodes ?? [], practice.value?.nodes));
  return {
    nameOf: (address) => titleOfAddress(titles.value, address),
    named: (text) => withTitles(text, titles.value),
  };
}
