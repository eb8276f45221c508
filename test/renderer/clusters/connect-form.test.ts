// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { effectScope } from 'vue';
import type { EffectScope } from 'vue';
import type { ProfileDraft, SecretsBackend } from '../../../src-main/contract/profiles';
import { useClusterStore } from '../../../src-renderer/clusters/cluster-store';
import { useConnectForm } from '../../../src-renderer/clusters/connect-form';
import type { ConnectForm } from '../../../src-renderer/clusters/connect-form';
import { aProfile, aSession } from '../../support/cluster-records';
import { createFakeBridge, installBridge } from '../../support/fake-bridge';
import type { FakeBridge } from '../../support/fake-bridge';

const draft: ProfileDraft = {
  source: '~/.pgpass',
  profile: { host: 'db-c1', database: 'permits', user: 'dba' },
  hasPassword: true,
  draftId: 'd1',
  remarks: [],
};

let bridge: FakeBridge;
let scope: EffectScope;
let uninstall: () => void;

beforeEach(() => {
  setActivePinia(createPinia());
  bridge = createFakeBridge({
    'profiles.save': () => aProfile({ id: 'saved' }),
    'sessions.open': () => aSession({ clusterId: 'saved' }),
    'sessions.close': () => aSession({ clusterId: 'saved', phase: 'closed' }),
    'vault.create': () => ({ type: 'vault', state: 'unlocked' }),
  });
  uninstall = installBridge(bridge);
  scope = effectScope();
});
afterEach(() => {
  scope.stop();
  uninstall();
});

function open(
  profileId: string | null = null,
  secrets: SecretsBackend = { type: 'keystore', name: 'keyring' },
): ConnectForm {
  useClusterStore().putProfiles({
    revision: 1,
    profiles: [aProfile({ id: 'known', hasStoredPassword: true })],
    secrets,
    problems: [],
  });
  const connect = scope.run(() => useConnectForm(profileId));
  if (connect === undefined) throw new Error('the scope is stopped');
  return connect;
}
const inputsOf = (name: string): unknown[] =>
  bridge.calls.filter((call) => call.name === name).map(({ input }) => input);

describe('connect form', () => {
  it('asks for nothing while something is missing, and says what', async () => {
    const connect = open();
    expect(connect.errors.value).toEqual({});
    expect(await connect.connect()).toBeNull();
    expect(connect.errors.value.host).toBeDefined();
    expect(bridge.calls).toEqual([]);
  });

  it('saves, then opens with the typed password without storing it', async () => {
    const connect = open();
    connect.fillIn({ ...draft, hasPassword: false });
    connect.password.value = 'secret';
    expect((await connect.connect())?.id).toBe('saved');
    expect(inputsOf('profiles.save')).toMatchObject([{ password: { action: 'forget' } }]);
    expect(inputsOf('sessions.open')).toEqual([{ clusterId: 'saved', password: 'secret' }]);
    expect(useClusterStore().sessions.get('saved')?.phase).toBe('open');
  });

  it('lets main store the password of a draft, which this window never sees', async () => {
    const connect = open();
    connect.fillIn(draft);
    await connect.connect();
    expect(inputsOf('profiles.save')).toMatchObject([{ password: { action: 'store-draft', draftId: 'd1' } }]);
    expect(inputsOf('sessions.open')).toEqual([{ clusterId: 'saved', password: undefined }]);
  });

  it('keeps the stored password of a known profile unless told otherwise', async () => {
    const connect = open('known');
    await connect.save();
    connect.storePassword.value = false;
    await connect.save();
    expect(inputsOf('profiles.save')).toMatchObject([
      { password: { action: 'keep' } },
      { password: { action: 'forget' } },
    ]);
  });

  it('makes the vault first where there is no keystore, and not with two different passphrases', async () => {
    const connect = open(null, { type: 'vault', state: 'absent' });
    connect.fillIn(draft);
    connect.passphrase.value = 'long enough';
    connect.passphraseAgain.value = 'long enoughx';
    expect(await connect.save()).toBeNull();
    expect(connect.vaultError.value).toBe('The two differ.');
    expect(bridge.calls).toEqual([]);
    connect.passphraseAgain.value = 'long enough';
    expect(await connect.save()).not.toBeNull();
    expect(bridge.calls.map(({ name }) => name)).toEqual(['vault.create', 'profiles.save']);
    expect(connect.passphrase.value).toBe('');
  });

  it('changes the same profile when it is pressed again after a failure', async () => {
    bridge.answer({
      'sessions.open': () => ({ ok: false, failure: { kind: 'authentication', message: 'Refused.' } }),
    });
    const connect = open();
    connect.fillIn(draft);
    expect(await connect.connect()).toBeNull();
    expect(connect.failure.value?.kind).toBe('authentication');
    await connect.connect();
    expect(inputsOf('profiles.save')[1]).toMatchObject({ profile: { id: 'saved' } });
  });

  it('can be cancelled while it connects, and closes what opened nevertheless', async () => {
    let finish: (() => void) | undefined;
    uninstall();
    // A transport whose answer cannot be called back any more.
    uninstall = installBridge({
      ...bridge,
      request: async (name, input, callId) => {
        const result = await bridge.request(name, input, callId);
        if (name === 'sessions.open') await new Promise<void>((resolve) => (finish = resolve));
        return result;
      },
      cancel: () => undefined,
    });
    const connect = open();
    connect.fillIn(draft);
    const answer = connect.connect();
    await expect.poll(() => finish !== undefined).toBe(true);
    expect(connect.connectingId.value).toBe('saved');
    connect.cancel();
    finish?.();
    expect(await answer).toBeNull();
    expect(connect.failure.value).toBeNull();
    expect(inputsOf('sessions.close')).toEqual([{ clusterId: 'saved' }]);
  });
});
