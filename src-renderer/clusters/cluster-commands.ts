/** Pure: which commands a cluster as a whole offers in its present state. The rail's menu and the palette show the same. */
import type { SessionPhase } from '../../src-main/contract/sessions';
import type { MenuItem } from '../ui/menu-item';
import type { ListedCluster } from './cluster-list';

export type ClusterCommand =
  | { readonly type: 'connect' | 'disconnect' | 'cancel' | 'edit' | 'remove' }
  | { readonly type: 'practice-start' | 'practice-stop' | 'practice-reset' | 'practice-remove' }
  | { readonly type: 'practice-add-node' }
  | { readonly type: 'practice-kill' | 'practice-revive'; readonly node: string };

export interface ClusterCommandItem extends MenuItem {
  readonly command: ClusterCommand;
}

export function clusterCommands(entry: ListedCluster, phase: SessionPhase): readonly ClusterCommandItem[] {
  const practice = entry.practice;
  if (practice === null) return [...sessionCommands(phase), ...profileCommands()];

  const isUp = practice.phase === 'running' || practice.phase === 'loading';
  const isBusy = ['creating', 'starting', 'stopping'].includes(practice.phase);
  const blocked = isBusy ? `${entry.name} is ${practice.phase}` : undefined;
  const items: ClusterCommandItem[] = [];
  if (isUp) {
    items.push(...sessionCommands(phase));
    items.push(item('practice-add-node', 'Start an empty node', { startsGroup: true }));
    let isFirst = true;
    for (const node of practice.nodes) {
      const revives = node.state === 'killed' || node.state === 'stopped' || node.state === 'failed';
      const type = revives ? 'practice-revive' : 'practice-kill';
      items.push({
        id: `${type}-${node.name}`,
        label: revives ? `Revive ${node.name}` : `Kill ${node.name}…`,
        startsGroup: isFirst,
        blocked: ['starting', 'stopping'].includes(node.state) ? `${node.name} is ${node.state}` : undefined,
        command: { type, node: node.name },
      });
      isFirst = false;
    }
    items.push(item('practice-stop', 'Stop', { startsGroup: true }));
  } else {
    items.push(item('practice-start', 'Start', { blocked }));
  }
  items.push(item('practice-reset', 'Reset…', { blocked }));
  items.push(item('practice-remove', 'Delete…', { danger: true, startsGroup: true }));
  return items;
}

function sessionCommands(phase: SessionPhase): ClusterCommandItem[] {
  if (phase === 'open' || phase === 'lost') return [item('disconnect', 'Disconnect')];
  if (phase === 'connecting') return [item('cancel', 'Stop connecting')];
  return [item('connect', 'Connect')];
}

function profileCommands(): ClusterCommandItem[] {
  return [
    item('edit', 'Edit connection…', { startsGroup: true }),
    item('remove', 'Remove from the list…', { danger: true }),
  ];
}

function item(
  type: Exclude<ClusterCommand['type'], 'practice-kill' | 'practice-revive'>,
  label: string,
  more: Partial<MenuItem> = {},
): ClusterCommandItem {
  return { ...more, id: type, label, command: { type } };
}
