import type { GraphQLError } from 'graphql';
import { toFailureBody } from '../http/send.js';
import type { ErrorCode } from '../lib/errors.js';

/** Further fields of an error response. */
interface FailureFacts {
  /** Text, or facts by name. */
  details?: string | readonly unknown[] | Record<string, unknown>;
  /** The task that already does what was requested. */
  existing_task?: string;
  task_id?: string;
  /** Seconds after which a retry may succeed. */
  retry_after?: number;
  /** For clients that have not signed in. */
  auth_enabled?: true;
}

/** An error response. The client sees its message as it is. */
export class RestFailure extends Error {
  readonly facts: FailureFacts;
  readonly headers: Record<string, string>;

  constructor(
    readonly status: number,
    message: string,
    {
      headers = {},
      cause,
      ...facts
    }: FailureFacts & { headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.name = 'RestFailure';
    this.facts = facts;
    this.headers = headers;
  }
}

const STATUSES = {
  INVALID_INPUT: 400,
  INVALID_ITEM: 400,
  INVALID_OPTIONS: 400,
  INVALID_SETTINGS: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  AUTH_DISABLED: 400,
  INVALID_CREDENTIALS: 401,
  TOO_MANY_SIGN_INS: 429,
  SESSION_ENDED: 401,
  REGISTRATION_DISABLED: 403,
  USERNAME_TAKEN: 409,
  WEAK_PASSWORD: 400,
  // Clients sign out on 401 below /auth/.
  WRONG_PASSWORD: 400,
  NO_PASSWORD: 400,
  USER_NOT_FOUND: 404,
  OWN_USER: 400,
  LAST_ADMIN: 400,
  API_KEY_NOT_FOUND: 404,
  NAME_TAKEN: 409,
  PROVIDER_NOT_FOUND: 404,
  PROVIDER_DISABLED: 400,
  PROVIDER_FAILED: 502,
  PROVIDER_NOT_LINKED: 400,
  LAST_SIGN_IN_METHOD: 400,
  SERVICE_UNKNOWN: 400,
  ACCOUNT_NOT_FOUND: 404,
  SECRET_UNREADABLE: 409,
  EXPLICIT_CONTENT: 403,
  FORMAT_UNAVAILABLE: 400,
  CATALOG_ITEM_NOT_FOUND: 404,
  TASK_NOT_FOUND: 404,
  LIBRARY_NOT_CONFIGURED: 404,
  WATCH_NOT_FOUND: 404,
  WATCHING_DISABLED: 403,
  WATCH_EXPIRED: 409,
  DUPLICATE_DOWNLOAD: 409,
  TASK_STATE_CONFLICT: 409,
  LIMIT_EXCEEDED: 429,
  INTERNAL: 500,
  UPSTREAM_FAILED: 502,
  DATABASE_UNAVAILABLE: 503,
  READ_TIMEOUT: 503,
  UPSTREAM_LIMITED: 503,
} satisfies Record<ErrorCode, number>;

/** An error member of a result union. */
export interface UnionFailure {
  code: ErrorCode;
  message: string;
  retryAfterSeconds?: number;
}

export function toFailure({ code, message, retryAfterSeconds }: UnionFailure): RestFailure {
  const facts = retryAfterSeconds === undefined ? {} : { retry_after: retryAfterSeconds };
  const status = STATUSES[code];
  if (status !== 401) return new RestFailure(status, message, facts);
  return new RestFailure(status, message, {
    ...facts,
    auth_enabled: true,
    headers: { 'www-authenticate': 'Bearer' },
  });
}

/** An entry of GraphQL's `errors`. Any other code is a bug in our document, and not a RestFailure. */
export function fromGraphqlErrors([first]: readonly GraphQLError[]): Error {
  const { code, requestId, retryAfterSeconds, expectedType } = first?.extensions ?? {};
  if (code === 'INTERNAL') return internalFailure(requestId, first?.cause);
  if (code === 'CANCELLED') return new RestFailure(503, 'The request was canceled.', { retry_after: 1 });
  // Existing clients expect the same response as for an item that does not exist.
  if (typeof expectedType === 'string') return new RestFailure(404, `${expectedType} not found`);
  if (!first || !isErrorCode(code)) return new Error(`A document of REST failed: ${first?.message}`);
  return toFailure({
    code,
    message: first.message,
    ...(typeof retryAfterSeconds === 'number' ? { retryAfterSeconds } : {}),
  });
}

export function internalFailure(requestId: unknown, cause: unknown): RestFailure {
  return new RestFailure(500, 'Internal error', { details: { request_id: requestId }, cause });
}

export function toErrorBody({ message, facts, cause }: RestFailure, tracebacks: boolean): object {
  const stack = tracebacks && cause instanceof Error ? cause.stack : undefined;
  return toFailureBody(message, { ...facts, ...(stack !== undefined && { traceback: stack }) });
}

export function toErrorHeaders({ status, facts, headers }: RestFailure): Record<string, string> {
  if (facts.retry_after === undefined || (status !== 429 && status !== 503)) return headers;
  return { ...headers, 'retry-after': String(facts.retry_after) };
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(STATUSES, code);
}
