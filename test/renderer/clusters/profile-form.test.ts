import { describe, expect, it } from 'vitest';
import { profileInput, tlsModes } from '../../../src-main/contract/profiles';
import {
  applyDraft,
  checkForm,
  emptyForm,
  formOfProfile,
  tlsOrder,
  toProfileInput,
} from '../../../src-renderer/clusters/profile-form';
import { aProfile } from '../../support/cluster-records';

const filled = { ...emptyForm(), name: 'prod', host: 'db-c1', database: 'permits', user: 'dba' };

describe('profile form', () => {
  it('starts with the safest TLS mode and explains every mode of the contract', () => {
    expect(emptyForm().tlsMode).toBe('verify-full');
    expect([...tlsOrder].sort()).toEqual([...tlsModes].sort());
  });

  it('makes a profile that main accepts, without the empty fields', () => {
    const input = toProfileInput({ ...filled, host: ' db-c1 ', caFile: ' ', applicationName: '' });
    expect(profileInput.parse(input)).toEqual({
      name: 'prod',
      host: 'db-c1',
      port: 5432,
      database: 'permits',
      user: 'dba',
      tls: { mode: 'verify-full' },
    });
  });

  it('comes back the same from a stored profile', () => {
    const profile = aProfile({ tls: { mode: 'verify-ca', caFile: '/ca.pem' }, applicationName: 'board' });
    expect(profileInput.parse(toProfileInput(formOfProfile(profile)))).toEqual({
      id: 'c1',
      name: 'permits-prod',
      host: 'db-c1',
      port: 5432,
      database: 'permits',
      user: 'postgres',
      applicationName: 'board',
      tls: { mode: 'verify-ca', caFile: '/ca.pem' },
    });
  });

  it('names every field that is missing or wrong', () => {
    expect(Object.keys(checkForm(emptyForm())).sort()).toEqual(['database', 'host', 'name', 'user']);
    for (const port of ['', '0', '65536', '54x', '1e3', '-1']) {
      expect(checkForm({ ...filled, port }).port, port).toBeDefined();
    }
    expect(checkForm(filled)).toEqual({});
  });

  it('wants certificate and key together, where there is TLS at all', () => {
    expect(checkForm({ ...filled, certificateFile: '/c.pem' }).keyFile).toBeDefined();
    expect(checkForm({ ...filled, keyFile: '/k.pem' }).certificateFile).toBeDefined();
    const plain = { ...filled, tlsMode: 'disable' as const, certificateFile: '/c.pem' };
    expect(checkForm(plain)).toEqual({});
    expect(toProfileInput(plain).tls).toEqual({ mode: 'disable' });
  });

  it('takes from a draft what it says and keeps the rest', () => {
    const form = applyDraft(
      { ...filled, name: '', user: 'me' },
      {
        source: 'PG* variables',
        profile: { host: '10.0.0.1', port: 6432, tls: { mode: 'require' } },
        hasPassword: false,
        draftId: 'd1',
        remarks: [],
      },
    );
    expect(form).toMatchObject({
      name: '10.0.0.1',
      host: '10.0.0.1',
      port: '6432',
      user: 'me',
      tlsMode: 'require',
    });
    expect(form.database).toBe('permits');
  });
});
