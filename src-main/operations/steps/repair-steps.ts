import {
  readColumn,
  readConstraint,
  readHasExtension,
  readHasTrigger,
  readIndex,
} from '../../citus/change-reads';
import { repairTable } from '../../citus/table-repairs';
import { assertNever } from '../../contract/failure';
import type { RepairAction } from '../../contract/repairs';
import type { Observation, Step, StepContext } from './step';
import { noticeWords } from './step';

/** Checking a key looks at every row; only the wait for the lock is limited. */
const limits = { timeoutMs: 0, lockTimeoutMs: 5_000 } as const;

/** One step for every repair: its statement is one transaction, and what it is for can be seen in the catalogs. */
export const repairStep: Step<RepairAction> = {
  retrySafe: true,
  async execute({ action, writer, signal }) {
    const { notices } = await repairTable(writer(), action, { signal, ...limits });
    return { outcome: 'changed', notices: noticeWords(notices) };
  },
  observe: (context) => observe(context),
};

const gone: Observation = { state: 'conflict', words: 'the table does not exist any more' };
const done = (words: string): Observation => ({ state: 'done', words });
const absent = (words: string): Observation => ({ state: 'absent', words });

async function observe({ action, reader, timing }: StepContext<RepairAction>): Promise<Observation> {
  const options = { timeoutMs: timing.readLimitMs };
  switch (action.type) {
    case 'drop-constraint': {
      const key = await readConstraint(reader(), action, action.constraint, options);
      if (!key) return gone;
      return key.found ? absent(`${action.constraint} is there`) : done(`${action.constraint} is gone`);
    }
    case 'add-constraint': {
      const key = await readConstraint(reader(), action, action.constraint, options);
      if (!key) return gone;
      return key.found ? done(`${action.constraint} holds`) : absent(`no ${action.constraint}`);
    }
    case 'replace-constraint': {
      const key = await readConstraint(reader(), action, action.constraint, options);
      if (!key) return gone;
      return key.columns.includes(action.column)
        ? done(`${action.constraint} contains ${action.column}`)
        : absent(key.found ? `${action.constraint} is as it was` : `no ${action.constraint}`);
    }
    case 'replace-index': {
      const key = await readIndex(reader(), action, action.index, options);
      if (!key) return gone;
      return key.columns.includes(action.column)
        ? done(`${action.index} contains ${action.column}`)
        : absent(key.found ? `${action.index} is as it was` : `no ${action.index}`);
    }
    case 'drop-trigger': {
      const found = await readHasTrigger(reader(), action, action.trigger, options);
      if (found === null) return gone;
      return found ? absent(`${action.trigger} is there`) : done(`${action.trigger} is gone`);
    }
    case 'drop-expression': {
      const column = await readColumn(reader(), action, action.column, options);
      if (!column?.type) return { state: 'conflict', words: `there is no column ${action.column}` };
      return column.isGenerated
        ? absent(`${action.column} is computed`)
        : done(`${action.column} is an ordinary column`);
    }
    case 'change-column-type': {
      const column = await readColumn(reader(), action, action.column, options);
      if (!column?.type) return { state: 'conflict', words: `there is no column ${action.column}` };
      return column.type === action.columnType
        ? done(`${action.column} is ${column.type}`)
        : absent(`${action.column} is ${column.type}`);
    }
    case 'identity-to-sequence': {
      const column = await readColumn(reader(), action, action.column, options);
      if (!column?.type) return { state: 'conflict', words: `there is no column ${action.column}` };
      return column.isIdentity
        ? absent(`${action.column} is an identity column`)
        : done(`${action.column} takes its numbers from ${action.sequence}`);
    }
    case 'create-extension':
      return (await readHasExtension(reader(), action.extension, options))
        ? done(`${action.extension} is installed`)
        : absent(`no extension ${action.extension}`);
    case 'add-column': {
      const column = await readColumn(reader(), action, action.column, options);
      if (!column) return gone;
      return column.type === null
        ? absent(`no column ${action.column}`)
        : done(`${action.column} is there, ${column.type}`);
    }
    case 'fill-column':
    case 'require-column': {
      const column = await readColumn(reader(), action, action.column, options);
      if (!column?.type) return { state: 'conflict', words: `there is no column ${action.column}` };
      return column.isNullable
        ? absent(`${action.column} may be NULL`)
        : done(`every row has a value in ${action.column}`);
    }
    default:
      return assertNever(action);
  }
}
