/** Where things lie below the data folder of the practice clusters. */
import { join } from 'node:path';

export interface NodePaths {
  readonly folder: string;
  /** PostgreSQL's own data folder. */
  readonly data: string;
  readonly logFile: string;
}

export function clustersFolder(dataFolder: string): string {
  return join(dataFolder, 'clusters');
}

/** Clusters whose record cannot be read are moved here, not deleted. */
export function setAsideFolder(dataFolder: string): string {
  return join(dataFolder, 'set-aside');
}

export function templatesFolder(dataFolder: string): string {
  return join(dataFolder, 'templates');
}

export function clusterFolder(dataFolder: string, practiceId: string): string {
  return join(clustersFolder(dataFolder), practiceId);
}

export function recordFile(folder: string): string {
  return join(folder, 'record.json');
}

/** The superuser's password of every node, readable for the app alone. */
export function passwordFile(folder: string): string {
  return join(folder, 'password');
}

/** The same password in libpq's form, readable for the servers alone. */
export function serverPasswordFile(folder: string): string {
  return join(folder, 'pgpass');
}

export function nodePaths(folder: string, node: string): NodePaths {
  const own = join(folder, 'nodes', node);
  return { folder: own, data: join(own, 'data'), logFile: join(own, 'server.log') };
}
