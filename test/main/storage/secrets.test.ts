import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecrets } from '../../../src-main/storage/secrets';
import type { Keystore, Secrets } from '../../../src-main/storage/secrets';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'shardboard-secrets-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Turns bytes around: enough to tell what went through it. */
function keystore(overrides: Partial<Keystore> = {}): Keystore {
  return {
    name: 'gnome_libsecret',
    isEncryptionAvailable: () => true,
    encryptString: (text) => Buffer.from(`sealed:${text}`).map((byte) => byte ^ 0xff) as Buffer,
    decryptString: (bytes) => {
      const text = Buffer.from(bytes.map((byte) => byte ^ 0xff)).toString();
      if (!text.startsWith('sealed:')) throw new Error(`cannot decrypt ${text}`);
      return text.slice(7);
    },
    ...overrides,
  };
}

const none = keystore({ isEncryptionAvailable: () => false });

function open(store: Keystore): Promise<Secrets> {
  return createSecrets({ folder, keystore: store, vaultCost: { n: 2 ** 15, r: 8, p: 1 } });
}

function everythingStored(): string {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('\n');
}

describe('secrets in the keystore', () => {
  it('are kept across starts, never in plain text, and forgotten when asked', async () => {
    const secrets = await open(keystore());
    expect(secrets.backend()).toEqual({ type: 'keystore', name: 'gnome_libsecret' });
    expect(await secrets.read('p1')).toBeUndefined();
    await secrets.store('p1', 'hunter22');
    await secrets.store('__proto__', 'odd name');
    const again = await open(keystore());
    expect(again.has('p1')).toBe(true);
    expect(await again.read('p1')).toBe('hunter22');
    expect(await again.read('toString')).toBeUndefined();
    expect(again.has('constructor')).toBe(false);
    expect(everythingStored()).not.toMatch(/hunter22|odd name/);
    await again.forget('p1');
    expect(again.has('p1')).toBe(false);
    expect(await (await open(keystore())).read('p1')).toBeUndefined();
  });

  it('that cannot be read now are told of without their text', async () => {
    await (await open(keystore())).store('p1', 'hunter22');
    const reset = await open(
      keystore({
        decryptString: () => {
          throw new Error('hunter22 is not for you');
        },
      }),
    );
    await expect(reset.read('p1')).rejects.toMatchObject({ failure: { kind: 'secrets' } });
    await expect(reset.read('p1')).rejects.not.toThrow('hunter22');
    const gone = await open(none);
    expect(gone.has('p1')).toBe(true);
    await expect(gone.read('p1')).rejects.toMatchObject({
      failure: { message: 'The keystore of the system is not available.' },
    });
  });

  it.each(['basic_text', 'unknown', ''])('are not put into backend %j', async (name) => {
    const secrets = await open(keystore({ name }));
    expect(secrets.backend()).toEqual({ type: 'vault', state: 'absent' });
    await expect(secrets.store('p1', 'hunter22')).rejects.toMatchObject({ failure: { kind: 'secrets' } });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('secrets in the vault', () => {
  it('need it unlocked, and stay when it is locked again', async () => {
    const secrets = await open(none);
    const changes: string[] = [];
    secrets.onChange(() => {
      const backend = secrets.backend();
      changes.push(backend.type === 'vault' ? backend.state : backend.type);
    });
    expect(await secrets.createVault('correct horse')).toEqual({ type: 'vault', state: 'unlocked' });
    await secrets.store('p1', 'hunter22');
    expect(secrets.lockVault()).toEqual({ type: 'vault', state: 'locked' });
    expect(secrets.has('p1')).toBe(true);
    await expect(secrets.read('p1')).rejects.toMatchObject({ failure: { message: 'The vault is locked.' } });
    await expect(secrets.store('p2', 'x')).rejects.toMatchObject({ failure: { kind: 'secrets' } });
    expect(changes).toEqual(['unlocked', 'unlocked', 'locked']);
    expect(everythingStored()).not.toContain('hunter22');

    const again = await open(none);
    expect(again.backend()).toEqual({ type: 'vault', state: 'locked' });
    const before = everythingStored();
    await expect(again.unlockVault('wrong horse')).rejects.toMatchObject({ failure: { kind: 'secrets' } });
    expect(again.backend()).toEqual({ type: 'vault', state: 'locked' });
    expect(everythingStored()).toBe(before);
    await again.unlockVault('correct horse');
    expect(await again.read('p1')).toBe('hunter22');
    await expect(again.createVault('another one')).rejects.toMatchObject({ failure: { kind: 'conflict' } });
  });

  it('cannot be moved to another profile by hand', async () => {
    const secrets = await open(none);
    await secrets.createVault('correct horse');
    await secrets.store('p1', 'hunter22');
    const path = join(folder, 'vault.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"p1"', '"p2"'));
    const again = await open(none);
    await again.unlockVault('correct horse');
    await expect(again.read('p2')).rejects.toMatchObject({ failure: { kind: 'secrets' } });
  });

  it('stay in the vault when a keystore appears later', async () => {
    const secrets = await open(none);
    await secrets.createVault('correct horse');
    expect((await open(keystore())).backend()).toEqual({ type: 'vault', state: 'locked' });
  });

  it('are forgotten without the passphrase', async () => {
    const secrets = await open(none);
    await secrets.createVault('correct horse');
    await secrets.store('p1', 'hunter22');
    secrets.lockVault();
    await secrets.forget('p1');
    expect(secrets.has('p1')).toBe(false);
  });

  it('are not lost with a file that cannot be read', async () => {
    writeFileSync(join(folder, 'vault.json'), '{"version":1,"data":{"kdf":');
    const secrets = await open(none);
    expect(secrets.problems).toEqual([expect.stringContaining('The vault could not be read')]);
    expect(secrets.backend()).toEqual({ type: 'vault', state: 'absent' });
    expect(readdirSync(folder)).toEqual([expect.stringContaining('vault.json.unreadable-')]);
  });
});

describe('secrets held for this run', () => {
  it('are never stored', async () => {
    const secrets = await open(keystore());
    secrets.hold('practice', 'hunter22');
    expect(await secrets.read('practice')).toBe('hunter22');
    expect(readdirSync(folder)).toEqual([]);
    await secrets.forget('practice');
    expect(secrets.has('practice')).toBe(false);
  });
});

it('many at once are all kept', async () => {
  const secrets = await open(keystore());
  await Promise.all(Array.from({ length: 20 }, (_, number) => secrets.store(`p${number}`, `s${number}`)));
  const again = await open(keystore());
  for (let number = 0; number < 20; number += 1) expect(await again.read(`p${number}`)).toBe(`s${number}`);
});
