/** Profiles that this computer already knows: pg_service.conf, .pgpass and the PG* variables. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { toFailure } from '../contract/failure';
import { toParsedProfile } from './connection-settings';
import { parseProfileText } from './profile-text';
import type { ConnectionSettings, ParsedProfile, Setting } from './connection-settings';

export interface ImportParts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeFolder: string;
  readonly isWindows: boolean;
  /** Null where there is no such file; throws where it cannot be read. */
  readonly readText: (path: string) => Promise<string | null>;
  /** Permission bits; null where the system has none. */
  readonly permissions: (path: string) => Promise<number | null>;
}

export type Services = ReadonlyMap<string, { readonly path: string; readonly settings: ConnectionSettings }>;

const variables: Readonly<Record<string, string>> = {
  PGHOST: 'host',
  PGHOSTADDR: 'hostaddr',
  PGPORT: 'port',
  PGDATABASE: 'dbname',
  PGUSER: 'user',
  PGPASSWORD: 'password',
  PGSERVICE: 'service',
  PGAPPNAME: 'application_name',
  PGSSLMODE: 'sslmode',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGOPTIONS: 'options',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
};

/** This computer and this process; made at each call, because files and variables change. */
function thisComputer(): ImportParts {
  const isWindows = process.platform === 'win32';
  return {
    environment: process.env,
    homeFolder: homedir(),
    isWindows,
    readText: (path) =>
      readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      }),
    permissions: async (path) => (isWindows ? null : (await stat(path)).mode & 0o777),
  };
}

/** What this computer knows. Never throws. */
export function readImportable(): Promise<readonly ParsedProfile[]> {
  return readImportableProfiles(thisComputer());
}

/** A pasted text, with the services of this computer for one that names a service. */
export async function parsePastedProfile(
  text: string,
  parts: ImportParts = thisComputer(),
): Promise<ParsedProfile> {
  const services = /service/i.test(text) ? await readServices(parts) : null;
  return parseProfileText(text, { service: (name) => services?.get(name)?.settings });
}

/** One draft a service, one for the variables, one for each line of .pgpass that names another server. Never throws. */
export async function readImportableProfiles(parts: ImportParts): Promise<readonly ParsedProfile[]> {
  const services = await readServices(parts);
  const passwords = await readPasswords(parts);
  const found: ParsedProfile[] = [];
  for (const [name, { path, settings }] of services) {
    found.push(draftOf(`${path}, service "${name}"`, settings, passwords, name));
  }
  const ofEnvironment = environmentSettings(parts, services);
  if (ofEnvironment) found.push(draftOf('PG* variables of the environment', ofEnvironment, passwords));
  for (const line of passwords.lines) {
    if (line.host === '*') continue;
    const draft = passwordLineDraft(line, passwords);
    if (!found.some((known) => isSameServer(known, draft))) found.push(draft);
  }
  return found;
}

/** Services by name; the user's file wins over the one of the system. */
export async function readServices(parts: Omit<ImportParts, 'permissions'>): Promise<Services> {
  const { environment, homeFolder } = parts;
  const userFile = environment['PGSERVICEFILE'] ?? join(homeFolder, '.pg_service.conf');
  const systemFolder = environment['PGSYSCONFDIR'];
  const paths = [...(systemFolder ? [join(systemFolder, 'pg_service.conf')] : []), userFile];
  const services = new Map<string, { path: string; settings: ConnectionSettings }>();
  for (const path of paths) {
    const text = await parts.readText(path).catch(() => null);
    if (text === null) continue;
    for (const [name, settings] of parseServices(text)) services.set(name, { path, settings });
  }
  return services;
}

/** `[name]`, then `keyword=value` a line; of a name or a keyword that comes twice, the first counts, as in libpq. */
export function parseServices(text: string): ReadonlyMap<string, ConnectionSettings> {
  const services = new Map<string, Map<string, Setting>>();
  let current: Map<string, Setting> | null = null;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[(.*)\]$/.exec(line);
    if (header) {
      const name = header[1] ?? '';
      current = services.has(name) ? null : new Map();
      if (current && name !== '') services.set(name, current);
      continue;
    }
    const equals = line.indexOf('=');
    if (!current || equals <= 0) continue;
    const keyword = line.slice(0, equals);
    // libpq refuses a service within a service.
    if (keyword === 'service' || current.has(keyword)) continue;
    current.set(keyword, { value: line.slice(equals + 1) });
  }
  return services;
}

