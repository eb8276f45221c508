/** A person's own choices on top of a design: what can be, is; what cannot is said. Pure. */
import type { DesignChoice } from '../../contract/advisor';
import { readable } from '../plan';
import { local } from './assignment';
import type { Assignment, Judge, Placed } from './assignment';

export function applyChoices(
  judge: Judge,
  assignment: Assignment,
  choices: readonly DesignChoice[],
): { readonly placed: readonly Placed[]; readonly problems: readonly string[] } {
  const { model } = judge;
  const placed = [...assignment.placed];
  const problems: string[] = [];
  for (const choice of choices) {
    const index = model.indexOf(choice.table);
    const table = index === undefined ? undefined : model.tables[index];
    if (index === undefined || !table) {
      problems.push(`${readable(choice.table)} is not there any more.`);
      continue;
    }
    const before = assignment.placed[index];
    const isAdded = before?.derived !== null && before?.column === choice.column;
    const obstacle = obstacleTo(judge, index, choice, isAdded);
    if (obstacle !== null) {
      problems.push(`${readable(table)}: ${obstacle}.`);
      continue;
    }
    placed[index] = place(judge, assignment, index, choice);
  }
  return { placed: withoutOrphans(placed), problems };
}

function obstacleTo(judge: Judge, index: number, choice: DesignChoice, isAdded: boolean): string | null {
  const table = judge.model.tables[index];
  if (!table) return 'not there any more';
  if (table.citus !== null && table.citus.type !== 'local')
    return `already ${table.citus.type}; undistribute it first`;
  if (choice.becomes === 'local') return null;
  if (table.obstacle !== null) return `it ${table.obstacle}`;
  if (choice.becomes === 'reference')
    return table.isPartitioned ? 'a reference table cannot be partitioned' : null;
  if (choice.column === null) return 'no distribution column was chosen';
  const judgement = judge.columnOf(index, choice.column);
  if (judgement !== null) return judgement.forbidden;
  return isAdded ? null : `it has no column ${choice.column}`;
}

function place(judge: Judge, assignment: Assignment, index: number, choice: DesignChoice): Placed {
  const why = 'your choice';
  if (choice.becomes === 'local') return local(why);
  if (choice.becomes === 'reference' || choice.column === null) {
    return { becomes: 'reference', column: null, group: null, derived: null, isKept: false, why };
  }
  const before = assignment.placed[index];
  if (before?.derived && before.column === choice.column) return { ...before, why };
  const domain = judge.model.domainOf(index, choice.column);
  return {
    becomes: 'distributed',
    column: choice.column,
    group: domain?.id ?? -1_500_000_000 - index,
    derived: null,
    isKept: false,
    why,
  };
}

/** A column that was to be filled from a parent that now lies elsewhere has no source any more. */
function withoutOrphans(placed: readonly Placed[]): readonly Placed[] {
  let current = placed;
  for (;;) {
    const next = current.map((one) => {
      if (one.derived === null) return one;
      const parent = current[one.derived.link.to];
      return parent?.becomes === 'distributed' && parent.column === one.derived.parentColumn
        ? one
        : local('the table it would have been filled from lies elsewhere now');
    });
    if (next.every((one, index) => one === current[index])) return next;
    current = next;
  }
}
