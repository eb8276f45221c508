/** The only user of ipcRenderer. Runs sandboxed, beside the page and apart from it. */
import { contextBridge, ipcRenderer } from 'electron';
import type { Bridge } from './contract/bridge';
import { channels } from './ipc/channels';

type Listener = (record: never) => void;

const listeners = new Map<string, Set<Listener>>();
ipcRenderer.on(channels.event, (_event, name: string, record: unknown) => {
  for (const listener of [...(listeners.get(name) ?? [])]) listener(record as never);
});

const bridge: Bridge = {
  request: (name, input, callId) => ipcRenderer.invoke(channels.request, name, input, callId) as never,
  cancel: (callId) => ipcRenderer.send(channels.cancel, callId),
  on(event, listener) {
    const own = listeners.get(event) ?? new Set<Listener>();
    listeners.set(event, own.add(listener));
    return () => own.delete(listener);
  },
};

contextBridge.exposeInMainWorld('shardboard', bridge);
