import type { IncomingMessage } from 'node:http';
import type { FetchAPI, GraphQLParams, Plugin } from 'graphql-yoga';
import { MAX_BODY_BYTES, readBody } from '../http/read-body.js';

const JSON_TYPES = new Set(['application/json', 'application/graphql+json']);

/** Takes JSON bodies up to the limit, counted while they come in, and refuses every other kind of POST. */
export function useJsonBody(maxBytes: number = MAX_BODY_BYTES): Plugin {
  return {
    onRequestParse({ request, serverContext, setRequestParser, fetchAPI }) {
      if (request.method !== 'POST') return;
      const refuse = (refusal: Refusal) => refusalResponse(fetchAPI, refusal);
      setRequestParser(async () => {
        if (!JSON_TYPES.has(mediaTypeOf(request))) return refuse(NOT_JSON);
        // Yoga's own name for the request that its Node handler was given.
        const { req } = serverContext as unknown as { req: IncomingMessage };
        const text = await readBody(req, maxBytes);
        if (text === null) return refuse(tooLarge(maxBytes));
        return parseParams(text) ?? refuse(MALFORMED);
      });
    },
  };
}

export interface Refusal {
  status: number;
  code: string;
  message: string;
}

/** An answer to a request that never becomes an operation. */
export function refusalResponse(fetchAPI: FetchAPI, { status, code, message }: Refusal): Response {
  return new fetchAPI.Response(JSON.stringify({ errors: [{ message, extensions: { code } }] }), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  });
}

const NOT_JSON: Refusal = {
  status: 415,
  code: 'UNSUPPORTED_MEDIA_TYPE',
  message: 'Send the operation as JSON, with content-type: application/json.',
};

const MALFORMED: Refusal = {
  status: 400,
  code: 'BAD_REQUEST',
  message: 'The body is not a JSON object such as {"query": "{ viewer { id } }"}.',
};

function tooLarge(maxBytes: number): Refusal {
  const message = `The body is larger than ${maxBytes} bytes, which is the most that is allowed.`;
  return { status: 413, code: 'LIMIT_EXCEEDED', message };
}

function mediaTypeOf(request: Request): string {
  return request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
}

/** A list would be a batch, which Yoga refuses in its own words. */
function parseParams(text: string): GraphQLParams | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' ? (parsed as GraphQLParams | null) : null;
  } catch {
    return null;
  }
}
