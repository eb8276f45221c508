import { computed, onScopeDispose, reactive, ref, shallowRef } from 'vue';
import type { Failure } from '../../src-main/contract/failure';
import type { Profile, ProfileDraft } from '../../src-main/contract/profiles';
import type { ConnectionReport } from '../../src-main/contract/sessions';
import type { InputOf } from '../../src-main/contract/requests';
import { request } from '../api/bridge';
import { useClusterStore } from './cluster-store';
import { applyDraft, checkForm, emptyForm, formOfProfile, toProfileInput } from './profile-form';

/** The work of the connect dialog: fill in, test, save, connect; what runs can be cancelled at every stage. */
export function useConnectForm(profileId: string | null) {
  const store = useClusterStore();
  const known = store.profiles.find(({ id }) => id === profileId);
  const form = reactive(known === undefined ? emptyForm() : formOfProfile(known));
  const password = ref('');
  const storePassword = ref(known?.hasStoredPassword ?? false);
  const draft = shallowRef<ProfileDraft | null>(null);
  const passphrase = ref('');
  const passphraseAgain = ref('');

  const doing = ref<'nothing' | 'testing' | 'saving' | 'connecting'>('nothing');
  const failure = shallowRef<Failure | null>(null);
  const report = shallowRef<ConnectionReport | null>(null);
  const connectingId = ref<string | null>(null);
  const showErrors = ref(false);
  const showVaultErrors = ref(false);
  let current: AbortController | null = null;

  const errors = computed(() => (showErrors.value ? checkForm(form) : {}));
  const secrets = computed(() => store.profileList?.secrets);
  const hasDraftPassword = computed(() => draft.value?.hasPassword === true && password.value === '');
  const hasPassword = computed(() => password.value !== '' || hasDraftPassword.value);
  /** A passphrase is wanted before the password can be kept. */
  const vault = computed(() =>
    storePassword.value
    && hasPassword.value
    && secrets.value?.type === 'vault'
    && secrets.value.state !== 'unlocked'
      ? secrets.value.state
      : null,
  );
  const vaultError = computed(() => {
    if (vault.value === null || !showVaultErrors.value) return null;
    if (passphrase.value.length < 8) return 'At least 8 characters.';
    if (vault.value === 'absent' && passphrase.value !== passphraseAgain.value) return 'The two differ.';
    return null;
  });

  function fillIn(from: ProfileDraft): void {
    Object.assign(form, applyDraft(form, from));
    draft.value = from;
    password.value = '';
    // Only a stored password can be used later: main alone has seen it.
    if (from.hasPassword) storePassword.value = true;
    report.value = null;
    failure.value = null;
  }

  /** A test stores nothing, so it wants no passphrase. */
  function isComplete(stores: boolean): boolean {
    showErrors.value = true;
    showVaultErrors.value = stores;
    failure.value = null;
    report.value = null;
    return Object.keys(checkForm(form)).length === 0 && vaultError.value === null;
  }

  function begin(what: 'testing' | 'saving' | 'connecting'): AbortSignal {
    current?.abort();
    current = new AbortController();
    doing.value = what;
    return current.signal;
  }
  function end(): void {
    current = null;
    doing.value = 'nothing';
    connectingId.value = null;
  }
  function cancel(): void {
    current?.abort();
  }
  onScopeDispose(cancel);

  function passwordAction(): InputOf<'profiles.save'>['password'] {
    if (!storePassword.value) return { action: 'forget' };
    if (password.value !== '') return { action: 'store', value: password.value };
    if (draft.value?.hasPassword === true) return { action: 'store-draft', draftId: draft.value.draftId };
    return { action: 'keep' };
  }

  async function openVault(): Promise<boolean> {
    if (vault.value === null) return true;
    const name = vault.value === 'absent' ? 'vault.create' : 'vault.unlock';
    const result = await request(name, { passphrase: passphrase.value });
    if (!result.ok) {
      failure.value = result.failure;
      return false;
    }
    passphrase.value = '';
    passphraseAgain.value = '';
    if (store.profileList !== undefined) store.putProfiles({ ...store.profileList, secrets: result.value });
    return true;
  }

  async function test(): Promise<void> {
    if (!isComplete(false)) return;
    const signal = begin('testing');
    const result = await request(
      'sessions.test',
      {
        profile: toProfileInput(form),
        password: password.value === '' ? undefined : password.value,
        draftId: hasDraftPassword.value ? draft.value?.draftId : undefined,
      },
      { signal },
    );
    end();
    const ended = result.ok ? result.value.failure : result.failure;
    // Whoever cancelled knows it; a red "Cancelled." would look like a fault of the server.
    if (ended?.kind === 'cancelled') return;
    if (result.ok) report.value = result.value;
    else failure.value = result.failure;
  }

  async function saveInto(signal: AbortSignal): Promise<Profile | null> {
    if (!(await openVault()) || signal.aborted) return null;
    const result = await request(
      'profiles.save',
      { profile: toProfileInput(form), password: passwordAction() },
      { signal },
    );
    if (!result.ok) {
      if (result.failure.kind !== 'cancelled') failure.value = result.failure;
      return null;
    }
    // A second press must change this profile, not make another.
    form.id = result.value.id;
    return result.value;
  }

  async function save(): Promise<Profile | null> {
    if (!isComplete(true)) return null;
    const saved = await saveInto(begin('saving'));
    end();
    return saved;
  }

  /** Saves, then opens a session. The profile when it is open. */
  async function connect(): Promise<Profile | null> {
    if (!isComplete(true)) return null;
    const signal = begin('connecting');
    const saved = await saveInto(signal);
    if (saved === null) {
      end();
      return null;
    }
    connectingId.value = saved.id;
    const result = await request(
      'sessions.open',
      { clusterId: saved.id, password: password.value === '' ? undefined : password.value },
      { signal },
    );
    end();
    if (result.ok && signal.aborted) {
      // It opened before the cancelling reached main.
      await request('sessions.close', { clusterId: saved.id });
      return null;
    }
    if (result.ok) {
      store.putSession(result.value);
      return saved;
    }
    if (result.failure.kind !== 'cancelled') failure.value = result.failure;
    return null;
  }

  return {
    known,
    form,
    password,
    storePassword,
    draft,
    passphrase,
    passphraseAgain,
    doing,
    failure,
    report,
    connectingId,
    errors,
    secrets,
    hasDraftPassword,
    hasPassword,
    vault,
    vaultError,
    fillIn,
    cancel,
    test,
    save,
    connect,
  };
}

export type ConnectForm = ReturnType<typeof useConnectForm>;
