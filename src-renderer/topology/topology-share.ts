/** The topology for others: as a picture, as text that stays text, as rows. */
import type { Share } from '../share/use-share';
import { glyphs } from '../nodes/node-words';
import { formatDay, formatTime } from '../ui/format';
import type { TableColumn } from '../ui/table-rows';
import { framedGraph, levelOrder, textsOf } from './graph-frame';
import type { GraphPicture, LegendEntry } from './graph-frame';
import { toGraph } from './graph-model';
import type { Graph, GraphInput } from './graph-model';
import { graphPng } from './graph-png';
import { graphSvg } from './graph-svg';
import { cellAt, toMatrix } from './matrix';
import type { MatrixRow } from './matrix';
import { levelColour } from './node-outline';
import { groupColours, readPalette } from './palette';
import type { Palette } from './palette';
import { familyWords } from './shard-groups';
import type { ShardMap } from './shard-groups';
import { toSummary } from './summary';
import { familyColour } from './tile-colours';
import { toTwinInput, toTwinRows } from './twin';
import type { TwinRow } from './twin';
import type { ClusterMap } from './use-cluster-map';

export const topologyFormats = [
  { id: 'png', label: 'Save picture as PNG…' },
  { id: 'svg', label: 'Save picture as SVG…' },
  { id: 'copy', label: 'Copy picture' },
  { id: 'nodes', label: 'Save nodes as CSV…' },
  { id: 'matrix', label: 'Save matrix as CSV…' },
] as const;
export type TopologyFormat = (typeof topologyFormats)[number]['id'];

export interface ShownTopology {
  readonly map: ClusterMap;
  readonly shards: ShardMap;
  /** How it is looked at. */
  readonly view: Pick<GraphInput, 'colouring' | 'grouping' | 'stateFilter' | 'litTable' | 'focus'>;
}

export async function shareTopology(
  share: Share,
  shown: ShownTopology,
  format: TopologyFormat,
  hidesNames: boolean,
): Promise<void> {
  const { map, shards } = shown;
  const name = `${map.name.value} topology`;
  switch (format) {
    case 'nodes':
      return share.save(`${name}.csv`, nodeColumns, toTwinRows(toTwinInput(map, shards, null)), hidesNames);
    case 'matrix':
      return saveMatrix(share, shown, hidesNames);
    case 'svg':
    case 'png':
    case 'copy': {
      const palette = readPalette(document.documentElement);
      const graph = graphOf(shown, palette);
      const picture = pictureOf(shown, graph, palette);
      if (format === 'svg') {
        return share.saveText(`${name}.svg`, picture, hidesNames, (one) =>
          graphSvg(framedGraph(graph, one, palette), one),
        );
      }
      return share.savePicture(format === 'png' ? `${name}.png` : null, picture, hidesNames, (one) =>
        graphPng(framedGraph(graph, one, palette)),
      );
    }
  }
}

function graphOf({ map, shards, view }: ShownTopology, palette: Palette): Graph {
  return toGraph({
    nodes: map.nodes.value,
    titles: map.titles.value,
    states: map.states.value,
    shards,
    traffic: map.traffic.value,
    palette,
    ...view,
    selectedNode: null,
    selectedFamily: null,
    selectedGroup: null,
    aspectRatio: 1.5,
  });
}

function pictureOf(
  { map, shards, view: { colouring } }: ShownTopology,
  graph: Graph,
  palette: Palette,
): GraphPicture {
  const at = map.pastAt.value ?? map.seenAt.value ?? '';
  const present = new Set([...map.states.value.values()].map(({ level }) => level));
  const words = {
    ok: 'active',
    mind: 'wants attention',
    bad: 'unreachable',
    busy: 'moving',
    mute: 'inactive or unknown',
  };
  const families: readonly LegendEntry[] =
    colouring === 'group'
      ? shards.families
          .filter(({ index, kind }) => index < groupColours && kind !== 'local')
          .map((family) => ({
            text: familyWords(family),
            colour: familyColour(family, palette),
            glyph: null,
          }))
      : [];
  return {
    title: map.name.value,
    summary: toSummary({
      nodes: map.nodes.value,
      titles: map.titles.value,
      states: map.states.value,
      shards,
      remaining: null,
    }),
    time: at === '' ? '' : `${formatDay(at)} ${formatTime(at, Date.parse(at))}`,
    legend: [
      ...families,
      ...(colouring === 'group' && families.length < shards.families.length
        ? [{ text: families.length === 0 ? 'local tables' : 'others', colour: palette.mute, glyph: null }]
        : []),
      ...levelOrder
        .filter((level) => present.has(level))
        .map((level) => ({ text: words[level], colour: levelColour(level, palette), glyph: glyphs[level] })),
    ],
    texts: textsOf(graph),
  };
}

const nodeColumns: readonly TableColumn<TwinRow>[] = [
  { id: 'node', label: 'Node', value: (row) => row.title },
  { id: 'address', label: 'Address', value: (row) => row.rest },
  { id: 'state', label: 'State', value: (row) => row.state?.words ?? 'unknown' },
  { id: 'why', label: 'Why', value: (row) => row.state?.why },
  { id: 'role', label: 'Role', value: (row) => row.role },
  { id: 'bytes', label: 'Bytes', value: (row) => row.bytes },
  { id: 'groups', label: 'Shard groups', value: (row) => row.shardGroups },
  { id: 'holds', label: 'Holds', value: (row) => row.holds },
  { id: 'moves', label: 'Moves', value: (row) => row.moves },
];

function saveMatrix(share: Share, { map, shards, view }: ShownTopology, hidesNames: boolean): Promise<void> {
  const matrix = toMatrix({
    nodes: map.nodes.value,
    titles: map.titles.value,
    states: map.states.value,
    shards,
    stateFilter: view.stateFilter,
    measure: 'bytes',
    sort: null,
  });
  const columns: readonly TableColumn<MatrixRow>[] = [
    { id: 'node', label: 'Node', value: (row) => row.title },
    ...matrix.families.flatMap((family, index): readonly TableColumn<MatrixRow>[] => [
      {
        id: `${family.key} groups`,
        label: `${familyWords(family)}: shard groups`,
        value: (row) => cellAt(matrix, row, index, 'bytes').groups,
      },
      {
        id: `${family.key} bytes`,
        label: `${familyWords(family)}: bytes`,
        value: (row) => cellAt(matrix, row, index, 'bytes').bytes,
      },
    ]),
  ];
  return share.save(`${map.name.value} matrix.csv`, columns, matrix.rows, hidesNames);
}
