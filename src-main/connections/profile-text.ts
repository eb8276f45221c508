/** A pasted connection string: a URI, or keywords and values as libpq reads them. */
import { settingFailure, toParsedProfile } from './connection-settings';
import type { ConnectionSettings, ParsedProfile, Setting } from './connection-settings';

export interface ProfileTextOptions {
  /** The settings of a service that the text names; undefined when there is none of that name. */
  readonly service?: (name: string) => ConnectionSettings | undefined;
}

/** Throws an `invalid-input` failure that names the position; nothing of a password is quoted. */
export function parseProfileText(text: string, options: ProfileTextOptions = {}): ParsedProfile {
  const start = text.length - text.trimStart().length;
  const body = text.trimEnd();
  const scheme = /^(?:jdbc:)?([a-z][a-z0-9+.-]*):\/\//i.exec(body.slice(start));
  if (scheme) {
    if (!/^postgres(?:ql)?$/i.test(scheme[1] ?? '')) {
      throw settingFailure(
        { value: '', position: start + 1 },
        `A connection string begins with postgres:// or postgresql://, not with ${scheme[0]}`,
      );
    }
    return withService('Connection URI', parseUri(body, start + scheme[0].length), options);
  }
  return withService('Connection string', parseKeywords(body, start), options);
}

function withService(
  source: string,
  settings: ConnectionSettings,
  options: ProfileTextOptions,
): ParsedProfile {
  const named = settings.get('service');
  if (!named || named.value === '') return toParsedProfile(source, settings);
  const found = options.service?.(named.value);
  if (!found) {
    throw settingFailure(
      named,
      `There is no service "${named.value}".`,
      'Services stand in ~/.pg_service.conf, or in the file that PGSERVICEFILE names.',
    );
  }
  // What the text says itself wins over what its service says.
  return toParsedProfile(`${source}, service "${named.value}"`, new Map([...found, ...settings]));
}

/** `host=a port=5432 password='it\'s'`: values in quotes or without blanks; a backslash takes the next character as it is. */
export function parseKeywords(text: string, from = 0): ConnectionSettings {
  const settings = new Map<string, Setting>();
  let at = from;
  const skipBlanks = (): void => {
    while (at < text.length && /\s/.test(text.charAt(at))) at += 1;
  };
  for (skipBlanks(); at < text.length; skipBlanks()) {
    const start = at;
    while (at < text.length && !/[\s=]/.test(text.charAt(at))) at += 1;
    const keyword = text.slice(start, at);
    skipBlanks();
    if (text.charAt(at) !== '=' || keyword === '') {
      throw settingFailure(
        { value: '', position: start + 1 },
        keyword === '' ? 'A keyword is missing before "=".' : 'A "=" is missing after a keyword.',
        'The form is: host=coordinator port=5432 dbname=app user=admin; a value with blanks stands in single quotes.',
      );
    }
    at += 1;
    skipBlanks();
    const position = at + 1;
    const quoted = text.charAt(at) === "'";
    if (quoted) at += 1;
    let value = '';
    for (;;) {
      const character = text.charAt(at);
      if (character === '') {
        if (quoted) throw settingFailure({ value: '', position }, 'A quoted value does not end.');
        break;
      }
      if (quoted ? character === "'" : /\s/.test(character)) break;
      if (character === '\\') {
        at += 1;
        if (at >= text.length) break;
      }
      value += text.charAt(at);
      at += 1;
    }
    if (quoted) at += 1;
    settings.set(keyword, { value, position });
  }
  if (settings.size === 0) throw settingFailure(undefined, 'The text holds nothing.');
  return settings;
}

