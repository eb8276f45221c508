/** What the health page shows: one verdict, and the checks it is made from. */

/**
 * - `stops`: something does not work, or will fail when it is next asked for.
 * - `mind`: works, and wants a person's attention.
 * - `unknown`: the check could not run; it says why.
 */
export type HealthLevel = 'stops' | 'mind' | 'unknown' | 'fine';

/** Pages of the app that a check may lead to; each is the name of a route that needs nothing but the cluster. */
export type HealthPage = 'topology' | 'nodes' | 'tables' | 'rebalance' | 'operations' | 'add-node';

export interface HealthMend {
  /** What to do, and what it does. */
  readonly text: string;
  /** To copy; it is not run from here. */
  readonly sql?: string;
  readonly page?: HealthPage;
}

/** One line of what was seen. */
export interface HealthEvidence {
  /** `host:port`, or what else the value belongs to. */
  readonly subject: string;
  readonly value: string;
  /** Worse than the rest: what the finding is about. */
  readonly isFinding: boolean;
}

export interface HealthCheck {
  readonly id: string;
  /** What was found, as a title: "db-w58:5432 does not answer". */
  readonly title: string;
  readonly level: HealthLevel;
  /** The level in a word or two, as in "stops work", "will fail", "mind", "not known", "fine". */
  readonly word: string;
  /** What was found, one sentence. */
  readonly found: string;
  readonly means: string;
  readonly how: {
    /** Where and in which way it was found. */
    readonly words: string;
    /** Null where no statement was sent. */
    readonly statement: string | null;
  };
  readonly mend: HealthMend | null;
  readonly evidence: readonly HealthEvidence[];
  /** ISO 8601: since when it has this level, as far as this app has seen. */
  readonly since: string;
}

/** Which node reaches which: a row for each that asks, a column for each that is asked. */
export interface HealthConnections {
  /** `host:port`, in the order of rows and columns. */
  readonly nodes: readonly string[];
  /** A character a node: `+` reached, `x` not reached, `?` not known, `.` the node itself. */
  readonly rows: readonly string[];
}

export interface HealthReport {
  readonly clusterId: string;
  readonly revision: number;
  /** ISO 8601. */
  readonly takenAt: string;
  readonly tookMs: number;
  readonly verdict: { readonly level: HealthLevel; readonly words: string };
  /** Worst first. */
  readonly checks: readonly HealthCheck[];
  /** Absent where there are no two nodes. */
  readonly connections?: HealthConnections;
}
