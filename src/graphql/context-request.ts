import type { IncomingMessage } from 'node:http';

/** A request on any transport, before its viewer is known. */
export interface ContextRequest {
  transport: 'http' | 'websocket' | 'rest';
  requestId: string;
  signal: AbortSignal;
  headers: { get(name: string): string | null };
  connectionParams?: Readonly<Record<string, unknown>>;
}

/**
 * Makes the context of one operation. Yoga copies own properties, so neither getters nor a prototype survive. A
 * WebSocket whose context carries `expiresAt: Date` is closed with 4403 at that time.
 */
export type ContextFactory = (request: ContextRequest) => object | Promise<object>;

/** A Node request's headers with the interface of `Headers`, converted on access. */
export function headersOf({ headers }: IncomingMessage): ContextRequest['headers'] {
  return {
    get(name) {
      const value = headers[name.toLowerCase()];
      return (Array.isArray(value) ? value.join(', ') : value) ?? null;
    },
  };
}
