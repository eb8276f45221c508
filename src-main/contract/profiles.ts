import { z } from 'zod';

/** sslmode of libpq; `prefer` and `allow` are left out because they fall back to plain text without a word. */
export const tlsModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof tlsModes)[number];

const filePath = z.string().trim().min(1).max(4096);

export const profileInput = z.object({
  /** Absent for a new profile. */
  id: z.string().min(1).max(80).optional(),
  name: z.string().trim().min(1, 'a name is needed').max(80),
  host: z.string().trim().min(1, 'a host is needed').max(255),
  port: z.number().int().min(1).max(65535),
  database: z.string().min(1, 'a database is needed').max(63),
  user: z.string().min(1, 'a user is needed').max(63),
  applicationName: z.string().max(63).optional(),
  tls: z.object({
    mode: z.enum(tlsModes),
    caFile: filePath.optional(),
    certificateFile: filePath.optional(),
    keyFile: filePath.optional(),
  }),
});
export type ProfileInput = z.infer<typeof profileInput>;

/** A stored way to reach one cluster through its coordinator. Never holds a secret. */
export interface Profile extends ProfileInput {
  readonly id: string;
  /** A practice cluster's profile is made, started and removed with it. */
  readonly origin: 'person' | 'practice';
  /** Whether a password is kept for it (in the keystore or the vault); never the password. */
  readonly hasStoredPassword: boolean;
  readonly createdAt: string;
}

/** A profile read from a URI, a keyword string, pg_service.conf, .pgpass or PG* variables: a draft to look at before it is saved. */
export interface ProfileDraft {
  readonly source: string;
  readonly profile: Partial<Omit<ProfileInput, 'tls'>> & { readonly tls?: Partial<ProfileInput['tls']> };
  /** True when the source holds a password; it stays in main under `draftId` until saved or dropped. */
  readonly hasPassword: boolean;
  readonly draftId: string;
  /** What was in the source and is not used, in words. */
  readonly remarks: readonly string[];
}

export type SecretsBackend =
  | { readonly type: 'keystore'; readonly name: string }
  | { readonly type: 'vault'; readonly state: 'absent' | 'locked' | 'unlocked' };

export interface ProfileList {
  readonly revision: number;
  readonly profiles: readonly Profile[];
  readonly secrets: SecretsBackend;
  /** Stored files that could not be read and were kept aside, in words. */
  readonly problems: readonly string[];
}

export const profileId = z.object({ profileId: z.string().min(1).max(80) });

export const saveProfileInput = z.object({
  profile: profileInput,
  password: z
    .discriminatedUnion('action', [
      z.object({ action: z.literal('keep') }),
      z.object({ action: z.literal('forget') }),
      z.object({ action: z.literal('store'), value: z.string().min(1).max(1024) }),
      z.object({ action: z.literal('store-draft'), draftId: z.string().max(80) }),
    ])
    .default({ action: 'keep' }),
});

export const parseProfileInput = z.object({ text: z.string().min(1).max(10_000) });
export const passphraseInput = z.object({ passphrase: z.string().min(8, 'at least 8 characters').max(1024) });
