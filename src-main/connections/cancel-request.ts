/** PostgreSQL's CancelRequest: a connection of its own that carries the key of the session to stop. */
import { Socket, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';

export interface CancelTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: ConnectionOptions | false;
}

export interface BackendKey {
  readonly processId: number;
  readonly secretKey: number;
}

const cancelCode = 80877102;
const sslRequestCode = 80877103;

/**
 * Resolves when the server has closed the connection, which it does after it has signalled the backend; so the
 * next statement of the session cannot be hit. Rejects when the server cannot be reached in `timeoutMs`.
 * The key travels encrypted when the session does.
 */
export function sendCancelRequest(target: CancelTarget, key: BackendKey, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new Socket();
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      if (error) reject(error);
      else resolve();
    };
    const timer = setTimeout(
      () => finish(new Error(`no answer to a cancel request in ${timeoutMs} ms`)),
      timeoutMs,
    );
    let sent = false;
    const send = (stream: Duplex): void => {
      sent = true;
      stream.on('error', finishAfterSend);
      stream.once('close', () => finish());
      stream.resume();
      stream.write(message(cancelCode, key.processId, key.secretKey));
    };
    // A server that closes hard after it has taken the request answers with a reset.
    const finishAfterSend = (error: Error): void => finish(sent ? undefined : error);
    socket.on('error', finishAfterSend);
    socket.once('close', () => finish(sent ? undefined : new Error('the server closed the connection')));
    const onConnected = (): void => {
      if (target.tls === false) {
        send(socket);
        return;
      }
      socket.write(message(sslRequestCode));
      socket.once('data', (answer: Buffer) => {
        if (answer.toString('latin1') !== 'S') {
          finish(new Error('the server does not encrypt cancel requests'));
          return;
        }
        const secure = connectTls({
          ...target.tls,
          socket,
          host: target.host,
          ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
        });
        secure.on('error', finishAfterSend);
        secure.once('secureConnect', () => send(secure));
      });
    };
    if (target.host.startsWith('/')) {
      socket.connect(`${target.host}/.s.PGSQL.${target.port}`, onConnected);
    } else {
      socket.connect({ host: target.host, port: target.port, autoSelectFamily: true }, onConnected);
    }
  });
}

function message(...words: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 + 4 * words.length);
  buffer.writeInt32BE(buffer.length, 0);
  words.forEach((word, index) => buffer.writeInt32BE(word, 4 + 4 * index));
  return buffer;
}
