/** Pure: how the state of a node looks around its card. */
import type { ShownState } from '../ui/states';
import type { Palette } from './palette';

export function levelColour(level: ShownState, palette: Palette): string {
  switch (level) {
    case 'ok':
      return palette.ok;
    case 'mind':
      return palette.mind;
    case 'bad':
      return palette.bad;
    case 'busy':
      return palette.busy;
    case 'mute':
      return palette.mute;
  }
}

export interface Outline {
  readonly borderColour: string;
  readonly borderWidth: number;
  readonly borderStyle: 'solid' | 'dashed';
  readonly [key: string]: string | number;
}

/** A healthy node has a quiet line; one in trouble has its outline in its state's colour, and dashed when it does not answer. */
export function outlineOf(level: ShownState, palette: Palette): Outline {
  switch (level) {
    case 'ok':
      return { borderColour: palette.line, borderWidth: 1.5, borderStyle: 'solid' };
    case 'mute':
      return { borderColour: palette.mute, borderWidth: 1.5, borderStyle: 'dashed' };
    case 'bad':
      return { borderColour: palette.bad, borderWidth: 2, borderStyle: 'dashed' };
    case 'mind':
    case 'busy':
      return { borderColour: levelColour(level, palette), borderWidth: 2, borderStyle: 'solid' };
  }
}
