import { describe, expect, it } from 'vitest';
import { withWayForward } from '../../../src-renderer/ui/failure-words';

describe('withWayForward', () => {
  it('keeps what the failure says itself and fills in what it leaves out', () => {
    const words = withWayForward({ kind: 'tls', message: 'Not trusted.', remedy: 'Choose the CA file.' });
    expect(words.remedy).toBe('Choose the CA file.');
    expect(words.meaning).not.toBe('');
  });

  it("takes the server's own hint where the server refused", () => {
    expect(withWayForward({ kind: 'database', message: 'Refused.', hint: 'Add a key.' }).remedy).toBe(
      'Add a key.',
    );
  });
});
