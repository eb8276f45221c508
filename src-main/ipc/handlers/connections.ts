/** Profiles, secrets and sessions. */
import type { Registry } from '../../connections/registry';
import type { Drafts, DraftSource } from '../../storage/drafts';
import type { Profiles } from '../../storage/profiles';
import type { Secrets } from '../../storage/secrets';
import type { Handlers } from '../serve';

type ConnectionHandlers = Pick<
  Handlers,
  Extract<keyof Handlers, `profiles.${string}` | `vault.${string}` | `sessions.${string}`>
>;

export interface ConnectionParts {
  readonly profiles: Profiles;
  readonly secrets: Secrets;
  readonly drafts: Drafts;
  readonly registry: Registry;
  readonly parsePastedProfile: (text: string) => Promise<DraftSource>;
  readonly readImportable: () => Promise<readonly DraftSource[]>;
}

export function connectionHandlers(parts: ConnectionParts): ConnectionHandlers {
  const { profiles, secrets, drafts, registry } = parts;
  return {
    'profiles.list': () => profiles.list(),
    'profiles.save': ({ profile, password }) => profiles.save(profile, password),
    'profiles.remove': async ({ profileId }) => {
      if (registry.states().some(({ clusterId }) => clusterId === profileId)) await registry.close(profileId);
      await profiles.remove(profileId);
      return null;
    },
    'profiles.parse': async ({ text }) => drafts.add(await parts.parsePastedProfile(text)),
    'profiles.importable': async () => (await parts.readImportable()).map((source) => drafts.add(source)),
    'vault.create': ({ passphrase }) => secrets.createVault(passphrase),
    'vault.unlock': ({ passphrase }) => secrets.unlockVault(passphrase),
    'vault.lock': () => secrets.lockVault(),
    'sessions.list': () => registry.states(),
    'sessions.open': ({ clusterId, password }, signal) => registry.open(clusterId, { password, signal }),
    'sessions.close': ({ clusterId }) => registry.close(clusterId),
    'sessions.test': async ({ profile, password, draftId }, signal) => {
      const known = password ?? (draftId === undefined ? undefined : drafts.password(draftId));
      const stored = known === undefined && profile.id !== undefined ? await secrets.read(profile.id) : known;
      return registry.test(profile, stored, signal);
    },
  };
}
