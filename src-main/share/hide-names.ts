/**
 * Takes names of hosts, roles and databases out of text that is given to others, the same name always by the same stand-in, so that the text
 * can still be followed. Pure. Too much is taken rather than too little.
 */
import { isIPv6 } from 'node:net';

export interface KnownNames {
  /** In the order in which they are numbered: pg_dist_node's. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** Others that a text may hold: of the profile, of the practice runtime. */
  readonly hosts: readonly string[];
  readonly roles: readonly string[];
  readonly databases: readonly string[];
  /** Names that people gave to clusters. */
  readonly clusters: readonly string[];
}

interface Replacement {
  readonly pattern: RegExp;
  readonly by: string | ((match: string, ...groups: string[]) => string);
}

const ipv4 = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d\.\d)(?::\d{1,5})?(?!\w)/g;
/** What may be one; casts of SQL and times of day are not. */
const ipv6Like = /(?<![\w:.])[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*(?!\w)/gi;
/** As in "host=db-1", user@db-1, and PostgreSQL's own messages. */
const hostParameter = /\b(host(?:addr|name)?\s*=\s*)('[^']*'|[^\s'",;&]+)/gi;
const serverHost = /\b((?:server|host|node) (?:name |at )?)"([^"]+)"/gi;
const named = /\b(role|user|database)( is)? "([^"]*)"/gi;
const userParameter = /\b(user(?:name)?|dbname|role|database)(\s*=\s*)('[^']*'|[^\s'",;&]+)/gi;
const uriPart = /(\w+:\/\/)[^\s/?#'"]+/g;

/** A function, so that the names are put into patterns once for many texts. */
export function createNameHider(known: KnownNames): (text: string) => string {
  const replacements = [
    ...hostReplacements(known),
    listed(known.roles, 'role'),
    listed(known.databases, 'database'),
    listed(known.clusters, 'cluster'),
    ...portReplacements(known),
    // What nobody told us by name.
    { pattern: uriPart, by: '$1hidden' },
    { pattern: hostParameter, by: '$1hidden' },
    { pattern: userParameter, by: '$1$2hidden' },
    { pattern: serverHost, by: (match, head, name) => (isStandIn(name ?? '') ? match : `${head}"hidden"`) },
    {
      pattern: named,
      by: (match, kind, is, name) => (isStandIn(name ?? '') ? match : `${kind}${is ?? ''} "hidden"`),
    },
    { pattern: ipv4, by: 'hidden address' },
    { pattern: ipv6Like, by: withoutIpv6 },
  ] satisfies readonly Replacement[] as readonly Replacement[];
  return (text) =>
    replacements.reduce(
      (rest, { pattern, by }) =>
        typeof by === 'string' ? rest.replace(pattern, by) : rest.replace(pattern, by),
      text,
    );
}

/** The address alone, or with a port or the end of a sentence behind it. */
function withoutIpv6(text: string): string {
  for (let end = text.length; end > 2; end -= 1) {
    if (isIPv6(text.slice(0, end))) return `hidden address${text.slice(end)}`;
  }
  return text;
}

function isStandIn(name: string): boolean {
  return /^(?:node|host|role|database|cluster)-\d+$|^hidden$/.test(name);
}

function hostReplacements({ nodes, hosts }: KnownNames): readonly Replacement[] {
  const standIns = new Map<string, string>();
  const perHost = new Map<string, number>();
  for (const { host } of nodes) perHost.set(host, (perHost.get(host) ?? 0) + 1);
  nodes.forEach(({ host, port }, index) => standIns.set(`${host}:${port}`, `node-${index + 1}`));
  nodes.forEach(({ host }, index) => {
    // Several nodes on one host: its name alone is none of them.
    if (perHost.get(host) === 1) standIns.set(host, `node-${index + 1}`);
  });
  for (const host of [...nodes.map((node) => node.host), ...hosts]) {
    if (!standIns.has(host)) standIns.set(host, `host-${standIns.size + 1}`);
  }
  for (const [host, standIn] of [...standIns]) {
    // The short form of a full name.
    const short = /^([a-z][\w-]{2,})\.[a-z]/i.exec(host)?.[1];
    if (short !== undefined && !standIns.has(short)) standIns.set(short, standIn);
  }
  return byLength([...standIns]).map(([host, standIn]) => ({
    // A port that follows is part of the address.
    pattern: new RegExp(
      `${isDistinct(host) ? '' : '(?<![\\w-])'}\\[?${escaped(host)}\\]?(?::\\d{1,5}(?!\\d))?${isDistinct(host) ? '' : '(?![\\w-])'}`,
      'gi',
    ),
    by: standIn,
  }));
}

/** What a title leaves of an address, as in ":5432", and words as "port 5432". */
function portReplacements({ nodes }: KnownNames): readonly Replacement[] {
  const ports = [...new Set(nodes.map(({ port }) => port))];
  return ports.map((port) => ({
    pattern: new RegExp(`(?<![\\w\\])])(?::|\\bport )${port}(?!\\d)`, 'g'),
    by: 'port hidden',
  }));
}

/** One pattern for them all: there may be thousands, and a stand-in is not to be taken for another name. */
function listed(names: readonly string[], kind: string): Replacement {
  const unique = [...new Set(names.filter((name) => name !== ''))];
  const standIns = new Map(unique.map((name, index) => [name, `${kind}-${index + 1}`]));
  const longestFirst = byLength([...standIns]).map(([name]) => escaped(name));
  return {
    pattern: new RegExp(`(?<![\\w-])(?:${longestFirst.join('|') || '(?!)'})(?![\\w-]|://)`, 'g'),
    by: (name) => standIns.get(name) ?? 'hidden',
  };
}

/** So unlike a word that it is taken wherever it stands, inside others too. */
function isDistinct(host: string): boolean {
  return host.length >= 5 && /[\d.-]/.test(host);
}

function byLength<T extends readonly [string, string]>(entries: readonly T[]): readonly T[] {
  return [...entries].filter(([name]) => name !== '').sort(([one], [other]) => other.length - one.length);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
