import { describe, expect, it, vi } from 'vitest';
import { FailureError } from '../../../src-main/contract/failure';
import { requestInputs } from '../../../src-main/contract/requests';
import type { RequestName } from '../../../src-main/contract/requests';
import { channels } from '../../../src-main/ipc/channels';
import { serve } from '../../../src-main/ipc/serve';
import type { Handlers } from '../../../src-main/ipc/serve';

type Listener = (event: { sender: { id: number } }, ...args: unknown[]) => unknown;

/** Stands in for Electron's ipcMain: remembers who listens to what. */
function fakeIpc() {
  const handled = new Map<string, Listener>();
  const listened = new Map<string, Listener>();
  return {
    ipcMain: {
      handle: (channel: string, listener: Listener) => void handled.set(channel, listener),
      on: (channel: string, listener: Listener) => void listened.set(channel, listener),
    } as never,
    request: (sender: number, ...args: unknown[]) =>
      handled.get(channels.request)?.({ sender: { id: sender } }, ...args) as Promise<unknown>,
    cancel: (sender: number, callId: string) =>
      listened.get(channels.cancel)?.({ sender: { id: sender } }, callId),
  };
}

function handlersWith(some: Partial<Handlers>): Handlers {
  const names = Object.keys(requestInputs) as RequestName[];
  const rest = Object.fromEntries(
    names.map((name) => [
      name,
      () => {
        throw new Error(`not expected to be called: ${name}`);
      },
    ]),
  );
  return { ...rest, ...some } as Handlers;
}

describe('serve', () => {
  it('refuses a sender that is not the app’s own page', async () => {
    const ipc = fakeIpc();
    let called = false;
    serve({
      ipcMain: ipc.ipcMain,
      handlers: handlersWith({
        'vault.lock': () => {
          called = true;
          return { type: 'vault', state: 'locked' };
        },
      }),
      isTrusted: () => false,
    });
    expect(await ipc.request(1, 'vault.lock', undefined, 'a')).toMatchObject({
      ok: false,
      failure: { kind: 'permission' },
    });
    expect(called).toBe(false);
  });

  it.each([
    ['a name nobody knows', 'app.everything', undefined],
    ['a name from the prototype', 'constructor', undefined],
    ['an input of the wrong shape', 'sessions.open', { clusterId: 7 }],
    ['an input where none belongs', 'app.info', { a: 1 }],
    [
      'a port out of range',
      'operations.plan',
      { clusterId: 'c', request: { kind: 'add-node', host: 'a', port: 70000, shouldHaveShards: true } },
    ],
    [
      'a host that hides a user',
      'operations.plan',
      { clusterId: 'c', request: { kind: 'add-node', host: 'u@h', port: 5432, shouldHaveShards: true } },
    ],
    [
      'a kind of operation that does not exist',
      'operations.plan',
      { clusterId: 'c', request: { kind: 'drop-all' } },
    ],
  ])('refuses %s before any handler runs', async (_what, name, input) => {
    const ipc = fakeIpc();
    serve({ ipcMain: ipc.ipcMain, handlers: handlersWith({}), isTrusted: () => true });
    expect(await ipc.request(1, name, input, 'a')).toMatchObject({
      ok: false,
      failure: { kind: 'invalid-input' },
    });
  });

  it('names the field and what is wrong with it', async () => {
    const ipc = fakeIpc();
    serve({ ipcMain: ipc.ipcMain, handlers: handlersWith({}), isTrusted: () => true });
    const reply = (await ipc.request(1, 'vault.create', { passphrase: 'short' }, 'a')) as {
      failure: { message: string };
    };
    expect(reply.failure.message).toContain('passphrase: at least 8 characters');
  });

  it('hands a failure through as a value, with the server’s words', async () => {
    const ipc = fakeIpc();
    const failure = { kind: 'database', message: 'no', sqlState: 'XX000', hint: 'do this' } as const;
    serve({
      ipcMain: ipc.ipcMain,
      handlers: handlersWith({
        'audit.verify': () => {
          throw new FailureError(failure);
        },
      }),
      isTrusted: () => true,
    });
    expect(await ipc.request(1, 'audit.verify', undefined, 'a')).toEqual({ ok: false, failure });
  });

  it('cancels a call by its own id, and only for the page that made it', async () => {
    const ipc = fakeIpc();
    const begun: string[] = [];
    const aborted: string[] = [];
    serve({
      ipcMain: ipc.ipcMain,
      handlers: handlersWith({
        'cluster.refresh': ({ clusterId }, signal) =>
          new Promise((_resolve, reject) => {
            begun.push(clusterId);
            signal.addEventListener('abort', () => {
              aborted.push(clusterId);
              reject(new FailureError({ kind: 'cancelled', message: 'Cancelled.' }));
            });
          }),
      }),
      isTrusted: () => true,
    });
    const first = ipc.request(1, 'cluster.refresh', { clusterId: 'one' }, 'a');
    const second = ipc.request(1, 'cluster.refresh', { clusterId: 'two' }, 'b');
    await vi.waitFor(() => expect(begun).toEqual(['one', 'two']));
    ipc.cancel(2, 'a');
    ipc.cancel(1, 'b');
    expect(await second).toMatchObject({ ok: false, failure: { kind: 'cancelled' } });
    expect(aborted).toEqual(['two']);
    ipc.cancel(1, 'a');
    await first;
    expect(aborted).toEqual(['two', 'one']);
  });

  it('does not begin what was cancelled while the app was still being put together', async () => {
    const ipc = fakeIpc();
    let ready: (handlers: Handlers) => void = () => undefined;
    serve({
      ipcMain: ipc.ipcMain,
      handlers: new Promise((resolve) => (ready = resolve)),
      isTrusted: () => true,
    });
    const pending = ipc.request(1, 'audit.verify', undefined, 'a');
    ipc.cancel(1, 'a');
    ready(handlersWith({}));
    expect(await pending).toMatchObject({ ok: false, failure: { kind: 'cancelled' } });
  });

  it('says so when the app could not be put together', async () => {
    const ipc = fakeIpc();
    const handlers = Promise.reject<Handlers>(new FailureError({ kind: 'storage', message: 'no room' }));
    serve({ ipcMain: ipc.ipcMain, handlers, isTrusted: () => true });
    expect(await ipc.request(1, 'app.info', undefined, 'a')).toMatchObject({
      ok: false,
      failure: { kind: 'storage', message: 'no room' },
    });
  });

  it('refuses new requests and cancels those under way when the app closes', async () => {
    const ipc = fakeIpc();
    const close = serve({
      ipcMain: ipc.ipcMain,
      handlers: handlersWith({
        'cluster.probe': (_input, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () =>
              reject(new FailureError({ kind: 'cancelled', message: '' })),
            );
          }),
      }),
      isTrusted: () => true,
    });
    const pending = ipc.request(1, 'cluster.probe', { clusterId: 'one' }, 'a');
    close();
    expect(await pending).toMatchObject({ ok: false, failure: { kind: 'cancelled' } });
    expect(await ipc.request(1, 'app.info', undefined, 'b')).toMatchObject({
      ok: false,
      failure: { kind: 'cancelled', message: 'Shardboard is closing.' },
    });
  });
});
