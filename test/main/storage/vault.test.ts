import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError } from '../../../src-main/contract/failure';
import {
  createVaultRecord,
  defaultVaultCost,
  openVaultRecord,
  vaultRecord,
} from '../../../src-main/storage/vault';

const cost = { n: 2 ** 15, r: 8, p: 1 };

describe('the vault', () => {
  it('costs enough to open', () => {
    expect(defaultVaultCost.n).toBeGreaterThanOrEqual(2 ** 15);
  });

  it('gives back every text under its name and only there', async () => {
    const { record, key } = await createVaultRecord('correct horse', cost);
    const again = await openVaultRecord(
      vaultRecord.parse(JSON.parse(JSON.stringify(record))),
      'correct horse',
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.string(), (text, name, other) => {
        const entry = key.seal(name, text);
        expect(again.unseal(name, entry)).toBe(text);
        if (other !== name) expect(() => again.unseal(other, entry)).toThrow(FailureError);
      }),
    );
  });

  it('is refused by every other passphrase', async () => {
    const { record } = await createVaultRecord('correct horse', cost);
    for (const passphrase of ['correct horsf', 'Correct horse', 'correct horse ', '']) {
      await expect(openVaultRecord(record, passphrase)).rejects.toMatchObject({
        failure: { kind: 'secrets' },
      });
    }
  });

  it('takes the same passphrase in another Unicode form', async () => {
    const { record } = await createVaultRecord('schl\u00fcssel', cost);
    await expect(openVaultRecord(record, 'schlu\u0308ssel')).resolves.toBeDefined();
  });

  it('notices any changed byte', async () => {
    const { key } = await createVaultRecord('correct horse', cost);
    const entry = key.seal('a', 'secret text');
    for (const field of ['nonce', 'tag', 'text'] as const) {
      const bytes = Buffer.from(entry[field], 'base64');
      for (let index = 0; index < bytes.length; index += 1) {
        const changed = Buffer.from(bytes);
        changed[index] = (changed[index] ?? 0) ^ 1;
        expect(() => key.unseal('a', { ...entry, [field]: changed.toString('base64') })).toThrow(
          FailureError,
        );
      }
    }
    // A shorter tag would be easier to guess.
    const short = Buffer.from(entry.tag, 'base64').subarray(0, 4).toString('base64');
    expect(() => key.unseal('a', { ...entry, tag: short })).toThrow(FailureError);
  });

  it('never seals twice alike, and not at all once wiped', async () => {
    const { key } = await createVaultRecord('correct horse', cost);
    expect(key.seal('a', 'x').nonce).not.toBe(key.seal('a', 'x').nonce);
    key.wipe();
    expect(() => key.seal('a', 'x')).toThrow('locked');
  });

  it('takes no file that asks for a weaker or an endless derivation', async () => {
    const { record } = await createVaultRecord('correct horse', cost);
    for (const n of [2 ** 14, 2 ** 21, 2 ** 15 + 1]) {
      expect(vaultRecord.safeParse({ ...record, kdf: { ...record.kdf, n } }).success).toBe(false);
    }
  });
});
