/** Keeps the record with the highest revision. True when the given one was taken. An equal revision is the same record. */
export function keepNewestRevision<T extends { readonly revision: number }>(
  records: Map<string, T>,
  key: string,
  record: T,
): boolean {
  const known = records.get(key);
  if (known !== undefined && known.revision > record.revision) return false;
  records.set(key, record);
  return true;
}

/** Keeps the later of two ISO 8601 moments. */
export function keepNewest(moments: Map<string, string>, key: string, at: string): void {
  const known = moments.get(key);
  if (known === undefined || Date.parse(at) > Date.parse(known)) moments.set(key, at);
}
