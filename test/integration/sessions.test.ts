import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { recognise } from '../../src-main/citus/recognise';
import { connectDatabase } from '../../src-main/connections/database';
import type { Database } from '../../src-main/connections/database';
import type { Recognise, SessionTiming } from '../../src-main/connections/dial';
import { createRegistry } from '../../src-main/connections/registry';
import type { Registry } from '../../src-main/connections/registry';
import { FailureError } from '../../src-main/contract/failure';
import type { Failure } from '../../src-main/contract/failure';
import type { Profile, ProfileInput } from '../../src-main/contract/profiles';
import type { SessionState } from '../../src-main/contract/sessions';
import { certificates, createPlainPostgres, freePort } from '../support/plain-postgres';
import type { PlainPostgres } from '../support/plain-postgres';
import { waitFor } from '../support/wait';

let server: PlainPostgres;
let folder: string;
const opened: Registry[] = [];

beforeAll(async () => {
  server = await createPlainPostgres([
    'hostssl all carla 127.0.0.1/32 cert',
    'host all all 127.0.0.1/32 scram-sha-256',
  ]);
  folder = mkdtempSync(join(tmpdir(), 'shardboard-sessions-'));
  for (const name of ['authority.crt', 'stranger.crt', 'client.crt', 'client.key']) {
    copyFileSync(join(certificates, name), join(folder, name));
    chmodSync(join(folder, name), 0o600);
  }
  const admin = await adminConnection();
  await admin.change({ text: 'CREATE ROLE carla LOGIN SUPERUSER' });
  await admin.close();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((registry) => registry.closeAll()));
});

afterAll(async () => {
  await server?.remove();
  rmSync(folder, { recursive: true, force: true });
});

function adminConnection(): Promise<Database> {
  return connectDatabase(
    {
      host: '127.0.0.1',
      port: server.port,
      database: 'postgres',
      user: 'postgres',
      applicationName: 'admin',
      tls: false,
    },
    server.password,
  );
}

function profile(overrides: Partial<ProfileInput> = {}): Profile {
  return {
    id: 'c1',
    name: 'Test',
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    user: 'postgres',
    tls: { mode: 'disable' },
    origin: 'person',
    hasStoredPassword: true,
    createdAt: '2026-01-01T00:00:00Z',
    ...overrides,
  } as Profile;
}

const recogniseAny: Recognise = async (reader, onStage) => {
  await reader.read({ text: 'SELECT version()' });
  onStage('topology');
  return {
    versions: { citus: '13.2.2', extension: '13.2-1', postgres: '18.4', isPracticeEmulator: false },
    nodeCount: 3,
    findings: [{ level: 'mind', code: 'role-not-superuser', message: 'May look.', remedy: 'Another role.' }],
  };
};

interface Setup {
  readonly registry: Registry;
  readonly states: SessionState[];
}

function setUp(
  given: Profile,
  options: { password?: string | null; recognise?: Recognise; timing?: Partial<SessionTiming> } = {},
): Setup {
  const states: SessionState[] = [];
  const registry = createRegistry({
    profiles: { get: (id) => (id === given.id ? given : undefined) },
    secrets: {
      read: async () => (options.password === null ? undefined : (options.password ?? server.password)),
    },
    recognise: options.recognise ?? recogniseAny,
    onState: (state) => states.push(state),
    timing: { firstRetryMs: 20, longestRetryMs: 100, ...options.timing },
  });
  opened.push(registry);
  return { registry, states };
}

const never = new AbortController().signal;

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in outcome) throw new Error('it succeeded');
  if (!(outcome.error instanceof FailureError)) throw outcome.error;
  return outcome.error.failure;
}

