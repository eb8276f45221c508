import { describe, expect, it } from 'vitest';
import { isOurServer, parsePidFile } from '../../../src-main/practice/pid-file';

const data = '/home/a b/practice/clusters/practice-1/nodes/worker-1/data';

describe('postmaster.pid', () => {
  it('says who is at work and whether it takes connections', () => {
    const text = ['4711', data, '1763800000', '27010', '', '127.0.0.1', ' 123 4', 'ready   ', ''].join('\n');
    expect(parsePidFile(text)).toEqual({ pid: 4711, dataFolder: data, isReady: true });
    expect(parsePidFile(text.replace('ready   ', 'starting'))?.isReady).toBe(false);
    expect(parsePidFile(`4711\n${data}\n`)?.isReady).toBe(false);
  });

  it.each(['', 'abc', '0\n/x', '1\n/x', '-4711\n/x', '12.5\n/x'])('is nothing when it reads %j', (text) => {
    expect(parsePidFile(text)).toBeNull();
  });
});

describe('a process is taken for ours', () => {
  it('only as a postgres on the very data folder', () => {
    expect(isOurServer(['/opt/native/bin/postgres', '-D', data], data)).toBe(true);
    expect(isOurServer([`/opt/native/bin/postgres -D ${data}`], data)).toBe(true);
    expect(isOurServer(['/opt/native/bin/postgres', '-D', `${data}2`], data)).toBe(false);
    expect(isOurServer([`/opt/native/bin/postgres -D ${data}2`], data)).toBe(false);
    expect(isOurServer(['/usr/bin/less', '-D', data], data)).toBe(false);
    expect(isOurServer(['postgres: worker-1: checkpointer '], data)).toBe(false);
    expect(isOurServer([`tail -f postgres -D ${data}/server.log`], data)).toBe(false);
    expect(isOurServer([], data)).toBe(false);
    expect(isOurServer(null, data)).toBe(false);
  });
});
