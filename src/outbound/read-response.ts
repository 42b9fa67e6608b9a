import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { OutboundError } from './errors.js';

/** What a server may send; it is asked for no other. */
export const ACCEPTED_ENCODINGS = 'gzip, br';

interface Body {
  stream: Readable;
  host: string;
  contentEncoding: string;
  contentLength: string;
}

/** Bytes of the body, decompressed. Throws OutboundError; leaving early closes the connection. */
export async function readResponse(body: Body, maxBytes: number): Promise<Buffer> {
  const { stream, host } = body;
  try {
    if (Number(body.contentLength) > maxBytes) throw tooLarge(host, maxBytes);
    const decoder = createDecoder(body);
    const limited = limit({ host, maxBytes });
    if (!decoder) return await collect(stream, limited);
    // The packed bytes are limited too: gzip may go on for ever without a single byte of content.
    const packed = limit({ host, maxBytes });
    stream.on('data', (chunk: Buffer) => {
      try {
        packed(chunk);
      } catch (thrown) {
        decoder.destroy(thrown as Error);
      }
    });
    pipeline(stream, decoder, () => undefined);
    return await collect(decoder, limited);
  } finally {
    stream.on('error', () => undefined).destroy();
  }
}

async function collect(stream: Readable, count: (chunk: Buffer) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    count(chunk);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function limit({ host, maxBytes }: { host: string; maxBytes: number }): (chunk: Buffer) => void {
  let bytes = 0;
  return (chunk) => {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(host, maxBytes);
  };
}

const tooLarge = (host: string, maxBytes: number) =>
  new OutboundError('TOO_LARGE', `${host} sent more than ${maxBytes} bytes.`);

/** Null for a body that is not compressed. */
function createDecoder({ host, contentEncoding }: Body): Transform | null {
  switch (contentEncoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new OutboundError('INVALID_RESPONSE', `${host} compressed its response in an unknown way.`);
  }
}
