import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProfileText } from '../../../src-main/connections/profile-text';
import { FailureError } from '../../../src-main/contract/failure';
import type { Failure } from '../../../src-main/contract/failure';

function failureOf(text: string): Failure {
  try {
    parseProfileText(text);
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a URI', () => {
  it.each([
    ['postgres://h', { host: 'h' }, undefined],
    ['postgresql://u@h', { host: 'h', user: 'u', database: 'u' }, undefined],
    ['postgres://u:p@h:6432/d', { host: 'h', port: 6432, user: 'u', database: 'd' }, 'p'],
    ['postgres://u:@h/d', { host: 'h', user: 'u', database: 'd' }, undefined],
    ['postgres://u:a%40b%3Ac%2Fd%25@h/d', { host: 'h', user: 'u', database: 'd' }, 'a@b:c/d%'],
    ['postgres://u:a:b+c@h/d', { host: 'h', user: 'u', database: 'd' }, 'a:b+c'],
    ['postgres://u:a?b#c@h/d', { host: 'h', user: 'u', database: 'd' }, 'a?b#c'],
    ['postgres://%C3%BCser@h/d%20b', { host: 'h', user: 'üser', database: 'd b' }, undefined],
    ['postgres://u@[::1]:7/d', { host: '::1', port: 7, user: 'u', database: 'd' }, undefined],
    ['postgres://[fe80::1%25eth0]/d', { host: 'fe80::1%eth0', database: 'd' }, undefined],
    ['postgres:///d', { database: 'd' }, undefined],
    ['postgres://', {}, undefined],
    ['postgres://%2Fvar%2Frun/d', { host: '/var/run', database: 'd' }, undefined],
    ['postgres:///d?host=/tmp&port=7', { host: '/tmp', port: 7, database: 'd' }, undefined],
    ['postgres://u@h/d?user=v&password=p%26q', { host: 'h', user: 'v', database: 'd' }, 'p&q'],
    [
      'postgres://h/d?application_name=My%20app',
      { host: 'h', database: 'd', applicationName: 'My app' },
      undefined,
    ],
    [
      'POSTGRES://h/d?sslmode=verify-full',
      { host: 'h', database: 'd', tls: { mode: 'verify-full' } },
      undefined,
    ],
    ['  postgres://h/d\n', { host: 'h', database: 'd' }, undefined],
    ['jdbc:postgresql://h/d?ssl=true', { host: 'h', database: 'd', tls: { mode: 'require' } }, undefined],
  ])('%s', (text, profile, password) => {
    const parsed = parseProfileText(text);
    expect(parsed.profile).toEqual(profile);
    expect(parsed.password).toBe(password);
    expect(parsed.remarks).toEqual([]);
  });

  it.each([
    ['mysql://h/d', 1, 'begins with postgres://'],
    ['postgres://u:secret%zz@h', 20, 'hexadecimal'],
    ['postgres://u:%00@h', 14, 'not by 00'],
    ['postgres://u:%ff@h', 14, 'UTF-8'],
    ['postgres://u:se@cret@h/d', 16, 'two "@"'],
    ['postgres://[::1/d', 12, 'does not end'],
    ['postgres://[::1]x/d', 17, 'After "]"'],
    ['postgres://h:abc/d', 14, 'a number from 1 to 65535'],
    ['postgres://h:70000/d', 12, 'a number from 1 to 65535'],
    ['postgres://::1/d', 13, 'a number from 1 to 65535'],
    ['postgres://h/d?sslmode', 16, '"=" is missing'],
    ['postgres://h/d?=x', 16, 'no name'],
    ['postgres://h/d?sslmode=no-verify', 24, 'sslmode is one of'],
  ])('%s is refused at position %i', (text, position, words) => {
    const failure = failureOf(text);
    expect(failure.kind).toBe('invalid-input');
    expect(failure.message).toContain(`Position ${position}: `);
    expect(failure.message).toContain(words);
    expect(JSON.stringify(failure)).not.toMatch(/secret|cret/);
  });

  it('round trips', () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((value) => !value.includes('\0'));
    const host = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/);
    fc.assert(
      fc.property(
        text,
        text,
        host,
        fc.integer({ min: 1, max: 65535 }),
        text,
        (user, password, name, port, database) => {
          const encode = encodeURIComponent;
          const uri = `postgres://${encode(user)}:${encode(password)}@${name}:${port}/${encode(database)}`;
          const parsed = parseProfileText(uri);
          expect(parsed.profile).toEqual({ user, host: name, port, database });
          expect(parsed.password).toBe(password);
          expect(
            JSON.stringify([parsed.profile, parsed.remarks]).includes(password) && password.length > 8,
          ).toBe(false);
        },
      ),
    );
  });
});

