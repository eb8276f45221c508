/** Passwords of profiles: in the keystore of the system, or in the vault. They leave this file for `connections` only. */
import { join } from 'node:path';
import { z } from 'zod';
import { FailureError } from '../contract/failure';
import type { SecretsBackend } from '../contract/profiles';
import { createStoredFile } from './stored-file';
import { createVaultRecord, defaultVaultCost, lockedFailure, openVaultRecord, vaultRecord } from './vault';
import type { VaultCost, VaultKey, VaultRecord } from './vault';

/** Electron's safeStorage, as far as it is needed. */
export interface Keystore {
  /** "keychain", "dpapi", "gnome_libsecret", "kwallet6" ...; "basic_text" is plain text and never used. */
  readonly name: string;
  isEncryptionAvailable(): boolean;
  encryptString(text: string): Buffer;
  decryptString(encrypted: Buffer): string;
}

export interface SecretsParts {
  readonly folder: string;
  readonly keystore: Keystore;
  readonly vaultCost?: VaultCost;
  readonly now?: () => Date;
}

export interface Secrets {
  /** Files that could not be read, in words. */
  readonly problems: readonly string[];
  backend(): SecretsBackend;
  /** True for a kept password, whether or not it can be read now, and for one held for this run. */
  has(profileId: string): boolean;
  /** Undefined when none is kept; throws a `secrets` failure when it is kept and cannot be read now. */
  read(profileId: string): Promise<string | undefined>;
  /** Throws a `secrets` failure while there is no keystore and no unlocked vault. */
  store(profileId: string, password: string): Promise<void>;
  /** In memory only, until `forget` or the end of the app: for practice clusters. */
  hold(profileId: string, password: string): void;
  forget(profileId: string): Promise<void>;
  createVault(passphrase: string): Promise<SecretsBackend>;
  unlockVault(passphrase: string): Promise<SecretsBackend>;
  lockVault(): SecretsBackend;
  onChange(listener: () => void): () => void;
}

const keystoreRecord = z.object({ entries: z.record(z.string(), z.string()) });
type KeystoreRecord = z.infer<typeof keystoreRecord>;

const plainTextBackends: ReadonlySet<string> = new Set(['basic_text', 'unknown', '']);

export async function createSecrets(parts: SecretsParts): Promise<Secrets> {
  const { keystore, folder, now } = parts;
  const keystoreFile = createStoredFile<KeystoreRecord>({
    path: join(folder, 'secrets.json'),
    subject: 'The list of stored passwords',
    version: 1,
    schema: keystoreRecord,
    empty: () => ({ entries: {} }),
    now,
  });
  const vaultFile = createStoredFile<VaultRecord | null>({
    path: join(folder, 'vault.json'),
    subject: 'The vault',
    version: 1,
    schema: vaultRecord.nullable(),
    empty: () => null,
    now,
  });
  const [storedEntries, storedVault] = [await keystoreFile.read(), await vaultFile.read()];
  let entries = storedEntries.value.entries;
  let vault = storedVault.value;
  let vaultKey: VaultKey | null = null;
  const held = new Map<string, string>();
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of [...listeners]) listener();
  };
  /** One change at a time: each begins with what the one before has left. */
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  const isKeystoreUsable = (): boolean =>
    !plainTextBackends.has(keystore.name) && keystore.isEncryptionAvailable();

  const backend = (): SecretsBackend => {
    // A vault that was made stays in use: a keystore that comes and goes would split the passwords between two places.
    if (!vault && isKeystoreUsable()) return { type: 'keystore', name: keystore.name };
    return { type: 'vault', state: vault ? (vaultKey ? 'unlocked' : 'locked') : 'absent' };
  };

  const writeEntries = async (next: Readonly<Record<string, string>>): Promise<void> => {
    await keystoreFile.write({ entries: next });
    entries = next;
  };
  const writeVault = async (next: VaultRecord): Promise<void> => {
    await vaultFile.write(next);
    vault = next;
  };

  const readKeystore = (encrypted: string): string => {
    if (!isKeystoreUsable()) {
      throw new FailureError({
        kind: 'secrets',
        message: 'The keystore of the system is not available.',
        meaning: 'The password of this cluster is in it.',
        remedy: 'Unlock the keystore, or type the password.',
      });
    }
    try {
      return keystore.decryptString(Buffer.from(encrypted, 'base64'));
    } catch {
      // The cause is left out: it may quote what it failed on.
      throw new FailureError({
        kind: 'secrets',
        message: 'The keystore of the system cannot read the stored password.',
        meaning: 'It was stored by another user or before the keystore was reset.',
        remedy: 'Type the password and store it again.',
      });
    }
  };

  return {
    problems: [storedEntries.problem, storedVault.problem].filter((problem) => problem !== null),
    backend,
    has: (profileId) =>
      held.has(profileId)
      || Object.hasOwn(vault?.entries ?? {}, profileId)
      || Object.hasOwn(entries, profileId),
    async read(profileId) {
      const now = held.get(profileId);
      if (now !== undefined) return now;
      const inVault = own(vault?.entries ?? {}, profileId);
      if (inVault) {
        if (!vaultKey) throw lockedFailure();
        return vaultKey.unseal(profileId, inVault);
      }
      const inKeystore = own(entries, profileId);
      return inKeystore === undefined ? undefined : readKeystore(inKeystore);
    },
    store: (profileId, password) =>
      inTurn(async () => {
        const place = backend();
        if (place.type === 'keystore') {
          const encrypted = keystore.encryptString(password).toString('base64');
          await writeEntries({ ...entries, [profileId]: encrypted });
        } else {
          if (!vault) throw absentFailure();
          if (!vaultKey) throw lockedFailure();
          const sealed = vaultKey.seal(profileId, password);
          await writeVault({ ...vault, entries: { ...vault.entries, [profileId]: sealed } });
          if (Object.hasOwn(entries, profileId)) await writeEntries(without(entries, profileId));
        }
        changed();
      }),
    hold(profileId, password) {
      held.set(profileId, password);
      changed();
    },
    forget: (profileId) =>
      inTurn(async () => {
        const wasHeld = held.delete(profileId);
        const inKeystore = Object.hasOwn(entries, profileId);
        const current = vault;
        const inVault = current !== null && Object.hasOwn(current.entries, profileId);
        if (inKeystore) await writeEntries(without(entries, profileId));
        if (inVault) await writeVault({ ...current, entries: without(current.entries, profileId) });
        if (wasHeld || inKeystore || inVault) changed();
      }),
    createVault: (passphrase) =>
      inTurn(async () => {
        if (vault) {
          throw new FailureError({
            kind: 'conflict',
            message: 'There is a vault already.',
            remedy: 'Unlock it with its passphrase.',
          });
        }
        const made = await createVaultRecord(passphrase, parts.vaultCost ?? defaultVaultCost);
        await writeVault(made.record);
        vaultKey = made.key;
        changed();
        return backend();
      }),
    unlockVault: (passphrase) =>
      inTurn(async () => {
        if (!vault) throw absentFailure();
        const key = await openVaultRecord(vault, passphrase);
        vaultKey?.wipe();
        vaultKey = key;
        changed();
        return backend();
      }),
    lockVault() {
      vaultKey?.wipe();
      vaultKey = null;
      changed();
      return backend();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}

function absentFailure(): FailureError {
  return new FailureError({
    kind: 'secrets',
    message: 'The password was not stored: this computer offers no keystore and there is no vault yet.',
    meaning: 'Passwords are never kept in plain text.',
    remedy: 'Make a vault with a passphrase, or go on without storing the password.',
  });
}
