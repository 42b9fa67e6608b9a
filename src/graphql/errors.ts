import { GraphQLError, Kind, type GraphQLFormattedError } from 'graphql';
import { DomainError, messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';

export interface FaultReport {
  log: Logger;
  /** Absent only for faults before a request has one. */
  requestId?: string | undefined;
  /** For errors of graphql-js, which carry no code. */
  code?: string;
}

/**
 * Anything that was thrown, as a client may see it, with `extensions.code`. What nobody planned is masked, and
 * logged with the request's id. An error that is public already is returned as it is.
 */
export function toPublicError(thrown: unknown, report: FaultReport): GraphQLError {
  return expose(thrown, report.code ?? 'BAD_USER_INPUT') ?? mask(thrown, report);
}

/** An error as it goes over the wire: without what Yoga notes for HTTP. */
export function toFormattedError(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...formatted } = error.toJSON();
  const shown = omit(extensions ?? {}, HTTP_NOTES);
  return Object.keys(shown).length > 0 ? { ...formatted, extensions: shown } : formatted;
}

/** Yoga's notes in `extensions` about the status of the answer. */
export const HTTP_NOTES = ['http', 'unexpected'];

export function omit(from: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)));
}

export function isAbortError(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}

function expose(thrown: unknown, fallbackCode: string): GraphQLError | null {
  const cause = causeOf(thrown);
  if (cause instanceof DomainError) return restate(thrown, cause.message, factsOf(cause));
  if (isAbortError(cause)) return restate(thrown, 'The request was cancelled.', { code: 'CANCELLED' });
  if (!(thrown instanceof GraphQLError)) return null;
  if (!(cause instanceof GraphQLError) && !isAboutInput(thrown)) return null;
  const { path, extensions } = thrown;
  // A field must not choose the status of the whole answer. Errors without a path are Yoga's about the request.
  const choosesStatus = path !== undefined && 'http' in extensions;
  if ('code' in extensions && !choosesStatus) return thrown;
  return restate(thrown, thrown.message, {
    code: fallbackCode,
    ...(choosesStatus ? omit(extensions, ['http']) : extensions),
  });
}

function mask(thrown: unknown, { log, requestId }: FaultReport): GraphQLError {
  const path = thrown instanceof GraphQLError ? thrown.path : undefined;
  const cause = causeOf(thrown);
  log.error({ err: cause, requestId, path: path?.join('.') }, `Unexpected: ${messageOf(cause)}`);
  // Yoga answers 500 to an error marked so when there is no data at all, and removes the mark.
  const masked = restate(thrown, 'Internal error', { code: 'INTERNAL', requestId, unexpected: true });
  // For the REST layer of a developer; no part of what an error is on the wire.
  return Object.defineProperty(masked, 'cause', { value: cause, enumerable: false });
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
 * A scalar refuses a variable or a literal with a plain error, whose words are meant for the caller. Plain
 * errors at any other place (a field, a whole subscription) are bugs.
 */
function isAboutInput({ nodes }: GraphQLError): boolean {
  const kind = nodes?.[0]?.kind ?? '';
  return kind === Kind.VARIABLE_DEFINITION || kind === Kind.VARIABLE || kind.endsWith('Value');
}

function factsOf({ code, retryAfterMs }: DomainError): Record<string, unknown> {
  return retryAfterMs === null ? { code } : { code, retryAfterSeconds: Math.ceil(retryAfterMs / 1000) };
}
