import type { IncomingMessage } from 'node:http';
import { useCSRFPrevention } from '@graphql-yoga/plugin-csrf-prevention';
import type { FetchAPI, GraphQLParams, Plugin } from 'graphql-yoga';
import { MAX_BODY_BYTES, readBody } from '../lib/read-body.js';

/** These pass a CORS preflight first, which only the listed origins do. */
const CSRF_HEADERS = ['graphql-require-preflight', 'apollo-require-preflight', 'x-graphql-yoga-csrf'];

/** Any page can make a browser send GET, and POST of a form's types, with our cookies. */
export function useCsrfRefusal(): Plugin {
  const rule = useCSRFPrevention({ requestHeaders: CSRF_HEADERS }) as Plugin;
  return {
    onRequestParse(payload) {
      try {
        return rule.onRequestParse?.(payload);
      } catch {
        payload.endResponse(
          refusalResponse(payload.fetchAPI, {
            status: 403,
            code: 'CSRF_HEADER_MISSING',
            message: `The request lacks a CSRF header; send "content-type: application/json" or "${CSRF_HEADERS[0]}: 1".`,
          }),
        );
      }
    },
  };
}

const JSON_TYPES = new Set(['application/json', 'application/graphql+json']);

/** The limit is counted as the body arrives. */
export function useJsonBody(): Plugin {
  return {
    onRequestParse({ request, serverContext, setRequestParser, fetchAPI }) {
      if (request.method !== 'POST') return;
      const refuse = (refusal: Refusal) => refusalResponse(fetchAPI, refusal);
      setRequestParser(async () => {
        if (!JSON_TYPES.has(mediaTypeOf(request))) return refuse(NOT_JSON);
        const { req } = serverContext as { req?: IncomingMessage };
        if (!req) throw new Error('the request was not handled by Node');
        const text = await readBody(req);
        if (text === null) return refuse(TOO_LARGE);
        return parseParams(text) ?? refuse(MALFORMED);
      });
    },
  };
}

interface Refusal {
  status: number;
  code: string;
  message: string;
}

function refusalResponse(fetchAPI: FetchAPI, { status, code, message }: Refusal): Response {
  return new fetchAPI.Response(JSON.stringify({ errors: [{ message, extensions: { code } }] }), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  });
}

const NOT_JSON: Refusal = {
  status: 415,
  code: 'UNSUPPORTED_MEDIA_TYPE',
  message: 'Send the operation as JSON, with "content-type: application/json".',
};

const MALFORMED: Refusal = {
  status: 400,
  code: 'BAD_REQUEST',
  message: 'The body is not a JSON object; expected: {"query": "{ viewer { id } }"}.',
};

const TOO_LARGE: Refusal = {
  status: 413,
  code: 'LIMIT_EXCEEDED',
  message: `The body is too large; at most ${MAX_BODY_BYTES} bytes are allowed.`,
};

function mediaTypeOf(request: Request): string {
  return request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
}

/** An array is a batch, which Yoga rejects. */
function parseParams(text: string): GraphQLParams | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' ? (parsed as GraphQLParams | null) : null;
  } catch {
    return null;
  }
}
