/**
 * Secrets under a passphrase, for computers whose system offers no keystore: scrypt makes the key, AES-256-GCM
 * seals each secret by itself, bound to the name it is kept under.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { z } from 'zod';
import { FailureError } from '../contract/failure';

/** N 2^17, r 8, p 1: 128 MB and a second or so, once an unlock. */
export interface VaultCost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}
export const defaultVaultCost: VaultCost = { n: 2 ** 17, r: 8, p: 1 };

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);
const sealed = z.object({ nonce: base64, tag: base64, text: base64 });
export type Sealed = z.infer<typeof sealed>;

export const vaultRecord = z.object({
  kdf: z.object({
    name: z.literal('scrypt'),
    // Bounds, so that a file from elsewhere cannot weaken the key or stall the app.
    n: z
      .number()
      .int()
      .min(2 ** 15)
      .max(2 ** 20)
      .refine((n) => Number.isInteger(Math.log2(n))),
    r: z.number().int().min(8).max(16),
    p: z.number().int().min(1).max(4),
    salt: base64,
  }),
  /** A known text, sealed: tells a wrong passphrase from a right one in an empty vault. */
  check: sealed,
  entries: z.record(z.string(), sealed),
});
export type VaultRecord = z.infer<typeof vaultRecord>;

const checkName = 'check';
const checkText = 'shardboard vault';
const entryName = (name: string): string => `entry:${name}`;

/** An opened vault's key. `wipe` overwrites it; texts that were read out stay with whoever has them. */
export interface VaultKey {
  seal(name: string, text: string): Sealed;
  /** Throws a `secrets` failure when the entry was changed or belongs to another name. */
  unseal(name: string, entry: Sealed): string;
  wipe(): void;
}

export async function createVaultRecord(
  passphrase: string,
  cost: VaultCost = defaultVaultCost,
): Promise<{ readonly record: VaultRecord; readonly key: VaultKey }> {
  const salt = randomBytes(32);
  const key = vaultKey(await deriveKey(passphrase, salt, cost));
  const record: VaultRecord = {
    kdf: { name: 'scrypt', ...cost, salt: salt.toString('base64') },
    check: key.sealAs(checkName, checkText),
    entries: {},
  };
  return { record, key };
}

/** Throws a `secrets` failure when the passphrase is not the one the vault was made with. */
export async function openVaultRecord(record: VaultRecord, passphrase: string): Promise<VaultKey> {
  const { n, r, p, salt } = record.kdf;
  const key = vaultKey(await deriveKey(passphrase, Buffer.from(salt, 'base64'), { n, r, p }));
  if (key.unsealAs(checkName, record.check) === checkText) return key;
  key.wipe();
  throw new FailureError({
    kind: 'secrets',
    message: 'The passphrase does not open the vault.',
    meaning: 'Nothing was changed.',
    remedy:
      'Type it again. Without it the stored passwords cannot be recovered; they can be typed and stored anew.',
  });
}

function deriveKey(passphrase: string, salt: Buffer, cost: VaultCost): Promise<Buffer> {
  // The same passphrase typed on another keyboard may arrive in another Unicode form.
  const text = Buffer.from(passphrase.normalize('NFKC'), 'utf8');
  return new Promise((resolve, reject) => {
    const options = { N: cost.n, r: cost.r, p: cost.p, maxmem: 256 * cost.n * cost.r };
    scrypt(text, salt, 32, options, (error, key) => {
      text.fill(0);
      if (error) reject(error);
      else resolve(key);
    });
  });
}

interface InnerVaultKey extends VaultKey {
  sealAs(name: string, text: string): Sealed;
  /** Null when the key, the name or the entry is not right. */
  unsealAs(name: string, entry: Sealed): string | null;
}

function vaultKey(key: Buffer): InnerVaultKey {
  let wiped = false;
  const sealAs = (name: string, text: string): Sealed => {
    if (wiped) throw lockedFailure();
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(Buffer.from(name, 'utf8'));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return {
      nonce: nonce.toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
      text: body.toString('base64'),
    };
  };
  const unsealAs = (name: string, entry: Sealed): string | null => {
    if (wiped) throw lockedFailure();
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(entry.nonce, 'base64'), {
        authTagLength: 16,
      });
      decipher.setAAD(Buffer.from(name, 'utf8'));
      decipher.setAuthTag(Buffer.from(entry.tag, 'base64'));
      const body = Buffer.concat([decipher.update(Buffer.from(entry.text, 'base64')), decipher.final()]);
      const text = body.toString('utf8');
      body.fill(0);
      return text;
    } catch {
      return null;
    }
  };
  return {
    sealAs,
    unsealAs,
    seal: (name, text) => sealAs(entryName(name), text),
    unseal(name, entry) {
      const text = unsealAs(entryName(name), entry);
      if (text !== null) return text;
      throw new FailureError({
        kind: 'secrets',
        message: 'A stored password cannot be read.',
        meaning: 'Its entry in the vault was changed outside the app.',
        remedy: 'Type the password and store it again.',
      });
    },
    wipe() {
      wiped = true;
      key.fill(0);
    },
  };
}

export function lockedFailure(): FailureError {
  return new FailureError({
    kind: 'secrets',
    message: 'The vault is locked.',
    meaning: 'The password of this cluster is in it.',
    remedy: 'Unlock the vault with its passphrase, or type the password.',
  });
}
