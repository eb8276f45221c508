/** Pure: what a page of a change asks for, what is wrong with the answers, and the request they make. */
import type { Shard, TableName } from '../../src-main/contract/cluster';
import type { OperationRequest, ShardTransferMode } from '../../src-main/contract/operations';
import { assertNever } from '../api/assert-never';
import { shardCountError } from '../operations/node-form';
import { tableOfKey } from '../operations/distribute-form';
import type { ChangeKind } from './change-kinds';
import { nodesOfParts, rangeOf, splitPoints } from './split-form';

export interface ChangeForm {
  readonly shardCount: string;
  readonly column: string;
  /** `default`, `none`, or the key of a table. */
  readonly colocateWith: string;
  /** Whether tables colocated, or tied by foreign keys, change along. */
  readonly cascade: 'yes' | 'no';
  readonly accessMethod: string;
  readonly value: string;
  /** Id of a node as text; empty for the one it is on, or for all in turn. */
  readonly nodeId: string;
  readonly transferMode: ShardTransferMode;
  readonly shardId: string;
  /** How many of equal width, or `points`. */
  readonly parts: string;
  /** Ends of the new shards as typed. */
  readonly points: readonly string[];
  /** Id of a node for each part as text; empty or absent: as `nodeId` says. */
  readonly partNodes: readonly string[];
  readonly schema: string;
  readonly interval: string;
  readonly from: string;
  readonly to: string;
}

export const emptyChangeForm: ChangeForm = {
  shardCount: '',
  column: '',
  colocateWith: 'none',
  cascade: 'yes',
  accessMethod: 'heap',
  value: '',
  nodeId: '',
  transferMode: 'auto',
  shardId: '',
  parts: '2',
  points: [''],
  partNodes: [],
  schema: '',
  interval: '1 month',
  from: '',
  to: '',
};

/** What the form knows of the cluster. */
export interface ChangeTarget {
  /** Null for a schema. */
  readonly table: TableName | null;
  readonly hasColocated: boolean;
  readonly shards: readonly Shard[];
  /** Nodes that take shards, by id. */
  readonly nodeIds: readonly number[];
}

export type ChangeErrors = Readonly<Partial<Record<keyof ChangeForm, string>>>;

const datePattern = /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?([+-]\d{2}(:?\d{2})?|Z)?$/;
const intervalPattern = /^\d{1,4} (minute|hour|day|week|month|year)s?$/;

export function changeErrors(kind: ChangeKind, form: ChangeForm, shards: readonly Shard[]): ChangeErrors {
  const date = (text: string): string | undefined =>
    datePattern.test(text.trim()) ? undefined : 'A date, as in 2026-01-31.';
  const needed = (text: string, what: string): string | undefined => (text.trim() === '' ? what : undefined);
  const only = (errors: Record<string, string | undefined>): ChangeErrors =>
    Object.fromEntries(Object.entries(errors).filter(([, words]) => words !== undefined)) as ChangeErrors;
  switch (kind) {
    case 'shard-count':
      return only({
        shardCount:
          needed(form.shardCount, 'A number is needed.') ?? shardCountError(form.shardCount) ?? undefined,
      });
    case 'column':
    case 'to-hash':
      return only({ column: needed(form.column, 'A column is needed.') });
    case 'isolate':
      return only({ value: needed(form.value, 'A value is needed.') });
    case 'split':
      return only({
        shardId: needed(form.shardId, 'A shard is needed.'),
        points:
          cutOf(form, shards) === null && form.shardId !== ''
            ? 'Points inside of the range are needed.'
            : undefined,
      });
    case 'create-partitions':
      return only({
        interval: intervalPattern.test(form.interval.trim()) ? undefined : 'A length, as in 1 month.',
        from: date(form.from),
        to: date(form.to),
      });
    case 'drop-partitions':
      return only({ to: date(form.to) });
    case 'distribute-schema':
    case 'undistribute-schema':
      return only({ schema: needed(form.schema, 'A schema is needed.') });
    case 'move-schema':
      return only({ nodeId: needed(form.nodeId, 'A node is needed.') });
    case 'colocation':
    case 'access-method':
    case 'to-reference':
    case 'undistribute':
      return {};
    default:
      return assertNever(kind);
  }
}

/** Where the chosen shard is cut; null while there is no shard, or a point of it is wrong. */
function cutOf(form: ChangeForm, shards: readonly Shard[]): readonly number[] | null {
  const range = rangeOf(shards.find((one) => one.shardId === form.shardId));
  return range === null ? null : splitPoints(form, range).points;
}

/** Null while something is missing that only the cluster can give. */
export function toChangeRequest(
  kind: ChangeKind,
  form: ChangeForm,
  target: ChangeTarget,
  repairs: readonly string[],
): OperationRequest | null {
  const { transferMode } = form;
  const nodeId = form.nodeId === '' ? null : Number(form.nodeId);
  const accepted = { repairs: [...repairs] };
  const schema = form.schema.trim();
  switch (kind) {
    case 'distribute-schema':
    case 'undistribute-schema':
      return { kind, schema, ...accepted };
    case 'move-schema':
      return nodeId === null ? null : { kind, schema, nodeId, transferMode, ...accepted };
    default:
  }
  if (target.table === null) return null;
  const table = { schema: target.table.schema, name: target.table.name };
  switch (kind) {
    case 'shard-count':
      return {
        kind: 'alter-table',
        table,
        column: null,
        shardCount: Number(form.shardCount),
        cascade: target.hasColocated ? form.cascade === 'yes' : null,
        ...accepted,
      };
    case 'column':
      return {
        kind: 'alter-table',
        table,
        column: form.column,
        shardCount: null,
        cascade: null,
        ...accepted,
      };
    case 'colocation':
      return {
        kind: 'change-colocation',
        table,
        colocateWith: tableOfKey(form.colocateWith) ?? 'none',
        ...accepted,
      };
    case 'access-method':
      return { kind: 'change-access-method', table, accessMethod: form.accessMethod, ...accepted };
    case 'to-reference':
      return { kind: 'convert-table', table, to: { type: 'reference' }, ...accepted };
    case 'to-hash':
      return {
        kind: 'convert-table',
        table,
        to: {
          type: 'hash',
          column: form.column,
          shardCount: null,
          colocateWith: tableOfKey(form.colocateWith) ?? (form.colocateWith === 'none' ? 'none' : 'default'),
        },
        ...accepted,
      };
    case 'undistribute':
      return { kind: 'undistribute-table', table, cascade: form.cascade === 'yes', ...accepted };
    case 'isolate':
      return { kind: 'isolate-tenant', table, value: form.value.trim(), nodeId, transferMode, ...accepted };
    case 'split': {
      const points = cutOf(form, target.shards);
      if (points === null) return null;
      return {
        kind: 'split-shard',
        shardId: form.shardId,
        points: [...points],
        nodeIds: [...nodesOfParts(points.length + 1, form.nodeId, form.partNodes, target.nodeIds)],
        transferMode,
        ...accepted,
      };
    }
    case 'create-partitions':
      return {
        kind,
        table,
        interval: form.interval.trim(),
        from: form.from.trim(),
        to: form.to.trim(),
        ...accepted,
      };
    case 'drop-partitions':
      return { kind, table, olderThan: form.to.trim(), ...accepted };
    default:
      return assertNever(kind);
  }
}
