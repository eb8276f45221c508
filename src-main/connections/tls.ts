/** A profile's TLS mode and files as options of node:tls, checked before anything is dialled. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { FailureError, assertNever } from '../contract/failure';
import type { ProfileInput, TlsMode } from '../contract/profiles';

export type TlsChoice = ProfileInput['tls'];

/** The files of this computer; tests bring their own. */
export interface FileAccess {
  read(path: string): Promise<string>;
  /** Permission bits, null where the system has none (Windows). */
  permissions(path: string): Promise<number | null>;
}

export const diskFiles: FileAccess = {
  read: (path) => readFile(path, 'utf8'),
  permissions: async (path) => (process.platform === 'win32' ? null : (await stat(path)).mode & 0o777),
};

/** What each mode protects against, for whoever chooses one. `warning` is null where nothing is left open. */
export function tlsModeMeaning(tls: TlsChoice): { readonly words: string; readonly warning: string | null } {
  switch (effectiveMode(tls)) {
    case 'disable':
      return {
        words: 'Nothing is encrypted.',
        warning: 'Whoever can read the network sees every statement and every row, and may see the password.',
      };
    case 'require':
      return {
        words: 'Encrypted; the certificate of the server is not checked.',
        warning:
          'Protects against listening, not against a server that pretends to be this one. Name a CA file and use verify-full to check it.',
      };
    case 'verify-ca':
      return {
        words: 'Encrypted; the certificate has to come from the CA, whatever host it names.',
        warning: 'Any server with a certificate of the same CA is taken for this one.',
      };
    case 'verify-full':
      return {
        words: 'Encrypted; the certificate has to come from the CA and to name this host.',
        warning: null,
      };
  }
}

/** As in libpq: `require` with a CA file is `verify-ca`, because who names a CA wants it used. */
function effectiveMode(tls: TlsChoice): TlsMode {
  return tls.mode === 'require' && tls.caFile !== undefined ? 'verify-ca' : tls.mode;
}

/**
 * False for plain text. Throws a `FailureError` of kind `tls` that names the file when one is missing, unreadable,
 * not PEM, expired, when a key is readable by others, needs a pass phrase or does not fit its certificate.
 */
export async function loadTls(
  tls: TlsChoice,
  files: FileAccess = diskFiles,
  now: () => Date = () => new Date(),
): Promise<ConnectionOptions | false> {
  const mode = effectiveMode(tls);
  if (mode === 'disable') return false;
  const ca = tls.caFile === undefined ? undefined : await readAuthority(tls.caFile, files);
  const identity = await readIdentity(tls, files, now);
  switch (mode) {
    case 'require':
      return { ...identity, rejectUnauthorized: false };
    case 'verify-ca':
      return { ...identity, ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case 'verify-full':
      return { ...identity, ca, rejectUnauthorized: true };
    default:
      return assertNever(mode);
  }
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

async function readAuthority(path: string, files: FileAccess): Promise<string> {
  const text = await readTlsFile(path, 'CA file', files);
  parseCertificates(text, path, 'CA file');
  return text;
}

async function readIdentity(
  tls: TlsChoice,
  files: FileAccess,
  now: () => Date,
): Promise<{ readonly cert?: string; readonly key?: string }> {
  const { certificateFile, keyFile } = tls;
  if (certificateFile === undefined && keyFile === undefined) return {};
  if (certificateFile === undefined || keyFile === undefined) {
    throw fileFailure(
      certificateFile === undefined
        ? 'A client key is named and no client certificate.'
        : 'A client certificate is named and no key for it.',
      'Name both files in the profile, or neither.',
    );
  }
  const cert = await readTlsFile(certificateFile, 'client certificate', files);
  const [certificate] = parseCertificates(cert, certificateFile, 'client certificate');
  if (certificate && new Date(certificate.validTo) < now()) {
    throw fileFailure(
      `The client certificate ${certificateFile} expired on ${certificate.validTo}.`,
      'Ask for a new one from who runs the CA.',
    );
  }
  const permissions = await files.permissions(keyFile).catch(() => null);
  const key = await readTlsFile(keyFile, 'client key', files);
  if (permissions !== null && (permissions & 0o077) !== 0) {
    throw fileFailure(
      `The client key ${keyFile} can be read by other users of this computer (mode ${permissions.toString(8).padStart(4, '0')}).`,
      `Take the right away: chmod 0600 ${keyFile}`,
    );
  }
  const parsedKey = parseKey(key, keyFile);
  if (certificate && !certificate.checkPrivateKey(parsedKey)) {
    throw fileFailure(
      `The key ${keyFile} does not belong to the certificate ${certificateFile}.`,
      'Name the two files that were made together.',
    );
  }
  return { cert, key };
}

function parseCertificates(text: string, path: string, what: string): readonly X509Certificate[] {
  const blocks = text.match(certificateBlock) ?? [];
  if (blocks.length === 0) {
    throw fileFailure(
      `The ${what} ${path} holds no certificate in PEM form.`,
      'A PEM file has lines "-----BEGIN CERTIFICATE-----". One in DER form can be converted: openssl x509 -inform der -in FILE',
    );
  }
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw fileFailure(
      `The ${what} ${path} holds a certificate that cannot be read.`,
      'Get the file again; it may have been cut.',
      error,
    );
  }
}

function parseKey(text: string, path: string): KeyObject {
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw fileFailure(
      `The client key ${path} is protected by a pass phrase.`,
      'Only keys without one can be used: openssl pkey -in FILE -out NEW-FILE',
    );
  }
  try {
    return createPrivateKey(text);
  } catch {
    // The cause is left out: it may quote what is in the file.
    throw fileFailure(
      `The client key ${path} holds no private key in PEM form.`,
      'Name the file of the key.',
    );
  }
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  EISDIR: 'is a folder',
};

async function readTlsFile(path: string, what: string, files: FileAccess): Promise<string> {
  try {
    return await files.read(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw fileFailure(
      `The ${what} ${path} ${fileProblems[code] ?? `cannot be read (${code || 'unknown reason'})`}.`,
      'Check the path in the profile and the rights of the file.',
    );
  }
}

function fileFailure(message: string, remedy: string, cause?: unknown): FailureError {
  return new FailureError({ kind: 'tls', message, meaning: 'Nothing was sent.', remedy }, { cause });
}
