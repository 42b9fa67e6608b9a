import type { IncomingMessage } from 'node:http';

/** What is known about a request before it is known who asks. One shape for every way in. */
export interface ContextRequest {
  transport: 'http' | 'websocket' | 'rest';
  /** Stands in the log and in the answer to an unexpected fault. */
  requestId: string;
  /** Aborts when the client goes away, or completes its operation early. */
  signal: AbortSignal;
  /** Those of the HTTP request, or of the request that opened the WebSocket. */
  headers: { get(name: string): string | null };
  /** What a WebSocket client said in `connection_init`. */
  connectionParams?: Readonly<Record<string, unknown>>;
}

/**
 * Makes the context of one operation. Its own properties are copied into the context that resolvers see, so
 * neither getters nor a prototype survive. A WebSocket whose context carries `expiresAt: Date` is closed with
 * 4403 at that moment.
 */
export type ContextFactory = (request: ContextRequest) => object | Promise<object>;

/** A Node request's headers in the form of the web's, read when asked for. */
export function headersOf({ headers }: IncomingMessage): ContextRequest['headers'] {
  return {
    get(name) {
      const value = headers[name.toLowerCase()];
      return (Array.isArray(value) ? value.join(', ') : value) ?? null;
    },
  };
}
