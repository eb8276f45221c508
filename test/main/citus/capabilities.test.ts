import { describe, expect, it } from 'vitest';
import { compareVersions, isTooOld, parseVersions } from '../../../src-main/citus/capabilities';

describe('parseVersions', () => {
  it('takes the numbers out of what a real server answers', () => {
    expect(
      parseVersions(
        'Citus 13.2.2 on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14+deb12u1) 12.2.0, 64-bit gitref: v13.2.2',
        '13.2-1',
        '15.20 (Debian 15.20-0+deb12u1)',
      ),
    ).toEqual({ citus: '13.2.2', extension: '13.2-1', postgres: '15.20', isPracticeEmulator: false });
  });

  it('tells the practice emulator by the end of its version only', () => {
    const emulator = parseVersions('Citus 13.2.2 on PostgreSQL 18.4 (practice emulator)', '13.2-1', '18.4');
    expect(emulator.isPracticeEmulator).toBe(true);
    expect(emulator.citus).toBe('13.2.2');
    const other = parseVersions('Citus 13.2.2 (practice emulator) on Linux', '13.2-1', '18.4');
    expect(other.isPracticeEmulator).toBe(false);
  });

  it('keeps development versions as they are', () => {
    expect(parseVersions('Citus 15.0devel on x86_64', '15.0-1', '19beta1').citus).toBe('15.0devel');
  });
});

describe('versions', () => {
  it.each([
    ['13.2-1', '13.2', 1],
    ['13.2-1', '13.10-1', -1],
    ['11.0-4', '11.0', 4],
    ['9.5-1', '11.0', -1],
    ['12.1.3', '12.1.3', 0],
  ])('%s against %s', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(sign));
    expect(Math.sign(compareVersions(b, a))).toBe(-Math.sign(sign) + 0);
  });

  it('draws the line at 11.0', () => {
    expect(isTooOld('10.2-5')).toBe(true);
    expect(isTooOld('11.0-1')).toBe(false);
    expect(isTooOld('14.0-1')).toBe(false);
    // A version that cannot be read is not taken for a good one.
    expect(isTooOld('unknown')).toBe(true);
  });
});
