import { Readable } from 'node:stream';
import { UpstreamFailedError } from '../lib/errors.js';
import type { OpenedResponse } from '../outbound/http-client.js';
import { UnexpectedResponse } from '../outbound/service-client.js';

/** An error document comes with status 200 at times, and would otherwise be stored as music. */
const TEXT_TYPES = /^(?:application\/(?:json|xml|xhtml\+xml|problem\+json)|text\/)/i;

interface AudioRequest {
  displayName: string;
  offsetBytes: number;
}

/** The bytes from the offset on. Throws UnexpectedResponse, and Upstream… errors for what is no audio. */
export function beginAudio(
  { status, headers, body }: OpenedResponse,
  { displayName, offsetBytes }: AudioRequest,
): Readable {
  const type = headers.get('content-type') ?? '';
  if (status >= 400 || TEXT_TYPES.test(type)) {
    throw new UpstreamFailedError(
      `${displayName} sent no audio (status ${status}, ${type || 'without a type'}).`,
      { retryable: status < 400 },
    );
  }
  if (offsetBytes === 0) return body;
  if (status === 200) return skipBytes(body, offsetBytes);
  const start = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1];
  if (Number(start) === offsetBytes) return body;
  throw new UnexpectedResponse('sent another part of the file than was requested');
}

/** For servers that send the whole file whatever part is requested. */
export function skipBytes(body: Readable, bytes: number): Readable {
  return Readable.from(withoutStart(body, bytes), { objectMode: false });
}

async function* withoutStart(body: Readable, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const rest = chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
    if (rest.length > 0) yield rest;
  }
}
