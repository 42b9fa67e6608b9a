import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { systemCodeOf } from '../lib/errors.js';
import { toFailureBody } from './send.js';

const REASONS: Record<string, { status: number; text: string }> = {
  HPE_HEADER_OVERFLOW: { status: 431, text: 'The URL and the headers are too long.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, text: 'The request was not complete in time.' },
};
const MALFORMED = { status: 400, text: 'Invalid HTTP request.' };

/** Requests that Node cannot parse reach no application. */
export function answerUnreadable(error: Error, socket: Duplex): void {
  const code = systemCodeOf(error) ?? '';
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, text } = REASONS[code] ?? MALFORMED;
  const body = JSON.stringify(toFailureBody(text));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
