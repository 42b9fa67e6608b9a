import type { IncomingMessage } from 'node:http';
import type { Cookie } from '../lib/cookie.js';

export interface ContextRequest {
  transport: 'http' | 'websocket' | 'rest';
  requestId: string;
  signal: AbortSignal;
  headers: { get(name: string): string | null };
  /** Of the client; behind proxies that TRUST_PROXY names, what they say. Null when the connection has gone. */
  address: string | null;
  connectionParams?: Readonly<Record<string, unknown>>;
  /** The value of a cookie that the client sent. */
  readCookie?: (name: string) => string | null;
  /** Absent where the response cannot set one: on a WebSocket. */
  setCookie?: (cookie: Cookie) => void;
  /** Where clients reach the server, without a slash at the end. */
  publicUrl?: string;
  isSecure?: boolean;
  /** `?token=` of an event stream. */
  streamToken?: string | null;
  /** Counts an event stream over HTTP until the response ends; false if there are too many. */
  enterReader?: (viewerId: string) => boolean;
}

/** Yoga copies own properties only. At `expiresAt: Date` in its context, a WebSocket is closed with 4403. */
export type ContextFactory = (request: ContextRequest) => object | Promise<object>;

export function headersOf({ headers }: IncomingMessage): ContextRequest['headers'] {
  return {
    get(name) {
      const value = headers[name.toLowerCase()];
      return (Array.isArray(value) ? value.join(', ') : value) ?? null;
    },
  };
}
