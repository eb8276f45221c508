/** One line of a benchmark's answer. */
export interface BenchFigure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** Empty where the figure is only told. */
  readonly goal: string;
  readonly holds: boolean | null;
}
