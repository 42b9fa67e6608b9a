import { STATUS_CODES } from 'node:http';
import { createSchemaBook, type JsonSchema, type SchemaBook } from './openapi-schemas.js';
import { failureSchema } from './response-schemas.js';
import type { AnyRoute, Method, RouteDocs } from './route.js';

type DocumentedRoute = AnyRoute & { docs: RouteDocs };

const INTRODUCTION = `The API of Spotizerr-Phoenix for existing clients, on the same schema as [\`/graphql\`](/graphql),
which new clients should use.

Every response is JSON, except the event stream of \`/prgs/stream\`. All errors have the same form, in which \`error\`
and \`detail\` are the same text. Ids are bare for Spotify and \`provider:id\` for every other catalog; links are
accepted too. A path may end in a slash. No token is needed.`;

/** Describes the routes in OpenAPI 3.1, from the table alone. */
export function toOpenapi(
  routes: readonly AnyRoute[],
  { version, api }: { version: string; api: string },
): JsonSchema {
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
  const failure = book.toAnswer(failureSchema);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Reprise',
      version,
      description: INTRODUCTION,
      license: { name: 'MIT', identifier: 'MIT' },
      contact: { name: 'Administrator of this server' },
    },
    servers: [{ url: api }],
    security: [],
    tags: tagsOf(Object.keys(paths)),
    paths,
    components: {
      schemas: book.named,
      responses: toFailureResponses(failures, failure),
    },
  };
}

function isDocumented(route: AnyRoute): route is DocumentedRoute {
  return route.docs !== null;
}

function toOperation(route: DocumentedRoute, method: Method, book: SchemaBook): JsonSchema {
  const { path, docs, status } = route;
  const failures = failuresOf(route, method).map((each) => [each, failureReference(each)] as const);
  return {
    operationId: operationIdOf(path, method),
    tags: [sectionOf(path)],
    summary: docs.summary,
    ...describe(route, method),
    ...toOperationInput(route, method, book),
    responses: { [status]: toSuccess(route, book), ...Object.fromEntries(failures) },
  };
}

/** Of two methods that do the same, new clients use the first that is not GET. */
function describe({ methods, changes, docs }: DocumentedRoute, method: Method): JsonSchema {
  const kept = changes ? (methods.find((each) => each !== 'GET') ?? method) : method;
  if (method === kept) return { description: docs.description };
  return {
    deprecated: true,
    description: `${docs.description} For existing clients: new ones use ${kept}, which does the same.`,
  };
}

/** `getTrackDownloadById` for `GET /track/download/{id}` */
function operationIdOf(path: string, method: Method): string {
  const words = path
    .replaceAll('{', 'by/')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return method.toLowerCase() + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
}

// The sections of the description, in order.

const SECTIONS = {
  Catalog: 'Search, and metadata of tracks, albums, playlists and artists.',
  Downloads: 'Queue and cancel downloads.',
  Tasks: 'List tasks, follow them live, and control them.',
  History: 'Finished downloads and statistics.',
  Watching: 'Followed playlists and artists.',
  Settings: 'Download and watch settings.',
  Credentials: 'Accounts of catalogs and sources.',
  Authentication: 'Sign-in status and users.',
  Description: 'This OpenAPI document.',
} as const;

type Section = keyof typeof SECTIONS;

const BY_FIRST_PART: Record<string, Section> = {
  search: 'Catalog',
  prgs: 'Tasks',
  history: 'History',
  config: 'Settings',
  credentials: 'Credentials',
  auth: 'Authentication',
  'openapi.json': 'Description',
};

export function sectionOf(path: string): Section {
  const [first = '', second = ''] = path.split('/').slice(1);
  if (second === 'download') return 'Downloads';
  if (second === 'watch' && first !== 'config') return 'Watching';
  return BY_FIRST_PART[first] ?? 'Catalog';
}

function tagsOf(paths: readonly string[]): object[] {
  const used = new Set<string>(paths.map(sectionOf));
  return Object.entries(SECTIONS)
    .filter(([name]) => used.has(name))
    .map(([name, description]) => ({ name, description }));
}

type Properties = Record<string, JsonSchema>;

/** Input of an operation: path parameters, then its query for GET, or its body for other methods. */
function toOperationInput(
  { path, docs, input }: DocumentedRoute,
  method: Method,
  book: SchemaBook,
): JsonSchema {
  const { properties, required, rest } = taken(book.toInput(input));
  const inPath = [...path.matchAll(/\{([^{}]+)\}/g)].map(([, name = '']) => name);
  const others = without(properties, inPath);
  const inQuery = method === 'GET' ? Object.keys(others) : [];
  const parameters = [...inPath, ...inQuery].map((name) => {
    const isPart = inPath.includes(name);
    const { description, deprecated, ...form } = properties[name] ?? { type: 'string' };
    return {
      name,
      in: isPart ? 'path' : 'query',
      ...(description !== undefined && { description }),
      required: isPart || required.includes(name),
      ...(deprecated === true && { deprecated }),
      schema: form,
      ...(name in docs.example && { example: docs.example[name] }),
    };
  });
  const takesMore = rest['additionalProperties'] !== undefined && rest['additionalProperties'] !== false;
  const hasBody = method !== 'GET' && (Object.keys(others).length > 0 || takesMore);
  const needed = required.filter((name) => name in others);
  const body = {
    ...rest,
    properties: withDefaultsInWords(others),
    ...(needed.length > 0 && { required: needed }),
  };
  return {
    ...(parameters.length > 0 && { parameters }),
    ...(hasBody && {
      requestBody: {
        required: needed.length > 0,
        content: {
          'application/json': {
            schema: docs.body ? book.name(docs.body, body) : body,
            example: without(docs.example, inPath),
          },
        },
      },
    }),
  };
}

