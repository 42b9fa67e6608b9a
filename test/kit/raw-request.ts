import { request, Agent } from 'node:http';
import { WebSocket } from 'ws';
import { bearerOf } from './tokens.js';

export interface RawRequest {
  method: string;
  /** Goes out as it is: fetch would tidy it up. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface RawReply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Over plain HTTP, with nothing added but the token of the suite, checked or followed. */
export function sendRaw(url: string, { method, path, headers = {}, body }: RawRequest): Promise<RawReply> {
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port, method, path, agent, headers: { ...bearerOf({ url }), ...length, ...headers } },
      (incoming) => {
        let text = '';
        // An event stream has no end to wait for.
        if (String(incoming.headers['content-type']).startsWith('text/event-stream')) incoming.destroy();
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => (text += chunk));
        incoming.on('error', () => {});
        incoming.once('close', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
        );
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** The status that a WebSocket upgrade gets, 101 if it succeeds. */
export function upgradeWith(url: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  return new Promise<number>((resolve, reject) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode ?? 0));
    socket.once('error', reject);
  }).finally(() => socket.terminate());
}
