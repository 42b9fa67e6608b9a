import type { IncomingMessage } from 'node:http';
import type { FetchAPI, GraphQLParams, Plugin } from 'graphql-yoga';
import { parseJson } from '../lib/parse-json.js';
import { MAX_BODY_BYTES, readBody } from '../lib/read-body.js';
import type { RequestCode } from './request-codes.js';

const JSON_TYPES = new Set(['application/json', 'application/graphql+json']);

/** The types that a form of any page can send are refused; http/access.ts refuses pages by their origin. */
export function useRequestParams(): Plugin {
  return {
    onRequestParse({ request, url, serverContext, setRequestParser, fetchAPI }) {
      const { req } = serverContext as { req?: IncomingMessage };
      setRequestParser(async () => {
        const params = request.method === 'GET' ? readUrl(url) : await readJson(request, req);
        const refusal = params instanceof Refusal ? params : refuseParams(params);
        return refusal ? toResponse(fetchAPI, refusal) : (params as GraphQLParams);
      });
    },
  };
}

/** Neither caches nor proxies may hold back a stream. */
export function useStreamHeaders(): Plugin {
  return {
    onResponse({ response }) {
      if (!response?.headers.get('content-type')?.startsWith('text/event-stream')) return;
      response.headers.set('cache-control', 'no-cache, no-transform');
      response.headers.set('x-accel-buffering', 'no');
      // Yoga's value "none" is not a coding, and some clients refuse it.
      response.headers.delete('content-encoding');
    },
  };
}

/** Yoga leaves the body empty. */
export function useNotAcceptable(): Plugin {
  return {
    onResponse({ response, setResponse, fetchAPI }) {
      if (response?.status === 406) setResponse(toResponse(fetchAPI, NOT_ACCEPTABLE));
    },
  };
}

class Refusal {
  constructor(
    readonly status: number,
    readonly code: RequestCode,
    readonly message: string,
  ) {}
}

const NOT_JSON = new Refusal(
  415,
  'UNSUPPORTED_MEDIA_TYPE',
  'Send the operation as JSON, with "content-type: application/json".',
);

const NOT_ACCEPTABLE = new Refusal(
  406,
  'NOT_ACCEPTABLE',
  'The result cannot be sent in a media type of "accept"; allowed are application/json and application/graphql-response+json for a query or mutation, and text/event-stream for a subscription.',
);

const MALFORMED = new Refusal(
  400,
  'BAD_REQUEST',
  'The body is not a JSON object; expected: {"query": "{ viewer { id } }"}.',
);

const TOO_LARGE = new Refusal(
  413,
  'LIMIT_EXCEEDED',
  `The body is too large; at most ${MAX_BODY_BYTES} bytes are allowed.`,
);

const NO_QUERY = new Refusal(
  400,
  'BAD_REQUEST',
  'The request has no "query"; expected: the text of an operation.',
);

/** With 200 and this message, clients send the text instead, and no hash again. */
const NO_PERSISTED_QUERIES = new Refusal(200, 'PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');

function toResponse(fetchAPI: FetchAPI, { status, code, message }: Refusal): Response {
  return new fetchAPI.Response(JSON.stringify({ errors: [{ message, extensions: { code } }] }), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  });
}

/** The limit is counted as the body arrives. */
async function readJson(
  request: Request,
  incoming: IncomingMessage | undefined,
): Promise<GraphQLParams | Refusal> {
  if (!JSON_TYPES.has(mediaTypeOf(request))) return NOT_JSON;
  if (!incoming) throw new Error('the request was not handled by Node');
  const text = await readBody(incoming);
  if (text === null) return TOO_LARGE;
  // An array is a batch, which Yoga rejects.
  const parsed = parseJson(text);
  return typeof parsed === 'object' && parsed !== null ? parsed : MALFORMED;
}

function mediaTypeOf(request: Request): string {
  return request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
}

function readUrl({ searchParams }: URL): GraphQLParams | Refusal {
  const params: Record<string, unknown> = {};
  for (const name of ['query', 'operationName', 'variables', 'extensions']) {
    const text = searchParams.get(name);
    if (!text) continue;
    const isJson = name === 'variables' || name === 'extensions';
    params[name] = isJson ? parseJson(text) : text;
    if (params[name] === undefined)
      return new Refusal(400, 'BAD_REQUEST', `"${name}" in the URL is not JSON; expected: an object.`);
  }
  return params;
}

function refuseParams(params: GraphQLParams): Refusal | null {
  if (params.query || Array.isArray(params)) return null;
  return params.extensions?.['persistedQuery'] ? NO_PERSISTED_QUERIES : NO_QUERY;
}
