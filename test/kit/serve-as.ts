import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { refusalFor } from '../../src/auth/access-rules.js';
import { viewerOf, type UserRole, type Viewer } from '../../src/auth/viewer.js';
import { createContextFactory, permissionsOf, type GraphqlContext } from '../../src/context.js';
import { internalSchema, schema } from '../../src/schema.js';
import type { ContextRequest } from '../../src/graphql/context-request.js';
import { createGraphqlServer } from '../../src/graphql/server.js';
import { createDocuments, type Documents } from '../../src/rest/run-document.js';
import { createHttpServer } from '../../src/http/server.js';
import { ROUTES } from '../../src/rest-routes.js';
import { createRestApp } from '../../src/rest/handle.js';
import { createContextRequest } from './context-request.js';
import { createToken, requestsTo, type TestApp } from './start-app.js';
import { bearerOf, carryToken, dropToken } from './tokens.js';

/** Someone else than the user that every caller is while authentication is off. */
export async function createUser(app: TestApp, role: UserRole = 'USER'): Promise<Viewer> {
  const user = { id: randomUUID(), username: `user-${randomUUID()}`, role };
  await app.deps.db.user.create({ data: { ...user, usernameKey: user.username } });
  return viewerOf(user);
}

/** The app as its requests are with a token of this user. It needs `authEnabled`. */
export async function signedIn(app: TestApp, user: { id: string }): Promise<TestApp> {
  const { url } = app;
  return { ...app, ...requestsTo({ url, token: await createToken(app, user) }) };
}

export function graphqlWith(app: TestApp, changes: Partial<GraphqlContext>) {
  const { log } = app.deps;
  const usual = createContextFactory(app.deps);
  const { viewer } = changes;
  const access = viewer && { permissions: permissionsOf(viewer), refusal: () => refusalFor(viewer) };
  const createContext = async (request: ContextRequest) => ({
    ...(await usual(request)),
    ...access,
    ...changes,
  });
  return createGraphqlServer({ schema, internalSchema, createContext, log, graphiql: true });
}

/** Runs documents as REST routes do, so that they may select internal fields. */
export function restDocuments(app: TestApp, changes: Partial<GraphqlContext> = {}): Documents {
  const request = createContextRequest({ headers: new Headers(bearerOf(app)) });
  return createDocuments({ graphql: graphqlWith(app, changes), log: app.deps.log }, request);
}

/** A user of a test's own, and the app as it is to them until the test ends. */
export async function serveOwnUser(app: TestApp): Promise<{ viewer: Viewer; ownerId: string; own: TestApp }> {
  const viewer = await createUser(app);
  const own = await serveWith(app, { viewer });
  onTestFinished(() => own.stop());
  return { viewer, ownerId: viewer.id, own };
}

/**
 * The same app on a port of its own with something else in every request's context: another viewer, or a
 * database client that counts. Stopping it leaves the app as it was.
 */
export async function serveWith(app: TestApp, changes: Partial<GraphqlContext>): Promise<TestApp> {
  const { log } = app.deps;
  const graphql = graphqlWith(app, changes);
  const routes = createRestApp({ graphql, log, routes: ROUTES });
  const server = await createHttpServer({ host: '127.0.0.1', port: 0, graphql, routes, checks: {}, log });
  const { url } = server;
  if (app.token !== undefined) carryToken(url, app.token);
  return {
    ...app,
    url,
    ...requestsTo({ url, token: app.token }),
    stop: async () => {
      await server.stop({ graceMs: 1_000 });
      dropToken(url);
    },
  };
}
