/** Pure: the picture around a graph that is given to others: what it is, of when, and what its colours mean. */
import type { ShownState } from '../ui/states';
import type { GraphElement } from './graph-diff';
import type { Bounds } from './scene';

export interface LegendEntry {
  readonly text: string;
  readonly colour: string;
  /** A glyph for a state; null for the square of a colocation group. */
  readonly glyph: string | null;
}

/** Plain data: its texts can be replaced before it is drawn. */
export interface GraphPicture {
  readonly title: string;
  readonly summary: string;
  /** As in "2026-03-01 12:04:31". */
  readonly time: string;
  readonly legend: readonly LegendEntry[];
  /** Texts of elements that carry one, by element id. */
  readonly texts: Readonly<Record<string, string>>;
}

export const frame = { margin: 24, head: 56, foot: 32 } as const;
/** Of a legend entry, by the length of its text. */
export const legendWidth = (text: string): number => 30 + text.length * 6.4;

export const levelOrder = ['ok', 'mind', 'bad', 'busy', 'mute'] as const satisfies readonly ShownState[];

export interface Drawn {
  readonly elements: readonly GraphElement[];
  readonly bounds: Bounds;
}

export function textsOf(elements: readonly GraphElement[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    elements.flatMap(({ id, data }) => (typeof data['text'] === 'string' ? [[id, data['text']]] : [])),
  );
}

export function withTexts(
  elements: readonly GraphElement[],
  texts: Readonly<Record<string, string>>,
): readonly GraphElement[] {
  return elements.map((element) => {
    const text = texts[element.id];
    return text === undefined ? element : { ...element, data: { ...element.data, text } };
  });
}