describe('a session', () => {
  it('opens through its stages, with a revision that rises', async () => {
    const { registry, states } = setUp(profile());
    const state = await registry.open('c1', { signal: never });
    expect(state).toMatchObject({ phase: 'open', encrypted: false, address: `127.0.0.1:${server.port}` });
    expect(state.versions?.citus).toBe('13.2.2');
    expect(states.map(({ stage, phase }) => stage ?? phase)).toEqual([
      'secret',
      'address',
      'network',
      'login',
      'citus',
      'topology',
      'open',
    ]);
    expect(states.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await registry.open('c1', { signal: never })).toBe(state);
    const closed = await registry.close('c1');
    expect(closed).toMatchObject({ phase: 'closed', revision: 8 });
    expect(() => registry.coordinator('c1')).toThrow(FailureError);
    expect((await registry.open('c1', { signal: never })).revision).toBeGreaterThan(8);
  });

  it.each([
    ['a wrong password', {}, 'wrong', 'authentication', 'login'],
    ['no password', {}, null, 'authentication', 'login'],
    ['an unknown host', { host: 'no-such-host.invalid' }, 'x', 'unreachable', 'address'],
    ['a server without that certificate', { tls: { mode: 'verify-full' } }, 'x', 'tls', 'tls'],
  ] as const)('fails by %s and is not tried again', async (_case, overrides, password, kind, stage) => {
    const { registry, states } = setUp(profile(overrides as Partial<ProfileInput>), { password });
    const failure = await failureOf(registry.open('c1', { signal: never }));
    expect(failure.kind).toBe(kind);
    expect(states.at(-1)).toMatchObject({ phase: 'failed', stage, failure });
    expect(states.at(-1)?.retryAt).toBeUndefined();
    expect(registry.states()).toEqual([states.at(-1)]);
  });

  it('fails by a refused port', async () => {
    const { registry } = setUp(profile({ port: await freePort() }));
    expect((await failureOf(registry.open('c1', { signal: never }))).message).toContain(
      'refuses connections',
    );
  });

  it('fails by what is recognised, and leaves no connection behind', async () => {
    const { registry, states } = setUp(profile({ applicationName: 'recognised' }), {
      recognise: async () => {
        throw new FailureError({ kind: 'not-citus', message: 'There is no Citus here.' });
      },
    });
    expect((await failureOf(registry.open('c1', { signal: never }))).kind).toBe('not-citus');
    expect(states.at(-1)).toMatchObject({ phase: 'failed', stage: 'citus' });
    expect(await sessionsNamed('recognised')).toBe(0);
  });

  it('fails on a PostgreSQL without Citus, with the way forward', async () => {
    const { registry, states } = setUp(profile(), { recognise });
    const failure = await failureOf(registry.open('c1', { signal: never }));
    expect(failure.kind).toBe('not-citus');
    expect(failure.remedy).toBeTruthy();
    expect(states.at(-1)).toMatchObject({ phase: 'failed', stage: 'citus' });
  });

  it('uses a typed password before the stored one', async () => {
    const { registry } = setUp(profile(), { password: 'wrong' });
    const state = await registry.open('c1', { password: server.password, signal: never });
    expect(state.phase).toBe('open');
    expect(JSON.stringify(registry.states())).not.toContain(server.password);
  });

  it('is joined by who asks at the same time, and goes on when one of them gives up', async () => {
    const { registry } = setUp(profile({ applicationName: 'joined' }));
    const impatient = new AbortController();
    const first = failureOf(registry.open('c1', { signal: impatient.signal }));
    const second = registry.open('c1', { signal: never });
    impatient.abort();
    expect((await first).kind).toBe('cancelled');
    expect((await second).phase).toBe('open');
    expect(await sessionsNamed('joined')).toBe(1);
  });

  it('is closed, not failed, when everybody gives up', async () => {
    const { registry, states } = setUp(profile({ applicationName: 'given-up' }), {
      recognise: () => new Promise(() => undefined),
    });
    const stop = new AbortController();
    const work = failureOf(registry.open('c1', { signal: stop.signal }));
    await waitFor('the stage citus', () => states.at(-1)?.stage === 'citus');
    stop.abort();
    expect((await work).kind).toBe('cancelled');
    expect(registry.states()[0]?.phase).toBe('closed');
    await waitFor('the connection to end', async () => (await sessionsNamed('given-up')) === 0);
  });

  it('ends its opening when it is closed meanwhile', async () => {
    const { registry, states } = setUp(profile(), { recognise: () => new Promise(() => undefined) });
    const work = failureOf(registry.open('c1', { signal: never }));
    await waitFor('the stage citus', () => states.at(-1)?.stage === 'citus');
    expect((await registry.close('c1')).phase).toBe('closed');
    expect((await work).kind).toBe('cancelled');
  });

  it('does not wait for ever to recognise a cluster', async () => {
    const { registry } = setUp(profile(), {
      recognise: () => new Promise(() => undefined),
      timing: { recogniseTimeoutMs: 100 },
    });
    expect((await failureOf(registry.open('c1', { signal: never }))).kind).toBe('timeout');
  });
});

