/** The list of clusters. Passwords are not in it: they are in `secrets`. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { FailureError } from '../contract/failure';
import { profileInput } from '../contract/profiles';
import type { Profile, ProfileInput, ProfileList, saveProfileInput } from '../contract/profiles';
import type { Drafts } from './drafts';
import type { Secrets } from './secrets';
import { createStoredFile } from './stored-file';

export type PasswordAction = z.output<typeof saveProfileInput>['password'];

export interface ProfilesParts {
  readonly folder: string;
  readonly secrets: Secrets;
  readonly drafts: Drafts;
  readonly now?: () => Date;
  readonly newId?: () => string;
}

export interface Profiles {
  list(): ProfileList;
  get(profileId: string): Profile | undefined;
  /** Throws `conflict` for a name in use, `not-found` for an id that is gone, `secrets` and `storage`; then nothing is changed. */
  save(input: ProfileInput, password?: PasswordAction): Promise<Profile>;
  /** With its password. Throws `not-found`, and `conflict` for a practice cluster's. */
  remove(profileId: string): Promise<void>;
  /** A practice cluster's profile, made or replaced; a name in use gets a number. */
  savePractice(input: ProfileInput & { readonly id: string }): Promise<Profile>;
  removePractice(profileId: string): Promise<void>;
  /** Called with the whole list after each change of it or of the secrets' state. */
  onChange(listener: (list: ProfileList) => void): () => void;
}

const storedProfile = profileInput.extend({
  id: z.string().min(1).max(80),
  origin: z.enum(['person', 'practice']),
  createdAt: z.string(),
});
type StoredProfile = z.infer<typeof storedProfile>;

export async function createProfiles(parts: ProfilesParts): Promise<Profiles> {
  const { secrets, drafts } = parts;
  const now = parts.now ?? (() => new Date());
  const newId = parts.newId ?? randomUUID;
  const file = createStoredFile<{ profiles: StoredProfile[] }>({
    path: join(parts.folder, 'profiles.json'),
    subject: 'The list of clusters',
    version: 1,
    schema: z.object({ profiles: z.array(storedProfile) }),
    empty: () => ({ profiles: [] }),
    now: parts.now,
  });
  const stored = await file.read();
  let profiles: readonly StoredProfile[] = stored.value.profiles;
  let revision = 1;
  const listeners = new Set<(list: ProfileList) => void>();
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  const shown = (profile: StoredProfile): Profile => ({
    ...profile,
    hasStoredPassword: secrets.has(profile.id),
  });
  const list = (): ProfileList => ({
    revision,
    profiles: profiles.map(shown),
    secrets: secrets.backend(),
    problems: [...(stored.problem ? [stored.problem] : []), ...secrets.problems],
  });
  const changed = (): void => {
    revision += 1;
    for (const listener of [...listeners]) listener(list());
  };
  secrets.onChange(changed);

  const write = async (next: readonly StoredProfile[]): Promise<void> => {
    await file.write({ profiles: [...next] });
    profiles = next;
  };
  const find = (profileId: string): StoredProfile | undefined =>
    profiles.find((profile) => profile.id === profileId);
  const isTaken = (name: string, exceptId: string | undefined): boolean =>
    profiles.some((profile) => profile.id !== exceptId && sameName(profile.name, name));
  const put = (next: StoredProfile): Promise<void> =>
    write(
      find(next.id)
        ? profiles.map((profile) => (profile.id === next.id ? next : profile))
        : [...profiles, next],
    );

  const applyPassword = async (profileId: string, action: PasswordAction): Promise<void> => {
    switch (action.action) {
      case 'keep':
        return;
      case 'forget':
        return secrets.forget(profileId);
      case 'store':
        return secrets.store(profileId, action.value);
      case 'store-draft': {
        const password = drafts.password(action.draftId);
        if (password !== undefined) await secrets.store(profileId, password);
        return drafts.drop(action.draftId);
      }
    }
  };

  return {
    list,
    get: (profileId) => {
      const profile = find(profileId);
      return profile && shown(profile);
    },
    save: (input, password = { action: 'keep' }) =>
      inTurn(async () => {
        const before = input.id === undefined ? undefined : find(input.id);
        if (input.id !== undefined && !before) throw goneFailure();
        if (before?.origin === 'practice') throw practiceFailure();
        if (isTaken(input.name, input.id)) {
          throw new FailureError({
            kind: 'conflict',
            message: `There is a cluster named "${input.name}" already.`,
            remedy: 'Choose another name.',
          });
        }
        const profile: StoredProfile = {
          ...input,
          id: before?.id ?? newId(),
          origin: 'person',
          createdAt: before?.createdAt ?? now().toISOString(),
        };
        // The password first: when it cannot be stored, nothing of the profile has changed yet.
        const isNew = !before;
        await applyPassword(profile.id, password);
        try {
          await put(profile);
        } catch (error) {
          if (isNew) await secrets.forget(profile.id).catch(() => undefined);
          throw error;
        }
        changed();
        return shown(profile);
      }),
    remove: (profileId) =>
      inTurn(async () => {
        const profile = find(profileId);
        if (!profile) throw goneFailure();
        if (profile.origin === 'practice') throw practiceFailure();
        await write(profiles.filter(({ id }) => id !== profileId));
        await secrets.forget(profileId);
        changed();
      }),
    savePractice: (input) =>
      inTurn(async () => {
        const before = find(input.id);
        let name = input.name;
        for (let number = 2; isTaken(name, input.id); number += 1) name = `${input.name} (${number})`;
        const profile: StoredProfile = {
          ...input,
          name,
          origin: 'practice',
          createdAt: before?.createdAt ?? now().toISOString(),
        };
        await put(profile);
        changed();
        return shown(profile);
      }),
    removePractice: (profileId) =>
      inTurn(async () => {
        if (find(profileId)?.origin !== 'practice') return;
        await write(profiles.filter(({ id }) => id !== profileId));
        await secrets.forget(profileId);
        changed();
      }),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function sameName(one: string, other: string): boolean {
  const plain = (name: string): string => name.normalize('NFKC').toLocaleLowerCase('en');
  return plain(one) === plain(other);
}

function goneFailure(): FailureError {
  return new FailureError({ kind: 'not-found', message: 'This cluster is not in the list any more.' });
}

function practiceFailure(): FailureError {
  return new FailureError({
    kind: 'conflict',
    message: 'This entry belongs to a practice cluster.',
    meaning: 'It is made and removed together with the practice cluster.',
    remedy: 'Remove the practice cluster instead.',
  });
}
