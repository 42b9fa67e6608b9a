import { randomUUID } from 'node:crypto';
import type { UserRole, Viewer } from '../../src/auth/viewer.js';
import { createContextFactory, type GraphqlContext } from '../../src/context.js';
import { parseEnv, type Env } from '../../src/env.js';
import { internalSchema, schema } from '../../src/schema.js';
import { createGraphqlServer } from '../../src/graphql/server.js';
import { createHttpServer } from '../../src/http/server.js';
import { ROUTES } from '../../src/rest-routes.js';
import { createRestApp, type RestOptions } from '../../src/rest/handle.js';
import { createUser, graphqlWith } from '../kit/serve-as.js';
import { carryToken } from '../kit/tokens.js';
import { startApp, type TestApp, type TestAppOptions } from '../kit/start-app.js';

export interface RestTestApp extends TestApp {
  get(path: string, headers?: Record<string, string>): Promise<RestReply>;
  send(method: string, path: string, init?: RequestInit): Promise<RestReply>;
}

export interface RestReply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export interface RestTestOptions extends TestAppOptions {
  rest?: Partial<Pick<RestOptions, 'routes' | 'timing' | 'clock'>>;
  /** Turns authentication and registration on; every request is of a user with this role. */
  as?: UserRole;
}

const SIGN_IN: Partial<Env> = {
  signInProviders: parseEnv({ GOOGLE_CLIENT_ID: 'client', GOOGLE_CLIENT_SECRET: 'secret of the client' })
    .signInProviders,
  authEnabled: true,
  registrationEnabled: true,
};

function signedInBy(viewer: Viewer): Partial<GraphqlContext> {
  const credential = { kind: 'session', id: randomUUID() } as const;
  return { viewer, access: { viewer, credential, expiresAt: null, problem: null } };
}

/** An app whose REST layer is as a test wants it. Nothing works on tasks unless `env.role` says so. */
export async function startRest({
  rest,
  as,
  overrides,
  ...options
}: RestTestOptions = {}): Promise<RestTestApp> {
  const app = await startApp({
    ...options,
    env: { role: 'api', ...(as && SIGN_IN), ...options.env },
    // Nothing expands parents here, so there is nothing to wait for.
    overrides: { ...overrides, timing: { childrenWaitMs: 50, ...overrides?.timing } },
  });
  const { deps } = app;
  const graphql = as
    ? graphqlWith(app, signedInBy(await createUser(app, as)))
    : createGraphqlServer({
        schema,
        internalSchema,
        createContext: createContextFactory(deps),
        log: deps.log,
        graphiql: false,
      });
  const { corsOrigins: origins, allowedHosts, publicUrl, trustedProxies, development: tracebacks } = app.env;
  const routes = createRestApp({ graphql, log: deps.log, origins, tracebacks, routes: ROUTES, ...rest });
  const http = await createHttpServer({
    host: '127.0.0.1',
    port: 0,
    graphql,
    routes,
    origins,
    allowedHosts,
    publicUrl,
    trustedProxies,
    checks: {},
    log: deps.log,
  });
  if (app.token !== undefined) carryToken(http.url, app.token);
  const send = (method: string, path: string, init: RequestInit = {}) =>
    fetch(`${http.url}/api${path}`, { method, redirect: 'manual', ...init }).then(toReply);
  return {
    ...app,
    url: http.url,
    send,
    get: (path, headers = {}) => send('GET', path, { headers }),
    stop: async () => {
      await http.stop({ graceMs: 100 });
      await app.stop();
    },
  };
}

async function toReply(response: Response): Promise<RestReply> {
  const { status, headers } = response;
  const text = await response.text();
  return { status, headers, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
}