async function sessionsNamed(applicationName: string): Promise<number> {
  const admin = await adminConnection();
  const rows = await admin.read({
    text: 'SELECT 1 FROM pg_stat_activity WHERE application_name = $1',
    values: [applicationName],
  });
  await admin.close();
  return rows.length;
}

describe('a session whose coordinator', () => {
  it('restarts is lost, and opens again under the same writer', async () => {
    const { registry, states } = setUp(profile());
    await registry.open('c1', { signal: never });
    const writer = registry.coordinator('c1');
    const before = await writer.read({ text: 'SELECT pg_backend_pid() AS pid' });
    await server.stop('fast');
    await waitFor('the loss', () => states.at(-1)?.phase === 'lost');
    expect((await failureOf(writer.read({ text: 'SELECT 1' }))).kind).toBe('not-connected');
    expect(() => registry.coordinator('c1')).toThrow('was lost');
    await waitFor('a second attempt', () => (states.at(-1)?.attempt ?? 0) >= 2);
    const waiting = states.findLast((state) => state.retryAt !== undefined);
    expect(waiting).toMatchObject({ phase: 'lost', failure: { kind: 'unreachable' } });
    await server.start();
    await waitFor('the session', () => states.at(-1)?.phase === 'open');
    expect(registry.coordinator('c1')).toBe(writer);
    expect(await writer.read({ text: 'SELECT pg_backend_pid() AS pid' })).not.toEqual(before);
    const revisions = states.map(({ revision }) => revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  });

  it('crashes while a statement runs fails that statement and comes back', async () => {
    const { registry, states } = setUp(profile());
    await registry.open('c1', { signal: never });
    const writer = registry.coordinator('c1');
    const running = failureOf(writer.read({ text: 'SELECT pg_sleep(60)' }, { timeoutMs: 0 }));
    await server.stop('immediate');
    expect((await running).kind).toBe('unreachable');
    await server.start();
    await waitFor('the session', () => states.at(-1)?.phase === 'open');
    expect(await writer.read({ text: 'SELECT 1 AS one' })).toEqual([{ one: 1 }]);
  });

  it('ends just this session gets it back at once', async () => {
    const { registry, states } = setUp(profile());
    await registry.open('c1', { signal: never });
    const writer = registry.coordinator('c1');
    await failureOf(writer.read({ text: 'SELECT pg_terminate_backend(pg_backend_pid())' }));
    await waitFor('the session', () => states.at(-1)?.phase === 'open' && states.length > 8);
    expect(await writer.read({ text: 'SELECT 1 AS one' })).toEqual([{ one: 1 }]);
  });

  it('changes the password stops the attempts', async () => {
    const { registry, states } = setUp(profile());
    await registry.open('c1', { signal: never });
    const writer = registry.coordinator('c1');
    await writer.change({ text: "ALTER ROLE postgres PASSWORD 'other'" });
    try {
      await failureOf(writer.read({ text: 'SELECT pg_terminate_backend(pg_backend_pid())' }));
      await waitFor('the failure', () => states.at(-1)?.phase === 'failed');
      expect(states.at(-1)?.failure?.kind).toBe('authentication');
      await registry.open('c1', { password: 'other', signal: never });
      expect(registry.states()[0]?.phase).toBe('open');
    } finally {
      await registry.open('c1', { password: 'other', signal: never });
      const quoted = server.password.replaceAll("'", "''");
      await registry.coordinator('c1').change({ text: `ALTER ROLE postgres PASSWORD '${quoted}'` });
    }
  });

  it('falls silent is noticed by the ping', async () => {
    const proxy = await createProxy(server.port);
    const { registry, states } = setUp(profile({ port: proxy.port }), {
      timing: { pingEveryMs: 50, pingTimeoutMs: 100, connectTimeoutMs: 300 },
    });
    await registry.open('c1', { signal: never });
    proxy.freeze();
    await waitFor('the loss', () => states.at(-1)?.phase === 'lost');
    expect(states.at(-1)?.failure?.message).toContain('gave no answer');
    proxy.thaw();
    await waitFor('the session', () => states.at(-1)?.phase === 'open');
    await registry.closeAll();
    await proxy.close();
  });
});

/** Passes everything on to `port`, until it is frozen: then nothing, as behind a firewall that drops packets. */
async function createProxy(
  port: number,
): Promise<{ port: number; freeze(): void; refuse(): void; thaw(): void; close(): Promise<void> }> {
  const { connect } = await import('node:net');
  let frozen = false;
  let refusing = false;
  const sockets = new Set<Socket>();
  const proxy: Server = createServer((near) => {
    if (refusing) {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data: Buffer) => void (frozen || to.write(data)));
      from.on('error', () => to.destroy());
      from.on('close', () => void (frozen || to.destroy()));
    }
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  return {
    port: (proxy.address() as AddressInfo).port,
    freeze: () => void (frozen = true),
    refuse: () => void (refusing = true),
    thaw: () => {
      frozen = false;
      refusing = false;
    },
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        proxy.close(() => done());
      }),
  };
}

