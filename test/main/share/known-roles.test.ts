import { describe, expect, it } from 'vitest';
import { FailureError } from '../../../src-main/contract/failure';
import type { FailureKind } from '../../../src-main/contract/failure';
import { createKnownRoles } from '../../../src-main/share/known-roles';

const failing = (kind: FailureKind): Promise<never> =>
  Promise.reject(new FailureError({ kind, message: 'no' }));

describe('roles that are known of a cluster', () => {
  it('are read anew, and stay known when the cluster is gone', async () => {
    let read = (): Promise<readonly string[]> => Promise.resolve(['clerk']);
    const roles = createKnownRoles(() => read());
    roles.onOpen('c1');
    await Promise.resolve();
    read = () => Promise.resolve(['clerk', 'auditor']);
    expect(await roles.of('c1')).toEqual(['clerk', 'auditor']);
    read = () => failing('not-connected');
    expect(await roles.of('c1')).toEqual(['clerk', 'auditor']);
    read = () => failing('timeout');
    expect(await roles.of('c1')).toEqual(['clerk', 'auditor']);
  });

  it('are none where the cluster was never connected, and no guess where it does not tell', async () => {
    await expect(createKnownRoles(() => failing('not-connected')).of('c1')).resolves.toEqual([]);
    await expect(createKnownRoles(() => failing('timeout')).of('c1')).rejects.toMatchObject({
      failure: { kind: 'timeout' },
    });
  });
});
