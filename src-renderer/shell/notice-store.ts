import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Notice } from '../../src-main/contract/app';
import type { Failure } from '../../src-main/contract/failure';
import { withWayForward } from '../ui/failure-words';

export type NoticeLevel = Notice['level'];

/** A notice as shown: main's own, or one of this window. */
export interface ShownNotice extends Omit<Notice, 'revision'> {
  /** What failed, for the list, where its parts are shown. */
  readonly failure?: Failure;
  /** A way on from here. */
  readonly action?: { readonly label: string; readonly run: () => void };
}

const kept = 100;
const shownMs: Readonly<Record<NoticeLevel, number | null>> = {
  fine: 6_000,
  busy: 6_000,
  mind: 12_000,
  // What went wrong stays until it was seen.
  bad: null,
};

/** Notices: the newest as toasts, all of them (to a limit) in a list. Views report with `say` and `reportFailure`. */
export const useNoticeStore = defineStore('notices', () => {
  const all = shallowRef<readonly ShownNotice[]>([]);
  const toastIds = ref<readonly string[]>([]);
  const unread = ref(0);
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  let lastId = 0;

  const toasts = computed(() =>
    toastIds.value.flatMap((id) => all.value.find((notice) => notice.noticeId === id) ?? []),
  );

  function put(notice: ShownNotice): void {
    const isKnown = all.value.some(({ noticeId }) => noticeId === notice.noticeId);
    const others = all.value.filter(({ noticeId }) => noticeId !== notice.noticeId);
    all.value = [notice, ...others].slice(0, kept);
    if (!isKnown) unread.value += 1;
    // Four toasts at most: more of them hide the page, and the list has them all.
    toastIds.value = [...toastIds.value.filter((id) => id !== notice.noticeId), notice.noticeId].slice(-4);
    hideLater(notice.noticeId);
  }

  function say(
    level: NoticeLevel,
    title: string,
    text = '',
    more: Partial<Pick<ShownNotice, 'clusterId' | 'action' | 'failure'>> = {},
  ): void {
    lastId += 1;
    put({
      noticeId: `window-${lastId}`,
      at: new Date().toISOString(),
      level,
      title,
      text,
      clusterId: null,
      ...more,
    });
  }

  /** `what` names what was tried: "Stop Practice A". A cancelled request is no failure to report. */
  function reportFailure(what: string, failure: Failure, clusterId: string | null = null): void {
    if (failure.kind === 'cancelled') return;
    const { message, remedy } = withWayForward(failure);
    say('bad', `${what}: ${message}`, remedy, { failure, clusterId });
  }

  function hideLater(noticeId: string): void {
    holdToast(noticeId);
    const level = all.value.find((notice) => notice.noticeId === noticeId)?.level;
    const afterMs = level === undefined ? null : shownMs[level];
    if (afterMs === null) return;
    timers.set(
      noticeId,
      setTimeout(() => hideToast(noticeId), afterMs),
    );
  }
  /** While the pointer or the focus is on it, it stays (WCAG 2.2.1). */
  function holdToast(noticeId: string): void {
    clearTimeout(timers.get(noticeId));
    timers.delete(noticeId);
  }
  function hideToast(noticeId: string): void {
    holdToast(noticeId);
    toastIds.value = toastIds.value.filter((id) => id !== noticeId);
  }
  function markRead(): void {
    unread.value = 0;
    for (const id of toastIds.value) hideToast(id);
  }
  function clear(): void {
    markRead();
    all.value = [];
  }

  return { all, toasts, unread, put, say, reportFailure, hideLater, holdToast, hideToast, markRead, clear };
});
