import { messageOf } from '../lib/errors.js';

export interface FetchLimits {
  /** For the whole answer, its body included. */
  timeoutMs: number;
  /** Of the body, decompressed. */
  maxBytes: number;
  /** Ends it earlier. */
  signal?: AbortSignal | undefined;
}

export type OutboundProblem = 'UNREACHABLE' | 'TIMEOUT' | 'TOO_LARGE' | 'CANCELLED';

/** Another server did not answer as it should. The message names its host only: a URL may hold secrets. */
export class OutboundError extends Error {
  constructor(
    readonly problem: OutboundProblem,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'OutboundError';
  }
}

/** Statuses whose responses have no body. */
const WITHOUT_BODY = [204, 205, 304];

/**
 * `fetch` with the body already read. Follows no redirect: what the caller has checked or signed is the address that is
 * asked, and no other host gets the request's secrets. Throws OutboundError.
 */
export async function fetchLimited(
  url: string | URL,
  init: Omit<RequestInit, 'redirect' | 'signal'>,
  { timeoutMs, maxBytes, signal }: FetchLimits,
): Promise<Response> {
  const { host } = new URL(url);
  const controller = new AbortController();
  const stop = (problem: OutboundProblem, message: string) => () =>
    controller.abort(new OutboundError(problem, message));
  const cancel = stop('CANCELLED', `The request to ${host} was canceled.`);
  const timer = setTimeout(stop('TIMEOUT', `${host} did not answer within ${timeoutMs} ms.`), timeoutMs);
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: controller.signal });
    return rebuild(response, await readAtMost(response, { maxBytes, host }));
  } catch (thrown) {
    if (thrown instanceof OutboundError) throw thrown;
    throw new OutboundError('UNREACHABLE', `${host} is not reachable: ${reasonOf(thrown)}.`, {
      cause: thrown,
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

async function readAtMost(
  { body }: Response,
  { maxBytes, host }: { maxBytes: number; host: string },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the rest.
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new OutboundError('TOO_LARGE', `${host} sent more than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function rebuild({ status, statusText, headers }: Response, bytes: Uint8Array): Response {
  const kept = new Headers(headers);
  // Of the body as it was sent.
  kept.delete('content-encoding');
  kept.delete('content-length');
  const body = WITHOUT_BODY.includes(status) ? null : new Uint8Array(bytes);
  return new Response(body, { status, statusText, headers: kept });
}

/** fetch says "fetch failed"; why is in its cause. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const inner: unknown = cause instanceof AggregateError ? cause.errors.at(-1) : cause;
  return messageOf(inner ?? thrown);
}