describe('changes', () => {
  it('do not hold up reads, run one session beside, and end it when idle', async () => {
    const { registry } = setUp(profile({ applicationName: 'changing' }), { timing: { idleMs: 200 } });
    await registry.open('c1', { signal: never });
    const writer = registry.coordinator('c1');
    const stop = new AbortController();
    const long = failureOf(
      writer.change({ text: 'SELECT pg_sleep(60)' }, { timeoutMs: 0, signal: stop.signal }),
    );
    expect(await writer.read({ text: 'SELECT 1 AS one' })).toEqual([{ one: 1 }]);
    await waitFor('the change to run', async () => (await sessionsNamed('changing')) === 2);
    stop.abort();
    expect((await long).kind).toBe('cancelled');
    await waitFor('the second session to end', async () => (await sessionsNamed('changing')) === 1);
    expect((await writer.change({ text: 'SELECT 2 AS two' })).rows).toEqual([{ two: 2 }]);
  });

  it('survive the loss of the session beside', async () => {
    const { registry, states } = setUp(profile());
    await registry.open('c1', { signal: never });
    const writer = registry.coordinator('c1');
    const change = writer.change<{ slept: string }>({ text: `SELECT pg_sleep(0.5)::text AS slept` });
    const count = states.length;
    await failureOf(writer.read({ text: 'SELECT pg_terminate_backend(pg_backend_pid())' }));
    await waitFor('the session', () => states.length > count && states.at(-1)?.phase === 'open');
    expect((await change).rows).toEqual([{ slept: '' }]);
  });
});

