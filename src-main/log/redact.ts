/**
 * Takes secrets out of text before it is written anywhere: log, journal, audit trail. Where a secret's end is in doubt,
 * too much is taken rather than too little. Reads each text a fixed number of times, whatever is in it.
 */

const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** What a server keeps instead of a password is as good as one to whoever wants to guess it. */
const scramVerifier = /SCRAM-SHA-256\$[^\s'"]+/g;
const md5Verifier = /\bmd5[0-9a-f]{32}\b/g;

export function redact(text: string): string {
  return redactNamed(redactUris(text.replace(privateKey, '*** private key ***')))
    .replace(scramVerifier, 'SCRAM-SHA-256$***')
    .replace(md5Verifier, 'md5***');
}

/** scheme://user:secret@host, up to the last "@" of the word: a secret may hold one itself. */
function redactUris(text: string): string {
  let result = '';
  let copied = 0;
  let wordEnd = 0;
  let lastAt = -1;
  for (let mark = text.indexOf('://'); mark >= 0; mark = text.indexOf('://', mark + 3)) {
    if (mark >= wordEnd) {
      wordEnd = endOf(/\s/g, text, mark);
      lastAt = text.slice(mark, wordEnd).lastIndexOf('@');
      lastAt = lastAt < 0 ? -1 : lastAt + mark;
    }
    const userEnd = endOf(/[\s:@/]/g, text, mark + 3);
    if (mark < copied || text.charAt(userEnd) !== ':' || lastAt < userEnd) continue;
    result += `${text.slice(copied, userEnd + 1)}***`;
    copied = lastAt;
  }
  return result + text.slice(copied);
}

/** Words as password, PGPASSWORD, sslpassword, passphrase, clientSecret; not the setting password_encryption. */
const secretName = /password(?!_encryption\b)|passwd|passphrase|secret/i;

/** name=secret, "name": "secret", name => 'secret', name := 'secret', and SQL's PASSWORD 'secret'. */
function redactNamed(text: string): string {
  const words = /\w+/g;
  let result = '';
  let copied = 0;
  for (let found = words.exec(text); found; found = words.exec(text)) {
    if (!secretName.test(found[0])) continue;
    const nameEnd = words.lastIndex;
    const assigned = matchAt(/\\*["']?\s*(?::=|=>|=|:)\s*/y, text, nameEnd);
    if (assigned > nameEnd) {
      result += `${text.slice(copied, assigned)}***`;
      copied = valueEnd(text, assigned) ?? unescapedEnd(/[\s\\]/g, text, assigned);
    } else {
      const literal = matchAt(/\s+/y, text, nameEnd);
      const end = literal > nameEnd && /password$/i.test(found[0]) ? valueEnd(text, literal) : null;
      if (end === null || text.charAt(literal) === '"') continue;
      result += `${text.slice(copied, literal)}'***'`;
      copied = end;
    }
    words.lastIndex = copied;
  }
  return result + text.slice(copied);
}

/** Where the quoted value that begins at `start` ends; null when none does. One that does not end reaches to the end. */
function valueEnd(text: string, start: number): number | null {
  const at = matchAt(/(?:[EN]|U&)(?=')/iy, text, start);
  const dollar = /\$\w*\$/y;
  dollar.lastIndex = at;
  const tag = dollar.exec(text)?.[0];
  if (tag) return after(text, tag, at + tag.length);
  // Within another literal each quote is doubled: CONNECTION 'password=''a b'''.
  if (/^''(?![\s,;)]|$)/.test(text.slice(at, at + 3))) return doubledEnd(text, at + 2);
  if (text.charAt(at) === "'") return quotedEnd(/['\\]/g, text, at + 1);
  if (text.charAt(at) === '"') return quotedEnd(/["\\]/g, text, at + 1);
  // JSON within a string, {\"password\":\"a b\"}: it ends at a quote behind as many backslashes.
  const depth = matchAt(/\\+(?=")/y, text, at) - at;
  return depth > 0 ? escapedEnd(text, at + depth + 1, depth) : null;
}

/** First match of `stop` that is no backslash, from `start`; a backslash takes the next character as it is. */
function unescapedEnd(stop: RegExp, text: string, start: number): number {
  stop.lastIndex = start;
  for (let found = stop.exec(text); found; found = stop.exec(text)) {
    if (found[0] !== '\\') return found.index;
    stop.lastIndex = found.index + 2;
  }
  return text.length;
}

/** Behind the closing quote; two of them are one of the value's own. */
function quotedEnd(stop: RegExp, text: string, start: number): number {
  let end = unescapedEnd(stop, text, start);
  while (text.charAt(end + 1) === text.charAt(end) && end < text.length) {
    end = unescapedEnd(stop, text, end + 2);
  }
  return Math.min(end + 1, text.length);
}

/** Quotes of the value itself come in fours; the first pair that stands alone ends it. */
function doubledEnd(text: string, start: number): number {
  const quotes = /'+/g;
  quotes.lastIndex = start;
  for (let run = quotes.exec(text); run; run = quotes.exec(text)) {
    if (run[0].length % 4 !== 0) return run.index + (run[0].length - (run[0].length % 4)) + 2;
  }
  return text.length;
}

function escapedEnd(text: string, start: number, depth: number): number {
  const quotes = /(\\*)"/g;
  quotes.lastIndex = start;
  for (let run = quotes.exec(text); run; run = quotes.exec(text)) {
    // A backslash at the end of the value is written twice for each level, before the quote's own.
    const length = run[1]?.length ?? 0;
    if (length < depth) return run.index;
    if ((length - depth) % (2 * (depth + 1)) === 0) return quotes.lastIndex;
  }
  return text.length;
}

/** Position behind what `pattern` (sticky) matches at `start`; `start` when it does not. */
function matchAt(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : start;
}

/** Position of the first match of `pattern` (global) from `start`, else the end. */
function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.exec(text)?.index ?? text.length;
}

function after(text: string, part: string, start: number): number {
  const index = text.indexOf(part, start);
  return index < 0 ? text.length : index + part.length;
}
