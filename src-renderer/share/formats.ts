/** What a table alone can be given as. */
export const csvFormat = [{ id: 'csv', label: 'Save as CSV…' }] as const;
