import { randomUUID } from 'node:crypto';
import type { ContextRequest } from '../../src/graphql/context-request.js';

/** As of a program on this machine that sends no headers. */
export function createContextRequest(changes: Partial<ContextRequest> = {}): ContextRequest {
  return {
    transport: 'rest',
    requestId: randomUUID(),
    signal: new AbortController().signal,
    headers: new Headers(),
    address: null,
    publicUrl: 'http://localhost',
    isSecure: false,
    viaTrustedProxy: false,
    readCookie: () => null,
    streamToken: null,
    ...changes,
  };
}
