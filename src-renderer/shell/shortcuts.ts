import { useEventListener } from './use-event-listener';
import { useRouter } from 'vue-router';
import { useClusterStore } from '../clusters/cluster-store';
import { subjects } from '../routes';
import { useRefresh } from './refresh';
import { useShellStore } from './shell-store';

/** For the sheet: what the keys do everywhere. Keys of one page are described on that page. */
export const shortcutGroups = [
  {
    name: 'Everywhere',
    items: [
      { keys: ['Ctrl K'], does: 'Find a table, node or command' },
      { keys: ['Ctrl N'], does: 'Connect to a cluster' },
      { keys: ['Ctrl B'], does: 'Show or hide the clusters' },
      { keys: ['F5'], does: 'Read the open cluster again' },
      { keys: ['Ctrl ,'], does: 'Settings' },
      { keys: ['?'], does: 'This sheet' },
      { keys: ['Esc'], does: 'Close what is on top' },
    ],
  },
  {
    name: 'Open cluster',
    items: subjects.map((subject, index) => ({ keys: [`Alt ${index + 1}`], does: subject.label })),
  },
  {
    name: 'Tables and lists',
    items: [
      { keys: ['↑', '↓'], does: 'One row up or down' },
      { keys: ['PgUp', 'PgDn'], does: 'One page' },
      { keys: ['Home', 'End'], does: 'First or last row' },
      { keys: ['Enter'], does: 'Select; again: open' },
    ],
  },
] as const;

/** Listens for the keys that work everywhere. */
export function useShortcuts(railIsOpen: () => boolean): void {
  const shell = useShellStore();
  const store = useClusterStore();
  const router = useRouter();
  const refresh = useRefresh();

  useEventListener(window, 'keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (command && !event.altKey && !event.shiftKey) {
      if (key === 'k') {
        if (shell.dialog?.type === 'palette') shell.close();
        else if (shell.dialog === null) shell.open({ type: 'palette' });
      } else if (shell.dialog !== null) return;
      else if (key === 'n') shell.open({ type: 'connect', profileId: null });
      else if (key === 'b') shell.toggleRail(railIsOpen());
      else if (key === ',') shell.open({ type: 'settings' });
      else return;
    } else if (shell.dialog !== null || command) {
      return;
    } else if (event.altKey && store.currentId !== null) {
      const subject = /^Digit[1-9]$/.test(event.code) ? subjects[Number(event.code.slice(5)) - 1] : undefined;
      if (subject === undefined) return;
      void router.push({ name: subject.id, params: { clusterId: store.currentId } });
    } else if (event.key === 'F5') {
      void refresh();
    } else if (event.key === '?' && !isTyping(event.target)) {
      shell.open({ type: 'shortcuts' });
    } else return;
    event.preventDefault();
  });
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  );
}
