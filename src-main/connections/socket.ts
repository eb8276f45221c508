/** The socket to a server, before anything is said on it. */
import { Socket } from 'node:net';

/** A socket that tries every address of a host name, with time enough for each on a slow line. */
export function newSocket(): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  const dial = (portOrPath: number | string, host?: string): Socket =>
    typeof portOrPath === 'string'
      ? connect(portOrPath)
      : connect({ port: portOrPath, host, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 2_000 });
  return Object.assign(socket, { connect: dial as Socket['connect'] });
}
