/** Revisions that rise for as long as the app runs, also when a cluster is closed and opened again. */
export interface Revisions {
  next(): number;
}

export function createRevisions(): Revisions {
  let last = 0;
  return { next: () => (last += 1) };
}
