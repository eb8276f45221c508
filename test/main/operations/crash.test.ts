import { appendFile, mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anyRequest, clusterId, crashingJournal, createWorld, untilSettled, worldEngine } from './fake-world';
import type { CrashKind, Life, StepKind, World } from './fake-world';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operations-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

const kinds: readonly StepKind[] = ['one', 'two', 'job'];

async function tear(operationId: string, line: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await appendFile(join(folder, `${operationId}.jsonl`), line.slice(0, Math.floor(line.length / 2)));
}

/** One life that ends at the n-th journal write. Answers how many writes it made. */
async function liveUntil(world: World, at: number, kind: CrashKind, retrySafe = true): Promise<number> {
  const life: Life = { over: false };
  const { journal, writes } = crashingJournal(folder, life, { at, kind }, tear);
  const { operations } = worldEngine(world, folder, { kinds, life, journal, retrySafe });
  const reply = await operations.plan(clusterId, anyRequest, new AbortController().signal);
  if (reply.outcome !== 'plan') throw new Error('no plan');
  const started = await operations.start(reply.plan.planId).catch(() => null);
  if (started?.outcome === 'started') {
    await untilSettled(operations, started.operation.operationId);
  }
  return writes();
}

/** A new life on the same files: looks, and then does what a person would, counting how often one is asked. */
async function liveOn(
  world: World,
  retrySafe = true,
): Promise<{ readonly asked: number; readonly states: readonly string[] }> {
  const { operations } = worldEngine(world, folder, { kinds, retrySafe });
  const { open } = await operations.recover();
  expect(open.length).toBeLessThanOrEqual(1);
  const found = operations.list(null)[0];
  if (!found) return { asked: 0, states: [] };
  const executedBefore = world.executed.length;
  await operations.look(clusterId);
  expect(world.executed.length, 'looking executes nothing').toBe(executedBefore);
  let asked = 0;
  const states: string[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    const operation = await untilSettled(operations, found.operationId);
    states.push(operation.state);
    if (operation.state === 'paused' || operation.state === 'interrupted') {
      await operations.resume(found.operationId);
    } else if (operation.state === 'needs-person') {
      asked += 1;
      await operations.decide(found.operationId, 'retry');
    } else {
      return { asked, states };
    }
  }
  throw new Error(`does not end: ${states.join(', ')}`);
}

describe('a crash at every journal write', () => {
  it.each(['before', 'torn', 'after'] as const)(
    '%s the write: each effect happens exactly once',
    async (kind) => {
      const whole = await liveUntil(createWorld(), 1_000, 'before');
      expect(whole).toBeGreaterThan(8);
      for (let at = 1; at <= whole; at += 1) {
        await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
        const world = createWorld();
        await liveUntil(world, at, kind);
        const { states } = await liveOn(world);
        const created = at > 1 || kind === 'after';
        const times = {
          one: world.effects.get('one') ?? 0,
          two: world.effects.get('two') ?? 0,
          jobs: world.jobsStarted,
        };
        expect(times, `crash ${kind} write ${at}`).toEqual(
          created ? { one: 1, two: 1, jobs: 1 } : { one: 0, two: 0, jobs: 0 },
        );
        if (created) expect(states.at(-1)).toBe('done');
      }
    },
  );

  it('asks a person before it repeats a step that leaves no trace and is not safe to repeat', async () => {
    const whole = await liveUntil(createWorld(), 1_000, 'before', false);
    let everAsked = 0;
    for (let at = 1; at <= whole; at += 1) {
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      const world = createWorld();
      await liveUntil(world, at, 'after', false);
      // What the first life did cannot be seen by the second.
      const before = world.effects.get('one') ?? 0;
      const isOpen = await stepIsOpen('one');
      if (isOpen) {
        world.blind.add('one');
        world.effects.delete('one');
      }
      const { operations } = worldEngine(world, folder, { kinds, retrySafe: false });
      await operations.recover();
      await operations.look(clusterId);
      const found = operations.list(null)[0];
      if (!found) continue;
      if (isOpen) {
        everAsked += 1;
        expect(found.state, `crash after write ${at}`).toBe('needs-person');
        expect(world.executed.filter((id) => id === 'one').length).toBe(before);
      }
    }
    expect(everAsked).toBeGreaterThan(0);
  });

  it('survives a second crash while it recovers from the first', async () => {
    for (let second = 1; second <= 6; second += 1) {
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      const world = createWorld();
      await liveUntil(world, 5, 'torn');
      const life: Life = { over: false };
      const { journal } = crashingJournal(folder, life, { at: second, kind: 'torn' }, tear);
      const { operations } = worldEngine(world, folder, { kinds, life, journal });
      await operations.recover();
      await operations.look(clusterId);
      const found = operations.list(null)[0];
      if (found && found.state === 'paused') {
        await operations.resume(found.operationId);
        await untilSettled(operations, found.operationId);
      }
      life.over = true;
      await liveOn(world);
      expect([world.effects.get('one'), world.effects.get('two'), world.jobsStarted]).toEqual([1, 1, 1]);
    }
  });

  it('never removes a line from a journal', async () => {
    const world = createWorld();
    await liveUntil(world, 4, 'torn');
    const name = (await readdir(folder))[0] ?? '';
    const before = await readFile(join(folder, name), 'utf8');
    await liveOn(world);
    const after = await readFile(join(folder, name), 'utf8');
    expect(after.startsWith(before)).toBe(true);
    expect(after).toContain('"type":"torn-line"');
  });
});

async function stepIsOpen(stepId: string): Promise<boolean> {
  const name = (await readdir(folder).catch(() => []))[0];
  if (name === undefined) return false;
  const lines = (await readFile(join(folder, name), 'utf8')).split('\n').filter((line) => line !== '');
  const events = lines.map((line) => JSON.parse(line) as { type: string; stepId?: string });
  const own = events.filter((event) => event.stepId === stepId);
  return own.at(-1)?.type === 'step-starting';
}
