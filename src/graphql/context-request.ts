import type { IncomingMessage } from 'node:http';

export interface ContextRequest {
  transport: 'http' | 'websocket' | 'rest';
  requestId: string;
  signal: AbortSignal;
  headers: { get(name: string): string | null };
  /** Of the client; behind proxies that TRUST_PROXY names, what they say. Null when the connection has gone. */
  address: string | null;
  connectionParams?: Readonly<Record<string, unknown>>;
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
