/** Reads the database of a practice cluster that a running app holds: what is true, whatever the screen says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectDatabase, defaultLimits } from '../../src-main/connections/database';
import type { Database } from '../../src-main/connections/database';
import { clusterFolder, clustersFolder, passwordFile, recordFile } from '../../src-main/practice/layout';

export interface RecordedNode {
  readonly name: string;
  readonly port: number;
}

export interface RecordedCluster {
  readonly practiceId: string;
  readonly name: string;
  readonly nodes: readonly RecordedNode[];
  readonly password: string;
  readonly sampleData: 'none' | 'pending' | 'loaded';
}

/** Practice clusters in an app's data folder, oldest first. */
export function recordedClusters(dataFolder: string): readonly RecordedCluster[] {
  const practice = join(dataFolder, 'practice');
  return readdirSync(clustersFolder(practice))
    .map((id) => {
      const folder = clusterFolder(practice, id);
      const record = JSON.parse(readFileSync(recordFile(folder), 'utf8')) as RecordedCluster & {
        createdAt: string;
      };
      return { ...record, password: readFileSync(passwordFile(folder), 'utf8') };
    })
    .sort((one, other) => one.createdAt.localeCompare(other.createdAt));
}

export async function connectToNode(dataFolder: string, node = 'coordinator', index = 0): Promise<Database> {
  const cluster = recordedClusters(dataFolder)[index];
  const found = cluster?.nodes.find(({ name }) => name === node);
  if (!cluster || !found) throw new Error(`no practice node ${node} in ${dataFolder}`);
  return connectDatabase(
    {
      host: '127.0.0.1',
      port: found.port,
      database: 'postgres',
      user: 'postgres',
      applicationName: 'shardboard test',
      tls: false,
    },
    cluster.password,
    { ...defaultLimits, statementTimeoutMs: 60_000 },
  );
}

/** One value of one row, as text. */
export async function valueOf(dataFolder: string, sql: string, node = 'coordinator'): Promise<string | null> {
  const database = await connectToNode(dataFolder, node);
  try {
    const [row] = await database.read<Record<string, unknown>>({ text: sql });
    const value = row === undefined ? null : Object.values(row)[0];
    return value === null || value === undefined ? null : String(value);
  } finally {
    await database.close();
  }
}
