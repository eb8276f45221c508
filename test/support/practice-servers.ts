/** Which PostgreSQL servers run on data folders below a folder, as the kernel tells (Linux). */
import { readdirSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';

/** Pids of the servers (not of their children) whose -D lies below `folder`; with `node`, that node's only. */
export function serversBelow(folder: string, node?: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const command = commandLine(name);
      const data = command[command.indexOf('-D') + 1] ?? '';
      return (
        command.indexOf('-D') > 0
        && data.startsWith(folder + sep)
        && (node === undefined || data.includes(`${sep}nodes${sep}${node}${sep}`))
      );
    })
    .map(Number);
}

function commandLine(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
