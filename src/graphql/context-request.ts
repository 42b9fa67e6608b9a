import type { IncomingMessage, ServerResponse } from 'node:http';
import { readCookie, toSetCookie, type Cookie } from '../lib/cookie.js';

/** Who sent a request, and how they reach this server; behind proxies that TRUST_PROXY names, what those say. */
export interface Client {
  /** Null when the connection has gone. */
  address: string | null;
  /** PUBLIC_URL, else where the client sent the request; with the path below which the server is, without a slash at the end. */
  publicUrl: string;
  /** Whether the client uses HTTPS. */
  isSecure: boolean;
  /** Whether a proxy that TRUST_PROXY names sent the request; its headers are believed. */
  viaTrustedProxy: boolean;
}

export interface ContextRequest extends Client {
  transport: 'http' | 'websocket' | 'rest';
  requestId: string;
  signal: AbortSignal;
  headers: { get(name: string): string | null };
  connectionParams?: Readonly<Record<string, unknown>>;
  readCookie(name: string): string | null;
  /** Absent over WebSocket, whose response has been sent. */
  setCookie?: (cookie: Cookie) => void;
  /** A token or stream ticket in the URL; read from the event stream of REST only. */
  streamToken: string | null;
  /** Counts an event stream over HTTP until the response ends; false if there are too many. */
  enterReader?: (viewerId: string) => boolean;
}

/** Yoga copies own properties only. What this layer reads of them is AccessContext (live-access.ts). */
export type ContextFactory = (request: ContextRequest) => object | Promise<object>;

type ContextParts = Pick<ContextRequest, 'transport' | 'requestId' | 'signal'> & {
  client: Client;
  outgoing?: ServerResponse;
  streamToken?: string | null;
};

export function toContextRequest(incoming: IncomingMessage, parts: ContextParts): ContextRequest {
  const { client, outgoing, streamToken = null, ...request } = parts;
  return {
    ...client,
    ...request,
    headers: headersOf(incoming),
    streamToken,
    readCookie: (name) => readCookie(incoming.headers.cookie, name),
    ...(outgoing && {
      setCookie(cookie) {
        if (!outgoing.headersSent) outgoing.appendHeader('set-cookie', toSetCookie(cookie, client));
      },
    }),
  };
}

export function headersOf({ headers }: IncomingMessage): ContextRequest['headers'] {
  return {
    get(name) {
      const value = headers[name.toLowerCase()];
      return (Array.isArray(value) ? value.join(', ') : value) ?? null;
    },
  };
}
