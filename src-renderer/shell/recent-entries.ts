import { readonly, ref } from 'vue';

const recent = ref<readonly string[]>([]);

/** What was run from the palette in this window, newest first. */
export const recentIds = readonly(recent);

export function rememberRecent(id: string): void {
  recent.value = [id, ...recent.value.filter((known) => known !== id)].slice(0, 8);
}
