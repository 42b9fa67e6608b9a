import { failureShape } from './failure-shape.js';
import { failureReference, failuresOf, toFailureResponses } from './openapi-errors.js';
import { toOperationInput } from './openapi-input.js';
import { createSchemaBook, type JsonSchema, type SchemaBook } from './openapi-schemas.js';
import { SECTIONS, sectionOf } from './openapi-sections.js';
import type { AnyRoute, Method, RouteDocs } from './route.js';

type DocumentedRoute = AnyRoute & { docs: RouteDocs };

const INTRODUCTION = `What clients of Spotizerr-Phoenix know, over the same schema as \`/graphql\`.

Every answer is JSON but the event stream of \`/prgs/stream\`. Errors have one shape, in which \`error\` and \`detail\` are
the same text. Ids are bare for Spotify and \`provider:id\` for every other catalogue; links are taken too. A path may
end in a slash. With authentication off, no token is needed.`;

/** Describes the routes in OpenAPI 3.1: from the table alone, so that it cannot tell of anything else. */
export function toOpenapi(routes: readonly AnyRoute[], version: string): JsonSchema {
  const book = createSchemaBook();
  const paths: Record<string, JsonSchema> = {};
  const failures: number[] = [];
  for (const route of routes.filter(isDocumented)) {
    for (const method of route.methods) {
      const operations = (paths[route.path] ??= {});
      operations[method.toLowerCase()] = toOperation(route, method, book);
      failures.push(...failuresOf(route, method));
    }
  }
  const failure = book.toAnswer(failureShape);
  return {
    openapi: '3.1.1',
    info: { title: 'Reprise', version, description: INTRODUCTION },
    servers: [{ url: '/api' }],
    security: [{ bearer: [] }, {}],
    tags: tagsOf(Object.keys(paths)),
    paths,
    components: {
      schemas: book.named,
      responses: toFailureResponses(failures, failure),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function isDocumented(route: AnyRoute): route is DocumentedRoute {
  return route.docs !== null;
}

function toOperation(route: DocumentedRoute, method: Method, book: SchemaBook): JsonSchema {
  const { path, docs, status, streams } = route;
  const type = streams ? 'text/event-stream' : 'application/json';
  const failures = failuresOf(route, method).map((each) => [each, failureReference(each)] as const);
  return {
    operationId: operationIdOf(path, method),
    tags: [sectionOf(path)],
    summary: docs.summary,
    ...toOperationInput({ path, docs, method, schema: book.toInput(route.input) }),
    responses: {
      [status]: {
        description: successOf(route),
        content: { [type]: { schema: book.toAnswer(docs.answer) } },
      },
      ...Object.fromEntries(failures),
    },
  };
}

function successOf({ streams, status }: AnyRoute): string {
  if (streams) return 'A stream of events without a name; the data of each is one such object.';
  return status === 202 ? 'Accepted: a task does it.' : 'Done.';
}

/** `getTrackDownloadById` for `GET /track/download/{id}` */
function operationIdOf(path: string, method: Method): string {
  const words = path
    .replaceAll('{', 'by/')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return method.toLowerCase() + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
}

function tagsOf(paths: readonly string[]): object[] {
  const used = new Set<string>(paths.map(sectionOf));
  return Object.entries(SECTIONS)
    .filter(([name]) => used.has(name))
    .map(([name, description]) => ({ name, description }));
}
