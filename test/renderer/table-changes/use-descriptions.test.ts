// @vitest-environment happy-dom
import { flushPromises } from '@vue/test-utils';
import { afterEach, expect, it } from 'vitest';
import type { TableDescription } from '../../../src-main/contract/cluster';
import { tableKey } from '../../../src-renderer/operations/distribute-form';
import { useDescriptions } from '../../../src-renderer/table-changes/use-descriptions';
import { createFakeBridge, installBridge } from '../../support/fake-bridge';

let uninstall = (): void => undefined;
afterEach(() => uninstall());

const permits = { schema: 'public', name: 'permits' };
const key = tableKey(permits);

it('asks once however often it is told to, says what failed, and reads it when asked again', async () => {
  const asked: string[] = [];
  let fails = true;
  uninstall = installBridge(
    createFakeBridge({
      'tables.describe': ({ table }) => {
        asked.push(table.name);
        return fails
          ? { ok: false, failure: { kind: 'not-connected', message: 'Not connected.' } }
          : ({ schema: 'public', name: 'permits' } as TableDescription);
      },
    }),
  );
  const read: string[] = [];
  const descriptions = useDescriptions(
    () => 'c',
    (table) => read.push(table.name),
  );
  void descriptions.read(permits);
  await descriptions.read(permits);
  await flushPromises();
  expect(asked).toEqual(['permits']);
  expect(descriptions.failures.get(key)?.message).toBe('Not connected.');
  expect(descriptions.known.has(key)).toBe(false);

  fails = false;
  await descriptions.read(permits);
  await descriptions.read(permits);
  expect(asked).toEqual(['permits', 'permits']);
  expect(descriptions.failures.size).toBe(0);
  expect(read).toEqual(['permits']);
});
