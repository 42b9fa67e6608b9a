import { toContextRequest } from '../graphql/context-request.js';
import type { Requirement } from '../graphql/field-rules.js';
import type { GraphqlServer } from '../graphql/server.js';
import type { HttpExchange, HttpHandler } from '../http/request-context.js';
import { foreignPageMessage, isFromForeignPage } from '../http/foreign-pages.js';
import { REST_PATH } from '../http/router.js';
import { sendAsset } from '../http/send.js';
import { withTimeout } from '../lib/async.js';
import { systemClock, type Clock } from '../lib/clock.js';
import { getOrAdd } from '../lib/get-or-add.js';
import type { Logger } from '../lib/logger.js';
import { createReaderCounter, type ReaderCounter } from '../lib/reader-limits.js';
import { describeRoutes } from './describe-routes.js';
import { internalFailure, RestFailure, toErrorBody, toErrorHeaders } from './errors.js';
import type { RawInput } from './input.js';
import { createRouteMatcher, type RouteMatcher } from './match-route.js';
import { readRequest } from './read-request.js';
import { sendReply } from './reply.js';
import type { AnyRoute, RestResponse, RestTiming } from './route.js';
import { createDocuments } from './run-document.js';

export interface RestOptions {
  graphql: GraphqlServer;
  log: Logger;
  routes: readonly AnyRoute[];
  clock?: Clock;
  timing?: Partial<RestTiming>;
  /** Shared with WebSockets. */
  readers?: ReaderCounter;
  /** Whether responses to bugs hold a traceback; for developers only. */
  tracebacks?: boolean;
  /** Other origins whose pages may call routes that change something. */
  origins?: readonly string[];
}

const TIMING: RestTiming = { responseTimeoutMs: 9_000, messageGapMs: 100, heartbeatMs: 15_000 };
/** `Retry-After` when a response took too long. */
const RETRY_AFTER_S = 10;

type RestDependencies = Required<Omit<RestOptions, 'routes' | 'timing'>> & {
  match: RouteMatcher;
  requirementsOf: ReturnType<typeof createRouteRules>;
  timing: RestTiming;
};

/** Handles everything under /api, by the table of routes. */
export function createRestApp(options: RestOptions): HttpHandler {
  const { graphql, log, routes, clock = systemClock, origins = [], tracebacks = false } = options;
  const readers = options.readers ?? createReaderCounter();
  const timing = { ...TIMING, ...options.timing };
  const match = createRouteMatcher([...routes, ...describeRoutes(routes)]);
  const requirementsOf = createRouteRules(graphql);
  const dependencies = { graphql, log, clock, origins, tracebacks, readers, timing, match, requirementsOf };
  return async (exchange, url) => {
    const { outgoing, client } = exchange;
    try {
      send(exchange, await answer(dependencies, exchange, url));
    } catch (thrown) {
      // Whatever has failed, nobody waits for it any more.
      if (exchange.signal.aborted) return void outgoing.destroy();
      const failure = thrown instanceof RestFailure ? thrown : maskedFailure(thrown, log, exchange);
      const body = toErrorBody(failure, tracebacks);
      sendReply(outgoing, { status: failure.status, body, headers: toErrorHeaders(failure) }, client);
    }
  };
}

async function answer(
  dependencies: RestDependencies,
  exchange: HttpExchange,
  url: URL,
): Promise<RestResponse> {
  const { incoming, outgoing, client, requestId } = exchange;
  const path = url.pathname.slice(REST_PATH.length);
  const { route, parameters } = dependencies.match(incoming.method ?? '', path);
  const here = { url, publicUrl: client.publicUrl };
  const isOwnOnly = route.changes && route.foreignPages === null;
  if (isOwnOnly && isFromForeignPage(incoming, here, dependencies.origins)) {
    exchange.refusal = foreignPageMessage(incoming, here);
    throw new RestFailure(403, exchange.refusal);
  }
  const streamToken = route.streams ? url.searchParams.get('token') || null : null;
  const parts = { requestId, signal: exchange.signal, client, outgoing, streamToken };
  // One for all documents, so that a ticket is taken once.
  const request = toContextRequest(incoming, { ...parts, transport: 'rest' });
  const documentsFor = (signal: AbortSignal) => createDocuments(dependencies, { ...request, signal });
  return abortWhenLate(dependencies.timing.responseTimeoutMs, exchange.signal, async (signal) => {
    const documents = documentsFor(signal);
    // Before the input is read: who may not call a route learns nothing about what is valid in it, or exists.
    await documents.authorize(dependencies.requirementsOf(route));
    const input = await readRequest(incoming, url.search, { parameters, bodyOnly: route.bodyOnly });
    const raw = route.streams ? withoutToken(input.raw) : input.raw;
    return route.handle({
      documents,
      documentsFor,
      enterReader: () => dependencies.readers.enter(client.address),
      raw,
      hasOptions: input.hasOptions,
      headers: request.headers,
      base: `${client.publicUrl}${REST_PATH}`,
      clock: dependencies.clock,
      signal,
      timing: dependencies.timing,
    });
  });
}

/** The rule of a route is that of the fields in its documents. */
export function createRouteRules({ requirementsOf }: Pick<GraphqlServer, 'requirementsOf'>) {
  const known = new Map<AnyRoute, Requirement[]>();
  const read = ({ documents }: AnyRoute) =>
    documents.flatMap((document) => requirementsOf(document.toString()));
  return (route: AnyRoute): Requirement[] => getOrAdd(known, route, () => [...new Set(read(route))]);
}

/** Nothing but the viewer's access depends on it, and no error may show it. */
function withoutToken({ token: _, ...raw }: RawInput): RawInput {
  return raw;
}

/** Work that fails or takes too long is aborted; the error response does not wait until it has stopped. */
async function abortWhenLate(
  limitMs: number,
  client: AbortSignal,
  work: (signal: AbortSignal) => Promise<RestResponse>,
): Promise<RestResponse> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  client.addEventListener('abort', stop, { once: true });
  try {
    return await withTimeout(work(controller.signal), limitMs, tooSlow);
  } catch (thrown) {
    stop();
    throw thrown;
  }
}

const tooSlow = () => new RestFailure(503, 'This took too long; try again.', { retry_after: RETRY_AFTER_S });

function send({ outgoing, client }: HttpExchange, result: RestResponse): void {
  if ('stream' in result) result.stream.connect(outgoing);
  else if ('asset' in result) sendAsset(outgoing, result.asset, result.headers);
  else sendReply(outgoing, result, client);
}

function maskedFailure(thrown: unknown, log: Logger, { requestId }: HttpExchange): RestFailure {
  log.error({ err: thrown, requestId }, 'rest request failed');
  return internalFailure(requestId, thrown);
}