export interface PasswordLine {
  readonly number: number;
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

interface Passwords {
  readonly path: string;
  readonly lines: readonly PasswordLine[];
  /** Null, or why the passwords in it are not used. */
  readonly refusal: string | null;
}

async function readPasswords(parts: ImportParts): Promise<Passwords> {
  const { environment, homeFolder, isWindows } = parts;
  const usual = isWindows
    ? join(environment['APPDATA'] ?? homeFolder, 'postgresql', 'pgpass.conf')
    : join(homeFolder, '.pgpass');
  const path = environment['PGPASSFILE'] ?? usual;
  const text = await parts.readText(path).catch(() => null);
  if (text === null) return { path, lines: [], refusal: null };
  const permissions = await parts.permissions(path).catch(() => null);
  const refusal =
    permissions !== null && (permissions & 0o077) !== 0
      ? `The passwords in ${path} are not used: other users of this computer may read the file. Take the right away with: chmod 0600 ${path}`
      : null;
  return { path, lines: parsePasswordFile(text), refusal };
}

/** `host:port:database:user:password` a line; a backslash takes the next character as it is, `*` stands for anything. */
export function parsePasswordFile(text: string): readonly PasswordLine[] {
  return text.split(/\r?\n/).flatMap((line, index): PasswordLine[] => {
    if (line === '' || line.startsWith('#')) return [];
    const fields: string[] = [''];
    for (let at = 0; at < line.length; at += 1) {
      const character = line.charAt(at);
      if (character === ':') {
        fields.push('');
        continue;
      }
      if (character === '\\' && at + 1 < line.length) at += 1;
      fields[fields.length - 1] += line.charAt(at);
    }
    const [host, port, database, user, password] = fields;
    if (!host || !port || !database || !user || !password) return [];
    return [{ number: index + 1, host, port, database, user, password }];
  });
}

/** The first line that fits, as libpq looks it up. */
export function findPassword(
  lines: readonly PasswordLine[],
  server: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly user: string;
  },
): string | undefined {
  const fits = (field: string, value: string): boolean => field === '*' || field === value;
  // A local socket file goes by the name "localhost" there.
  const host = server.host.startsWith('/') ? 'localhost' : server.host;
  return lines.find(
    (line) =>
      fits(line.host, host)
      && fits(line.port, String(server.port))
      && fits(line.database, server.database)
      && fits(line.user, server.user),
  )?.password;
}

function environmentSettings(parts: ImportParts, services: Services): ConnectionSettings | null {
  const settings = new Map<string, Setting>();
  for (const [variable, keyword] of Object.entries(variables)) {
    const value = parts.environment[variable];
    if (value !== undefined && value !== '') settings.set(keyword, { value });
  }
  const names = ['host', 'hostaddr', 'service', 'dbname'].some((keyword) => settings.has(keyword));
  if (!names) return null;
  const service = services.get(settings.get('service')?.value ?? '');
  // A service wins over the variables.
  return service ? new Map([...settings, ...service.settings]) : settings;
}

function draftOf(
  source: string,
  settings: ConnectionSettings,
  passwords: Passwords,
  name?: string,
): ParsedProfile {
  let parsed: ParsedProfile;
  try {
    parsed = toParsedProfile(source, settings);
  } catch (error) {
    return {
      source,
      profile: name === undefined ? {} : { name },
      remarks: [`This entry could not be read: ${toFailure(error).message}`],
    };
  }
  const profile = name === undefined ? parsed.profile : { ...parsed.profile, name };
  const { host, user, database } = profile;
  if (parsed.password !== undefined || !host || !user || !database) return { ...parsed, profile };
  const password = findPassword(passwords.lines, { host, port: profile.port ?? 5432, database, user });
  if (password === undefined) return { ...parsed, profile };
  if (passwords.refusal) return { ...parsed, profile, remarks: [...parsed.remarks, passwords.refusal] };
  return {
    ...parsed,
    profile,
    password,
    remarks: [...parsed.remarks, `The password is from ${passwords.path}.`],
  };
}

function passwordLineDraft(line: PasswordLine, passwords: Passwords): ParsedProfile {
  const any = (['port', 'database', 'user'] as const).filter((field) => line[field] === '*');
  const port = Number(line.port);
  return {
    source: `${passwords.path}, line ${line.number}`,
    profile: {
      host: line.host,
      ...(Number.isInteger(port) && port > 0 && port < 65536 ? { port } : {}),
      ...(line.database === '*' ? {} : { database: line.database }),
      ...(line.user === '*' ? {} : { user: line.user }),
    },
    remarks: [
      ...any.map((field) => `The line is for any ${field}; it has to be filled in.`),
      ...(passwords.refusal ? [passwords.refusal] : []),
    ],
    ...(passwords.refusal ? {} : { password: line.password }),
  };
}

function isSameServer(one: ParsedProfile, other: ParsedProfile): boolean {
  return (
    one.profile.host === other.profile.host
    && (one.profile.port ?? 5432) === (other.profile.port ?? 5432)
    && (other.profile.database === undefined || one.profile.database === other.profile.database)
    && (other.profile.user === undefined || one.profile.user === other.profile.user)
  );
}
