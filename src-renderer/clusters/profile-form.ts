/** Pure: what the connect dialog holds while it is filled in, and how it becomes a profile. */
import type {
  Profile,
  ProfileDraft,
  ProfileInput,
  SecretsBackend,
  TlsMode,
} from '../../src-main/contract/profiles';

export interface ProfileForm {
  id: string | null;
  name: string;
  host: string;
  port: string;
  database: string;
  user: string;
  applicationName: string;
  tlsMode: TlsMode;
  caFile: string;
  certificateFile: string;
  keyFile: string;
}

export type FormErrors = Partial<Record<keyof ProfileForm, string>>;

export const tlsWords: Readonly<Record<TlsMode, { readonly label: string; readonly meaning: string }>> = {
  'verify-full': {
    label: 'verify-full: encrypted, server proven',
    meaning: 'The certificate of the server has to be trusted and name this host. Use it wherever possible.',
  },
  'verify-ca': {
    label: 'verify-ca: encrypted, authority proven',
    meaning:
      'The certificate has to be trusted, its name is not compared: any server with a certificate of that authority is accepted.',
  },
  require: {
    label: 'require: encrypted, server not proven',
    meaning:
      'Nobody can read along, but any server is accepted: someone in between can pass for yours and see the password and the data.',
  },
  disable: {
    label: 'disable: not encrypted',
    meaning:
      'Everything, the data included, can be read and changed on the way. Only for this machine itself or a network that is protected otherwise.',
  },
};
export const tlsOrder = Object.keys(tlsWords) as readonly TlsMode[];

export function emptyForm(): ProfileForm {
  return {
    id: null,
    name: '',
    host: '',
    port: '5432',
    database: '',
    user: '',
    applicationName: '',
    tlsMode: 'verify-full',
    caFile: '',
    certificateFile: '',
    keyFile: '',
  };
}

export function formOfProfile(profile: Profile): ProfileForm {
  return {
    id: profile.id,
    name: profile.name,
    host: profile.host,
    port: String(profile.port),
    database: profile.database,
    user: profile.user,
    applicationName: profile.applicationName ?? '',
    tlsMode: profile.tls.mode,
    caFile: profile.tls.caFile ?? '',
    certificateFile: profile.tls.certificateFile ?? '',
    keyFile: profile.tls.keyFile ?? '',
  };
}

/** What the draft says replaces what was there; what it leaves out stays. */
export function applyDraft(form: ProfileForm, draft: ProfileDraft): ProfileForm {
  const { profile } = draft;
  return {
    id: form.id,
    name: form.name !== '' ? form.name : (profile.name ?? profile.database ?? profile.host ?? ''),
    host: profile.host ?? form.host,
    port: profile.port === undefined ? form.port : String(profile.port),
    database: profile.database ?? form.database,
    user: profile.user ?? form.user,
    applicationName: profile.applicationName ?? form.applicationName,
    tlsMode: profile.tls?.mode ?? form.tlsMode,
    caFile: profile.tls?.caFile ?? form.caFile,
    certificateFile: profile.tls?.certificateFile ?? form.certificateFile,
    keyFile: profile.tls?.keyFile ?? form.keyFile,
  };
}

/** What is wrong, by field; empty when it can be sent. Main checks again. */
export function checkForm(form: ProfileForm): FormErrors {
  const errors: FormErrors = {};
  if (form.name.trim() === '') errors.name = 'A name is needed: it is what the list shows.';
  if (form.host.trim() === '') errors.host = 'The host name or address of the coordinator is needed.';
  if (!/^\d{1,5}$/.test(form.port.trim()) || Number(form.port) < 1 || Number(form.port) > 65_535) {
    errors.port = 'A number from 1 to 65535.';
  }
  if (form.database === '') errors.database = 'A database is needed.';
  if (form.user === '') errors.user = 'A user is needed.';
  const [certificate, key] = [form.certificateFile.trim(), form.keyFile.trim()];
  if (form.tlsMode !== 'disable' && (certificate === '') !== (key === '')) {
    const missing = certificate === '' ? 'certificateFile' : 'keyFile';
    errors[missing] = 'Certificate and key belong together.';
  }
  return errors;
}

/** The profile of a form without errors. */
export function toProfileInput(form: ProfileForm): ProfileInput {
  const filled = (text: string): string | undefined => (text.trim() === '' ? undefined : text.trim());
  const usesTls = form.tlsMode !== 'disable';
  return {
    id: form.id ?? undefined,
    name: form.name.trim(),
    host: form.host.trim(),
    port: Number(form.port),
    database: form.database,
    user: form.user,
    applicationName: filled(form.applicationName),
    tls: {
      mode: form.tlsMode,
      caFile: usesTls ? filled(form.caFile) : undefined,
      certificateFile: usesTls ? filled(form.certificateFile) : undefined,
      keyFile: usesTls ? filled(form.keyFile) : undefined,
    },
  };
}

/** Where a password would be kept, for the label of the choice. */
export function storeWords(secrets: SecretsBackend | undefined): string {
  if (secrets === undefined) return 'Store the password';
  if (secrets.type === 'keystore') return `Store the password in ${secrets.name}`;
  return 'Store the password in a vault of its own, locked by a passphrase';
}