describe('a lost session that a person opens now', () => {
  it('lets a change beside run on, and goes on trying when it is refused', async () => {
    const proxy = await createProxy(server.port);
    const { registry, states } = setUp(profile({ port: proxy.port }), {
      timing: { firstRetryMs: 60_000, longestRetryMs: 60_000 },
    });
    await registry.open('c1', { signal: never });
    const writer = registry.coordinator('c1');
    const change = writer.change<{ slept: string }>({ text: `SELECT pg_sleep(1)::text AS slept` });
    await failureOf(writer.read({ text: 'SELECT pg_terminate_backend(pg_backend_pid())' }));
    await waitFor('the loss', () => states.at(-1)?.phase === 'lost');
    proxy.refuse();
    expect((await failureOf(registry.open('c1', { signal: never }))).kind).toBe('unreachable');
    expect(states.at(-1)).toMatchObject({ phase: 'lost', attempt: 1 });
    proxy.thaw();
    expect((await registry.open('c1', { signal: never })).phase).toBe('open');
    expect((await change).rows).toEqual([{ slept: '' }]);
    expect(registry.coordinator('c1')).toBe(writer);
    await registry.closeAll();
    await proxy.close();
  });

  it('that fails for good lets the change beside end', async () => {
    const { registry, states } = setUp(profile(), {
      timing: { firstRetryMs: 60_000, longestRetryMs: 60_000 },
    });
    await registry.open('c1', { signal: never });
    const writer = registry.coordinator('c1');
    const change = writer.change<{ slept: string }>({ text: `SELECT pg_sleep(0.7)::text AS slept` });
    await failureOf(writer.read({ text: 'SELECT pg_terminate_backend(pg_backend_pid())' }));
    await waitFor('the loss', () => states.at(-1)?.phase === 'lost');
    await failureOf(registry.open('c1', { password: 'wrong', signal: never }));
    expect(states.at(-1)?.phase).toBe('failed');
    expect((await change).rows).toEqual([{ slept: '' }]);
  });
});

describe('another node', () => {
  it('has one session, by the same credentials, closed when idle and opened again on use', async () => {
    const { registry } = setUp(profile({ applicationName: 'node' }), { timing: { idleMs: 1_500 } });
    await registry.open('c1', { signal: never });
    const node = { host: 'localhost', port: server.port };
    const [one, two] = await Promise.all([registry.node('c1', node), registry.node('c1', node)]);
    expect(one).toBe(two);
    expect(await sessionsNamed('node')).toBe(2);
    await waitFor('the session to end', async () => (await sessionsNamed('node')) === 1);
    expect(await one.read({ text: 'SELECT 1 AS one' })).toEqual([{ one: 1 }]);
    await registry.close('c1');
    expect((await failureOf(one.read({ text: 'SELECT 1' }))).kind).toBe('not-connected');
    await waitFor('all sessions to end', async () => (await sessionsNamed('node')) === 0);
  });

  it('may be the coordinator, aside from the session', async () => {
    const { registry } = setUp(profile({ applicationName: 'aside' }));
    await registry.open('c1', { signal: never });
    const aside = await registry.aside('c1');
    expect(await registry.aside('c1')).toBe(aside);
    const slow = aside.read({ text: 'SELECT pg_sleep(0.3)' });
    const quick = await registry.coordinator('c1').read({
      text: 'SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = $1',
      values: ['aside'],
    });
    expect(quick).toEqual([{ n: '2' }]);
    await slow;
  });

  it('is the coordinator where the address is its', async () => {
    const { registry } = setUp(profile());
    await registry.open('c1', { signal: never });
    expect(await registry.node('c1', { host: '127.0.0.1', port: server.port })).toBe(
      registry.coordinator('c1'),
    );
  });

  it('that refuses is a failure of its own', async () => {
    const { registry } = setUp(profile());
    await registry.open('c1', { signal: never });
    const port = await freePort();
    const failure = await failureOf(registry.node('c1', { host: '127.0.0.1', port }));
    expect(failure).toMatchObject({ kind: 'unreachable', node: `127.0.0.1:${port}` });
    expect(registry.states()[0]?.phase).toBe('open');
  });
});

