/** Passwords found in a pasted or imported source: they wait here, in memory, until the draft is saved or forgotten. */
import { randomUUID } from 'node:crypto';
import { FailureError } from '../contract/failure';
import type { ProfileDraft } from '../contract/profiles';

export interface DraftSource extends Omit<ProfileDraft, 'draftId' | 'hasPassword'> {
  readonly password?: string;
}

export interface Drafts {
  /** What may be shown: without the password. */
  add(source: DraftSource): ProfileDraft;
  /** Undefined when the source held none. Throws `not-found` when the draft has expired. */
  password(draftId: string): string | undefined;
  drop(draftId: string): void;
}

/** Long enough to fill in a form, short enough that a forgotten one does not stay. */
const defaultLifetimeMs = 30 * 60_000;
const mostDrafts = 200;

export function createDrafts(
  parts: { readonly now?: () => number; readonly newId?: () => string; readonly lifetimeMs?: number } = {},
): Drafts {
  const now = parts.now ?? Date.now;
  const newId = parts.newId ?? randomUUID;
  const lifetimeMs = parts.lifetimeMs ?? defaultLifetimeMs;
  const kept = new Map<string, { readonly password: string | undefined; readonly until: number }>();

  const dropOld = (): void => {
    for (const [draftId, draft] of kept) {
      if (draft.until <= now() || kept.size > mostDrafts) kept.delete(draftId);
    }
  };

  return {
    add({ password, ...shown }) {
      const draftId = newId();
      kept.set(draftId, { password, until: now() + lifetimeMs });
      dropOld();
      return { ...shown, draftId, hasPassword: password !== undefined };
    },
    password(draftId) {
      dropOld();
      const draft = kept.get(draftId);
      if (draft) return draft.password;
      throw new FailureError({
        kind: 'not-found',
        message: 'The password of this draft is not kept any more.',
        remedy: 'Paste or import it again, or type the password.',
      });
    },
    drop: (draftId) => void kept.delete(draftId),
  };
}
