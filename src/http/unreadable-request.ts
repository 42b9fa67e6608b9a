import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { systemCodeOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import { commonHeaders, toRawResponse } from './security-headers.js';
import { toFailureBody } from './send.js';

const REASONS: Record<string, { status: number; text: string }> = {
  HPE_HEADER_OVERFLOW: { status: 431, text: 'The URL and the headers are too long.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, text: 'The request was not complete in time.' },
};
const MALFORMED = { status: 400, text: 'Invalid HTTP request.' };

/** Requests that Node cannot parse reach no application. */
export function answerUnreadable(log: Logger): (error: Error, socket: Duplex) => void {
  return (error, socket) => {
    const code = systemCodeOf(error) ?? '';
    if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const { status, text } = REASONS[code] ?? MALFORMED;
    const requestId = randomUUID();
    // Not the error: it holds the bytes that were sent, secrets included.
    log.info({ requestId, status, code }, 'unreadable request');
    const headers = commonHeaders(requestId, { isSecure: false });
    socket.end(toRawResponse(status, headers, toFailureBody(text)), () => socket.destroy());
  };
}
