import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';

/** Dialogs that can be opened from anywhere; one at a time. */
export type ShellDialog =
  | { readonly type: 'palette' }
  | { readonly type: 'shortcuts' }
  | { readonly type: 'settings' }
  | { readonly type: 'about' }
  | { readonly type: 'notices' }
  /** Null for a new profile. */
  | { readonly type: 'connect'; readonly profileId: string | null };

export const useShellStore = defineStore('shell', () => {
  const dialog = shallowRef<ShellDialog | null>(null);
  /** Null: as the width of the window has it. */
  const railIsOpen = ref<boolean | null>(null);

  function open(next: ShellDialog): void {
    dialog.value = next;
  }
  function close(): void {
    dialog.value = null;
  }
  function toggleRail(isOpenNow: boolean): void {
    railIsOpen.value = !isOpenNow;
  }
  return { dialog, railIsOpen, open, close, toggleRail };
});
