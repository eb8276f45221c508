/** The only user of ipcRenderer. Runs sandboxed, beside the page and apart from it. */
import { contextBridge, ipcRenderer } from 'electron';
import type { IpcRendererEvent } from 'electron';
import type { Bridge } from './contract/bridge';
import { channels } from './ipc/channels';

const bridge: Bridge = {
  request: (name, input, callId) => ipcRenderer.invoke(channels.request, name, input, callId) as never,
  cancel: (callId) => ipcRenderer.send(channels.cancel, callId),
  on(event, listener) {
    const onMessage = (_event: IpcRendererEvent, name: unknown, record: unknown): void => {
      if (name === event) listener(record as never);
    };
    ipcRenderer.on(channels.event, onMessage);
    return () => ipcRenderer.off(channels.event, onMessage);
  },
};

contextBridge.exposeInMainWorld('shardboard', bridge);
