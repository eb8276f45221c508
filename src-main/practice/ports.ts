/** Free TCP ports on the loopback address. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { FailureError } from '../contract/failure';

export const loopback = '127.0.0.1';

/** Below the ranges that systems hand out for outgoing connections (32768 on Linux, 49152 elsewhere). */
const firstPort = 20_000;
const lastPort = 32_000;
const attempts = 200;
const nearAttempts = 20;

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: loopback, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * A port nothing listens on and that is not in `taken`. With `after`, the next free one above it when there is one
 * near: the nodes of a cluster then read 27010, 27011, 27012.
 */
export async function findFreePort(taken: ReadonlySet<number>, after?: number): Promise<number> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const isNear = after !== undefined && attempt <= nearAttempts && after + attempt <= lastPort;
    const port = isNear ? after + attempt : randomInt(firstPort / 10, lastPort / 10) * 10;
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new FailureError({
    kind: 'practice',
    message: `No free port between ${firstPort} and ${lastPort} was found on ${loopback}.`,
    meaning: 'A practice node needs a port of its own.',
    remedy: 'Close programs that listen on many ports, then try again.',
  });
}
