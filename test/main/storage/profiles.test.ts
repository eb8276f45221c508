import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProfileInput, ProfileList } from '../../../src-main/contract/profiles';
import { createDrafts } from '../../../src-main/storage/drafts';
import type { Drafts } from '../../../src-main/storage/drafts';
import { createProfiles } from '../../../src-main/storage/profiles';
import type { Profiles } from '../../../src-main/storage/profiles';
import { createSecrets } from '../../../src-main/storage/secrets';
import type { Secrets } from '../../../src-main/storage/secrets';
import { createSettings, defaultSettings } from '../../../src-main/storage/settings';

let folder: string;
let secrets: Secrets;
let drafts: Drafts;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'shardboard-profiles-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function open(hasKeystore = true): Promise<Profiles> {
  secrets = await createSecrets({
    folder,
    keystore: {
      name: 'kwallet6',
      isEncryptionAvailable: () => hasKeystore,
      encryptString: (text) => Buffer.from([...Buffer.from(text)].reverse()),
      decryptString: (bytes) => Buffer.from([...bytes].reverse()).toString(),
    },
  });
  drafts = createDrafts();
  return createProfiles({ folder, secrets, drafts });
}

function input(overrides: Partial<ProfileInput> = {}): ProfileInput {
  return {
    name: 'Permits',
    host: 'coordinator.example',
    port: 5432,
    database: 'permits',
    user: 'admin',
    tls: { mode: 'verify-full', caFile: '/etc/ca.crt' },
    ...overrides,
  };
}

