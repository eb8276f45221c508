// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nextTick } from 'vue';
import { resolveTheme, useSettingsStore } from '../../../src-renderer/settings/settings-store';
import { createFakeBridge, installBridge } from '../../support/fake-bridge';

let uninstall = (): void => undefined;
beforeEach(() => setActivePinia(createPinia()));
afterEach(() => uninstall());

describe('theme', () => {
  it('asks the system only where the person left it to the system', () => {
    expect(resolveTheme('system', { dark: true, contrast: false })).toBe('dark');
    expect(resolveTheme('system', { dark: true, contrast: true })).toBe('contrast');
    expect(resolveTheme('light', { dark: true, contrast: true })).toBe('light');
  });

  it('is put on the page, follows changes from elsewhere, and ignores older records', async () => {
    const bridge = createFakeBridge({
      'settings.read': () => ({ theme: 'dark', refreshSeconds: 10, revision: 3 }),
    });
    uninstall = installBridge(bridge);
    await useSettingsStore().follow();
    await nextTick();
    expect(document.documentElement.dataset['theme']).toBe('dark');
    bridge.emit('settings.changed', { theme: 'contrast', refreshSeconds: 10, revision: 4 });
    bridge.emit('settings.changed', { theme: 'light', refreshSeconds: 10, revision: 2 });
    await nextTick();
    expect(document.documentElement.dataset['theme']).toBe('contrast');
  });

  it('stays as it was when it could not be written', async () => {
    const bridge = createFakeBridge({
      'settings.write': () => ({ ok: false, failure: { kind: 'storage', message: 'Disk full.' } }),
    });
    uninstall = installBridge(bridge);
    const store = useSettingsStore();
    expect(await store.write({ theme: 'dark' })).toMatchObject({ kind: 'storage' });
    expect(store.settings.theme).toBe('system');
  });
});