describe('a keyword string', () => {
  it.each([
    ['host=h', { host: 'h' }, undefined],
    ['host=h port=7 dbname=d user=u password=p', { host: 'h', port: 7, database: 'd', user: 'u' }, 'p'],
    ["host = 'h'  dbname= 'a b'", { host: 'h', database: 'a b' }, undefined],
    ["dbname=d password='it\\'s \\\\ ok'", { database: 'd' }, "it's \\ ok"],
    ['dbname=d password=a\\ b', { database: 'd' }, 'a b'],
    ["dbname=d password=a'b", { database: 'd' }, "a'b"],
    ["dbname='' user=u", { user: 'u', database: 'u' }, undefined],
    ['host=h\tdbname=d\n user=u', { host: 'h', database: 'd', user: 'u' }, undefined],
    ['hostaddr=10.0.0.1 dbname=d', { host: '10.0.0.1', database: 'd' }, undefined],
    [
      'host=h sslmode=verify-ca sslrootcert=/c/ca.crt sslcert=/c/c.crt sslkey=/c/c.key',
      {
        host: 'h',
        tls: { mode: 'verify-ca', caFile: '/c/ca.crt', certificateFile: '/c/c.crt', keyFile: '/c/c.key' },
      },
      undefined,
    ],
  ])('%s', (text, profile, password) => {
    const parsed = parseProfileText(text);
    expect(parsed.profile).toEqual(profile);
    expect(parsed.password).toBe(password);
    expect(parsed.remarks).toEqual([]);
  });

  it.each([
    ['host', 1, '"=" is missing'],
    ['host=h dbname', 8, '"=" is missing'],
    ['=h', 1, 'keyword is missing'],
    ["host=h password='secret", 17, 'does not end'],
    ['host=h port=x', 13, 'a number from 1 to 65535'],
    ['host=h port=0', 13, 'a number from 1 to 65535'],
  ])('%s is refused at position %i', (text, position, words) => {
    const failure = failureOf(text);
    expect(failure.message).toContain(`Position ${position}: `);
    expect(failure.message).toContain(words);
    expect(JSON.stringify(failure)).not.toContain('secret');
  });

  it.each(['', '   ', '\n'])('of nothing (%j) is refused', (text) => {
    expect(failureOf(text).message).toBe('The text holds nothing.');
  });

  it('round trips', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const quote = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
    fc.assert(
      fc.property(text, text, text, (user, password, database) => {
        const parsed = parseProfileText(
          `user=${quote(user)} password=${quote(password)} dbname=${quote(database)}`,
        );
        expect(parsed.profile).toEqual({ user, database });
        expect(parsed.password).toBe(password);
      }),
    );
  });

  it('of any text is either read or refused with a failure', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((rest) => `postgres://${rest}`),
        ),
        (text) => {
          try {
            parseProfileText(text);
          } catch (error) {
            expect(error).toBeInstanceOf(FailureError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('remarks say what is not used', () => {
  it.each([
    ['host=a,b,c dbname=d', /Of 3 hosts the first/],
    ['host=a hostaddr=10.0.0.1', /hostaddr is not used/],
    ['host=a sslmode=prefer', /sslmode=prefer falls back to plain text/],
    ['host=a sslmode=require sslrootcert=/ca', /verify-ca/],
    ['host=a sslrootcert=system', /authorities that come with the app/],
    ['host=a connect_timeout=10', /connect_timeout is not used/],
    ['host=a options=-cwork_mem=1', /options is not used/],
    ['postgres://a/d?pgbouncer=true', /pgbouncer is not known/],
  ])('%s', (text, remark) => {
    expect(parseProfileText(text).remarks).toEqual([expect.stringMatching(remark)]);
  });

  it('and the stricter mode is taken', () => {
    expect(parseProfileText('host=a sslmode=allow').profile.tls).toEqual({ mode: 'require' });
    expect(parseProfileText('host=a sslmode=require sslrootcert=/ca').profile.tls).toEqual({
      mode: 'verify-ca',
      caFile: '/ca',
    });
    expect(parseProfileText('host=a sslrootcert=system').profile.tls).toEqual({ mode: 'verify-full' });
    expect(parseProfileText('postgres://a,b:6000,c:6001/d').profile).toEqual({ host: 'a', database: 'd' });
    expect(parseProfileText('postgres://a:6000,b/d').profile).toMatchObject({ host: 'a', port: 6000 });
  });
});

describe('a service', () => {
  const service = (name: string) =>
    name === 'prod'
      ? new Map([
          ['host', { value: 'h' }],
          ['user', { value: 'u' }],
        ])
      : undefined;

  it('is filled in; the text wins', () => {
    const parsed = parseProfileText('service=prod user=me', { service });
    expect(parsed.profile).toEqual({ host: 'h', user: 'me', database: 'me' });
    expect(parsed.source).toBe('Connection string, service "prod"');
    expect(parseProfileText('postgres:///d?service=prod', { service }).profile).toMatchObject({ host: 'h' });
  });

  it('that is not there is refused', () => {
    expect(() => parseProfileText('service=test', { service })).toThrow(
      'Position 9: There is no service "test".',
    );
  });
});
