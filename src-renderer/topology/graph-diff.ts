/** Pure: what has to change in a drawn graph, so that untouched elements keep their place, selection and cost. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export type ElementData = Readonly<Record<string, string | number | boolean | null>>;

export interface GraphElement {
  readonly id: string;
  readonly group: 'nodes' | 'edges';
  /** Flat values; the style sheet reads them. */
  readonly data: ElementData;
  /** Space-separated, in a fixed order. */
  readonly classes: string;
  /** Centre; nodes only. */
  readonly position?: Point;
}

export interface GraphDiff {
  readonly remove: readonly string[];
  /** Nodes before the edges that need them. */
  readonly add: readonly GraphElement[];
  readonly update: readonly GraphElement[];
}

function sameData(a: ElementData, b: ElementData): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.is(a[key], b[key]));
}

function samePoint(a: Point | undefined, b: Point | undefined): boolean {
  return a?.x === b?.x && a?.y === b?.y;
}

/** What cannot be changed on a drawn element: its kind, and the ends of an edge. */
function isSameThing(a: GraphElement, b: GraphElement): boolean {
  return (
    a.group === b.group && a.data['source'] === b.data['source'] && a.data['target'] === b.data['target']
  );
}

function isEqual(a: GraphElement, b: GraphElement): boolean {
  return a.classes === b.classes && samePoint(a.position, b.position) && sameData(a.data, b.data);
}

const nodesFirst = (a: GraphElement, b: GraphElement): number =>
  (a.group === 'nodes' ? 0 : 1) - (b.group === 'nodes' ? 0 : 1);

/** `remove`, then `add`, then `update`, applied to `before`, gives `after`. Ids are unique in each. */
export function diffElements(before: readonly GraphElement[], after: readonly GraphElement[]): GraphDiff {
  const known = new Map(before.map((element) => [element.id, element]));
  const wanted = new Set(after.map((element) => element.id));
  const remove = before.filter((element) => !wanted.has(element.id)).map((element) => element.id);
  const add: GraphElement[] = [];
  const update: GraphElement[] = [];
  for (const element of after) {
    const old = known.get(element.id);
    if (old === undefined) {
      add.push(element);
    } else if (old === element) {
      continue;
    } else if (!isSameThing(old, element)) {
      remove.push(element.id);
      add.push(element);
    } else if (!isEqual(old, element)) {
      update.push(element);
    }
  }
  return { remove, add: add.sort(nodesFirst), update };
}
