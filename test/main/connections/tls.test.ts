import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTls, tlsModeMeaning } from '../../../src-main/connections/tls';
import type { TlsChoice } from '../../../src-main/connections/tls';
import { tlsModes } from '../../../src-main/contract/profiles';

const certificates = join(import.meta.dirname, '../../support/certificates');
let folder: string;
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shardboard-tls-'));
  for (const name of [
    'authority.crt',
    'client.crt',
    'client.key',
    'locked.key',
    'server.crt',
    'server.key',
  ]) {
    copyFileSync(join(certificates, name), file(name));
    chmodSync(file(name), 0o600);
  }
  copyFileSync(file('client.key'), file('open.key'));
  chmodSync(file('open.key'), 0o644);
  writeFileSync(file('empty.crt'), '');
  writeFileSync(file('cut.crt'), readFileSync(file('authority.crt'), 'utf8').replace(/\n.{20}/, '\n'));
  writeFileSync(file('text.key'), 'no key, only secret words', { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('TLS options', () => {
  it('are none for disable', async () => {
    expect(await loadTls({ mode: 'disable', caFile: '/nowhere' })).toBe(false);
  });

  it('check nothing, the chain, or chain and host', async () => {
    const ca = readFileSync(file('authority.crt'), 'utf8');
    expect(await loadTls({ mode: 'require' })).toEqual({ rejectUnauthorized: false });
    expect(await loadTls({ mode: 'verify-full', caFile: file('authority.crt') })).toEqual({
      ca,
      rejectUnauthorized: true,
    });
    for (const mode of ['require', 'verify-ca'] as const) {
      const options = await loadTls({ mode, caFile: file('authority.crt') });
      expect(options).toMatchObject({ ca, rejectUnauthorized: true });
      expect(options && options.checkServerIdentity?.('any', {} as never)).toBeUndefined();
    }
  });

  it('carry the client certificate', async () => {
    const options = await loadTls({
      mode: 'verify-full',
      certificateFile: file('client.crt'),
      keyFile: file('client.key'),
    });
    expect(options && [options.cert, options.key]).toEqual([
      readFileSync(file('client.crt'), 'utf8'),
      readFileSync(file('client.key'), 'utf8'),
    ]);
  });

  const pair = (certificate: string | undefined, key: string | undefined): TlsChoice => ({
    mode: 'require',
    ...(certificate === undefined ? {} : { certificateFile: file(certificate) }),
    ...(key === undefined ? {} : { keyFile: file(key) }),
  });
  const authority = (name: string): TlsChoice => ({ mode: 'verify-ca', caFile: file(name) });

  it.each([
    ['no CA file', () => authority('none.crt'), 'does not exist'],
    ['a folder', () => authority('.'), 'is a folder'],
    ['an empty CA file', () => authority('empty.crt'), 'holds no certificate in PEM form'],
    ['a key as CA', () => authority('client.key'), 'holds no certificate in PEM form'],
    ['a damaged CA file', () => authority('cut.crt'), 'cannot be read'],
    ['a certificate without key', () => pair('client.crt', undefined), 'no key for it'],
    ['a key without certificate', () => pair(undefined, 'client.key'), 'no client certificate'],
    ['a key of another', () => pair('client.crt', 'server.key'), 'does not belong to the certificate'],
    ['a key under a pass phrase', () => pair('client.crt', 'locked.key'), 'protected by a pass phrase'],
    ['a text as key', () => pair('client.crt', 'text.key'), 'holds no private key in PEM form'],
  ])('are refused for %s', async (_case, choice, words) => {
    const failure = await loadTls(choice()).then(
      () => null,
      (error: { failure: unknown; cause?: unknown }) => error,
    );
    expect(failure).toMatchObject({ failure: { kind: 'tls', message: expect.stringContaining(words) } });
    expect(JSON.stringify(failure) + String(failure?.cause)).not.toMatch(/secret words|PRIVATE KEY/);
  });

  it.skipIf(process.platform === 'win32')('are refused for a key that others may read', async () => {
    await expect(loadTls(pair('client.crt', 'open.key'))).rejects.toThrow('(mode 0644)');
  });

  it('are refused for an expired certificate', async () => {
    const later = (): Date => new Date('2200-01-01');
    await expect(loadTls(pair('client.crt', 'client.key'), undefined, later)).rejects.toThrow('expired on');
  });
});

it('every mode but verify-full carries a warning', () => {
  for (const mode of tlsModes) {
    expect(tlsModeMeaning({ mode }).warning === null).toBe(mode === 'verify-full');
  }
  expect(tlsModeMeaning({ mode: 'require', caFile: '/ca' })).toEqual(tlsModeMeaning({ mode: 'verify-ca' }));
});