describe('TLS', () => {
  const file = (name: string): string => join(folder, name);

  it.each([
    ['require', '127.0.0.1', undefined, null],
    ['verify-ca', '127.0.0.1', 'authority.crt', null],
    ['verify-full', 'localhost', 'authority.crt', null],
    ['verify-full', '127.0.0.1', 'authority.crt', 'is made out to another host'],
    ['verify-full', 'localhost', 'stranger.crt', 'not among the trusted ones'],
    ['verify-ca', 'localhost', undefined, 'not among the trusted ones'],
    ['require', 'localhost', 'stranger.crt', 'not among the trusted ones'],
  ] as const)('%s to %s with CA %s', async (mode, host, ca, refusal) => {
    const tls = { mode, ...(ca ? { caFile: file(ca) } : {}) };
    const { registry } = setUp(profile({ host, tls }));
    const work = registry.open('c1', { signal: never });
    if (refusal === null) expect((await work).encrypted).toBe(true);
    else
      expect(await failureOf(work)).toMatchObject({ kind: 'tls', message: expect.stringContaining(refusal) });
  });

  it('lets in by a client certificate', async () => {
    const tls = {
      mode: 'verify-full' as const,
      caFile: file('authority.crt'),
      certificateFile: file('client.crt'),
      keyFile: file('client.key'),
    };
    const { registry } = setUp(profile({ host: 'localhost', user: 'carla', tls }), { password: null });
    expect((await registry.open('c1', { signal: never })).encrypted).toBe(true);
    const without = setUp(
      profile({
        host: 'localhost',
        user: 'carla',
        tls: { mode: 'verify-full', caFile: file('authority.crt') },
      }),
    );
    const failure = await failureOf(without.registry.open('c1', { signal: never }));
    expect(failure).toMatchObject({ kind: 'authentication', sqlState: '28000' });
  });

  it('is refused by a server that has none, and nothing else is sent', async () => {
    let heard = Buffer.alloc(0);
    const deaf = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data: Buffer) => {
        heard = Buffer.concat([heard, data]);
        socket.write('N');
      });
    });
    await new Promise<void>((done) => deaf.listen(0, '127.0.0.1', done));
    const { port } = deaf.address() as AddressInfo;
    const { registry } = setUp(profile({ port, tls: { mode: 'require' } }));
    expect(await failureOf(registry.open('c1', { signal: never }))).toMatchObject({
      kind: 'tls',
      message: `127.0.0.1:${port} does not offer encryption.`,
    });
    expect(heard.length).toBe(8);
    deaf.close();
  });
});

describe('testing a connection', () => {
  it('tells every stage and leaves nothing open', async () => {
    const { registry, states } = setUp(profile());
    const report = await registry.test(
      profile({
        applicationName: 'tested',
        host: 'localhost',
        tls: { mode: 'verify-full', caFile: join(folder, 'authority.crt') },
      }),
      server.password,
    );
    expect(report.stages.map(({ outcome }) => outcome)).toEqual(Array(7).fill('passed'));
    expect(report).toMatchObject({ nodeCount: 3, versions: { citus: '13.2.2' } });
    expect(report.limits?.map(({ code }) => code)).toEqual(['role-not-superuser']);
    expect(states).toEqual([]);
    await waitFor('the connection to end', async () => (await sessionsNamed('tested')) === 0);
  });

  it('names the stage that failed', async () => {
    const { registry } = setUp(profile());
    const report = await registry.test(profile(), 'wrong');
    expect(report.stages.map(({ stage, outcome }) => [stage, outcome])).toEqual([
      ['secret', 'passed'],
      ['address', 'passed'],
      ['network', 'passed'],
      ['tls', 'passed'],
      ['login', 'failed'],
      ['citus', 'not-reached'],
      ['topology', 'not-reached'],
    ]);
    expect(report.failure?.kind).toBe('authentication');
    expect(JSON.stringify(report)).not.toContain('wrong"');
  });

  it('names a missing file before anything is dialled', async () => {
    const { registry } = setUp(profile());
    const report = await registry.test(
      profile({ tls: { mode: 'verify-ca', caFile: '/nowhere/ca.crt' } }),
      'x',
    );
    expect(report.stages[0]).toMatchObject({ stage: 'secret', outcome: 'failed' });
    expect(report.failure?.message).toBe('The CA file /nowhere/ca.crt does not exist.');
  });
});
