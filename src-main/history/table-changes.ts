/** Tables that became distributed, changed, or are gone. Pure. */
import type { ClusterTable } from '../contract/cluster';
import type { Change } from './changes';
import { counted } from './words';

const tableWords: Readonly<Record<ClusterTable['type'], string>> = {
  distributed: 'distributed table',
  reference: 'reference table',
  local: 'local table of Citus',
  schema: 'table of a distributed schema',
};

export function tableChanges(
  before: readonly ClusterTable[],
  after: readonly ClusterTable[],
): readonly Change[] {
  if (before === after) return [];
  // A change of the distribution makes a new relation of the same name.
  const known = new Map(before.map((table) => [nameOf(table), table]));
  const byOid = new Map(before.map((table) => [table.oid, table]));
  const changes: Change[] = [];
  for (const table of after) {
    const name = nameOf(table);
    const old = byOid.get(table.oid) ?? known.get(name);
    if (old === undefined) changes.push(ofTable(name, 'ok', `became a ${describe(table)}`));
    else {
      known.delete(nameOf(old));
      changes.push(...tableAttributeChanges(old, table));
    }
  }
  for (const [name, table] of known) {
    changes.push(ofTable(name, 'mind', `is no ${tableWords[table.type]} any more: dropped or undistributed`));
  }
  return changes;
}

function tableAttributeChanges(old: ClusterTable, table: ClusterTable): readonly Change[] {
  const name = nameOf(table);
  const changes: Change[] = [];
  if (nameOf(old) !== name) changes.push(ofTable(name, 'mute', `renamed, was ${nameOf(old)}`));
  if (describe(old) !== describe(table)) {
    changes.push(ofTable(name, 'mute', `became a ${describe(table)}, was a ${describe(old)}`));
  } else if (old.colocationId !== table.colocationId) {
    changes.push(
      ofTable(name, 'mute', `colocation group changed from ${old.colocationId} to ${table.colocationId}`),
    );
  }
  if (old.accessMethod !== table.accessMethod && table.accessMethod !== null) {
    changes.push(
      ofTable(name, 'mute', `storage changed from ${old.accessMethod ?? 'none'} to ${table.accessMethod}`),
    );
  }
  return changes;
}

function describe(table: ClusterTable): string {
  if (table.type !== 'distributed') return tableWords[table.type];
  const by = table.distributionColumn === null ? '' : ` by ${table.distributionColumn}`;
  return `${tableWords.distributed}${by}, ${counted(table.shardCount, 'shard')}`;
}

function nameOf({ schema, name }: ClusterTable): string {
  return `${schema}.${name}`;
}

function ofTable(subject: string, level: Change['level'], text: string): Change {
  return { kind: 'table', level, subject, text, nodes: [] };
}
