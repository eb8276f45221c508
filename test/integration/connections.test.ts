import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase, defaultLimits, identifier, qualified } from '../../src-main/connections/database';
import type { Database, DatabaseAddress } from '../../src-main/connections/database';
import { FailureError } from '../../src-main/contract/failure';
import type { Failure } from '../../src-main/contract/failure';
import { certificates, createPlainPostgres, freePort } from '../support/plain-postgres';
import type { PlainPostgres } from '../support/plain-postgres';
import { waitFor } from '../support/wait';

let server: PlainPostgres;
let admin: Database;

beforeAll(async () => {
  server = await createPlainPostgres([
    'hostssl all carla 127.0.0.1/32 cert',
    'host all nobody_may 127.0.0.1/32 reject',
    'hostnossl all tls_only 127.0.0.1/32 reject',
    'host all trusted 127.0.0.1/32 trust',
    'host all old 127.0.0.1/32 md5',
    'host all plain 127.0.0.1/32 password',
    'host all all 127.0.0.1/32 scram-sha-256',
  ]);
  admin = await connectDatabase(address(), server.password);
  await admin.change({
    text: `CREATE ROLE carla LOGIN; CREATE ROLE trusted LOGIN; CREATE ROLE nobody_may LOGIN;
           CREATE ROLE tls_only LOGIN PASSWORD 'x'; CREATE ROLE old LOGIN PASSWORD 'x'; CREATE ROLE plain LOGIN PASSWORD 'x';`,
  });
});

afterAll(async () => {
  await admin?.close();
  await server?.remove();
});

function address(overrides: Partial<DatabaseAddress> = {}): DatabaseAddress {
  return {
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    user: 'postgres',
    applicationName: 'Shardboard test',
    tls: false,
    ...overrides,
  };
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in outcome) throw new Error('it succeeded');
  if (!(outcome.error instanceof FailureError)) throw outcome.error;
  return outcome.error.failure;
}

