import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findPassword,
  parsePastedProfile,
  parsePasswordFile,
  parseServices,
  readImportableProfiles,
  readServices,
} from '../../../src-main/connections/profile-imports';
import type { ImportParts } from '../../../src-main/connections/profile-imports';

function parts(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
  permissions = 0o600,
): ImportParts {
  return {
    environment,
    homeFolder: '/home/u',
    isWindows: false,
    readText: async (path) => files[path] ?? null,
    permissions: async () => permissions,
  };
}

describe('pg_service.conf', () => {
  it('is read as libpq reads it', () => {
    const services = parseServices(
      [
        '# comment',
        '[one]',
        'host=h',
        'port=7',
        'host=second',
        '',
        '[two]',
        ' user=a b ',
        'service=one',
        'x',
        '[one]',
        'host=no',
      ].join('\r\n'),
    );
    expect([...services.keys()]).toEqual(['one', 'two']);
    expect(Object.fromEntries(services.get('one') ?? [])).toEqual({
      host: { value: 'h' },
      port: { value: '7' },
    });
    expect(Object.fromEntries(services.get('two') ?? [])).toEqual({ user: { value: 'a b' } });
  });

  it('of the user wins over the one of the system', async () => {
    const files = {
      '/etc/pg/pg_service.conf': '[a]\nhost=system\n[b]\nhost=system',
      '/home/u/.pg_service.conf': '[a]\nhost=user',
    };
    const services = await readServices(parts(files, { PGSYSCONFDIR: '/etc/pg' }));
    expect(services.get('a')?.settings.get('host')?.value).toBe('user');
    expect(services.get('b')).toMatchObject({ path: '/etc/pg/pg_service.conf' });
    const named = await readServices(parts({ '/x': '[c]\nhost=h' }, { PGSERVICEFILE: '/x' }));
    expect([...named.keys()]).toEqual(['c']);
  });

  it('gives a draft a service, named after it', async () => {
    const files = {
      '/home/u/.pg_service.conf': '[prod]\nhost=h\ndbname=d\nuser=u\nsslmode=prefer\n[bad]\nport=x',
    };
    const drafts = await readImportableProfiles(parts(files));
    expect(drafts).toEqual([
      {
        source: '/home/u/.pg_service.conf, service "prod"',
        profile: { name: 'prod', host: 'h', database: 'd', user: 'u', tls: { mode: 'require' } },
        remarks: [expect.stringContaining('falls back')],
      },
      {
        source: '/home/u/.pg_service.conf, service "bad"',
        profile: { name: 'bad' },
        remarks: ['This entry could not be read: A port is a number from 1 to 65535.'],
      },
    ]);
  });
});

describe('.pgpass', () => {
  it('is read with its escapes', () => {
    expect(
      parsePasswordFile('# c\n\nh:1:d:u:p\\:q\\\\r\nfe80\\:\\:1:*:*:*:x:ignored\nshort:1:d:u\n'),
    ).toEqual([
      { number: 3, host: 'h', port: '1', database: 'd', user: 'u', password: 'p:q\\r' },
      { number: 4, host: 'fe80::1', port: '*', database: '*', user: '*', password: 'x' },
    ]);
  });

  it('round trips', () => {
    const field = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => !/[\r\n]/.test(text) && !text.startsWith('#'));
    const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
    fc.assert(
      fc.property(field, field, field, field, field, (host, port, database, user, password) => {
        const line = [host, port, database, user, password].map(escape).join(':');
        expect(parsePasswordFile(line)).toEqual([{ number: 1, host, port, database, user, password }]);
      }),
    );
  });

  it('answers with the first line that fits', () => {
    const lines = parsePasswordFile('h:1:d:u:exact\nlocalhost:*:*:*:local\n*:5432:*:u:any\n');
    const server = { host: 'h', port: 1, database: 'd', user: 'u' };
    expect(findPassword(lines, server)).toBe('exact');
    expect(findPassword(lines, { ...server, port: 5432 })).toBe('any');
    expect(findPassword(lines, { ...server, host: '/var/run/postgresql' })).toBe('local');
    expect(findPassword(lines, { ...server, user: 'v' })).toBeUndefined();
  });

  it('completes services and offers the servers that no service names', async () => {
    const files = {
      '/home/u/.pg_service.conf': '[prod]\nhost=h\ndbname=d\nuser=u',
      '/home/u/.pgpass': '*:*:*:nobody:n\nh:5432:d:u:p1\nother:6000:*:v:p2\n',
    };
    const drafts = await readImportableProfiles(parts(files));
    expect(drafts).toEqual([
      {
        source: '/home/u/.pg_service.conf, service "prod"',
        profile: { name: 'prod', host: 'h', database: 'd', user: 'u' },
        remarks: ['The password is from /home/u/.pgpass.'],
        password: 'p1',
      },
      {
        source: '/home/u/.pgpass, line 3',
        profile: { host: 'other', port: 6000, user: 'v' },
        remarks: ['The line is for any database; it has to be filled in.'],
        password: 'p2',
      },
    ]);
  });

  it('that others may read is not used, and that is said', async () => {
    const files = {
      '/home/u/.pg_service.conf': '[prod]\nhost=h\ndbname=d\nuser=u',
      '/home/u/.pgpass': 'h:5432:d:u:p1\nother:6000:d:v:p2\n',
    };
    const drafts = await readImportableProfiles(parts(files, {}, 0o644));
    expect(drafts).toHaveLength(2);
    for (const draft of drafts) {
      expect(draft.password).toBeUndefined();
      expect(draft.remarks.at(-1)).toContain('chmod 0600 /home/u/.pgpass');
    }
  });
});

describe('PG* variables', () => {
  it('make one draft', async () => {
    const environment = {
      PGHOST: 'h',
      PGPORT: '7',
      PGDATABASE: 'd',
      PGUSER: 'u',
      PGPASSWORD: 'p',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: '/ca',
      PGAPPNAME: 'x',
      PGTZ: 'UTC',
    };
    expect(await readImportableProfiles(parts({}, environment))).toEqual([
      {
        source: 'PG* variables of the environment',
        profile: {
          host: 'h',
          port: 7,
          database: 'd',
          user: 'u',
          applicationName: 'x',
          tls: { mode: 'verify-full', caFile: '/ca' },
        },
        remarks: [],
        password: 'p',
      },
    ]);
  });

  it('that name no server make none', async () => {
    expect(await readImportableProfiles(parts({}, { PGUSER: 'u', PGSSLMODE: 'require' }))).toEqual([]);
  });

  it('are completed by the service they name', async () => {
    const files = { '/home/u/.pg_service.conf': '[prod]\nhost=h\nuser=u' };
    const drafts = await readImportableProfiles(
      parts(files, { PGSERVICE: 'prod', PGDATABASE: 'd', PGHOST: 'no' }),
    );
    expect(drafts[1]).toMatchObject({ profile: { host: 'h', user: 'u', database: 'd' } });
  });

  it('are never a reason to fail', async () => {
    const failing: ImportParts = {
      ...parts({}),
      readText: async () => {
        throw new Error('EACCES');
      },
    };
    expect(await readImportableProfiles(failing)).toEqual([]);
  });
});

it('a pasted text may name a service of this computer', async () => {
  const files = { '/home/u/.pg_service.conf': '[prod]\nhost=h\nuser=u' };
  expect((await parsePastedProfile('service=prod dbname=d', parts(files))).profile).toEqual({
    host: 'h',
    user: 'u',
    database: 'd',
  });
  await expect(parsePastedProfile('service=none', parts(files))).rejects.toThrow(
    'There is no service "none"',
  );
});
