import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { GRAPHQL_PATH } from '../graphql/server.js';
import type { Logger } from '../lib/logger.js';
import type { Readiness } from './readiness.js';
import type { RequestBindings } from './request-context.js';

export type HttpApp = Hono<{ Bindings: RequestBindings }>;

interface HttpAppOptions {
  routes?: HttpApp | undefined;
  graphiql: boolean;
  readiness: () => Promise<Readiness>;
  log: Logger;
}

const MAX_BODY_BYTES = 1024 * 1024;

/** Everything but /graphql. Errors have the form of the REST contract: `error` and `detail`, both text. */
export function createHttpApp({ routes, graphiql, readiness, log }: HttpAppOptions): HttpApp {
  const app: HttpApp = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const answer = await readiness();
    return c.json(answer, answer.status === 'ready' ? 200 : 503);
  });
  app.get('/', (c) =>
    graphiql ? c.redirect(GRAPHQL_PATH) : c.json({ name: 'Reprise', graphql: GRAPHQL_PATH, rest: '/api' }),
  );
  if (routes) {
    app.use('/api/*', limitBody());
    app.route('/api', routes);
  }
  app.notFound((c) => c.json(failure(`There is nothing at ${c.req.method} ${c.req.path}.`), 404));
  app.onError((err, c) => {
    log.error({ err, requestId: c.env.requestId }, 'request failed');
    return c.json({ ...failure('Internal error'), details: { request_id: c.env.requestId } }, 500);
  });
  return app;
}

function limitBody() {
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    // The rest of the body is not read, so the connection cannot be reused.
    onError: (c) =>
      c.json(failure(`The body is larger than ${MAX_BODY_BYTES} bytes.`), 413, { connection: 'close' }),
  });
  // For a GET the limit would build a whole web request, only to find no body.
  return ((c, next) =>
    c.req.method === 'GET' || c.req.method === 'HEAD' ? next() : limit(c, next)) as typeof limit;
}

function failure(text: string) {
  return { error: text, detail: text };
}
