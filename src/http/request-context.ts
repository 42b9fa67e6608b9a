import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';

export interface RequestInfo {
  /** The client's `x-request-id` if it is valid; also in the response header and in the log. */
  requestId: string;
  signal: AbortSignal;
}

export type RequestBindings = HttpBindings & RequestInfo;

const VALID_ID = /^[A-Za-z0-9._-]{1,64}$/;

export function describeRequest(incoming: IncomingMessage, outgoing: ServerResponse): RequestInfo {
  const controller = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) controller.abort();
  });
  return { requestId: requestIdOf(incoming), signal: controller.signal };
}

export function pathOf(incoming: IncomingMessage): string {
  const url = incoming.url ?? '/';
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

function requestIdOf(incoming: IncomingMessage): string {
  const requested = incoming.headers['x-request-id'];
  return typeof requested === 'string' && VALID_ID.test(requested) ? requested : randomUUID();
}
