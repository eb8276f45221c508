/** PostgreSQL refuses to run as root; where the app is root (CI, containers) its servers get another account. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, parse } from 'node:path';
import { FailureError } from '../contract/failure';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** In the order of preference: the one made for the purpose, else the one that owns nothing. */
const candidates = ['postgres', 'nobody'] as const;

/** The unprivileged account in the text of /etc/passwd; null when it holds none of the candidates. */
export function parseAccount(passwd: string): Account | null {
  const accounts = passwd.split('\n').flatMap((line): Account[] => {
    const [name, , uid, gid] = line.split(':');
    const account = { name: name ?? '', uid: Number(uid || 0), gid: Number(gid || 0) };
    return Number.isInteger(account.uid) && account.uid > 0 && account.gid > 0 ? [account] : [];
  });
  for (const name of candidates) {
    const found = accounts.find((account) => account.name === name);
    if (found) return found;
  }
  return null;
}

/** Null unless this process is root. Throws a `FailureError` when it is and there is no account to fall back on. */
export async function findServerAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const account = parseAccount(await readFile('/etc/passwd', 'utf8').catch(() => ''));
  if (account) return account;
  throw new FailureError({
    kind: 'practice',
    message: 'The app runs as root and there is no account to run PostgreSQL under.',
    meaning: 'PostgreSQL refuses to run as root, so no practice cluster can start.',
    remedy: 'Start the app as a normal user, or create an account: useradd --system postgres',
  });
}

interface Rights {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Whether the permission bits let the account do all of `wanted` (4 read, 2 write, 1 search or execute). */
export function allows(rights: Rights, account: Account, wanted: number): boolean {
  const shift = rights.uid === account.uid ? 6 : rights.gid === account.gid ? 3 : 0;
  return ((rights.mode >> shift) & wanted) === wanted;
}

/** Whether the account may read and run what lies at `path`: every folder above it must let it pass. */
export async function isReachable(path: string, account: Account): Promise<boolean> {
  const root = parse(path).root;
  for (let current = path; ; current = dirname(current)) {
    const rights = await stat(current).catch(() => null);
    // What does not exist yet is made by the app, which sees to its rights.
    if (rights && !allows(rights, account, current === path ? 5 : 1)) return false;
    if (current === root) return true;
  }
}
