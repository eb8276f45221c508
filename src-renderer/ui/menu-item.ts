/** One command of a BaseMenu. */
export interface MenuItem<Id extends string = string> {
  readonly id: Id;
  readonly label: string;
  /** Destroys something: shown in the colour of danger. */
  readonly danger?: boolean;
  /** Why it cannot be chosen now; it stays in sight and says so. */
  readonly blocked?: string;
  /** A line above it. */
  readonly startsGroup?: boolean;
  /** The chosen one of several. */
  readonly checked?: boolean;
}
