// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useNoticeStore } from '../../../src-renderer/shell/notice-store';

beforeEach(() => {
  vi.useFakeTimers();
  setActivePinia(createPinia());
});
afterEach(() => vi.useRealTimers());

describe('notices', () => {
  it('hides what went well after a while and keeps what failed in sight', () => {
    const notices = useNoticeStore();
    notices.say('fine', 'Saved');
    notices.reportFailure('Stop Practice A', { kind: 'practice', message: 'worker-1 did not stop.' });
    vi.advanceTimersByTime(60_000);
    expect(notices.toasts.map(({ title }) => title)).toEqual(['Stop Practice A: worker-1 did not stop.']);
    expect(notices.all).toHaveLength(2);
  });

  it('does not hide what the pointer or the focus is on', () => {
    const notices = useNoticeStore();
    notices.say('fine', 'Saved');
    const id = notices.all[0]?.noticeId ?? '';
    notices.holdToast(id);
    vi.advanceTimersByTime(60_000);
    expect(notices.toasts).toHaveLength(1);
    notices.hideLater(id);
    vi.advanceTimersByTime(60_000);
    expect(notices.toasts).toEqual([]);
  });

  it('reports no cancelling, gives every failure a way forward, and counts until the list was opened', () => {
    const notices = useNoticeStore();
    notices.reportFailure('Connect', { kind: 'cancelled', message: 'Cancelled.' });
    expect(notices.all).toEqual([]);
    notices.reportFailure('Connect', { kind: 'unreachable', message: 'Refused.' });
    expect(notices.all[0]?.text).toMatch(/PostgreSQL runs there/);
    expect(notices.unread).toBe(1);
    notices.markRead();
    expect([notices.unread, notices.toasts.length, notices.all.length]).toEqual([0, 0, 1]);
  });

  it('takes a repeated notice for the same one', () => {
    const notices = useNoticeStore();
    const notice = { noticeId: 'n', at: '', level: 'bad', title: 't', text: '', clusterId: null } as const;
    notices.put(notice);
    notices.put({ ...notice, text: 'more' });
    expect(notices.all.map(({ text }) => text)).toEqual(['more']);
    expect(notices.unread).toBe(1);
  });

  it('shows four toasts at most and keeps the rest in the list', () => {
    const notices = useNoticeStore();
    for (let count = 1; count <= 6; count += 1) notices.say('bad', `n${count}`);
    expect(notices.toasts.map(({ title }) => title)).toEqual(['n3', 'n4', 'n5', 'n6']);
    expect(notices.all).toHaveLength(6);
  });
});
