/** Pure: the schema graph as lines. */
import type { TableSection } from '../ui/table-lines';
import type { KeyProblem } from './key-problems';
import { tableElementId } from './schema-elements';
import type { SchemaModel } from './schema-model';

export interface SchemaRow {
  /** As the elements of the graph are called. */
  readonly key: string;
  /** Of the table that a foreign key is in; null for a table. */
  readonly parentKey: string | null;
  readonly name: string;
  readonly refersTo: string;
  readonly columns: string;
  readonly problem: KeyProblem | null;
  readonly section: TableSection;
}

/** @param wanted part of a table's name; its keys come with it. */
export function schemaRows(model: SchemaModel, wanted: string): readonly SchemaRow[] {
  const text = wanted.trim().toLowerCase();
  const byTable = new Map<number, SchemaRow[]>();
  model.groups.forEach((group, rank) => {
    const section = { key: group.key, label: group.name, note: group.note, rank };
    for (const table of group.tables) {
      if (!table.label.toLowerCase().includes(text)) continue;
      byTable.set(table.oid, [
        {
          key: tableElementId(table.oid),
          parentKey: null,
          name: table.label,
          refersTo: '',
          columns: table.column ?? '',
          problem: null,
          section,
        },
      ]);
    }
  });
  for (const edge of model.edges) {
    const rows = byTable.get(edge.from.oid);
    const section = rows?.[0]?.section;
    if (rows === undefined || section === undefined) continue;
    rows.push({
      key: edge.id,
      parentKey: tableElementId(edge.from.oid),
      name: edge.key.name,
      refersTo: edge.to.label,
      columns: edge.key.columns.join(', '),
      problem: edge.problem,
      section,
    });
  }
  return [...byTable.values()].flat();
}
