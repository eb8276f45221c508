/** Pages beside the list of tables, by the names of their routes. */
export const pagesAboutTables = [
  { name: 'shards', label: 'Shards' },
  { name: 'schema-graph', label: 'Schema graph' },
  { name: 'advisor', label: 'Advisor' },
  { name: 'routing', label: 'Routing' },
] as const;
