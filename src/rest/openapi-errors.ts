import { STATUS_CODES } from 'node:http';
import type { JsonSchema } from './openapi-schemas.js';
import type { AnyRoute, Method } from './route.js';

const MEANINGS: Record<number, string> = {
  400: 'Something that was sent is not valid; `details.field` names it.',
  401: 'No token, or none that is valid.',
  403: 'Not allowed to this caller, or not from this page.',
  404: 'There is no such thing.',
  409: 'It does not go with what is there already.',
  413: 'The body is larger than 1 MiB.',
  415: 'The body is not JSON.',
  429: 'Too often; see Retry-After.',
  500: 'A fault of Reprise.',
  502: 'A catalogue or source failed.',
  503: 'It took too long, or a catalogue limits us; see Retry-After.',
};

const HEADERS: Record<number, Record<string, JsonSchema>> = {
  401: { 'WWW-Authenticate': { schema: { type: 'string' } } },
  429: { 'Retry-After': { schema: { type: 'integer' } } },
  503: { 'Retry-After': { schema: { type: 'integer' } } },
};

/** Whatever is asked. */
const ALWAYS = [400, 401, 403, 500, 503];
const WITH_BODY = [413, 415];

/** The statuses other than 2xx that a route may answer with. */
export function failuresOf({ docs }: AnyRoute, method: Method): number[] {
  const all = new Set([...ALWAYS, ...(method === 'GET' ? [] : WITH_BODY), ...(docs?.errors ?? [])]);
  return [...all].sort((a, b) => a - b);
}

export function failureReference(status: number): JsonSchema {
  return { $ref: `#/components/responses/${nameOf(status)}` };
}

/** `#/components/responses`, for all statuses that are in use. */
export function toFailureResponses(statuses: Iterable<number>, shape: JsonSchema): JsonSchema {
  const responses = [...new Set(statuses)].map((status) => [nameOf(status), toResponse(status, shape)]);
  return Object.fromEntries(responses) as JsonSchema;
}

function toResponse(status: number, schema: JsonSchema): JsonSchema {
  const headers = HEADERS[status];
  return {
    description: MEANINGS[status] ?? nameOf(status),
    ...(headers && { headers }),
    content: { 'application/json': { schema } },
  };
}

/** `NotFound` */
function nameOf(status: number): string {
  return (STATUS_CODES[status] ?? `Status${status}`).replaceAll(/[^A-Za-z]/g, '');
}
