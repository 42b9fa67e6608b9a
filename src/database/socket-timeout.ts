import { Socket } from 'node:net';

/**
 * A socket that gives up when nothing moves for `silenceMs`. Behind a network that swallows everything, neither TCP
 * nor pg ends a connection on which an answer is awaited: whoever waits would do so for hours.
 */
export function createImpatientSocket(silenceMs: number): Socket {
  const socket = new Socket();
  return socket.setTimeout(silenceMs, () => {
    socket.destroy(new Error(`The database has said nothing for ${silenceMs} ms`));
  });
}
