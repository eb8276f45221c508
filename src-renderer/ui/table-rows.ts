/** What BaseTable knows without a screen: order of rows, which of them are drawn, and the same content as CSV. */

export type CellValue = string | number | boolean | null | undefined;

export interface TableColumn<Row> {
  /** Also the name of its slot: `cell-<id>`. */
  readonly id: string;
  readonly label: string;
  /** What is compared and exported; numbers compare as numbers, the unknown goes last both ways. */
  readonly value: (row: Row) => CellValue;
  /** What is shown where there is no slot; the value unless told. */
  readonly text?: (row: Row) => string;
  readonly align?: 'start' | 'end';
  /** A CSS length; without one the browser divides by content. */
  readonly width?: string;
  readonly mono?: boolean;
  readonly strong?: boolean;
  /** False: no sorting by it. */
  readonly sortable?: boolean;
  /** What the head means, shown when it is pointed at. */
  readonly meaning?: string;
}

/** What a cell says where no slot draws it. */
export function textOf<Row>(column: TableColumn<Row>, row: Row): string {
  if (column.text !== undefined) return column.text(row);
  const value = column.value(row);
  return value === null || value === undefined ? '' : String(value);
}

export interface TableSort {
  readonly columnId: string;
  readonly direction: 'ascending' | 'descending';
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  sort: TableSort | null,
): readonly Row[] {
  const column = columns.find(({ id }) => id === sort?.columnId);
  if (sort === null || column === undefined) return rows;
  const sign = sort.direction === 'ascending' ? 1 : -1;
  return rows.slice().sort((one, other) => compareValues(column.value(one), column.value(other), sign));
}

function compareValues(one: CellValue, other: CellValue, sign: 1 | -1): number {
  const oneIsMissing = one === null || one === undefined || one === '';
  const otherIsMissing = other === null || other === undefined || other === '';
  if (oneIsMissing || otherIsMissing) return Number(oneIsMissing) - Number(otherIsMissing);
  if (typeof one === 'number' && typeof other === 'number') return sign * (one - other);
  return sign * collator.compare(String(one), String(other));
}

/** Ascending, descending, then the order the rows came in. */
export function nextSort(sort: TableSort | null, columnId: string): TableSort | null {
  if (sort?.columnId !== columnId) return { columnId, direction: 'ascending' };
  return sort.direction === 'ascending' ? { columnId, direction: 'descending' } : null;
}

export interface RowWindow {
  /** First drawn row, and the one after the last. */
  readonly first: number;
  readonly end: number;
  /** Height in pixels of what is left out above and below. */
  readonly above: number;
  readonly below: number;
}

/** Few rows are all drawn; of many only those in sight and some beyond, so that 40 000 cost as much as 60. */
export function rowWindow(
  rowCount: number,
  rowHeight: number,
  scrollTop: number,
  viewHeight: number,
  drawnAlways = 200,
): RowWindow {
  if (rowCount <= drawnAlways) return { first: 0, end: rowCount, above: 0, below: 0 };
  const beyond = 12;
  const inSight = Math.ceil(viewHeight / rowHeight) + 1;
  const top = Math.min(Math.max(0, Math.floor(scrollTop / rowHeight)), Math.max(0, rowCount - inSight));
  const first = Math.max(0, top - beyond);
  const end = Math.min(rowCount, top + inSight + beyond);
  return { first, end, above: first * rowHeight, below: (rowCount - end) * rowHeight };
}

/** Heads and rows as they are exported. */
export function toCells<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
): readonly (readonly CellValue[])[] {
  return [columns.map(({ label }) => label), ...rows.map((row) => columns.map(({ value }) => value(row)))];
}

/** RFC 4180, with a byte-order mark left to the writer. Text a spreadsheet would run as a formula is made text. */
export function cellsToCsv(cells: readonly (readonly CellValue[])[]): string {
  return cells.map((row) => row.map(csvCell).join(',') + '\r\n').join('');
}

export function toCsv<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): string {
  return cellsToCsv(toCells(columns, rows));
}

function csvCell(value: CellValue): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
