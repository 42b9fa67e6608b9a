import { GraphQLError, Kind, type ExecutionResult, type GraphQLFormattedError } from 'graphql';
import type { Plugin, YogaLogger } from 'graphql-yoga';
import { DatabaseUnavailableError, toDatabaseError } from '../database/outage.js';
import { DomainError, isErrorCode, WrongIdTypeError } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import type { ContextRequest } from './context-request.js';

interface ErrorReport {
  log: Logger;
  /** Absent only before a request has one. */
  requestId?: string | undefined;
  /** Errors of graphql-js carry no code. */
  code?: string;
}

/** Unexpected errors are masked, and logged with the request's id. A public error is returned as it is. */
export function toPublicError(thrown: unknown, report: ErrorReport): GraphQLError {
  return expose(thrown, report.code ?? 'BAD_USER_INPUT') ?? mask(thrown, report);
}

export function toFormattedError(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...formatted } = error.toJSON();
  const shown = omit(extensions ?? {}, HTTP_NOTES);
  return Object.keys(shown).length > 0 ? { ...formatted, extensions: shown } : formatted;
}

export const HTTP_NOTES = ['http', 'unexpected'];

export function omit(from: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)));
}

function isAbortError(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}

function expose(thrown: unknown, fallbackCode: string): GraphQLError | null {
  const original = causeOf(thrown);
  const cause = toDatabaseError(original) ?? original;
  if (cause instanceof DatabaseUnavailableError) return exposeOutage(thrown, cause);
  if (cause instanceof DomainError && isErrorCode(cause.code))
    return restate(thrown, cause.message, factsOf(cause));
  if (isAbortError(cause)) return restate(thrown, 'The request was canceled.', { code: 'CANCELLED' });
  if (!(thrown instanceof GraphQLError)) return null;
  if (!(cause instanceof GraphQLError) && !isAboutInput(thrown)) return null;
  const { path, extensions } = thrown;
  // A field must not choose the response's status. Errors without a path are Yoga's about the request.
  const choosesStatus = path !== undefined && 'http' in extensions && !isOutage(thrown);
  if ('code' in extensions && !choosesStatus) return thrown;
  return restate(thrown, thrown.message, {
    code: fallbackCode,
    ...(choosesStatus ? omit(extensions, ['http']) : extensions),
  });
}

/** Not logged: whoever listens to the database (events/postgres-relay.ts) reports an outage, once. */
function exposeOutage(thrown: unknown, outage: DatabaseUnavailableError): GraphQLError {
  const headers = { 'retry-after': String(outage.retryAfterMs / 1000) };
  const facts = { ...factsOf(outage), http: { status: 503, headers } };
  return restate(thrown, outage.message, facts);
}

export function isOutage(thrown: unknown): boolean {
  return thrown instanceof GraphQLError && thrown.extensions['code'] === 'DATABASE_UNAVAILABLE';
}

function mask(thrown: unknown, { log, requestId }: ErrorReport): GraphQLError {
  const path = thrown instanceof GraphQLError ? thrown.path : undefined;
  const cause = causeOf(thrown);
  log.error({ err: cause, requestId, path: path?.join('.') }, 'unexpected error');
  // Yoga answers 500 to `unexpected` when there is no data, and removes the mark.
  const masked = restate(thrown, 'Internal error', { code: 'INTERNAL', requestId, unexpected: true });
  // For the REST layer in development; never serialized.
  return Object.defineProperty(masked, 'cause', { value: cause, enumerable: false });
}

/** An error of graphql-js may repeat a whole variable. */
const MAX_MESSAGE_CHARS = 1_000;

/** Keeps nothing else of the original error. */
function restate(thrown: unknown, text: string, extensions: Record<string, unknown>): GraphQLError {
  const message = text.length > MAX_MESSAGE_CHARS ? `${text.slice(0, MAX_MESSAGE_CHARS)}…` : text;
  if (!(thrown instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  const { nodes = null, source = null, positions = null, path = null } = thrown;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}

function causeOf(thrown: unknown): unknown {
  let cause = thrown;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

/** A scalar's plain error about a variable or literal is for the client; at any other place it is a bug. */
function isAboutInput({ nodes }: GraphQLError): boolean {
  const kind = nodes?.[0]?.kind ?? '';
  return kind === Kind.VARIABLE_DEFINITION || kind === Kind.VARIABLE || kind.endsWith('Value');
}

function factsOf(error: DomainError): Record<string, unknown> {
  const { queryCode, retryAfterMs } = error;
  const code = queryCode ?? error.code;
  if (error instanceof WrongIdTypeError) return { code, expectedType: error.expectedType };
  return retryAfterMs === null ? { code } : { code, retryAfterSeconds: Math.ceil(retryAfterMs / 1000) };
}

/** graphql-js repeats a whole variable if any part of it is invalid. */
function withoutSecrets(error: GraphQLError, variables: unknown): GraphQLError {
  if (!error.message.includes(' got invalid value ')) return error;
  const message = secretsIn(variables).reduce(
    (text, secret) => text.replaceAll(secret, '"…"'),
    error.message,
  );
  return restate(error, message, error.extensions);
}

const SECRET_NAME = /password|secret|token|ticket|key|arl|blob/i;

/** As graphql-js prints them. Variables that nest deeper than is allowed are refused before (input-limits.ts). */
function secretsIn(value: unknown, isSecret = false): string[] {
  if (typeof value === 'string' || typeof value === 'number') return isSecret ? [JSON.stringify(value)] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    secretsIn(inner, isSecret || SECRET_NAME.test(name)),
  );
}

interface MaskedResult {
  args: { contextValue?: unknown; variableValues?: unknown };
  result: ExecutionResult | AsyncIterable<ExecutionResult>;
  setResult: (result: ExecutionResult) => void;
}

/** Yoga masks too, but without the request's id. */
export function useErrorMasking(log: Logger): Plugin {
  const maskResult = ({ args, result, setResult }: MaskedResult) => {
    if (Symbol.asyncIterator in result || !result.errors) return;
    const requestId = requestIdOf(args.contextValue);
    const shown = result.errors.map((error) =>
      withoutSecrets(toPublicError(error, { log, requestId }), args.variableValues),
    );
    setResult({ ...result, errors: shown });
  };
  const maskEach = (payload: MaskedResult) => {
    if (Symbol.asyncIterator in payload.result) return { onNext: maskResult };
    return maskResult(payload);
  };
  return {
    onPluginInit({ registerContextErrorHandler }) {
      registerContextErrorHandler(({ error, setError, context }) =>
        setError(toPublicError(error, { log, requestId: requestIdOf(context) })),
      );
    },
    onExecute: () => ({ onExecuteDone: maskEach }),
    onSubscribe: ({ args }) => ({
      onSubscribeResult: maskEach,
      onSubscribeError({ error, setError }) {
        if (isAbortError(error)) return;
        setError(toPublicError(error, { log, requestId: requestIdOf(args.contextValue) }));
      },
    }),
  };
}

export function toYogaLogger(log: Logger): YogaLogger {
  const trace = (...parts: unknown[]) => log.trace({ parts }, 'yoga');
  return { debug: trace, info: trace, warn: trace, error: trace };
}

function requestIdOf(context: unknown): string | undefined {
  return (context as { contextRequest?: ContextRequest } | undefined)?.contextRequest?.requestId;
}
