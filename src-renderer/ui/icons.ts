/** Paths of the 16 x 16 icons, stroked with the text's colour. Few on purpose: a word is clearer than a picture. */
export const icons = {
  add: 'M8 3v10M3 8h10',
  check: 'M3 8.5 6.5 12 13 4.5',
  'chevron-down': 'M4 6l4 4 4-4',
  'chevron-right': 'M6 4l4 4-4 4',
  'chevron-left': 'M10 4 6 8l4 4',
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M6 6h7v7H6zM3 10V3h7',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14',
  'sort-up': 'M8 12V4M4.5 7.5 8 4l3.5 3.5',
  'sort-down': 'M8 4v8M4.5 8.5 8 12l3.5-3.5',
  bell: 'M8 2a4 4 0 0 0-4 4v3l-1.2 2.5h10.4L12 9V6a4 4 0 0 0-4-4ZM6.5 13.8h3',
  refresh: 'M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3',
  save: 'M8 2v8M4.5 6.5 8 10l3.5-3.5M3 13h10',
} as const;

export type IconName = keyof typeof icons;
