/** The schema graph for others: as a picture, as text that stays text, as rows. */
import type { Share } from '../share/use-share';
import { graphPng } from '../topology/graph-png';
import { graphSvg } from '../topology/graph-svg';
import { readPalette } from '../topology/palette';
import { formatDay, formatTime } from '../ui/format';
import type { TableColumn } from '../ui/table-rows';
import type { SchemaModel } from './schema-model';
import { drawnSchema, framedSchema, schemaPicture } from './schema-picture';
import { schemaRows } from './schema-rows';
import type { SchemaRow } from './schema-rows';

export const schemaFormats = [
  { id: 'png', label: 'Save picture as PNG…' },
  { id: 'svg', label: 'Save picture as SVG…' },
  { id: 'copy', label: 'Copy picture' },
  { id: 'keys', label: 'Save keys as CSV…' },
] as const;
export type SchemaFormat = (typeof schemaFormats)[number]['id'];

const columns: readonly TableColumn<SchemaRow>[] = [
  { id: 'group', label: 'group', value: (row) => row.section.label },
  { id: 'name', label: 'table_or_key', value: (row) => row.name },
  { id: 'refers', label: 'refers_to', value: (row) => row.refersTo },
  { id: 'columns', label: 'columns', value: (row) => row.columns },
  { id: 'problem', label: 'problem', value: (row) => row.problem?.title ?? '' },
];

export interface ShownSchema {
  readonly model: SchemaModel;
  readonly closed: ReadonlySet<string>;
  readonly clusterName: string;
  /** ISO 8601; null where not known. */
  readonly seenAt: string | null;
}

export async function shareSchema(
  share: Share,
  { model, closed, clusterName, seenAt }: ShownSchema,
  format: SchemaFormat,
  hidesNames: boolean,
): Promise<void> {
  const name = `${clusterName} schema`;
  if (format === 'keys') return share.save(`${name}.csv`, columns, schemaRows(model, ''), hidesNames);
  const palette = readPalette(document.documentElement);
  const drawing = drawnSchema(model, closed, palette);
  const picture = schemaPicture(model, drawing, palette, {
    title: clusterName,
    time: seenAt === null ? '' : `${formatDay(seenAt)} ${formatTime(seenAt, Date.parse(seenAt))}`,
  });
  if (format === 'svg') {
    return share.saveText(`${name}.svg`, picture, hidesNames, (one) =>
      graphSvg(framedSchema(drawing, one, palette), one),
    );
  }
  return share.savePicture(format === 'png' ? `${name}.png` : null, picture, hidesNames, (one) =>
    graphPng(framedSchema(drawing, one, palette)),
  );
}
