/** Pure: what the style sheet says of one element, so that pictures are drawn by the same rules as the screen. */
import type { StylesheetJson } from 'cytoscape';
import type { GraphElement } from './graph-diff';

export type Value = string | number | readonly (string | number)[] | undefined;
export type Style = Readonly<Record<string, Value>>;

interface Rule {
  readonly selectors: readonly {
    readonly group: GraphElement['group'] | null;
    readonly classes: readonly string[];
  }[];
  readonly style: Style;
}

/** Knows the selectors that our style sheets use: `node`, `edge`, classes, and several of them with commas between. */
export function toRules(sheet: StylesheetJson): readonly Rule[] {
  return sheet.map((block) => ({
    selectors: block.selector.split(',').map((one) => {
      const [kind = '', ...classes] = one.trim().split('.');
      return { group: kind === 'node' ? 'nodes' : kind === 'edge' ? 'edges' : null, classes };
    }),
    style: ('style' in block ? block.style : block.css) as Style,
  }));
}

/** Later rules over earlier ones; `data(name)` is the element's own value. */
export function styleOf(element: GraphElement, rules: readonly Rule[]): Style {
  const classes = new Set(element.classes.split(' '));
  const merged: Record<string, Value> = {};
  for (const { selectors, style } of rules) {
    const isMeant = selectors.some(
      ({ group, classes: wanted }) =>
        (group === null || group === element.group) && wanted.every((one) => classes.has(one)),
    );
    if (isMeant) Object.assign(merged, style);
  }
  for (const [name, value] of Object.entries(merged)) {
    const field = typeof value === 'string' ? /^data\((\w+)\)$/.exec(value)?.[1] : undefined;
    if (field === undefined) continue;
    const own = element.data[field];
    merged[name] = typeof own === 'string' || typeof own === 'number' ? own : undefined;
  }
  return merged;
}

export function numberOf(style: Style, name: string, otherwise = 0): number {
  const value = style[name];
  const parsed = typeof value === 'number' ? value : Number.parseFloat(String(value));
  return Number.isFinite(parsed) ? parsed : otherwise;
}

export function wordOf(style: Style, name: string, otherwise = ''): string {
  const value = style[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : otherwise;
}

export function numbersOf(value: Style[string]): readonly number[] {
  if (Array.isArray(value)) return value.map(Number);
  return String(value ?? '')
    .split(' ')
    .filter((one) => one !== '')
    .map(Number);
}
