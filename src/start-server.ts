import { createContextFactory } from './context.js';
import type { Deps } from './deps.js';
import { createGraphqlServer } from './graphql/server.js';
import type { Check } from './http/readiness.js';
import { createHttpServer, type RunningHttpServer } from './http/server.js';
import { createSinglePage } from './http/single-page.js';
import type { Closers } from './lib/closers.js';
import { createReaderCounter, READER_LIMITS, type ReaderLimits } from './lib/reader-limits.js';
import { createRestApp } from './rest/handle.js';
import { ROUTES } from './rest-routes.js';
import { internalSchema, schema } from './schema.js';

interface ServerOptions {
  checks: Readonly<Record<string, Check>>;
  readers: Partial<ReaderLimits> | undefined;
  closers: Closers;
}

/** GraphQL, REST, covers and pages, on one port. */
export async function startServer(deps: Deps, options: ServerOptions): Promise<RunningHttpServer> {
  const { env, log } = deps;
  const createContext = createContextFactory(deps);
  const graphql = createGraphqlServer({
    schema,
    internalSchema,
    createContext,
    log,
    graphiql: env.graphiql,
  });
  const readers = createReaderCounter({
    ...READER_LIMITS,
    perAddress: env.maxReadersPerAddress,
    ...options.readers,
  });
  const http = await createHttpServer({
    host: env.host,
    port: env.port,
    graphql,
    readers,
    routes: createRestApp({
      graphql,
      log,
      readers,
      routes: ROUTES,
      origins: env.corsOrigins,
      tracebacks: env.development,
    }),
    covers: {
      covers: deps.covers,
      mayRead: async (request) => (await createContext(request)).permissions.READ,
      isPublic: !env.authEnabled,
    },
    origins: env.corsOrigins,
    allowedHosts: env.allowedHosts,
    publicUrl: env.publicUrl,
    trustedProxies: env.trustedProxies,
    keySet: env.authEnabled ? async () => ({ keys: await deps.signingKeys.published() }) : undefined,
    page: env.uiDir === null ? null : createSinglePage(env.uiDir),
    checks: options.checks,
    log,
  });
  options.closers.add('http server', (graceMs) => http.stop({ graceMs }));
  return http;
}
