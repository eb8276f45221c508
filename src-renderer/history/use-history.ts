import { computed, ref, toValue, watch } from 'vue';
import type { ComputedRef, MaybeRefOrGetter } from 'vue';
import type { HistoryRecord, HistorySpan } from '../../src-main/contract/history';
import { onEvent } from '../api/bridge';
import { useRequest } from '../api/use-request';
import type { UseRequest } from '../api/use-request';

/** What is kept of a cluster's past, renewed while the calling component is mounted. */
export function useHistory(
  clusterId: MaybeRefOrGetter<string>,
  limit: number,
): {
  readonly history: UseRequest<HistoryRecord>;
  /** The last of them reaches to the last reading that is known of. */
  readonly spans: ComputedRef<readonly HistorySpan[]>;
} {
  const history = useRequest('history.read', () => ({ clusterId: toValue(clusterId), limit }));
  const seenAt = ref<string | null>(null);
  watch(
    () => toValue(clusterId),
    () => (seenAt.value = null),
  );
  onEvent('history.changed', (record) => {
    if (record.clusterId !== toValue(clusterId)) return;
    seenAt.value = record.seenAt;
    const known = history.value.value;
    const isOff = known === undefined || known.spans.length === 0 || known.total !== record.total;
    const last = known?.spans.at(-1);
    // A span of its own begins after a time that was not recorded.
    const isApart = last !== undefined && Date.parse(record.seenAt) - Date.parse(last.to) > apartMs;
    if (isOff || isApart) void history.run();
  });
  const spans = computed(() => {
    const known = history.value.value?.spans ?? [];
    const last = known.at(-1);
    if (last === undefined || seenAt.value === null || seenAt.value <= last.to) return known;
    return [...known.slice(0, -1), { from: last.from, to: seenAt.value }];
  });
  return { history, spans };
}

const apartMs = 120_000;