/** What follows `postgres://`, as libpq reads it; parameters after "?" win over what stands before it. */
function parseUri(text: string, from: number): ConnectionSettings {
  const settings = new Map<string, Setting>();
  const set = (keyword: string, start: number, end: number): void => {
    if (end > start) settings.set(keyword, decode(text.slice(start, end), start));
  };
  // The user's part ends at the first "@", if that comes before any "/"; "?" and "#" may stand in it.
  const userEnd = indexOrEnd(text, '@', from, indexOrEnd(text, '/', from, text.length));
  let hostStart = from;
  if (text.charAt(userEnd) === '@') {
    const colon = indexOrEnd(text, ':', from, userEnd);
    set('user', from, colon);
    set('password', colon + 1, userEnd);
    hostStart = userEnd + 1;
  }
  const question = indexOrEnd(text, '?', hostStart, text.length);
  const slash = indexOrEnd(text, '/', hostStart, question);
  if (hostStart > from && text.slice(hostStart, slash).includes('@')) {
    throw settingFailure(
      { value: '', position: userEnd + 1 },
      'There are two "@" before the host.',
      'Within the user or the password, "@" is written %40, ":" %3A and "/" %2F.',
    );
  }
  readHosts(text, hostStart, slash, settings);
  if (slash < question) set('dbname', slash + 1, question);

  let start = question + 1;
  while (start < text.length) {
    const end = indexOrEnd(text, '&', start, text.length);
    const equals = indexOrEnd(text, '=', start, end);
    if (equals === end) {
      throw settingFailure({ value: '', position: start + 1 }, 'A "=" is missing after a parameter.');
    }
    const keyword = decode(text.slice(start, equals), start).value;
    if (keyword === '') throw settingFailure({ value: '', position: start + 1 }, 'A parameter has no name.');
    settings.set(keyword, decode(text.slice(equals + 1, end), equals + 1));
    start = end + 1;
  }
  return settings;
}

/** `host:port,host:port`; an IPv6 address stands in square brackets. */
function readHosts(text: string, from: number, end: number, settings: Map<string, Setting>): void {
  const hosts: string[] = [];
  const ports: string[] = [];
  let start = from;
  while (start < end) {
    let hostEnd: number;
    if (text.charAt(start) === '[') {
      const close = indexOrEnd(text, ']', start, end);
      if (close === end) {
        throw settingFailure({ value: '', position: start + 1 }, 'An IPv6 address does not end with "]".');
      }
      hosts.push(decode(text.slice(start + 1, close), start + 1).value);
      hostEnd = close + 1;
      if (hostEnd < end && !/[:,]/.test(text.charAt(hostEnd))) {
        throw settingFailure({ value: '', position: hostEnd + 1 }, 'After "]" comes ":", "," or the end.');
      }
    } else {
      hostEnd = Math.min(indexOrEnd(text, ':', start, end), indexOrEnd(text, ',', start, end));
      hosts.push(decode(text.slice(start, hostEnd), start).value);
    }
    const next = indexOrEnd(text, ',', hostEnd, end);
    const port = text.charAt(hostEnd) === ':' && hostEnd < end ? text.slice(hostEnd + 1, next) : '';
    if (!/^\d*$/.test(port)) {
      throw settingFailure(
        { value: '', position: hostEnd + 2 },
        'A port is a number from 1 to 65535.',
        'An IPv6 address stands in square brackets. Within the password, "/" is written %2F and "@" %40.',
      );
    }
    ports.push(port);
    start = next + 1;
  }
  if (hosts.some((host) => host !== '')) settings.set('host', { value: hosts.join(','), position: from + 1 });
  if (ports.some((port) => port !== '')) settings.set('port', { value: ports.join(','), position: from + 1 });
}

/** Percent signs into bytes, bytes into text; "+" is a plus, as in libpq. */
function decode(text: string, start: number): Setting {
  const wrong = /%(?![0-9a-f]{2})|%00/i.exec(text);
  if (wrong) {
    throw settingFailure(
      { value: '', position: start + wrong.index + 1 },
      'A "%" is followed by two hexadecimal digits, and not by 00.',
      'A "%" itself is written %25.',
    );
  }
  try {
    return { value: decodeURIComponent(text), position: start + 1 };
  } catch {
    throw settingFailure({ value: '', position: start + 1 }, 'The "%" signs do not make up UTF-8 text.');
  }
}

function indexOrEnd(text: string, part: string, from: number, end: number): number {
  const index = text.indexOf(part, from);
  return index < 0 || index > end ? end : index;
}
