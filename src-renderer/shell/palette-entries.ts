import { useRouter } from 'vue-router';
import type { ClusterNode, ClusterTable } from '../../src-main/contract/cluster';
import type { Theme } from '../../src-main/contract/app';
import { useClusterActions } from '../clusters/cluster-actions';
import { clusterCommands } from '../clusters/cluster-commands';
import { listClusters } from '../clusters/cluster-list';
import { useClusterStore } from '../clusters/cluster-store';
import { useOpenCluster } from '../clusters/open-cluster';
import { toNodeTitles } from '../nodes/node-names';
import { usePracticeStore } from '../practice/practice-store';
import { subjects } from '../routes';
import { pagesAboutTables } from '../tables/pages-about-tables';
import { themeNames, themeOrder, useSettingsStore } from '../settings/settings-store';
import { useNoticeStore } from './notice-store';
import type { PaletteEntry, PaletteGroup } from './palette-search';
import { useRefresh } from './refresh';
import { useShellStore } from './shell-store';

/** Everything that can be found or done from the palette just now. */
export function usePaletteEntries(): () => readonly PaletteEntry[] {
  const store = useClusterStore();
  const shell = useShellStore();
  const router = useRouter();
  const openCluster = useOpenCluster();
  const actions = useClusterActions();
  const practices = usePracticeStore();
  const settings = useSettingsStore();
  const notices = useNoticeStore();
  const refresh = useRefresh();

  async function setTheme(theme: Theme): Promise<void> {
    const failure = await settings.write({ theme });
    if (failure !== null) notices.reportFailure('Change the theme', failure);
  }

  async function startPractice(): Promise<void> {
    const created = await practices.create();
    if (created !== null) await openCluster(created.clusterId);
    else if (practices.creationFailure !== null) {
      notices.reportFailure('Start a practice cluster', practices.creationFailure);
    }
  }

  function commands(): readonly PaletteEntry[] {
    const of = (id: string, label: string, run: () => void, keys?: string): PaletteEntry => ({
      id: `command-${id}`,
      group: 'Commands',
      label,
      keys,
      run,
    });
    return [
      of(
        'connect',
        'Connect to a cluster…',
        () => shell.open({ type: 'connect', profileId: null }),
        'Ctrl N',
      ),
      of('practice', 'Start a practice cluster', () => void startPractice()),
      ...(store.currentId === null
        ? []
        : [of('refresh', 'Read the cluster again', () => void refresh(), 'F5')]),
      of('notices', 'Show notices', () => shell.open({ type: 'notices' })),
      of('settings', 'Settings…', () => shell.open({ type: 'settings' }), 'Ctrl ,'),
      of('shortcuts', 'Keyboard shortcuts', () => shell.open({ type: 'shortcuts' }), '?'),
      of('about', 'About Shardboard', () => shell.open({ type: 'about' })),
      of('welcome', 'Welcome page', () => void router.push({ name: 'welcome' })),
      ...themeOrder.map((theme) =>
        of(`theme-${theme}`, `Theme: ${themeNames[theme].toLowerCase()}`, () => void setTheme(theme)),
      ),
    ];
  }

  function ofClusters(): readonly PaletteEntry[] {
    return listClusters(store).flatMap((entry): readonly PaletteEntry[] => [
      {
        id: `cluster-${entry.clusterId}`,
        group: 'Clusters',
        label: entry.name,
        note: entry.word,
        run: () => void openCluster(entry.clusterId),
      },
      // Commands of other clusters would triple the list and invite the wrong one.
      ...(entry.clusterId !== store.currentId
        ? []
        : clusterCommands(entry, store.sessions.get(entry.clusterId)?.phase ?? 'closed')
            .filter(({ blocked }) => blocked === undefined)
            .map(({ id, label, command }) => ({
              id: `command-${id}`,
              group: 'Commands' as const,
              label: `${entry.name}: ${label}`,
              run: () => void actions.run(entry, command),
            }))),
    ]);
  }

  function ofCurrent(clusterId: string): readonly PaletteEntry[] {
    const go = (name: string, query: Record<string, string> = {}): void =>
      void router.push({ name, params: { clusterId }, query });
    const snapshot = store.snapshots.get(clusterId);
    const nodes = snapshot?.nodes ?? [];
    const named = store.practices.find((one) => one.clusterId === clusterId)?.nodes;
    const titles = toNodeTitles(nodes, named);
    return [
      ...subjects.map((subject, index) => ({
        id: `subject-${subject.id}`,
        group: 'Go to' as PaletteGroup,
        label: subject.label,
        keys: `Alt ${index + 1}`,
        run: () => go(subject.id),
      })),
      ...(router.hasRoute('timeline')
        ? [
            {
              id: 'subject-timeline',
              group: 'Go to' as PaletteGroup,
              label: 'Timeline',
              run: () => go('timeline'),
            },
          ]
        : []),
      ...(router.hasRoute('add-node')
        ? [
            {
              id: 'command-add-node',
              group: 'Commands' as const,
              label: 'Add a node…',
              run: () => go('add-node'),
            },
          ]
        : []),
      ...(router.hasRoute('distribute')
        ? [
            {
              id: 'command-distribute',
              group: 'Commands' as const,
              label: 'Distribute a table…',
              run: () => go('distribute'),
            },
          ]
        : []),
      ...pagesAboutTables.map(({ name, label }) => ({
        id: `page-${name}`,
        group: 'Go to' as PaletteGroup,
        label,
        run: () => go(name),
      })),
      ...nodes.map((node: ClusterNode) => ({
        id: `node-${clusterId}-${node.nodeId}`,
        group: 'Nodes' as const,
        label: titles.get(node.nodeId)?.title ?? `${node.name}:${node.port}`,
        note: `${node.name}:${node.port}`,
        run: () => go('nodes', { node: String(node.nodeId) }),
      })),
      ...(snapshot?.tables ?? []).map((table: ClusterTable) => ({
        id: `table-${clusterId}-${table.oid}`,
        group: 'Tables' as const,
        label: table.schema === 'public' ? table.name : `${table.schema}.${table.name}`,
        note: table.type,
        run: () => go('tables', { table: String(table.oid) }),
      })),
    ];
  }

  return () => [
    ...(store.currentId === null ? [] : ofCurrent(store.currentId)),
    ...commands(),
    ...ofClusters(),
  ];
}
