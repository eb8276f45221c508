import { ref } from 'vue';
import type { Ref } from 'vue';
import { saveTextFile } from '../api/bridge';
import { toCsv } from './table-rows';
import type { TableColumn } from './table-rows';

/** Writes rows to a file that the person chooses; `saved` says where it went, or why it did not. */
export function useCsvExport(): {
  readonly saved: Ref<string>;
  readonly save: <Row>(
    suggestedName: string,
    columns: readonly TableColumn<Row>[],
    rows: readonly Row[],
  ) => Promise<void>;
} {
  const saved = ref('');
  return {
    saved,
    async save(suggestedName, columns, rows) {
      const result = await saveTextFile(suggestedName, toCsv(columns, rows));
      saved.value = !result.ok
        ? result.failure.message
        : result.value === null
          ? ''
          : `Saved as ${result.value.path}`;
    },
  };
}
