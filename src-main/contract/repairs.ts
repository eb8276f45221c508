/** Steps that make a table fit for a change, written by the app and never by the person. */
import type { TableName } from './cluster';

export type RepairAction =
  | {
      readonly type: 'drop-constraint';
      readonly schema: string;
      readonly name: string;
      readonly constraint: string;
    }
  | {
      readonly type: 'add-constraint';
      readonly schema: string;
      readonly name: string;
      readonly constraint: string;
      /** As pg_get_constraintdef writes it. */
      readonly definition: string;
    }
  | {
      /** One statement: it is never without its key. */
      readonly type: 'replace-constraint';
      readonly schema: string;
      readonly name: string;
      readonly constraint: string;
      readonly definition: string;
      /** Column that it did not have before: by it the change is recognised. */
      readonly column: string;
    }
  | {
      readonly type: 'replace-index';
      readonly schema: string;
      readonly name: string;
      readonly index: string;
      readonly definition: string;
      readonly column: string;
    }
  | {
      readonly type: 'drop-trigger';
      readonly schema: string;
      readonly name: string;
      readonly trigger: string;
    }
  | {
      readonly type: 'drop-expression';
      readonly schema: string;
      readonly name: string;
      readonly column: string;
    }
  | {
      readonly type: 'change-column-type';
      readonly schema: string;
      readonly name: string;
      readonly column: string;
      readonly columnType: string;
    }
  | {
      /** The numbers go on from where the identity column was, by a sequence of the table's own. */
      readonly type: 'identity-to-sequence';
      readonly schema: string;
      readonly name: string;
      readonly column: string;
      readonly sequence: string;
    }
  | { readonly type: 'create-extension'; readonly extension: string }
  | {
      /** Empty at first, so that no row is written anew while the table is locked. */
      readonly type: 'add-column';
      readonly schema: string;
      readonly name: string;
      readonly column: string;
      readonly columnType: string;
      /** Null: that of the type. */
      readonly collation: string | null;
    }
  | (ColumnSource & {
      /** Range by range of the table, each a transaction of its own; a row that has a value is left alone. */
      readonly type: 'fill-column';
      /** Tables whose rows are counted before and after; empty where that would take too long. */
      readonly compare: readonly TableName[];
    })
  | (ColumnSource & {
      /** Fills what has no value yet; from then on no row may be without one. */
      readonly type: 'require-column';
      /** False: Citus reads its own tables by no ranges, so that every row is filled here. */
      readonly isFilledBefore: boolean;
    });

/** An added column, and the one of the parent that it is filled from. */
export interface ColumnSource {
  readonly schema: string;
  readonly name: string;
  readonly column: string;
  readonly parent: TableName;
  readonly parentColumn: string;
  /** Columns of the table and those of the parent that they refer to. */
  readonly pairs: readonly (readonly [column: string, referenced: string])[];
}
