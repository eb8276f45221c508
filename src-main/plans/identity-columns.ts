/** Identity columns: what stands against them, and how they are numbered instead or set aside for the time of a change. Pure. */
import type { TableName } from '../contract/cluster';
import type { TableFacts } from '../contract/table-facts';
import type { RepairAction } from '../contract/repairs';
import type { IdentityColumn } from '../contract/table-changes';
import { repairId } from './mend';
import type { Reason } from './mend';
import { listed, readable, sameTable } from './plan';
import type { DistributeFacts } from './distribute-facts';

/** Accepted, an identity column becomes one that is numbered by a sequence: later changes of the table then stay possible. */
export function identityRepairId(table: TableName): string {
  return repairId('identity', table);
}

export function identityRepair(table: TableFacts): readonly RepairAction[] {
  return table.columns
    .filter((column) => column.identity !== null)
    .map((column) => ({
      type: 'identity-to-sequence',
      schema: table.schema,
      name: table.name,
      column: column.name,
      sequence: sequenceName(table.name, column.name),
    }));
}

/** What a change that makes the table anew needs to know to set its identity columns aside. */
export function identitiesOf(tables: readonly TableFacts[]): readonly IdentityColumn[] {
  return tables.flatMap((table) =>
    table.columns.flatMap((column) =>
      column.identity === null
        ? []
        : [
            {
              schema: table.schema,
              name: table.name,
              column: column.name,
              columnType: column.type,
              ...column.identity,
              keeper: sequenceName(table.name, column.name),
            },
          ],
    ),
  );
}

/** As PostgreSQL names the sequence of a serial column, told apart from the one the identity had; 63 bytes at most. */
function sequenceName(table: string, column: string): string {
  const name = `${table}_${column}_numbers`;
  return Buffer.byteLength(name) <= 63 ? name : `${Array.from(name).slice(0, 13).join('')}_numbers`;
}

/** What becomes of identity columns when their table is made anew; null where the change cannot set them aside. */
export type IdentityFate = 'kept' | 'sequence' | null;

export function identityReasons(table: TableFacts, fate: IdentityFate): readonly Reason[] {
  const identities = identitiesOf([table]);
  if (identities.length === 0) return [];
  const columns = listed(identities.map((one) => one.column));
  const reason = {
    code: 'identity-column',
    message: `${readable(table)} has the identity column ${columns}; Citus makes no table anew that has one, and lets none be dropped from a distributed table.`,
  };
  const aside =
    'In the same transaction the identity is dropped on the coordinator alone, which Citus allows without its DDL propagation; every other copy of the old table is dropped there too.';
  switch (fate) {
    case 'kept':
      return [
        {
          ...reason,
          fix: `${aside} Its sequence is kept, and afterwards ${columns} is an identity again and counts on from where it was.`,
          repair: { id: identityRepairId(table), title: `Set the identity ${columns} aside` },
          mend: [],
        },
      ];
    case 'sequence':
      return [
        {
          ...reason,
          fix: `${aside} From then on ${columns} is numbered by a sequence that counts on from where it was: a distributed table can be given no identity again.`,
          repair: { id: identityRepairId(table), title: `Number ${columns} by a sequence` },
          mend: [],
        },
      ];
    case null:
      return [{ ...reason, fix: 'Undistribute it first, and distribute it again afterwards.' }];
  }
}

/** Identity columns of those tables that a person agreed to set aside. */
export function asideIdentities(
  tables: readonly TableFacts[],
  accepted: readonly string[] | undefined,
): readonly IdentityColumn[] {
  return identitiesOf(tables.filter((table) => accepted?.includes(identityRepairId(table)) === true));
}

/** Source: CreateCitusTable of Citus 13.2.2 undistributes a local table first; the concurrent way splits its one shard. */
export function localIdentityRefusals(
  facts: DistributeFacts,
  table: TableFacts,
  as: { readonly concurrently?: boolean | undefined },
): readonly Reason[] {
  const known = facts.snapshot.tables.find((one) => sameTable(one, table));
  const mend = identityRepair(table);
  if (known?.type !== 'local' || mend.length === 0 || as.concurrently === true) return [];
  const name = readable(table);
  // A table that Citus takes into its metadata by a step of the plan before this one has no oid there yet.
  const isSoNow = known.oid === table.oid;
  return [
    {
      code: 'identity-column',
      message: `${name} ${isSoNow ? 'is' : 'becomes'} a local table in the metadata${isSoNow ? '' : ' as soon as the reference table is made that keys tie it to'}; to distribute it Citus makes it anew, which it refuses for an identity column.`,
      fix: isSoNow
        ? 'Undistribute it first, which can set the identity aside; then distribute it.'
        : 'Number it by a sequence instead, which counts on from the largest value.',
      ...(isSoNow ? {} : { repair: { id: identityRepairId(table), title: 'Number it by a sequence' }, mend }),
    },
  ];
}
