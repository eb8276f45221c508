/** Profiles, secrets and sessions. */
import type { Registry } from '../../connections/registry';
import { FailureError } from '../../contract/failure';
import type { ProfileInput } from '../../contract/profiles';
import type { SessionPhase } from '../../contract/sessions';
import type { Drafts, DraftSource } from '../../storage/drafts';
import type { Profiles } from '../../storage/profiles';
import type { Secrets } from '../../storage/secrets';
import type { Handlers } from '../serve';
import type { NoticeText } from '../publish';

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
  /** Title of the operation on a cluster that has not ended; null when there is none. */
  readonly unfinishedOperation: (clusterId: string) => string | null;
  readonly notify: (notice: NoticeText) => void;
  /** Removes what is kept of the cluster's past. */
  readonly forgetHistory: (clusterId: string) => Promise<void>;
}

export function connectionHandlers(parts: ConnectionParts): ConnectionHandlers {
  const { profiles, secrets, drafts, registry } = parts;
  const phaseOf = (clusterId: string): SessionPhase =>
    registry.states().find((state) => state.clusterId === clusterId)?.phase ?? 'closed';
  const refuseWhileUnfinished = (clusterId: string, remedy: string): void => {
    const title = parts.unfinishedOperation(clusterId);
    if (title === null) return;
    throw new FailureError({
      kind: 'conflict',
      message: `"${title}" has not ended on this cluster.`,
      meaning: 'It would go on somewhere else, or could not be found again.',
      remedy,
    });
  };
  return {
    'profiles.list': () => profiles.list(),
    'profiles.save': async ({ profile, password }) => {
      const before = profile.id === undefined ? undefined : profiles.get(profile.id);
      if (!before || isReachedAlike(before, profile)) return profiles.save(profile, password);
      const isLive = !['closed', 'failed'].includes(phaseOf(before.id));
      if (isLive || !isSameServer(before, profile)) {
        refuseWhileUnfinished(before.id, 'Wait for its end, or cancel it, and change the connection then.');
      }
      const saved = await profiles.save(profile, password);
      // An open session would go on showing the cluster that was there before.
      if (phaseOf(saved.id) !== 'closed') await registry.close(saved.id);
      if (isLive) {
        parts.notify({
          level: 'mind',
          title: `${saved.name} was disconnected`,
          text: 'Its connection was changed, so the session was closed. Connect again to use the new settings.',
          clusterId: saved.id,
        });
      }
      return saved;
    },
    'profiles.remove': async ({ profileId }) => {
      refuseWhileUnfinished(
        profileId,
        'Wait for its end, cancel or abandon it, and remove the cluster then.',
      );
      if (phaseOf(profileId) !== 'closed') await registry.close(profileId);
      await profiles.remove(profileId);
      await parts.forgetHistory(profileId);
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

function isSameServer(one: ProfileInput, other: ProfileInput): boolean {
  return one.host === other.host && one.port === other.port && one.database === other.database;
}

/** Whether a session of the one is as good as a session of the other. */
function isReachedAlike(one: ProfileInput, other: ProfileInput): boolean {
  return (
    isSameServer(one, other)
    && one.user === other.user
    && one.tls.mode === other.tls.mode
    && one.tls.caFile === other.tls.caFile
    && one.tls.certificateFile === other.tls.certificateFile
    && one.tls.keyFile === other.tls.keyFile
  );
}
