/** A server on a free loopback port that passes everything to another, until it is told to be a bad network. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Everything that comes is held for this long, in both directions. Milliseconds. */
  delay(latencyMs: number): void;
  /** Accepts, and neither passes on nor answers anything, also on connections that are open. */
  hang(): void;
  /** As a host without a server: ends what is open and refuses what comes. */
  refuse(): Promise<void>;
  /** Passes on again; what hung gets what was held. */
  heal(): Promise<void>;
  end(): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let latencyMs = 0;
  let hangs = false;
  let held: (() => void)[] = [];
  const sockets = new Set<Socket>();

  /** In order, whatever becomes of the latency meanwhile. */
  const pass = (from: Socket, to: Socket): void => {
    let tail: Promise<void> = Promise.resolve();
    const after = (act: () => void): void => {
      const due = Date.now() + latencyMs;
      tail = tail
        .then(() => new Promise<void>((go) => (hangs ? held.push(go) : go())))
        .then(() => new Promise<void>((go) => setTimeout(go, Math.max(0, due - Date.now()))))
        .then(() => {
          if (!to.destroyed) act();
        });
    };
    from.on('data', (piece) => after(() => to.write(piece)));
    from.on('end', () => after(() => to.end()));
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      if (!hangs) after(() => to.destroy());
    });
  };

  const server = createServer((client) => {
    client.setNoDelay(true);
    const target = connect(targetPort, '127.0.0.1');
    target.setNoDelay(true);
    sockets.add(client).add(target);
    pass(client, target);
    pass(target, client);
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;

  const cutOff = async (): Promise<void> => {
    const closed = server.listening ? new Promise((resolve) => server.close(resolve)) : null;
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  return {
    port,
    delay: (ms) => (latencyMs = ms),
    hang: () => (hangs = true),
    refuse: cutOff,
    async heal() {
      hangs = false;
      latencyMs = 0;
      for (const go of held.splice(0)) go();
      if (!server.listening) await listen(port);
    },
    async end() {
      hangs = false;
      held = [];
      await cutOff();
    },
  };
}
