import { defineStore } from 'pinia';
import { shallowRef, watch } from 'vue';
import type { SettingsRecord, Theme } from '../../src-main/contract/app';
import type { Failure } from '../../src-main/contract/failure';
import { onEvent, request } from '../api/bridge';

export const themeNames: Readonly<Record<Theme, string>> = {
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
  contrast: 'High contrast',
};
export const themeOrder = Object.keys(themeNames) as readonly Theme[];

/** What the theme comes to when 'system' is asked of the operating system. */
export function resolveTheme(
  theme: Theme,
  system: { readonly dark: boolean; readonly contrast: boolean },
): Exclude<Theme, 'system'> {
  if (theme !== 'system') return theme;
  if (system.contrast) return 'contrast';
  return system.dark ? 'dark' : 'light';
}

export const useSettingsStore = defineStore('settings', () => {
  const settings = shallowRef<SettingsRecord>({ theme: 'system', refreshSeconds: 10, revision: -1 });
  const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');
  const prefersContrast = window.matchMedia('(prefers-contrast: more)');

  function put(record: SettingsRecord): void {
    if (record.revision >= settings.value.revision) settings.value = record;
  }

  function apply(): void {
    document.documentElement.dataset['theme'] = resolveTheme(settings.value.theme, {
      dark: prefersDark.matches,
      contrast: prefersContrast.matches,
    });
  }

  /** Reads the settings, puts the theme on and keeps both up to date for the life of the window. */
  async function follow(): Promise<void> {
    apply();
    watch(settings, apply);
    prefersDark.addEventListener('change', apply);
    prefersContrast.addEventListener('change', apply);
    onEvent('settings.changed', put);
    const result = await request('settings.read', undefined);
    if (result.ok) put(result.value);
  }

  async function write(
    change: Partial<Pick<SettingsRecord, 'theme' | 'refreshSeconds'>>,
  ): Promise<Failure | null> {
    const { theme, refreshSeconds } = { ...settings.value, ...change };
    const result = await request('settings.write', { theme, refreshSeconds });
    if (!result.ok) return result.failure;
    put(result.value);
    return null;
  }

  return { settings, put, follow, write };
});
