/** Makes what is exported fit for others: main takes out the secrets, and the names where that is asked for. */
import type { Failure, Result } from '../../src-main/contract/failure';
import { request } from '../api/bridge';

type Plain =
  string | number | boolean | null | undefined | readonly Plain[] | { readonly [key: string]: Plain };

/** The value with every text in it cleaned; keys stay. Plain data only. */
export async function cleaned<T>(clusterId: string, value: T, hidesNames: boolean): Promise<Result<T>> {
  const texts = new Set<string>();
  collect(value as Plain, texts);
  const list = [...texts];
  const result = await request('share.clean', { clusterId, texts: list, hidesNames });
  if (!result.ok) return result;
  if (result.value.length !== list.length) return { ok: false, failure: notCleaned };
  const cleanOf = new Map(list.map((text, index) => [text, result.value[index] ?? '']));
  return { ok: true, value: replace(value as Plain, cleanOf) as T };
}

const notCleaned: Failure = {
  kind: 'internal',
  message: 'The export could not be checked for secrets.',
  meaning: 'Nothing was written.',
};

function collect(value: Plain, texts: Set<string>): void {
  if (typeof value === 'string') texts.add(value);
  else if (Array.isArray(value)) for (const one of value) collect(one as Plain, texts);
  else if (typeof value === 'object' && value !== null)
    for (const one of Object.values(value)) collect(one, texts);
}

function replace(value: Plain, cleanOf: ReadonlyMap<string, string>): Plain {
  if (typeof value === 'string') return cleanOf.get(value) ?? '';
  if (Array.isArray(value)) return value.map((one) => replace(one as Plain, cleanOf));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replace(one, cleanOf)]));
}
