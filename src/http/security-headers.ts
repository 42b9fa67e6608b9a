import { STATUS_CODES } from 'node:http';
import type { Client } from '../graphql/context-request.js';

/** Half a year. It holds for every port of the host, so it is sent only to clients that use HTTPS. */
const HSTS = 'max-age=15552000';

/** Of every response. Pages replace the policy, which lets a response load nothing, by their own. */
export function commonHeaders(requestId: string, { isSecure }: Pick<Client, 'isSecure'>) {
  return {
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    // A page of ours names itself to us, which shows that it is one, and to nobody else.
    'referrer-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    ...(isSecure && { 'strict-transport-security': HSTS }),
  };
}

/** For connections that Node has no response for. */
export function toRawResponse(status: number, headers: Record<string, string>, body: object): string {
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...headers,
    connection: 'close',
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
  }).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', text].join('\r\n');
}
