import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Registry } from '../../../src-main/connections/registry';
import type { Profile, ProfileInput } from '../../../src-main/contract/profiles';
import type { SessionPhase, SessionState } from '../../../src-main/contract/sessions';
import { connectionHandlers } from '../../../src-main/ipc/handlers/connections';
import type { NoticeText } from '../../../src-main/ipc/publish';
import { createDrafts } from '../../../src-main/storage/drafts';
import { createProfiles } from '../../../src-main/storage/profiles';
import { createSecrets } from '../../../src-main/storage/secrets';

const input: ProfileInput = {
  name: 'Permits',
  host: 'coordinator.example',
  port: 5432,
  database: 'permits',
  user: 'admin',
  tls: { mode: 'verify-full', caFile: '/etc/ca.crt' },
};
const signal = new AbortController().signal;

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'shardboard-handlers-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The handlers over real profiles and sessions that only have a state. */
async function surroundings(phase: SessionPhase, operation: string | null = null) {
  const secrets = await createSecrets({
    folder,
    keystore: {
      name: 'kwallet6',
      isEncryptionAvailable: () => true,
      encryptString: (text) => Buffer.from(text),
      decryptString: (bytes) => bytes.toString(),
    },
  });
  const drafts = createDrafts();
  const profiles = await createProfiles({ folder, secrets, drafts });
  const { id } = await profiles.save(input);
  const state: SessionState = {
    clusterId: id,
    revision: 1,
    phase,
    since: '2026-11-02T08:00:00.000Z',
    address: 'coordinator.example:5432',
  };
  const closed: string[] = [];
  const notices: NoticeText[] = [];
  const registry: Pick<Registry, 'states' | 'close'> = {
    states: () => [state],
    close: async (clusterId) => {
      closed.push(clusterId);
      return { ...state, phase: 'closed' };
    },
  };
  const handlers = connectionHandlers({
    profiles,
    secrets,
    drafts,
    registry: registry as Registry,
    parsePastedProfile: () => Promise.reject(new Error('not asked for here')),
    readImportable: () => Promise.resolve([]),
    unfinishedOperation: () => operation,
    notify: (notice) => notices.push(notice),
    forgetHistory: () => Promise.resolve(),
  });
  const save = async (change: Partial<ProfileInput>): Promise<Profile> =>
    handlers['profiles.save']({ profile: { ...input, ...change, id }, password: { action: 'keep' } }, signal);
  return { id, profiles, handlers, closed, notices, save };
}

const otherWays: readonly Partial<ProfileInput>[] = [
  { host: 'other.example' },
  { port: 5433 },
  { database: 'permits_copy' },
  { user: 'reader' },
  { tls: { mode: 'require', caFile: '/etc/ca.crt' } },
  { tls: { mode: 'verify-full', caFile: '/etc/other.crt' } },
  { tls: { mode: 'verify-full', caFile: '/etc/ca.crt', certificateFile: '/c', keyFile: '/k' } },
];

describe('a connection that is changed', () => {
  it.each(otherWays)('while it is open is closed, and that is said: %j', async (change) => {
    const { id, profiles, closed, notices, save } = await surroundings('open');
    await save(change);
    expect(profiles.get(id)).toMatchObject(change);
    expect(closed).toEqual([id]);
    expect(notices).toMatchObject([{ clusterId: id, title: 'Permits was disconnected' }]);
  });

  it('in what a session does not depend on stays open', async () => {
    const { closed, notices, save } = await surroundings('open');
    await save({ name: 'Permits of the city', applicationName: 'board' });
    expect([closed, notices]).toEqual([[], []]);
  });

  it.each(['connecting', 'lost'] as const)('while it is %s is given up', async (phase) => {
    const { id, closed, notices, save } = await surroundings(phase);
    await save({ host: 'other.example' });
    expect(closed).toEqual([id]);
    expect(notices).toHaveLength(1);
  });

  it('after it failed loses what failed, without a notice', async () => {
    const { id, closed, notices, save } = await surroundings('failed');
    await save({ user: 'reader' });
    expect(closed).toEqual([id]);
    expect(notices).toEqual([]);
  });

  it('is not changed when it cannot be saved', async () => {
    const { profiles, closed, save } = await surroundings('open');
    await profiles.save({ ...input, name: 'Archive' });
    await expect(save({ name: 'Archive', host: 'other.example' })).rejects.toMatchObject({
      failure: { kind: 'conflict' },
    });
    expect(closed).toEqual([]);
  });
});

describe('with an operation that has not ended', () => {
  it.each([
    ['open', { host: 'other.example' }],
    ['open', { user: 'reader' }],
    ['closed', { database: 'permits_copy' }],
  ] as const)('the connection (%s) keeps %j', async (phase, change) => {
    const { id, profiles, closed, save } = await surroundings(phase, 'Add worker-3');
    await expect(save(change)).rejects.toMatchObject({
      failure: { kind: 'conflict', message: '"Add worker-3" has not ended on this cluster.' },
    });
    expect(profiles.get(id)).toMatchObject(input);
    expect(closed).toEqual([]);
  });

  it('a closed one may be given another user, so that the operation can go on', async () => {
    const { id, profiles, save } = await surroundings('failed', 'Add worker-3');
    await save({ user: 'reader' });
    expect(profiles.get(id)?.user).toBe('reader');
  });

  it('the cluster stays in the list', async () => {
    const { id, profiles, handlers } = await surroundings('closed', 'Add worker-3');
    await expect(handlers['profiles.remove']({ profileId: id }, signal)).rejects.toMatchObject({
      failure: { kind: 'conflict' },
    });
    expect(profiles.get(id)).toBeDefined();
  });
});
