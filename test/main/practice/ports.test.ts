import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { findFreePort, isPortFree } from '../../../src-main/practice/ports';

describe('ports', () => {
  it('are free until somebody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await isPortFree(port)).toBe(false);
    server.close();
    await once(server, 'close');
    expect(await isPortFree(port)).toBe(true);
  });

  it('follow each other where they can, and are never one that is taken', async () => {
    const first = await findFreePort(new Set());
    expect(first).toBeGreaterThanOrEqual(20_000);
    expect(first).toBeLessThan(32_768);
    const taken = new Set([first, first + 1, first + 2]);
    const next = await findFreePort(taken, first);
    expect(taken.has(next)).toBe(false);
    expect(next).toBeGreaterThan(first);
    expect(next).toBeLessThanOrEqual(first + 20);
  });
});
