import { ref, toValue } from 'vue';
import type { MaybeRefOrGetter, Ref } from 'vue';
import type { Result } from '../../src-main/contract/failure';
import { copyText, request, saveTextFile } from '../api/bridge';
import { cellsToCsv, toCells } from '../ui/table-rows';
import type { TableColumn } from '../ui/table-rows';
import { cleaned } from './clean';

type Saved = Result<{ readonly path: string } | null>;

export interface Share {
  /** Where the last one went, or why it did not. */
  readonly saved: Ref<string>;
  /** Rows as CSV, to a file that the person chooses. */
  readonly save: <Row>(
    suggestedName: string,
    columns: readonly TableColumn<Row>[],
    rows: readonly Row[],
    hidesNames?: boolean,
  ) => Promise<void>;
  /** `write` makes the file's text of what has no secrets any more, and no names where that is asked for. */
  readonly saveText: <T>(
    suggestedName: string,
    value: T,
    hidesNames: boolean,
    write: (value: T) => string,
  ) => Promise<void>;
  readonly copy: <T>(value: T, hidesNames: boolean, write: (value: T) => string) => Promise<void>;
  /** Base64 of a PNG that `paint` makes; to a file, or to the clipboard where no name is suggested. */
  readonly savePicture: <T>(
    suggestedName: string | null,
    value: T,
    hidesNames: boolean,
    paint: (value: T) => Promise<string>,
  ) => Promise<void>;
}

export function useShare(clusterId: MaybeRefOrGetter<string>): Share {
  const saved = ref('');
  const tell = (result: Saved): void => {
    if (!result.ok) saved.value = result.failure.message;
    else saved.value = result.value === null ? '' : `Saved as ${result.value.path}`;
  };
  const clean = <T>(value: T, hidesNames: boolean): Promise<Result<T>> =>
    cleaned(toValue(clusterId), value, hidesNames);

  const saveText: Share['saveText'] = async (suggestedName, value, hidesNames, write) => {
    const result = await clean({ suggestedName, value }, hidesNames);
    tell(result.ok ? await saveTextFile(result.value.suggestedName, write(result.value.value)) : result);
  };
  return {
    saved,
    save: (suggestedName, columns, rows, hidesNames = false) =>
      saveText(suggestedName, toCells(columns, rows), hidesNames, cellsToCsv),
    saveText,
    async copy(value, hidesNames, write) {
      const result = await clean(value, hidesNames);
      if (!result.ok) tell(result);
      else saved.value = (await copyText(write(result.value))) ? 'Copied' : 'Not copied';
    },
    async savePicture(suggestedName, value, hidesNames, paint) {
      const result = await clean({ suggestedName, value }, hidesNames);
      if (!result.ok) return tell(result);
      try {
        const png = await paint(result.value.value);
        const name = result.value.suggestedName;
        if (name !== null) tell(await request('share.savePicture', { suggestedName: name, png }));
        else {
          const copied = await request('share.copyPicture', { png });
          saved.value = copied.ok ? 'Picture copied' : copied.failure.message;
        }
      } catch (thrown) {
        saved.value = `The picture could not be drawn: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
      }
    },
  };
}
