/** How a repair is shown as a step: what it blocks, how long it may take, how it is taken back. Pure. */
import type { RepairAction } from '../contract/repairs';
import { readable, sizeWords } from './plan';
import type { PlanContext, StepDraft } from './plan';

/** `bytes` of the table: a key is checked, an index built, over all of its rows. */
export function repairStep(
  stepId: string,
  action: RepairAction,
  bytes: number,
  context: PlanContext,
): StepDraft {
  const name = action.type === 'create-extension' ? '' : readable(action);
  const moment = `reads and writes of ${name}, for a moment`;
  const scan = `reads and writes of ${name} while ${sizeWords(bytes)} are looked at`;
  const scanMs = [50 + bytes / 400_000, 2_000 + bytes / 20_000] as const;
  const base = {
    stepId,
    where: context.coordinator,
    action,
    ifInterrupted: 'It is one transaction: done or not done. The next start looks at the catalogs first.',
  };
  switch (action.type) {
    case 'drop-constraint':
      return {
        ...base,
        title: `Drop ${action.constraint} of ${name}`,
        blocks: moment,
        undo: 'ADD CONSTRAINT with the definition of before, which looks at every row',
        expectedMs: [20, 2_000],
        countsAsDoneWhen: `${name} has no constraint ${action.constraint}.`,
      };
    case 'add-constraint':
      return {
        ...base,
        title: `Add ${action.constraint} to ${name}`,
        blocks: `writes to ${name} while ${sizeWords(bytes)} are looked at`,
        undo: 'DROP CONSTRAINT',
        expectedMs: scanMs,
        countsAsDoneWhen: `${name} has the constraint ${action.constraint}.`,
      };
    case 'replace-constraint':
      return {
        ...base,
        title: `Put ${action.column} into ${action.constraint} of ${name}`,
        blocks: scan,
        undo: 'the same with the definition of before',
        expectedMs: scanMs,
        countsAsDoneWhen: `${action.constraint} contains ${action.column}.`,
      };
    case 'replace-index':
      return {
        ...base,
        title: `Put ${action.column} into the unique index ${action.index} of ${name}`,
        blocks: scan,
        undo: 'the same with the definition of before',
        expectedMs: scanMs,
        countsAsDoneWhen: `${action.index} contains ${action.column}.`,
      };
    case 'drop-trigger':
      return {
        ...base,
        title: `Drop the trigger ${action.trigger} of ${name}`,
        blocks: moment,
        undo: 'CREATE TRIGGER, once the table is an ordinary one again',
        expectedMs: [20, 2_000],
        countsAsDoneWhen: `${name} has no trigger ${action.trigger}.`,
      };
    case 'drop-expression':
      return {
        ...base,
        title: `Make ${action.column} of ${name} an ordinary column`,
        blocks: moment,
        undo: 'cannot be taken back but by a new column; values stay as they are',
        canBeUndone: false,
        expectedMs: [20, 2_000],
        countsAsDoneWhen: `${action.column} is not computed any more.`,
      };
    case 'change-column-type':
      return {
        ...base,
        title: `Make ${action.column} of ${name} ${action.columnType}`,
        blocks: `reads and writes of ${name} while ${sizeWords(bytes)} are written anew`,
        undo: 'the same with the type of before',
        expectedMs: [50 + bytes / 80_000, 2_000 + bytes / 8_000],
        countsAsDoneWhen: `${action.column} is ${action.columnType}.`,
      };
    case 'identity-to-sequence':
      return {
        ...base,
        title: `Number ${action.column} of ${name} by a sequence instead of an identity`,
        blocks: moment,
        undo: 'DROP DEFAULT and ADD GENERATED AS IDENTITY, once the table is an ordinary one again',
        expectedMs: [20, 5_000],
        countsAsDoneWhen: `${action.column} is no identity column and takes its numbers from ${action.sequence}.`,
      };
    case 'add-column':
      return {
        ...base,
        title: `Add ${action.column} to ${name}`,
        blocks: moment,
        undo: 'DROP COLUMN, once the table is an ordinary one again',
        expectedMs: [20, 2_000],
        countsAsDoneWhen: `${name} has a column ${action.column}.`,
      };
    case 'fill-column':
      return {
        ...base,
        title: `Fill ${action.column} of ${name} from ${readable(action.parent)}, 16 MB at a time`,
        blocks: `writes to the rows of ${name} that are being filled, and changes of their parents' keys; reads go on`,
        undo: 'the column is dropped with its values',
        expectedMs: [50 + bytes / 40_000, 2_000 + bytes / 4_000],
        countsAsDoneWhen: `every row of ${name} that was there has a value in ${action.column}, and no row is missing.`,
        ifInterrupted:
          'Each range is a transaction of its own; what is filled stays filled. The next start goes on with the rows that have no value.',
      };
    case 'require-column':
      return {
        ...base,
        title: action.isFilledBefore
          ? `Require ${action.column} in every row of ${name}`
          : `Fill ${action.column} of ${name} from ${readable(action.parent)} and require it in every row`,
        blocks: action.isFilledBefore
          ? `writes to ${name}, then reads too, while rows written meanwhile are filled and ${sizeWords(bytes)} are looked at`
          : `writes to ${name} while every row is filled, then reads too while ${sizeWords(bytes)} are looked at`,
        undo: 'ALTER COLUMN DROP NOT NULL',
        expectedMs: scanMs,
        countsAsDoneWhen: `${action.column} of ${name} is NOT NULL.`,
      };
    case 'create-extension':
      return {
        ...base,
        title: `Install the extension ${action.extension}`,
        blocks: 'nothing',
        undo: 'DROP EXTENSION',
        expectedMs: [50, 5_000],
        countsAsDoneWhen: `pg_extension lists ${action.extension}.`,
      };
  }
}
