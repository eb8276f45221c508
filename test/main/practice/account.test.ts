import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allows, isReachable, parseAccount } from '../../../src-main/practice/account';

const root = 'root:x:0:0:root:/root:/bin/bash';
const nobody = 'nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin';
const postgres = 'postgres:x:101:104::/var/lib/postgresql:/bin/bash';

describe('the account servers run under', () => {
  it('is postgres where there is one, else nobody', () => {
    expect(parseAccount([root, nobody, postgres].join('\n'))).toEqual({
      name: 'postgres',
      uid: 101,
      gid: 104,
    });
    expect(parseAccount([root, nobody].join('\n'))).toEqual({ name: 'nobody', uid: 65534, gid: 65533 });
  });

  it('is never root, and never a line that cannot be read', () => {
    expect(parseAccount(root)).toBeNull();
    expect(parseAccount('')).toBeNull();
    expect(parseAccount('postgres:x:0:0::/:/bin/sh\nnobody:x:abc:1\nnobody')).toBeNull();
  });

  it.each([
    { mode: 0o700, uid: 101, gid: 1, wanted: 5, right: true },
    { mode: 0o070, uid: 101, gid: 104, wanted: 4, right: false },
    { mode: 0o050, uid: 1, gid: 104, wanted: 5, right: true },
    { mode: 0o705, uid: 1, gid: 104, wanted: 1, right: false },
    { mode: 0o711, uid: 0, gid: 0, wanted: 1, right: true },
    { mode: 0o711, uid: 0, gid: 0, wanted: 5, right: false },
  ])('may do $wanted with mode $mode of $uid:$gid: $right', ({ right, wanted, ...rights }) => {
    expect(allows(rights, { name: 'postgres', uid: 101, gid: 104 }, wanted)).toBe(right);
  });

  it('cannot reach what lies below a folder that is closed to it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shardboard-reach-'));
    try {
      const inner = join(folder, 'open', 'deep');
      await mkdir(inner, { recursive: true });
      await writeFile(join(inner, 'program'), '', { mode: 0o755 });
      const stranger = { name: 'nobody', uid: 65534, gid: 65534 };
      await chmod(folder, 0o700);
      expect(await isReachable(join(inner, 'program'), stranger)).toBe(false);
      await chmod(folder, 0o711);
      expect(await isReachable(join(inner, 'program'), stranger)).toBe(true);
      expect(await isReachable(join(inner, 'not-there-yet'), stranger)).toBe(true);
      await chmod(join(inner, 'program'), 0o700);
      expect(await isReachable(join(inner, 'program'), stranger)).toBe(false);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
