import { randomUUID } from 'node:crypto';
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
import { execute, rest, subscribe, type TestApp } from './start-app.js';

/** Someone else than the user that every caller is while authentication is off. */
export async function createUser(app: TestApp, role: UserRole = 'USER'): Promise<Viewer> {
  const user = { id: randomUUID(), username: `user-${randomUUID()}`, role };
  await app.deps.db.user.create({ data: user });
  return viewerOf(user);
}

function graphqlWith(app: TestApp, changes: Partial<GraphqlContext>) {
  const { log } = app.deps;
  const usual = createContextFactory(app.deps);
  const permissions = changes.viewer && { permissions: permissionsOf(changes.viewer) };
  const createContext = async (request: ContextRequest) => ({
    ...(await usual(request)),
    ...permissions,
    ...changes,
  });
  return createGraphqlServer({ schema, internalSchema, createContext, log, graphiql: true });
}

/** Runs documents as REST routes do, so that they may select internal fields. */
export function restDocuments(app: TestApp, changes: Partial<GraphqlContext> = {}): Documents {
  return createDocuments({ graphql: graphqlWith(app, changes), log: app.deps.log }, createContextRequest());
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
  return {
    ...app,
    url,
    execute: (document, ...[variables]) => execute(url, document.toString(), variables) as Promise<never>,
    subscribe: (document, ...[variables]) => subscribe(url, document.toString(), variables) as never,
    rest: (method, path, body) => rest(url, { method, path, body }),
    stop: () => server.stop({ graceMs: 1_000 }),
  };
}
