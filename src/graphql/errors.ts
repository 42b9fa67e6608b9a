import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { DomainError, messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';

export interface FaultReport {
  log: Logger;
  /** Absent only for faults before a request has one. */
  requestId?: string | undefined;
  /** For errors of graphql-js, which carry no code. */
  code?: string;
}

const seen = new WeakSet<GraphQLError>();

/**
 * Anything that was thrown, as a client may see it, with `extensions.code`. What nobody planned is masked, and
 * logged with the request's id. An error that was public already is returned as it is.
 */
export function toPublicError(thrown: unknown, report: FaultReport): GraphQLError {
  if (thrown instanceof GraphQLError && seen.has(thrown)) return thrown;
  const error = expose(thrown, report.code ?? 'BAD_USER_INPUT') ?? mask(thrown, report);
  seen.add(error);
  return error;
}

/** An error as it goes over the wire: without what Yoga notes for HTTP. */
export function toFormattedError(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...formatted } = error.toJSON();
  const { http: _http, unexpected: _unexpected, ...rest } = extensions ?? {};
  return Object.keys(rest).length > 0 ? { ...formatted, extensions: rest } : formatted;
}

export function isAbortError(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}

function expose(thrown: unknown, fallbackCode: string): GraphQLError | null {
  const cause = causeOf(thrown);
  if (cause instanceof DomainError) return restate(thrown, cause.message, { code: cause.code });
  if (isAbortError(cause)) return restate(thrown, 'The request was cancelled.', { code: 'CANCELLED' });
  if (!(thrown instanceof GraphQLError)) return null;
  if (!(cause instanceof GraphQLError) && !isAboutDocument(thrown)) return null;
  return restate(thrown, thrown.message, { code: fallbackCode, ...withoutStatus(thrown) });
}

/**
 * A field must not choose the status of the whole answer, so its `http` goes. Errors without a path are
 * Yoga's own about the request, whose status is right.
 */
function withoutStatus({ path, extensions }: GraphQLError): Record<string, unknown> {
  if (!path) return extensions;
  const { http: _http, ...rest } = extensions;
  return rest;
}

function mask(thrown: unknown, { log, requestId }: FaultReport): GraphQLError {
  const path = thrown instanceof GraphQLError ? thrown.path : undefined;
  const cause = causeOf(thrown);
  log.error({ err: cause, requestId, path: path?.join('.') }, `Unexpected: ${messageOf(cause)}`);
  // Yoga answers 500 to an error marked so when there is no data at all, and removes the mark.
  return restate(thrown, 'Internal error', { code: 'INTERNAL', requestId, unexpected: true });
}

/** The same place in the query with other words; nothing of the original error stays on it. */
function restate(thrown: unknown, message: string, extensions: Record<string, unknown>): GraphQLError {
  if (!(thrown instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  const { nodes = null, source = null, positions = null, path = null } = thrown;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}

function causeOf(thrown: unknown): unknown {
  let cause = thrown;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

/**
 * A scalar refuses a literal or a variable with a plain error, whose words are meant for the caller. Such an
 * error has a place in the document, but is of no field's run: it has no path.
 */
function isAboutDocument(error: GraphQLError): boolean {
  return !error.path && (error.nodes?.length ?? 0) > 0;
}
