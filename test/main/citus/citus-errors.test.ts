import { describe, expect, it } from 'vitest';
import { explainCitusError } from '../../../src-main/citus/citus-errors';
import { FailureError } from '../../../src-main/contract/failure';

describe('the errors of Citus in words of what to do', () => {
  const error = (serverMessage: string, hint?: string): FailureError =>
    new FailureError({
      kind: 'database',
      message: serverMessage,
      serverMessage,
      hint,
      sqlState: 'XX000',
      node: 'db.example:5432',
    });

  it('tells a missing ALTER EXTENSION from a missing restart', () => {
    const extension = explainCitusError(
      error('loaded Citus library version differs from installed extension version'),
      'app',
    ) as FailureError;
    expect(extension.failure.kind).toBe('unsupported-version');
    expect(extension.failure.remedy).toContain('ALTER EXTENSION citus UPDATE; in database "app"');
    const restart = explainCitusError(
      error('loaded Citus library version differs from latest available extension version'),
      'app',
    ) as FailureError;
    expect(restart.failure.remedy).toMatch(/^Restart PostgreSQL/);
    expect(restart.failure.serverMessage).toContain('latest available');
  });

  it('recognises a library that is not loaded', () => {
    const thrown = explainCitusError(
      error('Citus can only be loaded via shared_preload_libraries'),
      'app',
    ) as FailureError;
    expect(thrown.failure.kind).toBe('not-citus');
  });

  it('leaves any other error as it is', () => {
    const other = error('something else');
    expect(explainCitusError(other, 'app')).toBe(other);
    const bug = new TypeError('x');
    expect(explainCitusError(bug, 'app')).toBe(bug);
  });
});
