import { Hono, type Context } from 'hono';
import type { GraphqlServer } from '../graphql/server.js';
import type { HttpApp } from '../http/app.js';
import { answerWith } from '../http/asset.js';
import type { RequestBindings } from '../http/request-context.js';
import { systemClock, type Clock } from '../lib/clock.js';
import type { Logger } from '../lib/logger.js';
import { describeRoutes } from './describe-routes.js';
import { internalFailure, RestFailure, toErrorBody, toErrorHeaders } from './errors.js';
import { createRouteMatcher, type RouteMatcher } from './match-route.js';
import { readRequest } from './read-request.js';
import type { AnyRoute, RestAnswer, RestTiming } from './route.js';
import { ROUTES } from '../rest-routes.js';
import { createDocuments } from './run-document.js';

export interface RestOptions {
  graphql: GraphqlServer;
  log: Logger;
  routes?: readonly AnyRoute[];
  clock?: Clock;
  timing?: Partial<RestTiming>;
  /** Whether a bug shows where it is, to whoever met it: for developers only. */
  tracebacks?: boolean;
  /** Pages of these may start what changes something, though they are another site. */
  origins?: readonly string[];
}

const BASE = '/api';
const TIMING: RestTiming = { answerWithinMs: 9_000, messageGapMs: 100, heartbeatMs: 15_000 };
/** Seconds that a client is asked to wait after an answer took too long. */
const RETRY_AFTER_S = 10;
/** Some GETs change something, and all answers are of the moment. */
const NO_STORE = { 'cache-control': 'no-store' };
const EVENT_STREAM = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

type RestContext = Context<{ Bindings: RequestBindings }>;
type World = Required<Omit<RestOptions, 'routes' | 'timing'>> & { match: RouteMatcher; timing: RestTiming };

/** Everything under /api, to be mounted there. It does its own routing, so that the table of routes is all there is. */
export function createRestApp(options: RestOptions): HttpApp {
  const { graphql, log, routes = ROUTES, clock = systemClock, origins = [], tracebacks = false } = options;
  const timing = { ...TIMING, ...options.timing };
  const world: World = {
    graphql,
    log,
    clock,
    origins,
    tracebacks,
    timing,
    match: createRouteMatcher([...routes, ...describeRoutes(routes)]),
  };
  const app: HttpApp = new Hono();
  app.all('*', async (c) => {
    try {
      return toResponse(c, await answer(world, c));
    } catch (thrown) {
      const failure = thrown instanceof RestFailure ? thrown : maskedFailure(thrown, world, c);
      return json(c, {
        status: failure.status,
        body: toErrorBody(failure, tracebacks),
        headers: toErrorHeaders(failure),
      });
    }
  });
  return app;
}

async function answer(world: World, c: RestContext): Promise<RestAnswer> {
  const url = new URL(c.req.url);
  const { route, parameters } = world.match(c.req.method, url.pathname.slice(BASE.length));
  const { headers } = c.req.raw;
  if (route.changes && isForeign(headers, world.origins)) {
    throw new RestFailure(403, 'A page of another site may not do this.');
  }
  const raw = await readRequest(c.req.raw, url, parameters);
  const { requestId } = c.env;
  return withinTime(world.timing.answerWithinMs, c.env.signal, (signal) =>
    route.answer({
      documents: createDocuments(world, { transport: 'rest', requestId, signal, headers }),
      raw,
      headers,
      base: `${url.origin}${BASE}`,
      clock: world.clock,
      signal,
      hangUp: () => c.env.outgoing.destroy(),
      timing: world.timing,
    }),
  );
}

/** Whether a browser says that a page elsewhere asks; a page that may says so itself. */
function isForeign(headers: Headers, origins: readonly string[]): boolean {
  return headers.get('sec-fetch-site') === 'cross-site' && !origins.includes(headers.get('origin') ?? '');
}

/** Work that takes too long is told to stop, and answered for without waiting whether it does. */
function withinTime(
  limitMs: number,
  client: AbortSignal,
  work: (signal: AbortSignal) => Promise<RestAnswer>,
): Promise<RestAnswer> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  client.addEventListener('abort', stop, { once: true });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new RestFailure(503, 'This took too long; try again.', { retry_after: RETRY_AFTER_S }));
      stop();
    }, limitMs);
    work(controller.signal)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

function toResponse(c: RestContext, result: RestAnswer): Response {
  if ('stream' in result) return new Response(result.stream, { headers: EVENT_STREAM });
  if (!('asset' in result)) return json(c, result);
  const { status, headers, body } = answerWith(result.asset, c.req.raw.headers, result.headers);
  return new Response(body, { status, headers });
}

function json(
  c: RestContext,
  { status, body, headers }: { status: number; body: object; headers?: Record<string, string> },
): Response {
  const type = { 'content-type': 'application/json; charset=utf-8' };
  return c.body(JSON.stringify(body), status as 200, { ...NO_STORE, ...type, ...headers });
}

function maskedFailure(thrown: unknown, { log }: World, c: RestContext): RestFailure {
  const { requestId } = c.env;
  log.error({ err: thrown, requestId }, 'A REST request failed');
  return internalFailure(requestId, thrown);
}