describe('a connection', () => {
  it('reports its stages in order and is known to the server', async () => {
    const stages: string[] = [];
    const ca = readFileSync(join(certificates, 'authority.crt'), 'utf8');
    const database = await connectDatabase(
      address({ host: 'localhost', tls: { ca } }),
      server.password,
      defaultLimits,
      undefined,
      (stage) => stages.push(stage),
    );
    try {
      expect(stages).toEqual(['address', 'network', 'tls', 'login']);
      const rows = await database.read<{ ssl: boolean; name: string; pid: number }>({
        text: `SELECT s.ssl, a.application_name AS name, a.pid FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE pid = pg_backend_pid()`,
      });
      expect(rows).toEqual([{ ssl: true, name: 'Shardboard test', pid: database.backendPid }]);
    } finally {
      await database.close();
    }
    expect(database.isOpen).toBe(false);
  });

  it('reports the stages of a plain connection to an address', async () => {
    const stages: string[] = [];
    const database = await connectDatabase(address(), server.password, defaultLimits, undefined, (stage) =>
      stages.push(stage),
    );
    await database.close();
    expect(stages).toEqual(['address', 'network', 'login']);
  });

  it.each(['trusted', 'old', 'plain'])('logs in as %s', async (user) => {
    const database = await connectDatabase(address({ user }), 'x');
    expect(await database.read({ text: 'SELECT current_user::text AS me' })).toEqual([{ me: user }]);
    await database.close();
  });

  it('takes no password from the environment', async () => {
    process.env['PGPASSWORD'] = server.password;
    process.env['PGOPTIONS'] = '-c work_mem=77MB';
    try {
      const failure = await failureOf(connectDatabase(address(), undefined));
      expect(failure).toMatchObject({ kind: 'authentication', node: `127.0.0.1:${server.port}` });
      expect(failure.message).toContain('asks for a password');
      expect((await failureOf(connectDatabase(address(), ''))).kind).toBe('authentication');
      const database = await connectDatabase(address(), server.password);
      expect(await database.read({ text: 'SHOW work_mem' })).toEqual([{ work_mem: '4MB' }]);
      await database.close();
    } finally {
      delete process.env['PGPASSWORD'];
      delete process.env['PGOPTIONS'];
    }
  });

  it.each([
    ['wrong password', { user: 'postgres' }, 'wrong', { kind: 'authentication', sqlState: '28P01' }],
    ['no rule in pg_hba.conf', { user: 'nobody_may' }, 'x', { kind: 'authentication', sqlState: '28000' }],
    ['a user who has to encrypt', { user: 'tls_only' }, 'x', { kind: 'authentication' }],
    ['no such database', { database: 'nowhere' }, null, { kind: 'database', sqlState: '3D000' }],
    ['an unknown host', { host: 'no-such-host.invalid' }, 'x', { kind: 'unreachable' }],
  ])('explains %s', async (_case, overrides, password, expected) => {
    const failure = await failureOf(connectDatabase(address(overrides), password ?? server.password));
    expect(failure).toMatchObject(expected);
    expect(failure.message).not.toMatch(/undefined|\[object/);
  });

  it('explains a refused port', async () => {
    const failure = await failureOf(connectDatabase(address({ port: await freePort() }), 'x'));
    expect(failure.kind).toBe('unreachable');
    expect(failure.message).toContain('refuses connections');
    const twice = await failureOf(
      connectDatabase(address({ host: 'localhost', port: await freePort() }), 'x'),
    );
    expect(twice.message).toContain('refuses connections');
    expect(twice.serverMessage).toContain('ECONNREFUSED');
  });
});

describe('statements', () => {
  it('keep every digit', async () => {
    const [row] = await admin.read<Record<string, unknown>>({
      text: `SELECT 9007199254740993::int8 AS big, '-9223372036854775808'::int8 AS least, ARRAY[9007199254740993] AS bigs,
             0.1234567890123456789::numeric AS exact, ARRAY[0.1234567890123456789::numeric] AS exacts,
             count(*) AS counted, 4294967295::oid AS oid, 1::int2 AS small, 1.5::float8 AS float, true AS yes,
             '2026-01-02'::date AS day, '1 day'::interval AS span, ARRAY['a','b']::name[] AS names,
             '{"a":1}'::jsonb AS json, '\\x00ff'::bytea AS bytes, NULL::int8 AS nothing, ARRAY['x y', NULL, 'q"']::text[] AS texts`,
    });
    expect(row).toEqual({
      big: '9007199254740993',
      least: '-9223372036854775808',
      bigs: ['9007199254740993'],
      exact: '0.1234567890123456789',
      exacts: ['0.1234567890123456789'],
      counted: '1',
      oid: 4294967295,
      small: 1,
      float: 1.5,
      yes: true,
      day: '2026-01-02',
      span: '1 day',
      names: ['a', 'b'],
      json: { a: 1 },
      bytes: Buffer.from([0, 255]),
      nothing: null,
      texts: ['x y', null, 'q"'],
    });
  });

  it('take int8 values as text without losing a digit', async () => {
    const rows = await admin.read({ text: 'SELECT $1::int8 AS v', values: ['9223372036854775807'] });
    expect(rows).toEqual([{ v: '9223372036854775807' }]);
  });

  it('carry notices to the statement that caused them, and the last of several results', async () => {
    const result = await admin.change<{ n: number }>({
      text: `DO $$ BEGIN RAISE NOTICE 'one' USING DETAIL = 'd', HINT = 'h'; END $$; SELECT 7 AS n`,
    });
    expect(result.rows).toEqual([{ n: 7 }]);
    expect(result.notices).toEqual([
      { severity: 'NOTICE', sqlState: '00000', message: 'one', detail: 'd', hint: 'h' },
    ]);
    expect((await admin.change({ text: 'SELECT 1' })).notices).toEqual([]);
  });

  it('have limits of their own, sent along with them', async () => {
    const shown = {
      text: `SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l`,
    };
    expect(await admin.read(shown)).toEqual([{ s: '30s', l: '5s' }]);
    expect(await admin.read(shown, { timeoutMs: 1234, lockTimeoutMs: 0 })).toEqual([{ s: '1234ms', l: '0' }]);
    expect(await admin.read(shown)).toEqual([{ s: '30s', l: '5s' }]);
    await admin.change({ text: 'BEGIN' });
    await admin.read(shown, { timeoutMs: 999 });
    await admin.change({ text: 'ROLLBACK' });
    expect(await admin.read(shown, { timeoutMs: 999 })).toEqual([{ s: '999ms', l: '5s' }]);
    expect(await admin.read(shown)).toEqual([{ s: '30s', l: '5s' }]);
  });

  it('stop at their limit and say so', async () => {
    const failure = await failureOf(admin.read({ text: 'SELECT pg_sleep(30)' }, { timeoutMs: 200 }));
    expect(failure).toMatchObject({ kind: 'timeout', sqlState: '57014' });
    expect(failure.message).toContain('0.2 s');
    expect(await admin.read({ text: 'SELECT 1 AS one' })).toEqual([{ one: 1 }]);
  });

  it('tell a limit from somebody who stops them at the server', async () => {
    const other = await connectDatabase(address(), server.password);
    const running = failureOf(other.read({ text: 'SELECT pg_sleep(30)' }, { timeoutMs: 29_000 }));
    await waitFor('the statement to run', () => isRunning(other));
    await admin.read({ text: 'SELECT pg_cancel_backend($1)', values: [other.backendPid] });
    expect(await running).toMatchObject({ kind: 'database', sqlState: '57014' });
    await other.close();
  });

  it.each([
    ['plain', false],
    ['encrypted', true],
  ])('are cancelled at the server (%s)', async (_name, encrypted) => {
    const ca = readFileSync(join(certificates, 'authority.crt'), 'utf8');
    const database = await connectDatabase(
      address({ host: 'localhost', tls: encrypted ? { ca } : false }),
      server.password,
    );
    const stop = new AbortController();
    const running = failureOf(
      database.read({ text: 'SELECT pg_sleep(60)' }, { signal: stop.signal, timeoutMs: 0 }),
    );
    const stopSecond = new AbortController();
    const second = failureOf(database.read({ text: 'SELECT 1' }, { signal: stopSecond.signal }));
    const third = database.read({ text: 'SELECT 3 AS three' });
    await waitFor('the statement to run', () => isRunning(database));
    stopSecond.abort();
    expect((await second).kind).toBe('cancelled');
    expect(await isRunning(database)).toBe(true);
    stop.abort();
    expect(await running).toMatchObject({ kind: 'cancelled', sqlState: '57014' });
    expect(await third).toEqual([{ three: 3 }]);
    expect(await isRunning(database)).toBe(false);
    await database.close();
  });

  it('a hundred cancels in a row never hit the next statement', async () => {
    const database = await connectDatabase(address(), server.password);
    for (let turn = 0; turn < 100; turn += 1) {
      const stop = new AbortController();
      const work = database
        .read({ text: 'SELECT pg_sleep(0.002)' }, { signal: stop.signal })
        .catch(() => undefined);
      setTimeout(() => stop.abort(), turn % 5);
      await work;
      expect(await database.read({ text: 'SELECT $1::int AS turn', values: [turn] })).toEqual([{ turn }]);
    }
    await database.close();
  });

  it('are stopped at the server when the connection is closed', async () => {
    const database = await connectDatabase(address(), server.password);
    const running = failureOf(database.read({ text: 'SELECT pg_sleep(60)' }, { timeoutMs: 0 }));
    await waitFor('the statement to run', () => isRunning(database));
    await database.close();
    expect(['database', 'not-connected', 'unreachable']).toContain((await running).kind);
    await waitFor('the backend to end', async () => {
      const rows = await admin.read({
        text: 'SELECT 1 FROM pg_stat_activity WHERE pid = $1',
        values: [database.backendPid],
      });
      return rows.length === 0;
    });
  });

  const hostile = [
    '"; drop table x; --',
    "'; drop table x; --",
    'a.b.c',
    'dot.and"quote\'',
    'ünïcödé Größe 表',
    'select',
    ' blank ',
    '$1',
    'é'.repeat(31) + 'x',
    'x'.repeat(63),
    '\\back\\slash',
    'new\nline',
    '%s %I',
  ];
  it.each(hostile)('name things as they are called: %j', async (name) => {
    await admin.change({ text: `CREATE SCHEMA ${identifier(name)}` });
    await admin.change({
      text: `CREATE TABLE ${qualified({ schema: name, name })} (${identifier(name)} int)`,
    });
    const rows = await admin.read({
      text: `SELECT relname::text, nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = $1::regclass`,
      values: [qualified({ schema: name, name })],
    });
    expect(rows).toEqual([{ relname: name, nspname: name }]);
    await admin.change({ text: `DROP SCHEMA ${identifier(name)} CASCADE` });
  });

  it('refuse names and texts that the server would cut', async () => {
    expect(() => identifier('')).toThrow(FailureError);
    expect(() => identifier('a\0b')).toThrow(FailureError);
    expect(() => identifier('é'.repeat(32))).toThrow(FailureError);
    expect((await failureOf(admin.read({ text: 'SELECT 1\0 garbage' }))).kind).toBe('invalid-input');
  });
});

async function isRunning(database: Database): Promise<boolean> {
  const rows = await admin.read({
    text: `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`,
    values: [database.backendPid],
  });
  return rows.length === 1;
}

describe('an attempt to connect', () => {
  let silent: Server;
  const sockets = new Set<Socket>();
  /** What the silent server says to each piece of data; null says nothing. */
  let answer: Buffer | null = null;

  beforeAll(async () => {
    silent = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      socket.on('data', () => void (answer && socket.write(answer)));
    });
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
  });
  afterAll(() => new Promise((done) => silent.close(done)));

  it.each([
    ['address', 'address', false, null],
    ['network', 'network', false, null],
    ['login', 'login', false, null],
    ['tls', 'tls', {}, null],
    ['tls handshake', 'tls', {}, Buffer.from('S')],
  ] as const)('is cancelled at once while in %s', async (_name, when, tls, says) => {
    answer = says;
    const stop = new AbortController();
    const reached: string[] = [];
    const work = failureOf(
      connectDatabase(
        address({ port: (silent.address() as AddressInfo).port, tls }),
        'x',
        defaultLimits,
        stop.signal,
        (stage) => {
          reached.push(stage);
          if (stage !== when) return;
          // The first two pass in an instant on loopback; in the others the server has to be waiting.
          if (when === 'address' || when === 'network') stop.abort();
          else setTimeout(() => stop.abort(), 50);
        },
      ),
    );
    expect((await work).kind).toBe('cancelled');
    expect(reached.at(-1)).toBe(when);
    await waitFor('the socket to close', () => sockets.size === 0);
  });

  it('ends at its limit and names the stage', async () => {
    answer = null;
    const failure = await failureOf(
      connectDatabase(address({ port: (silent.address() as AddressInfo).port }), 'x', {
        ...defaultLimits,
        connectTimeoutMs: 300,
      }),
    );
    expect(failure).toMatchObject({ kind: 'unreachable' });
    expect(failure.message).toContain('the login was not answered in 0.3 s');
    await waitFor('the socket to close', () => sockets.size === 0);
  });

  it('is refused by a server that does not speak PostgreSQL', async () => {
    answer = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
    const failure = await failureOf(
      connectDatabase(address({ port: (silent.address() as AddressInfo).port, tls: {} }), 'x'),
    );
    expect(failure.kind).toBe('tls');
    expect(failure.message).toContain('did not answer');
  });
});
