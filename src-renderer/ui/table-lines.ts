/** Pure: rows put into sections and below the rows they belong to; folded ones left out. */

export interface TableSection {
  readonly key: string;
  readonly label: string;
  /** Behind the label, as in "12 shards". */
  readonly note?: string;
  /** Lower ranks first; equal ranks by label. */
  readonly rank?: number;
}

export interface TableShape<Row> {
  readonly rowKey: (row: Row) => string;
  /** Key of the row it stands below; null for one that stands by itself. One level. */
  readonly parentKey?: (row: Row) => string | null;
  readonly section?: (row: Row) => TableSection;
  /** Rows below another are shown until they are folded; otherwise folded until they are opened. */
  readonly isUnfolded?: boolean;
}

export type TableLine<Row> =
  | {
      readonly type: 'section';
      readonly key: string;
      readonly section: TableSection;
      readonly count: number;
      readonly isOpen: boolean;
    }
  | {
      readonly type: 'row';
      readonly key: string;
      readonly row: Row;
      readonly depth: number;
      readonly children: number;
      readonly isOpen: boolean;
    };

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/**
 * @param sorted in the order wanted; it holds within a section and below a row.
 * @param toggled keys of the sections and rows that a person opened or folded.
 */
export function arrangeRows<Row>(
  sorted: readonly Row[],
  shape: TableShape<Row>,
  toggled: ReadonlySet<string>,
): readonly TableLine<Row>[] {
  const { rowKey, parentKey } = shape;
  const present = parentKey === undefined ? null : new Set(sorted.map(rowKey));
  const below = new Map<string, Row[]>();
  const tops: Row[] = [];
  for (const row of sorted) {
    const parent = parentKey?.(row) ?? null;
    if (parent === null || present?.has(parent) !== true) tops.push(row);
    else below.set(parent, [...(below.get(parent) ?? []), row]);
  }

  const lines: TableLine<Row>[] = [];
  const put = (row: Row, depth: number): void => {
    const key = rowKey(row);
    const children = below.get(key) ?? [];
    const isOpen = children.length > 0 && toggled.has(key) !== (shape.isUnfolded === true);
    lines.push({ type: 'row', key, row, depth, children: children.length, isOpen });
    if (!isOpen) return;
    for (const child of children) {
      lines.push({
        type: 'row',
        key: rowKey(child),
        row: child,
        depth: depth + 1,
        children: 0,
        isOpen: false,
      });
    }
  };

  if (shape.section === undefined) {
    for (const row of tops) put(row, 0);
    return lines;
  }
  for (const { section, rows } of toSections(tops, shape.section)) {
    const key = `section:${section.key}`;
    const isOpen = !toggled.has(key);
    const count = rows.reduce((sum, row) => sum + 1 + (below.get(rowKey(row))?.length ?? 0), 0);
    lines.push({ type: 'section', key, section, count, isOpen });
    if (isOpen) for (const row of rows) put(row, 1);
  }
  return lines;
}

function toSections<Row>(
  rows: readonly Row[],
  sectionOf: (row: Row) => TableSection,
): readonly { readonly section: TableSection; readonly rows: readonly Row[] }[] {
  const sections = new Map<string, { section: TableSection; rows: Row[] }>();
  for (const row of rows) {
    const section = sectionOf(row);
    const known = sections.get(section.key);
    if (known === undefined) sections.set(section.key, { section, rows: [row] });
    else known.rows.push(row);
  }
  return [...sections.values()].sort(
    (a, b) =>
      (a.section.rank ?? 0) - (b.section.rank ?? 0) || collator.compare(a.section.label, b.section.label),
  );
}
