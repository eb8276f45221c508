import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Database, Statement } from '../../../src-main/connections/database';
import type { Connect } from '../../../src-main/connections/dial';
import { createRegistry } from '../../../src-main/connections/registry';
import type { Registry } from '../../../src-main/connections/registry';
import { FailureError } from '../../../src-main/contract/failure';
import type { Failure } from '../../../src-main/contract/failure';
import type { Profile } from '../../../src-main/contract/profiles';
import type { SessionState } from '../../../src-main/contract/sessions';

const profile: Profile = {
  id: 'c1',
  name: 'Test',
  host: 'h',
  port: 5432,
  database: 'd',
  user: 'u',
  tls: { mode: 'disable' },
  origin: 'person',
  hasStoredPassword: true,
  createdAt: '2026-01-01T00:00:00Z',
};
const refused: Failure = { kind: 'unreachable', message: 'h:5432 refuses connections.' };
const never = new AbortController().signal;

/** A server that answers, refuses, or keeps silent, as the test says. */
function fakeServer(): {
  readonly connect: Connect;
  readonly passwords: (string | undefined)[];
  readonly statements: string[];
  refusal: Failure | null;
  silentMs: number;
  lose(): void;
  readonly openCount: () => number;
} {
  const lossListeners = new Set<(failure: Failure) => void>();
  const passwords: (string | undefined)[] = [];
  const statements: string[] = [];
  let open = 0;
  const server = {
    passwords,
    statements,
    refusal: null as Failure | null,
    silentMs: 0,
    lose: () => [...lossListeners].forEach((listener) => listener(refused)),
    openCount: () => open,
    connect: (async (address, password, _limits, signal, onStage) => {
      passwords.push(password);
      onStage?.('address');
      onStage?.('network');
      onStage?.('login');
      if (signal?.aborted) throw new FailureError({ kind: 'cancelled', message: 'Cancelled.' });
      if (server.refusal) throw new FailureError(server.refusal);
      open += 1;
      let isOpen = true;
      const database: Database = {
        address: `${address.host}:${address.port}`,
        get isOpen() {
          return isOpen;
        },
        isBusy: false,
        get silentMs() {
          return server.silentMs;
        },
        encrypted: false,
        backendPid: open,
        read: async ({ text }: Statement) => {
          statements.push(text);
          return [];
        },
        change: async () => ({ rows: [], command: '', notices: [] }),
        onLost(listener) {
          const once = (failure: Failure): void => {
            if (isOpen) open -= 1;
            isOpen = false;
            listener(failure);
          };
          lossListeners.add(once);
          return () => lossListeners.delete(once);
        },
        close: async () => {
          if (isOpen) open -= 1;
          isOpen = false;
        },
      };
      return database;
    }) satisfies Connect,
  };
  return server;
}

function setUp(random = 0.999999): {
  registry: Registry;
  states: SessionState[];
  server: ReturnType<typeof fakeServer>;
  secretsRead: () => number;
} {
  const server = fakeServer();
  const states: SessionState[] = [];
  let reads = 0;
  const registry = createRegistry({
    profiles: { get: (id) => (id === 'c1' ? profile : undefined) },
    secrets: {
      read: async () => {
        reads += 1;
        return 'stored';
      },
    },
    recognise: async () => ({
      versions: { citus: '13.2.2', extension: '13.2-1', postgres: '17.4', isPracticeEmulator: false },
      nodeCount: 1,
      findings: [{ level: 'mind', code: 'role-not-superuser', message: 'It may look, and change nothing.' }],
    }),
    onState: (state) => states.push(state),
    random: () => random,
    connect: server.connect,
  });
  return { registry, states, server, secretsRead: () => reads };
}

beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-01-01T12:00:00Z') }));
afterEach(() => void vi.useRealTimers());

describe('an open session', () => {
  it('tells what limits it, and only while it is open', async () => {
    const { registry, states, server } = setUp();
    const open = await registry.open('c1', { signal: never });
    expect(open.limits?.map(({ code }) => code)).toEqual(['role-not-superuser']);
    server.lose();
    expect(states.at(-1)).toMatchObject({ phase: 'lost' });
    expect(states.at(-1)?.limits).toBeUndefined();
    await registry.closeAll();
  });
});

