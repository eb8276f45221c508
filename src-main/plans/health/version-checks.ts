/** Versions: the same server, library and extension on every node, and library and extension fit each other. */
import { counted } from '../plan';
import type { HealthFacts, NodeHealthFacts, ServerVersions } from './facts';
import { answersOf, evidence, onEachNode, unknownFor } from './judgement';
import type { Judged } from './judgement';

interface Skew {
  readonly id: string;
  readonly subject: string;
  readonly pick: (versions: ServerVersions) => string | null;
  readonly means: string;
  /** Whether two different versions are more than the passing state of an upgrade. */
  readonly isGrave: (one: string, other: string) => boolean;
  readonly mend: { readonly text: string; readonly sql?: string };
}

/** "13.2-1" -> "13.2"; "17.4" -> "17". */
const major = (version: string): string => /^\d+/.exec(version)?.[0] ?? version;
const series = (version: string): string => /^\d+\.\d+/.exec(version)?.[0] ?? version;

function judgeSkew(facts: HealthFacts, skew: Skew): Judged {
  const { answers, silent } = answersOf(facts.nodes, ({ versions }) => versions);
  const seen = answers.flatMap(({ node, value }) => {
    const version = skew.pick(value);
    return version === null ? [] : [{ node, version }];
  });
  const counts = new Map<string, NodeHealthFacts[]>();
  for (const { node, version } of seen) counts.set(version, [...(counts.get(version) ?? []), node]);
  const ordered = [...counts.entries()].sort((one, other) => other[1].length - one[1].length);
  const usual = ordered[0]?.[0] ?? '';
  const others = ordered.slice(1);
  const rows = [
    ...seen
      .map(({ node, version }) => evidence(node.address, version, version !== usual))
      .sort((one, other) => Number(other.isFinding) - Number(one.isFinding)),
    ...silent.map(({ node, why }) => evidence(node.address, `not known: ${why}`)),
  ];
  const base = {
    id: skew.id,
    asksNodes: true,
    means: skew.means,
    how: { words: onEachNode, statement: facts.statements.versions },
    evidence: rows,
  };
  if (others.length > 0) {
    const isGrave = others.some(([version]) => skew.isGrave(usual, version));
    const [version, nodes] = others[0] ?? ['', []];
    const who =
      others.length === 1 && nodes.length === 1
        ? nodes[0]?.address
        : counted(seen.length - (counts.get(usual)?.length ?? 0), 'node');
    return {
      ...base,
      level: isGrave ? 'stops' : 'mind',
      word: isGrave ? 'will fail' : undefined,
      title:
        others.length === 1
          ? `Version skew: ${who} ${nodes.length === 1 ? 'has' : 'have'} ${skew.subject} ${version}, the others ${usual}`
          : `Version skew: ${ordered.length} versions of ${skew.subject}`,
      found: isGrave ? 'These versions are not meant to work together.' : 'Works; finish the upgrade.',
      mend: skew.mend,
    };
  }
  if (silent.length > 0)
    return { ...base, ...unknownFor(`Version of ${skew.subject}`, silent, facts.nodes.length), mend: null };
  return {
    ...base,
    level: 'fine',
    title: `${skew.subject} is the same everywhere`,
    found:
      usual === ''
        ? 'No node told a version.'
        : `${counted(seen.length, 'node has', 'nodes have')} ${usual}.`,
    mend: null,
  };
}

export function judgePostgresSkew(facts: HealthFacts): Judged {
  return judgeSkew(facts, {
    id: 'version-postgres',
    subject: 'PostgreSQL',
    pick: ({ postgres }) => postgres,
    // Two majors are the passing state of an upgrade too, and nothing that worked stops at once.
    isGrave: () => false,
    means:
      'Minor versions fix faults one by one and may add settings; plans and defaults differ between major versions.',
    mend: {
      text: 'Install the same packages on every node and restart PostgreSQL there, one node after the other.',
    },
  });
}