/** Generators take a field of a body with a `default` for one that is always sent. */
function withDefaultsInWords(properties: Properties): Properties {
  const fields = Object.entries(properties).map(([name, { default: byDefault, ...field }]) => [
    name,
    byDefault === undefined
      ? field
      : { ...field, description: `${String(field['description'])} Default: ${JSON.stringify(byDefault)}.` },
  ]);
  return Object.fromEntries(fields) as Properties;
}

/** A parameter that accepts no value (`not: {}`) exists only to be rejected, so it is left out. */
function taken(schema: JsonSchema): { properties: Properties; required: string[]; rest: JsonSchema } {
  const { properties, required, ...rest } = schema as { properties?: Properties; required?: string[] };
  const fitting = Object.entries(properties ?? {}).filter(([, { not }]) => !not);
  return { properties: Object.fromEntries(fitting), required: required ?? [], rest };
}

function without<Value>(from: Record<string, Value>, names: readonly string[]): Record<string, Value> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)));
}

function toSuccess({ docs, streams, status }: DocumentedRoute, book: SchemaBook): JsonSchema {
  return {
    description: successOf({ streams, status }),
    ...(status >= 300 && { headers: { Location: { schema: { type: 'string' } } } }),
    ...(docs.response && { content: toContent(book.toAnswer(docs.response), streams) }),
  };
}

/** A stream is a text without an end, not one object: clients that wait for its end wait for ever. */
function toContent(schema: JsonSchema, streams: boolean): JsonSchema {
  if (!streams) return { 'application/json': { schema } };
  const type = 'text/event-stream';
  return { [type]: { schema: { type: 'string', contentMediaType: type, contentSchema: schema } } };
}

function successOf({ streams, status }: Pick<AnyRoute, 'streams' | 'status'>): string {
  if (streams)
    return 'Server-sent events without a name, for as long as the client stays; `data` of each is one object in JSON.';
  if (status >= 300) return 'Continues at another address.';
  return status === 202 ? 'Accepted: a task does it.' : 'Done.';
}

const MEANINGS: Record<number, string> = {
  400: 'Invalid input; `details.field` names it.',
  401: 'Missing or invalid token.',
  403: 'Not allowed for this user, or not from this web page.',
  404: 'Not found.',
  409: 'In conflict with the current state, such as a duplicate.',
  413: 'The body is larger than 1 MiB.',
  415: 'The body is not JSON.',
  421: 'The host name is not one of this server; see ALLOWED_HOSTS.',
  429: 'Too many requests; see Retry-After.',
  500: 'A bug in Reprise.',
  502: 'A catalog or source failed.',
  503: 'It took too long, a catalog is limiting requests, or the database does not answer; see Retry-After.',
};

const HEADERS: Record<number, Record<string, JsonSchema>> = {
  401: { 'WWW-Authenticate': { schema: { type: 'string' } } },
  429: { 'Retry-After': { schema: { type: 'integer', minimum: 0 } } },
  503: { 'Retry-After': { schema: { type: 'integer', minimum: 0 } } },
};

/** Possible for every route. */
const ALWAYS = [400, 401, 403, 421, 429, 500, 503];
const WITH_BODY = [413, 415];

/** Error statuses of a route. */
function failuresOf({ docs }: AnyRoute, method: Method): number[] {
  const all = new Set([...ALWAYS, ...(method === 'GET' ? [] : WITH_BODY), ...(docs?.errors ?? [])]);
  return [...all].sort((a, b) => a - b);
}

function failureReference(status: number): JsonSchema {
  return { $ref: `#/components/responses/${nameOf(status)}` };
}

/** `#/components/responses`, for all statuses in use. */
function toFailureResponses(statuses: Iterable<number>, schema: JsonSchema): JsonSchema {
  const responses = [...new Set(statuses)].map((status) => [nameOf(status), toFailure(status, schema)]);
  return Object.fromEntries(responses) as JsonSchema;
}

function toFailure(status: number, schema: JsonSchema): JsonSchema {
  const headers = HEADERS[status];
  return {
    description: MEANINGS[status] ?? nameOf(status),
    ...(headers && { headers }),
    content: { 'application/json': { schema } },
  };
}

/** `NotFound` */
function nameOf(status: number): string {
  return (STATUS_CODES[status] ?? `Status${status}`).replaceAll(/[^A-Za-z]/g, '');
}
