/** What the apps of a test run asked of the network: the witness's own notes, and what the kernel says of their sockets. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { networkWitnessFile } from './app';
import { processTree } from './processes';

export type WitnessKind = 'begin' | 'connect' | 'lookup' | 'page' | 'except';

export interface WitnessLine {
  readonly kind: WitnessKind;
  readonly target: string;
}

/** Lines as network-witness.cjs and app.ts write them. A line of another form is an error: nothing is passed over. */
export function parseWitness(text: string): readonly WitnessLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const found = /^(begin|connect|lookup|page|except) (.+)$/.exec(line);
      if (!found) throw new Error(`the network witness wrote a line of unknown form: ${line}`);
      return { kind: found[1] as WitnessKind, target: found[2] ?? '' };
    });
}

/** A test that makes a page ask for what it must not get says so: the asking is noted although it was refused. */
export function exceptFromWitness(target: string): void {
  mkdirSync(dirname(networkWitnessFile), { recursive: true });
  appendFileSync(networkWitnessFile, `except ${target}\n`);
}

export function isLoopback(target: string): boolean {
  const host = target.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([^:]+):\d+$/, '$1');
  return (
    host === 'local'
    || host === 'localhost'
    || host === '::1'
    || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/i.test(host)
  );
}

/** Names that a test looks up on purpose, with the reason. */
export const knownExceptions: readonly { readonly target: string; readonly reason: string }[] = [
  {
    target: 'no-such-host.invalid',
    reason:
      'connect.test.ts: a host name that nobody knows; .invalid is reserved and never resolves (RFC 2606)',
  },
];

/** Lines that are neither loopback nor excepted. */
export function strangers(lines: readonly WitnessLine[]): readonly WitnessLine[] {
  const excepted = new Set([
    ...knownExceptions.map(({ target }) => target),
    ...lines.filter(({ kind }) => kind === 'except').map(({ target }) => target),
  ]);
  return lines.filter(({ kind, target }) => {
    if (kind === 'begin' || kind === 'except' || excepted.has(target)) return false;
    // The page has a scheme of its own: it may not even ask this machine for anything.
    return kind === 'page' || !isLoopback(target);
  });
}

/** Other ends of all sockets of a process and everything below it, as the kernel has them now (Linux). */
export function remoteAddresses(pid: number): readonly string[] {
  const own = new Set(processTree(pid).flatMap(socketInodes));
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const fields = line.trim().split(/\s+/);
        const [remote, inode] = [fields[2], fields[9]];
        if (remote === undefined || inode === undefined || !own.has(inode)) return [];
        const address = hexAddress(remote.split(':')[0] ?? '');
        return /^(?:0\.0\.0\.0|::)$/.test(address) ? [] : [address];
      }),
  );
}

function socketInodes(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    // Ended while it was looked at.
    return [];
  }
}

/** Addresses of /proc/net: 32-bit words, each in the byte order of the machine. */
function hexAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (isMapped) return `::ffff:${bytes.slice(12).join('.')}`;
  if (bytes.every((byte) => byte === 0)) return '::';
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return '::1';
  return Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  ).join(':');
}
