// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest';
import { effectScope } from 'vue';
import { copyText, onEvent, request } from '../../../src-renderer/api/bridge';
import { aSession } from '../../support/cluster-records';
import { createFakeBridge, installBridge } from '../../support/fake-bridge';

let uninstall = (): void => undefined;
afterEach(() => uninstall());

describe('request', () => {
  it('passes name and input, and gives every call an id of its own', async () => {
    const bridge = createFakeBridge({ 'sessions.list': () => [aSession()] });
    uninstall = installBridge(bridge);
    const result = await request('sessions.list', undefined);
    await request('sessions.list', undefined);
    expect(result).toEqual({ ok: true, value: [aSession()] });
    expect(new Set(bridge.calls.map(({ callId }) => callId)).size).toBe(2);
  });

  it('cancels the call in main when the signal aborts', async () => {
    const bridge = createFakeBridge({ 'sessions.open': () => new Promise(() => undefined) });
    uninstall = installBridge(bridge);
    const controller = new AbortController();
    const answer = request('sessions.open', { clusterId: 'c1' }, { signal: controller.signal });
    controller.abort();
    expect(await answer).toMatchObject({ ok: false, failure: { kind: 'cancelled' } });
    expect(bridge.cancelled).toEqual([bridge.calls[0]?.callId]);
  });

  it('does not ask at all when it was cancelled before', async () => {
    const bridge = createFakeBridge();
    uninstall = installBridge(bridge);
    const result = await request('app.info', undefined, { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ ok: false, failure: { kind: 'cancelled' } });
    expect(bridge.calls).toEqual([]);
  });

  it('tells a success that came in spite of the cancelling', async () => {
    let finish: (value: null) => void = () => undefined;
    const done = new Promise<null>((resolve) => (finish = resolve));
    uninstall = installBridge({
      request: async () => ({ ok: true, value: (await done) as never }),
      cancel: () => undefined,
      on: () => () => undefined,
    });
    const controller = new AbortController();
    const answer = request('app.copyText', { text: 'x' }, { signal: controller.signal });
    controller.abort();
    finish(null);
    expect(await answer).toEqual({ ok: true, value: null });
  });

  it('turns a broken transport and a missing bridge into failures', async () => {
    uninstall = installBridge({
      request: () => Promise.reject(new Error('pipe closed')),
      cancel: () => undefined,
      on: () => () => undefined,
    });
    expect(await request('app.info', undefined)).toMatchObject({
      ok: false,
      failure: { kind: 'internal', serverMessage: 'pipe closed' },
    });
    uninstall();
    expect(await request('app.info', undefined)).toMatchObject({ ok: false, failure: { kind: 'internal' } });
    expect(await copyText('x')).toBe(false);
  });
});

describe('onEvent', () => {
  it('ends with the scope it was called in', () => {
    const bridge = createFakeBridge();
    uninstall = installBridge(bridge);
    const seen: string[] = [];
    const scope = effectScope();
    scope.run(() => onEvent('session.changed', (session) => seen.push(session.phase)));
    bridge.emit('session.changed', aSession({ phase: 'lost' }));
    scope.stop();
    bridge.emit('session.changed', aSession({ phase: 'open' }));
    expect(seen).toEqual(['lost']);
    expect(bridge.listenerCount('session.changed')).toBe(0);
  });
});