describe('a lost session', () => {
  it('is tried again after 1, 2, 4 ... 30 seconds', async () => {
    const { registry, states, server } = setUp();
    await registry.open('c1', { signal: never });
    server.refusal = refused;
    server.lose();
    const waits: number[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      const waiting = states.findLast((state) => state.retryAt !== undefined);
      const waitMs = Date.parse(waiting?.retryAt ?? '') - Date.now();
      expect(waiting).toMatchObject({ phase: 'lost', attempt: turn + 1, failure: refused });
      waits.push(Math.round(waitMs / 1000));
      const attempts = server.passwords.length;
      await vi.advanceTimersByTimeAsync(waitMs - 10);
      expect(server.passwords.length).toBe(attempts);
      await vi.advanceTimersByTimeAsync(20);
      expect(server.passwords.length).toBe(attempts + 1);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
    server.refusal = null;
    await vi.advanceTimersByTimeAsync(30_100);
    expect(states.at(-1)).toMatchObject({ phase: 'open' });
    expect(states.at(-1)?.attempt).toBeUndefined();
    await registry.closeAll();
  });

  it('leaves half of the wait to chance, and never less than a second', async () => {
    const { registry, states, server } = setUp(0);
    await registry.open('c1', { signal: never });
    server.refusal = refused;
    server.lose();
    const waits: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const retryAt = states.findLast((state) => state.retryAt !== undefined)?.retryAt ?? '';
      waits.push(Date.parse(retryAt) - Date.now());
      await vi.advanceTimersByTimeAsync(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([1000, 1000, 2000, 4000]);
    await registry.closeAll();
  });

  it('uses the password that was typed for it, and forgets it when closed', async () => {
    const { registry, server, secretsRead } = setUp();
    await registry.open('c1', { password: 'typed', signal: never });
    server.lose();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.passwords).toEqual(['typed', 'typed']);
    expect(secretsRead()).toBe(0);
    await registry.close('c1');
    await registry.open('c1', { signal: never });
    expect(server.passwords.at(-1)).toBe('stored');
    await registry.closeAll();
  });

  it('is opened at once when a person asks', async () => {
    const { registry, states, server } = setUp();
    await registry.open('c1', { signal: never });
    server.refusal = refused;
    server.lose();
    await vi.advanceTimersByTimeAsync(10_000);
    server.refusal = null;
    expect((await registry.open('c1', { signal: never })).phase).toBe('open');
    const count = states.length;
    await vi.advanceTimersByTimeAsync(14_000);
    expect(states.length).toBe(count);
    await registry.closeAll();
  });

  it('is not tried again once closed', async () => {
    const { registry, server } = setUp();
    await registry.open('c1', { signal: never });
    server.refusal = refused;
    server.lose();
    await registry.close('c1');
    const attempts = server.passwords.length;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(server.passwords.length).toBe(attempts);
    expect(registry.states()[0]?.phase).toBe('closed');
  });

  it.each([
    'authentication',
    'tls',
    'not-citus',
    'not-coordinator',
    'unsupported-version',
    'permission',
  ] as const)('that meets %s waits for a person', async (kind) => {
    const { registry, states, server } = setUp();
    await registry.open('c1', { signal: never });
    server.refusal = { kind, message: 'no' };
    server.lose();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toMatchObject({ phase: 'failed', failure: { kind } });
    expect(server.passwords).toHaveLength(2);
  });

  it('that meets a full server goes on trying', async () => {
    const { registry, states, server } = setUp();
    await registry.open('c1', { signal: never });
    server.refusal = { kind: 'database', sqlState: '53300', message: 'too many clients' };
    server.lose();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(states.at(-1)?.phase).toBe('lost');
    await registry.closeAll();
  });
});

describe('an open session', () => {
  it('is asked for a sign of life only now and then, and not while it gives some by itself', async () => {
    const { registry, server } = setUp();
    await registry.open('c1', { signal: never });
    await vi.advanceTimersByTimeAsync(61_000);
    expect(server.statements).toEqual([]);
    server.silentMs = 15_000;
    await vi.advanceTimersByTimeAsync(61_000);
    expect(server.statements).toEqual(['SELECT 1', 'SELECT 1', 'SELECT 1', 'SELECT 1']);
    await registry.closeAll();
    await vi.advanceTimersByTimeAsync(61_000);
    expect(server.statements).toHaveLength(4);
    expect(server.openCount()).toBe(0);
  });

  it('keeps a stored password that waits for its keystore from waiting for ever', async () => {
    const states: SessionState[] = [];
    const registry = createRegistry({
      profiles: { get: () => profile },
      secrets: { read: () => new Promise(() => undefined) },
      recognise: () => Promise.reject(new Error('not reached')),
      onState: (state) => states.push(state),
    });
    const work = registry.open('c1', { signal: never }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await work).toMatchObject({ failure: { kind: 'timeout' } });
    expect(states.at(-1)).toMatchObject({ phase: 'failed', stage: 'secret' });
  });

  it('is not known for a cluster that is gone', async () => {
    const { registry } = setUp();
    await expect(registry.open('c2', { signal: never })).rejects.toMatchObject({
      failure: { kind: 'not-found' },
    });
    expect(registry.states()).toEqual([]);
    expect(() => registry.coordinator('c2')).toThrow('not connected');
  });
});
