import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';

/** What every request has besides itself; in Hono `c.env`. */
export interface RequestInfo {
  /** The client's `x-request-id` where it is a sane one; also in the answer's header and in the log. */
  requestId: string;
  /** Aborts when the client goes away before it has the whole answer. */
  signal: AbortSignal;
}

export type RequestBindings = HttpBindings & RequestInfo;

const SANE_ID = /^[A-Za-z0-9._-]{1,64}$/;

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
  const given = incoming.headers['x-request-id'];
  return typeof given === 'string' && SANE_ID.test(given) ? given : randomUUID();
}
