/** Keywords and values as libpq knows them, made into a draft of a profile; what is not used is said. */
import { FailureError } from '../contract/failure';
import type { ProfileDraft } from '../contract/profiles';

/** One keyword's value and, in a pasted text, where it stands (from 1). */
export interface Setting {
  readonly value: string;
  readonly position?: number;
}
export type ConnectionSettings = ReadonlyMap<string, Setting>;

/** A draft before it is given an id; `password` stays in main. */
export interface ParsedProfile {
  readonly source: string;
  readonly profile: ProfileDraft['profile'];
  readonly remarks: readonly string[];
  readonly password?: string;
}

type DraftProfile = ProfileDraft['profile'];
type DraftTls = NonNullable<DraftProfile['tls']>;

/** Keywords that are read below, or need no word because they hold what the app does anyway. */
const quietKeywords: ReadonlySet<string> = new Set([
  'host',
  'hostaddr',
  'port',
  'dbname',
  'user',
  'password',
  'application_name',
  'fallback_application_name',
  'sslmode',
  'ssl',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'service',
  'servicefile',
  'passfile',
  'client_encoding',
  'keepalives',
  'sslsni',
]);

const unusedKeywords: Readonly<Record<string, string>> = {
  connect_timeout: 'the app has a limit of its own',
  options: 'the app sets what it needs itself',
  target_session_attrs: 'the app connects to the one host that is named',
  load_balance_hosts: 'the app connects to the one host that is named',
  sslpassword: 'a client key with a pass phrase cannot be used',
  sslcrl: 'lists of revoked certificates are not read',
  sslcrldir: 'lists of revoked certificates are not read',
  channel_binding: 'channel binding is not asked for',
  require_auth: 'the server chooses how a password is exchanged',
  gssencmode: 'GSSAPI is not used',
  krbsrvname: 'GSSAPI is not used',
  replication: 'the app opens ordinary sessions',
};

export function settingFailure(setting: Setting | undefined, words: string, remedy?: string): FailureError {
  const place = setting?.position === undefined ? '' : `Position ${setting.position}: `;
  return new FailureError({
    kind: 'invalid-input',
    message: `${place}${words}`,
    ...(remedy ? { remedy } : {}),
  });
}

/** Throws an `invalid-input` failure for a value that cannot be right; the value of a password is never quoted. */
export function toParsedProfile(source: string, settings: ConnectionSettings): ParsedProfile {
  const remarks: string[] = [];
  const text = (keyword: string): string | undefined => {
    const value = settings.get(keyword)?.value;
    return value === undefined || value === '' ? undefined : value;
  };
  const profile: { -readonly [K in keyof DraftProfile]: DraftProfile[K] } = {};

  const host = readHost(settings, text, remarks);
  if (host !== undefined) profile.host = host;
  const port = readPort(settings, remarks);
  if (port !== undefined) profile.port = port;
  const user = text('user');
  if (user !== undefined) profile.user = user;
  // As in libpq, a database that is not named is the one that is called like the user.
  const database = text('dbname') ?? user;
  if (database !== undefined) profile.database = database;
  const applicationName = text('application_name') ?? text('fallback_application_name');
  if (applicationName !== undefined) profile.applicationName = applicationName;
  const tls = readTls(settings, text, remarks);
  if (Object.keys(tls).length > 0) profile.tls = tls;

  for (const keyword of settings.keys()) {
    if (quietKeywords.has(keyword)) continue;
    const reason = unusedKeywords[keyword];
    remarks.push(reason ? `${keyword} is not used: ${reason}.` : `${keyword} is not known and was left out.`);
  }
  const password = text('password');
  return { source, profile, remarks, ...(password === undefined ? {} : { password }) };
}

type Lookup = (keyword: string) => string | undefined;

function readHost(settings: ConnectionSettings, text: Lookup, remarks: string[]): string | undefined {
  const names = text('host')?.split(',') ?? [];
  const addresses = text('hostaddr')?.split(',') ?? [];
  const host = names[0] || addresses[0];
  const count = Math.max(names.length, addresses.length);
  if (count > 1) {
    remarks.push(`Of ${count} hosts the first is used; the app connects to one coordinator.`);
  }
  if (names[0] && addresses[0]) {
    remarks.push(`hostaddr is not used: the address of ${names[0]} is looked up each time.`);
  }
  if (host !== undefined && /[\s@]/.test(host)) {
    throw settingFailure(
      settings.get('host') ?? settings.get('hostaddr'),
      'A host name cannot hold a blank or "@".',
      'In a URI, "@" within the user or the password is written %40.',
    );
  }
  return host || undefined;
}

function readPort(settings: ConnectionSettings, remarks: string[]): number | undefined {
  const setting = settings.get('port');
  const ports = setting?.value.split(',') ?? [];
  const first = ports[0]?.trim();
  if (!first) return undefined;
  const port = Number(first);
  if (!/^\d+$/.test(first) || port < 1 || port > 65535) {
    throw settingFailure(setting, 'A port is a number from 1 to 65535.');
  }
  const hosts = (settings.get('host') ?? settings.get('hostaddr'))?.value.split(',').length ?? 1;
  if (ports.length > hosts) remarks.push(`Of ${ports.length} ports the first is used.`);
  return port;
}

function readTls(settings: ConnectionSettings, text: Lookup, remarks: string[]): DraftTls {
  const tls: { -readonly [K in keyof DraftTls]: DraftTls[K] } = {};
  const authority = text('sslrootcert');
  if (authority === 'system') {
    remarks.push('sslrootcert=system: the certification authorities that come with the app are used.');
  } else if (authority !== undefined) {
    tls.caFile = authority;
  }
  const certificate = text('sslcert');
  if (certificate !== undefined) tls.certificateFile = certificate;
  const key = text('sslkey');
  if (key !== undefined) tls.keyFile = key;
  const mode = readMode(settings, text, tls.caFile !== undefined, remarks);
  if (mode !== undefined) tls.mode = mode;
  return tls;
}

function readMode(
  settings: ConnectionSettings,
  text: Lookup,
  hasAuthority: boolean,
  remarks: string[],
): DraftTls['mode'] {
  const written = text('sslmode');
  if (written === undefined) {
    if (text('sslrootcert') === 'system') return 'verify-full';
    // "ssl=true" is how other drivers spell it; libpq takes it in a URI too.
    return text('ssl') === 'true' || text('ssl') === '1' ? 'require' : undefined;
  }
  switch (written) {
    case 'disable':
    case 'verify-ca':
    case 'verify-full':
      return written;
    case 'require':
      if (!hasAuthority) return 'require';
      remarks.push('sslmode=require with sslrootcert checks the certificate; that is TLS mode verify-ca.');
      return 'verify-ca';
    case 'prefer':
    case 'allow':
      remarks.push(
        `sslmode=${written} falls back to plain text without a word, so TLS mode require is used. Choose disable if the server offers no encryption.`,
      );
      return 'require';
    default:
      throw settingFailure(
        settings.get('sslmode'),
        'sslmode is one of disable, allow, prefer, require, verify-ca and verify-full.',
      );
  }
}
