import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { log, setLogSink } from '../../../src-main/log/log';
import { redact } from '../../../src-main/log/redact';

/** Any text between two marks, so that a part that is left behind shows. */
const secret = fc.string({ unit: 'grapheme', maxLength: 20 }).map((middle) => `Xq7${middle}Zk9`);
const word = secret.filter((text) => !/\s/.test(text));
const leak = /Xq7|Zk9/;

const doubled = (text: string): string => text.replaceAll("'", "''");
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
const plain = secret.filter((text) => !text.includes('\\'));

function holds(arbitrary: fc.Arbitrary<string>, write: (text: string) => string): void {
  fc.assert(
    fc.property(arbitrary, (text) => {
      const written = write(text);
      expect(redact(written)).not.toMatch(leak);
      expect(redact(`first line\n${written} and the rest\nlast`)).not.toMatch(leak);
    }),
    { numRuns: 300 },
  );
}

describe('a secret never survives in', () => {
  it('a URI, as it is or encoded', () => {
    holds(word, (text) => `postgres://user:${text}@host:5432/db?sslmode=require`);
    holds(secret, (text) => `postgresql://user:${encodeURIComponent(text)}@host/db`);
    holds(word, (text) => `jdbc:postgresql://:${text}@host/db`);
    holds(secret, (text) => `postgres://host/db?user=u&password=${encodeURIComponent(text)}&x=1`);
  });

  it('a keyword string', () => {
    holds(secret, (text) => `host=h password='${escaped(text)}' user=u`);
    holds(secret, (text) => `host=h password = '${escaped(text)}'`);
    holds(
      word.filter((text) => !/['"\\]/.test(text)),
      (text) => `host=h password=${text} user=u`,
    );
    holds(
      secret.filter((text) => !/['"]/.test(text)),
      (text) => `password=${text.replace(/[\s\\]/g, '\\$&')} user=u`,
    );
    holds(
      secret.filter((text) => !text.includes("'")),
      (text) => `host=h password='${text.replaceAll('\\', '')}`,
    );
  });

  it('SQL', () => {
    holds(plain, (text) => `ALTER ROLE r PASSWORD '${doubled(text)}';`);
    holds(secret, (text) => `CREATE USER u WITH ENCRYPTED PASSWORD E'${escaped(text)}' LOGIN`);
    holds(
      plain.filter((text) => !text.includes('$')),
      (text) => `ALTER ROLE r password $x$${text}$x$ LOGIN`,
    );
    holds(
      plain,
      (text) => `CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'u', password '${doubled(text)}')`,
    );
    holds(
      plain.filter((text) => !text.includes("'")),
      (text) => `CREATE SUBSCRIPTION s CONNECTION 'host=h password=''${text}'''`,
    );
    holds(plain, (text) => `SELECT dblink_connect(password => '${doubled(text)}')`);
    holds(plain, (text) => `password := '${doubled(text)}';`);
  });

  it('JSON and the environment', () => {
    holds(secret, (text) => JSON.stringify({ user: 'u', password: text, port: 1 }));
    holds(secret, (text) => JSON.stringify({ inner: JSON.stringify({ password: text }) }));
    holds(secret, (text) => JSON.stringify({ sslpassword: text, passphrase: text, clientSecret: text }));
    holds(
      word.filter((text) => !/['"\\]/.test(text)),
      (text) => `PGPASSWORD=${text} psql`,
    );
  });

  it('a key, whole or cut', () => {
    const key = '-----BEGIN EC PRIVATE KEY-----\nXq7abcZk9\n';
    expect(redact(`${key}-----END EC PRIVATE KEY----- rest`)).toBe('*** private key *** rest');
    expect(redact(JSON.stringify({ text: key }))).not.toMatch(leak);
  });

  it('what a server keeps of a password', () => {
    expect(redact("PASSWORD 'SCRAM-SHA-256$4096:abc$def:ghi'")).toBe("PASSWORD '***'");
    expect(redact('rolpassword is SCRAM-SHA-256$4096:abc$def:ghi')).toBe('rolpassword is SCRAM-SHA-256$***');
    expect(redact(`verifier md5${'0a'.repeat(16)}`)).toBe('verifier md5***');
  });
});

describe('what is no secret stays', () => {
  it.each([
    "SELECT create_distributed_table('permits.applications', 'tenant_id', shard_count := 32)",
    "SHOW password_encryption; SET password_encryption = 'scram-sha-256'",
    'CREATE TABLE users (id bigint, password text NOT NULL)',
    'connecting to postgres://admin@coordinator:5432/permits',
    '127.0.0.1:5432 does not accept this password.',
    'http://localhost:5173/src/main.ts',
  ])('%s', (text) => expect(redact(text)).toBe(text));

  it('and the text around a secret does', () => {
    expect(redact("CREATE ROLE a PASSWORD 'x' LOGIN; SELECT 1")).toBe(
      "CREATE ROLE a PASSWORD '***' LOGIN; SELECT 1",
    );
    expect(redact('postgres://u:x@h:5432/d')).toBe('postgres://u:***@h:5432/d');
    expect(redact('host=h password=x user=u')).toBe('host=h password=*** user=u');
  });
});

it('takes no longer for a long text than for many short ones', () => {
  const begin = performance.now();
  for (const part of [
    'password',
    'a',
    "password='",
    'postgres://',
    '\\',
    '-----BEGIN PRIVATE KEY-----',
    "password=''x",
  ]) {
    redact(part.repeat(20_000));
  }
  expect(performance.now() - begin).toBeLessThan(5_000);
});

it('everything that is logged passes through it', () => {
  const lines: string[] = [];
  setLogSink((level, text) => lines.push(`${level} ${text}`));
  log.info('connecting', { uri: 'postgres://u:Xq7@h/d' });
  log.error('failed', new Error('password=Xq7'));
  log.warn("PASSWORD 'Xq7'");
  setLogSink(() => undefined);
  expect(lines).toHaveLength(3);
  expect(lines.join()).not.toMatch(leak);
});