export function judgeLibrarySkew(facts: HealthFacts): Judged {
  return judgeSkew(facts, {
    id: 'version-library',
    subject: 'Citus library',
    pick: ({ library }) => library,
    isGrave: (one, other) => major(one) !== major(other),
    means: 'Nodes send each other internal statements, which another series may not know.',
    mend: {
      text: 'Install the same packages on every node and restart PostgreSQL there, one node after the other.',
    },
  });
}

export function judgeExtensionSkew(facts: HealthFacts): Judged {
  return judgeSkew(facts, {
    id: 'version-extension',
    subject: 'extension citus',
    pick: ({ extension }) => extension,
    isGrave: (one, other) => major(one) !== major(other),
    means: 'ALTER EXTENSION is not carried to the workers, so after an upgrade it has to run on each.',
    mend: {
      text: 'Run it on every node that is behind, in every database with Citus; then on the coordinator: CALL citus_finish_citus_upgrade().',
      sql: 'ALTER EXTENSION citus UPDATE;',
    },
  });
}

/** Up to 13.1 library and extension must be of the same series; later code bears one minor version of the same major. */
export function judgeLibraryFits(facts: HealthFacts): Judged {
  const { answers, silent } = answersOf(facts.nodes, ({ versions }) => versions);
  const seen = answers
    .filter(({ value }) => value.library !== null && value.extension !== null)
    .map(({ node, value }) => {
      const library = value.library ?? '';
      const extension = value.extension ?? '';
      return {
        node,
        library,
        extension,
        differs: series(library) !== series(extension),
        isGrave: !bears(library, extension),
      };
    });
  const differing = seen.filter(({ differs }) => differs);
  const isGrave = differing.some((one) => one.isGrave);
  const base = {
    id: 'library-extension',
    asksNodes: true,
    means:
      'Where the loaded library does not fit the extension, Citus refuses every statement on distributed tables.',
    how: { words: onEachNode, statement: facts.statements.versions },
    evidence: [
      ...seen.map(({ node, library, extension, differs }) =>
        evidence(node.address, `library ${library}, extension ${extension}`, differs),
      ),
      ...silent.map(({ node, why }) => evidence(node.address, `not known: ${why}`)),
    ].sort((one, other) => Number(other.isFinding) - Number(one.isFinding)),
  };
  if (differing.length > 0) {
    const first = differing[0];
    return {
      ...base,
      level: isGrave ? 'stops' : 'mind',
      title: `Library and extension differ ${differing.length > 1 ? `on ${differing.length} nodes` : `on ${first?.node.address ?? ''}`}`,
      found: `The library is ${first?.library ?? ''}, the extension ${first?.extension ?? ''}.`,
      mend: {
        text: 'Where the extension is older, update it there. Where the library is older, restart PostgreSQL so that the installed one is loaded.',
        sql: 'ALTER EXTENSION citus UPDATE;',
      },
    };
  }
  if (silent.length > 0)
    return {
      ...base,
      ...unknownFor('Whether library and extension fit', silent, facts.nodes.length),
      mend: null,
    };
  return {
    ...base,
    level: 'fine',
    title: 'Library and extension fit',
    found: 'On every node they are of one series.',
    mend: null,
  };
}

function bears(library: string, extension: string): boolean {
  if (series(library) === series(extension)) return true;
  const [libraryMajor = 0, libraryMinor = 0, libraryPatch = 0] = library.split('.').map(Number);
  const [extensionMajor = 0, extensionMinor = 0] = series(extension).split('.').map(Number);
  const isRelaxed =
    libraryMajor >= 14
    || (libraryMajor === 13 && (libraryMinor > 2 || (libraryMinor === 2 && libraryPatch >= 1)));
  return isRelaxed && libraryMajor === extensionMajor && Math.abs(libraryMinor - extensionMinor) <= 1;
}
