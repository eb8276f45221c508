/** The colours a canvas needs, read from the theme's custom properties, because a canvas knows no CSS variables. */

export interface Palette {
  readonly panel: string;
  readonly raised: string;
  readonly line: string;
  readonly ink1: string;
  readonly ink2: string;
  readonly ink3: string;
  readonly accent: string;
  readonly accentSoft: string;
  readonly ok: string;
  readonly mind: string;
  readonly bad: string;
  readonly busy: string;
  readonly busySoft: string;
  readonly mute: string;
  readonly muteSoft: string;
  readonly groups: readonly string[];
  readonly isContrast: boolean;
}

/** Number of colours for colocation groups; further ones share `mute`. */
export const groupColours = 5;

export function readPalette(root: HTMLElement): Palette {
  const style = getComputedStyle(root);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim() || '#808080';
  return {
    panel: token('panel'),
    raised: token('raised'),
    line: token('line'),
    ink1: token('ink-1'),
    ink2: token('ink-2'),
    ink3: token('ink-3'),
    accent: token('accent'),
    accentSoft: token('accent-soft'),
    ok: token('ok'),
    mind: token('mind'),
    bad: token('bad'),
    busy: token('busy'),
    busySoft: token('busy-soft'),
    mute: token('mute'),
    muteSoft: token('mute-soft'),
    groups: Array.from({ length: groupColours }, (_, index) => token(`group-${index + 1}`)),
    isContrast: root.dataset['theme'] === 'contrast',
  };
}

/** Calls back when the theme changes, by the attribute on the root or by the system's own choice. Returns off. */
export function onThemeChanged(root: HTMLElement, callback: () => void): () => void {
  const observer = new MutationObserver(callback);
  observer.observe(root, { attributes: true, attributeFilter: ['data-theme'] });
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', callback);
  return () => {
    observer.disconnect();
    system.removeEventListener('change', callback);
  };
}
