/** Pure: what Cytoscape draws of a schema. */
import type { GraphElement } from '../topology/graph-diff';
import type { Palette } from '../topology/palette';
import { formatCounted } from '../ui/format';
import { layOut } from './schema-layout';
import type { Placed } from './schema-layout';
import type { SchemaEdge, SchemaGroup, SchemaModel } from './schema-model';

export type SchemaSelection =
  | { readonly type: 'table'; readonly oid: number }
  | { readonly type: 'group'; readonly key: string }
  | { readonly type: 'key'; readonly id: string };

export interface SchemaDrawing {
  readonly elements: readonly GraphElement[];
  /** Tables and closed groups, for moving between them by keys. */
  readonly boxes: readonly (Placed & { readonly id: string; readonly row: number })[];
}

export const tableElementId = (oid: number): string => `t:${oid}`;
export const groupElementId = (key: string): string => `g:${key}`;

export function selectionOf(elementId: string): SchemaSelection | null {
  if (elementId.startsWith('t:')) return { type: 'table', oid: Number(elementId.slice(2)) };
  if (elementId.startsWith('g:')) return { type: 'group', key: elementId.slice(2) };
  return elementId.startsWith('e:') ? { type: 'key', id: elementId } : null;
}

export function elementIdOf(selection: SchemaSelection): string {
  switch (selection.type) {
    case 'table':
      return tableElementId(selection.oid);
    case 'group':
      return groupElementId(selection.key);
    case 'key':
      return selection.id;
  }
}

export function toDrawing(
  model: SchemaModel,
  view: {
    readonly closed: ReadonlySet<string>;
    readonly selection: SchemaSelection | null;
    readonly palette: Palette;
    readonly aspectRatio: number;
  },
): SchemaDrawing {
  const layout = layOut(model.groups, model.edges, view.closed, view.aspectRatio);
  const near = neighbourhood(model, view.selection);
  const elements: GraphElement[] = [];
  const boxes: (Placed & { id: string; row: number })[] = [];
  const isSelected = (id: string): boolean => view.selection !== null && elementIdOf(view.selection) === id;
  const fade = (isNear: boolean): string => (near === null || isNear ? '' : ' faded');

  for (const group of model.groups) {
    const place = layout.groups.get(group.key);
    if (place === undefined) continue;
    const id = groupElementId(group.key);
    const isClosed = view.closed.has(group.key);
    elements.push({
      id,
      group: 'nodes',
      data: {
        text: isClosed ? closedText(group) : `${group.name}  ·  ${group.note}`,
        colour: colourOf(group, view.palette),
        width: place.width,
        height: place.height,
      },
      // Opacity of an open group would add to that of the tables in it.
      classes: `${isClosed ? 'closed' : 'group'}${isSelected(id) ? ' selected' : ''}${fade(
        !isClosed || group.tables.some(({ oid }) => near?.has(oid)),
      )}`,
      ...(isClosed ? { position: centre(place) } : {}),
    });
    if (isClosed) boxes.push({ ...place, id, row: Math.round(place.y) });
  }
  for (const group of model.groups) {
    if (view.closed.has(group.key)) continue;
    for (const table of group.tables) {
      const place = layout.tables.get(table.oid);
      if (place === undefined) continue;
      const id = tableElementId(table.oid);
      elements.push({
        id,
        group: 'nodes',
        data: {
          parent: groupElementId(group.key),
          text: table.label,
          colour: colourOf(group, view.palette),
          width: place.width,
          height: place.height,
        },
        classes: `table ${table.kind}${isSelected(id) ? ' selected' : ''}${fade(near?.has(table.oid) === true)}`,
        position: centre(place),
      });
      boxes.push({ ...place, id, row: Math.round(place.y) });
    }
  }
  elements.push(...edgeElements(model.edges, view, near));
  return { elements, boxes };
}

/** Keys between the same two ends, where one of them is a closed group, are one edge. */
function edgeElements(
  edges: readonly SchemaEdge[],
  view: { readonly closed: ReadonlySet<string>; readonly selection: SchemaSelection | null },
  near: ReadonlySet<number> | null,
): readonly GraphElement[] {
  const endOf = (table: { readonly oid: number; readonly groupKey: string }): string =>
    view.closed.has(table.groupKey) ? groupElementId(table.groupKey) : tableElementId(table.oid);
  const bundles = new Map<string, SchemaEdge[]>();
  for (const edge of edges) {
    const [source, target] = [endOf(edge.from), endOf(edge.to)];
    // Inside a closed group there is nothing to draw, except what is wrong.
    if (source === target && source.startsWith('g:') && edge.problem === null) continue;
    const isWhole = source.startsWith('t:') && target.startsWith('t:');
    const id = isWhole ? edge.id : `b:${source}>${target}`;
    const list = bundles.get(id);
    if (list === undefined) bundles.set(id, [edge]);
    else list.push(edge);
  }
  return [...bundles].map(([id, list]): GraphElement => {
    const [first] = list as [SchemaEdge, ...SchemaEdge[]];
    const worst = list.find(({ problem }) => problem?.level === 'bad') ?? list.find(({ problem }) => problem);
    const isNear = list.some(({ from, to }) => near?.has(from.oid) === true && near.has(to.oid));
    const isChosen =
      view.selection?.type === 'key'
      && list.some((one) => view.selection?.type === 'key' && one.id === view.selection.id);
    return {
      id: list.length === 1 ? first.id : id,
      group: 'edges',
      data: {
        source: endOf(first.from),
        target: endOf(first.to),
        text: [
          ...(list.length > 1 ? [formatCounted(list.length, 'key')] : []),
          ...(worst?.problem ? [`${worst.problem.level === 'bad' ? '■' : '▲'} ${worst.problem.title}`] : []),
        ].join(', '),
      },
      classes: `key ${worst?.problem?.level ?? 'fine'}${isChosen ? ' chosen' : ''}${
        near === null || isNear ? '' : ' faded'
      }`,
    };
  });
}

/** The tables that stay bright while something is selected; null: all of them. */
function neighbourhood(model: SchemaModel, selection: SchemaSelection | null): ReadonlySet<number> | null {
  if (selection === null) return null;
  if (selection.type === 'key') {
    const edge = model.edges.find(({ id }) => id === selection.id);
    return edge === undefined ? null : new Set([edge.from.oid, edge.to.oid]);
  }
  if (selection.type === 'group') return null;
  const near = new Set([selection.oid]);
  for (const { from, to } of model.edges) {
    if (from.oid === selection.oid) near.add(to.oid);
    if (to.oid === selection.oid) near.add(from.oid);
  }
  return near;
}

function closedText(group: SchemaGroup): string {
  return `${group.name}\n${formatCounted(group.tables.length, 'table')}`;
}

function colourOf(group: SchemaGroup, palette: Palette): string {
  return group.familyIndex === null ? palette.mute : (palette.groups[group.familyIndex] ?? palette.mute);
}

function centre(place: Placed): { readonly x: number; readonly y: number } {
  return { x: place.x + place.width / 2, y: place.y + place.height / 2 };
}
