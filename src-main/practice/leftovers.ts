/** Servers that a crash of the app left behind: found by their pid files, stopped only when they are ours. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { log } from '../log/log';
import { clustersFolder, nodePaths } from './layout';
import { stopServer } from './node-server';
import { findServer, removePidFile } from './pid-file';

export interface Leftover {
  readonly practiceId: string;
  readonly node: string;
  readonly pid: number;
}

/** Stops every server that still runs on one of our data folders. Answers which those were. */
export async function stopLeftovers(dataFolder: string): Promise<readonly Leftover[]> {
  const folder = clustersFolder(dataFolder);
  const found: Leftover[] = [];
  for (const practiceId of await readdir(folder).catch(() => [])) {
    const nodes = await readdir(join(folder, practiceId, 'nodes'), { withFileTypes: true }).catch(() => []);
    for (const node of nodes.filter((entry) => entry.isDirectory()).map((entry) => entry.name)) {
      const { data } = nodePaths(join(folder, practiceId), node);
      const pid = await findServer(data);
      if (pid !== null) {
        log.info(`practice node ${practiceId}/${node} was left running as pid ${pid}; it is stopped`);
        await stopServer(pid, data, null);
        found.push({ practiceId, node, pid });
      }
      await removePidFile(data);
    }
  }
  return found;
}