describe('profiles', () => {
  it('are kept across starts, without their passwords', async () => {
    const profiles = await open();
    const lists: ProfileList[] = [];
    profiles.onChange((list) => lists.push(list));
    const saved = await profiles.save(input(), { action: 'store', value: 'hunter22' });
    expect(saved).toMatchObject({ ...input(), origin: 'person', hasStoredPassword: true });
    expect(JSON.stringify([saved, lists])).not.toContain('hunter22');
    expect(readFileSync(join(folder, 'profiles.json'), 'utf8')).not.toContain('hunter22');
    const again = await open();
    expect(again.get(saved.id)).toEqual(saved);
    expect(await secrets.read(saved.id)).toBe('hunter22');
    expect(lists.map(({ revision }) => revision)).toEqual(
      lists.map(({ revision }) => revision).toSorted((a, b) => a - b),
    );
    expect(lists.at(-1)?.profiles).toEqual([saved]);
  });

  it('are changed, keep their password unless told otherwise, and are removed with it', async () => {
    const profiles = await open();
    const { id, createdAt } = await profiles.save(input(), { action: 'store', value: 'hunter22' });
    const renamed = await profiles.save(input({ id, name: 'Permits, new' }));
    expect(renamed).toMatchObject({ id, createdAt, name: 'Permits, new', hasStoredPassword: true });
    expect((await profiles.save(input({ id }), { action: 'forget' })).hasStoredPassword).toBe(false);
    await profiles.save(input({ id }), { action: 'store', value: 'again' });
    await profiles.remove(id);
    expect(profiles.get(id)).toBeUndefined();
    expect(await secrets.read(id)).toBeUndefined();
    await expect(profiles.remove(id)).rejects.toMatchObject({ failure: { kind: 'not-found' } });
    await expect(profiles.save(input({ id }))).rejects.toMatchObject({ failure: { kind: 'not-found' } });
  });

  it('have names of their own', async () => {
    const profiles = await open();
    const { id } = await profiles.save(input());
    await expect(profiles.save(input({ name: 'PERMITS' }))).rejects.toMatchObject({
      failure: { kind: 'conflict' },
    });
    await expect(profiles.save(input({ id, name: 'PERMITS' }))).resolves.toMatchObject({ name: 'PERMITS' });
    const both = await Promise.allSettled([
      profiles.save(input({ name: 'Twice' })),
      profiles.save(input({ name: 'Twice' })),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('are not changed when the password cannot be stored', async () => {
    const profiles = await open(false);
    await expect(profiles.save(input(), { action: 'store', value: 'x' })).rejects.toMatchObject({
      failure: { kind: 'secrets' },
    });
    expect(profiles.list()).toMatchObject({ profiles: [], secrets: { type: 'vault', state: 'absent' } });
    await profiles.save(input());
    expect(profiles.list().profiles).toHaveLength(1);
  });

  it('are not changed when they cannot be written', async () => {
    mkdirSync(join(folder, 'profiles.json'));
    const profiles = await open();
    await expect(profiles.save(input(), { action: 'store', value: 'x' })).rejects.toMatchObject({
      failure: { kind: 'storage' },
    });
    expect(profiles.list().profiles).toEqual([]);
    expect(JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8'))).toMatchObject({
      data: { entries: {} },
    });
  });

  it('take the password of a draft, once', async () => {
    const profiles = await open();
    const draft = drafts.add({ source: 'URI', profile: {}, remarks: [], password: 'hunter22' });
    expect(JSON.stringify(draft)).not.toContain('hunter22');
    expect(draft.hasPassword).toBe(true);
    const saved = await profiles.save(input(), { action: 'store-draft', draftId: draft.draftId });
    expect(await secrets.read(saved.id)).toBe('hunter22');
    await expect(
      profiles.save(input({ name: 'x' }), { action: 'store-draft', draftId: draft.draftId }),
    ).rejects.toMatchObject({ failure: { kind: 'not-found' } });
  });

  it('of practice clusters come and go with them only', async () => {
    const profiles = await open();
    await profiles.save(input({ name: 'Practice A' }));
    const made = await profiles.savePractice({ ...input({ name: 'Practice A' }), id: 'practice-1' });
    expect(made).toMatchObject({ id: 'practice-1', name: 'Practice A (2)', origin: 'practice' });
    const moved = await profiles.savePractice({
      ...input({ name: 'Practice A', port: 6000 }),
      id: 'practice-1',
    });
    expect(moved).toMatchObject({ name: 'Practice A (2)', port: 6000, createdAt: made.createdAt });
    await expect(profiles.remove('practice-1')).rejects.toMatchObject({ failure: { kind: 'conflict' } });
    await expect(profiles.save(input({ id: 'practice-1', name: 'x' }))).rejects.toMatchObject({
      failure: { kind: 'conflict' },
    });
    await profiles.removePractice('practice-1');
    await profiles.removePractice('practice-1');
    expect(profiles.list().profiles.map(({ name }) => name)).toEqual(['Practice A']);
  });

  it('that cannot be read are kept aside and told of', async () => {
    await (await open()).save(input(), { action: 'store', value: 'hunter22' });
    const path = join(folder, 'profiles.json');
    const text = readFileSync(path, 'utf8').slice(0, -30);
    writeFileSync(path, text);
    const profiles = await open();
    expect(profiles.list().problems).toEqual([
      expect.stringContaining('The list of clusters could not be read'),
    ]);
    expect(profiles.list().profiles).toEqual([]);
    const aside = readdirSync(folder).find((name) => name.includes('.unreadable-'));
    expect(readFileSync(join(folder, aside ?? ''), 'utf8')).toBe(text);
    await profiles.save(input());
    expect((await open()).list().profiles).toHaveLength(1);
  });
});

describe('drafts', () => {
  it('forget their passwords after a while', () => {
    let now = 0;
    const some = createDrafts({ now: () => now, lifetimeMs: 1000 });
    const { draftId } = some.add({ source: 'URI', profile: {}, remarks: [], password: 'x' });
    now = 999;
    expect(some.password(draftId)).toBe('x');
    now = 1000;
    expect(() => some.password(draftId)).toThrow('not kept any more');
  });

  it('do not pile up', () => {
    const some = createDrafts();
    const first = some.add({ source: 'URI', profile: {}, remarks: [], password: 'x' });
    for (let number = 0; number < 300; number += 1) some.add({ source: 'URI', profile: {}, remarks: [] });
    expect(() => some.password(first.draftId)).toThrow('not kept any more');
  });
});

describe('settings', () => {
  it('are kept, and the usual ones where none can be read', async () => {
    const settings = await createSettings({ folder });
    expect(settings.read()).toEqual({ ...defaultSettings, revision: 1 });
    const told: number[] = [];
    settings.onChange(({ revision }) => told.push(revision));
    await settings.write({ theme: 'dark', refreshSeconds: 30 });
    expect(told).toEqual([2]);
    expect((await createSettings({ folder })).read()).toMatchObject({ theme: 'dark', refreshSeconds: 30 });
    writeFileSync(join(folder, 'settings.json'), '{"version":1,"data":{"theme":"pink","refreshSeconds":1}}');
    const broken = await createSettings({ folder });
    expect(broken.problem).toContain('The settings could not be read');
    expect(broken.read()).toMatchObject(defaultSettings);
  });
});
