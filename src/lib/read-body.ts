import type { IncomingMessage } from 'node:http';

export const MAX_BODY_BYTES = 1024 * 1024;

export class BodyCutError extends DOMException {
  constructor() {
    super('The client disconnected.', 'AbortError');
  }
}

/** Null when too long; the rest is discarded, because a client that is cut off never sees why. */
export function readBody(incoming: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<string | null> {
  if (Number(incoming.headers['content-length']) > maxBytes) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes <= maxBytes) return void chunks.push(chunk);
      chunks = [];
      resolve(null);
    });
    incoming.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    incoming.on('error', () => reject(new BodyCutError()));
  });
}
