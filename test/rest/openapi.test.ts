import { runInNewContext } from 'node:vm';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AnyRoute, Method } from '../../src/rest/route.js';
import { ROUTES } from '../../src/rest-routes.js';
import { seedExampleTasks, seedExampleUsers } from '../kit/example-tasks.js';
import { operationsOf, readDescription, type Description, type FieldSchema } from './openapi-description.js';
import { startRest, type RestTestApp } from './rest-app.js';

let app: RestTestApp;
let description: Description;
let ajv: Ajv2020;
beforeAll(async () => {
  app = await startRest({ as: 'ADMIN', overrides: { settings: { catalog: 'demo' } } });
  description = await readDescription(app);
  ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(description, 'api');
});
afterAll(() => app.stop());

/** The part of a reference's path that names a key. */
const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** What is wrong with an answer to this operation; null when nothing is. */
function problemsOf(at: { path: string; method: string; status: number; type?: string }, body: unknown) {
  const { path, method, status, type = 'application/json' } = at;
  const own = `#/${['paths', path, method, 'responses', String(status)].map(escaped).join('/')}`;
  // A response shared by several routes is described once.
  const place = description.paths[path]?.[method]?.responses[status]?.$ref ?? own;
  // A stream is a text; what its events hold is beside that.
  const part = type === 'text/event-stream' ? 'schema/contentSchema' : 'schema';
  const validate = ajv.compile({ $ref: `api${place}/content/${escaped(type)}/${part}` });
  return validate(body) ? null : validate.errors;
}

/** The documented example of a route as a request. */
function toRequest(route: AnyRoute, method: Method): { path: string; init: RequestInit } {
  const rest = { ...route.docs?.example };
  const path = route.path.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = encodeURIComponent(String(rest[name]));
    delete rest[name];
    return value;
  });
  if (method === 'GET') {
    const query = new URLSearchParams(Object.entries(rest).map(([name, value]) => [name, String(value)]));
    return { path: `${path}?${query.toString()}`, init: {} };
  }
  const headers = { 'content-type': 'application/json' };
  return { path, init: { headers, body: JSON.stringify(rest) } };
}

const documented = ROUTES.flatMap((route) =>
  route.methods.map((method) => ({ method, path: route.path, route })),
);

describe('GET /openapi.json', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const result = await new Validator().validate(structuredClone(description) as never);
    expect(result).toMatchObject({ valid: true });
    expect(description.openapi).toBe('3.1.1');
    expect(description.info.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('lists every route in the table, and itself', () => {
    const told = operationsOf(description).map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    const there = documented.map(({ path, method }) => `${method} ${path}`);
    expect(told.sort()).toEqual([...there, 'GET /openapi.json'].sort());
  });

  it('gives each operation a unique name, a summary and a section', () => {
    const ids = operationsOf(description).map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation, path } of operationsOf(description)) {
      expect(operation.summary, path).toMatch(/^[A-Z].+\.$/);
      expect(operation.tags, path).toHaveLength(1);
      expect(
        Object.keys(operation.responses).filter((status) => /^[23]/.test(status)),
        path,
      ).toHaveLength(1);
    }
  });

  it('lists everything that a route accepts', () => {
    const { parameters = [] } = description.paths['/search']?.['get'] ?? {};
    expect(parameters.map(({ name, required }) => [name, required])).toEqual([
      ['q', true],
      ['type', false],
      ['search_type', false],
      ['limit', false],
      ['offset', false],
      ['main', false],
    ]);
    expect(parameters.find(({ name }) => name === 'limit')?.schema).toMatchObject({
      type: 'integer',
      minimum: 1,
      default: 20,
    });
    const part = operationsOf(description).find(
      ({ path, method }) => path === '/album/download/{id}' && method === 'post',
    )?.operation;
    expect(part?.parameters?.map((each) => [each.name, each.in])).toEqual([['id', 'path']]);
    expect(part?.requestBody?.content['application/json']?.schema).toMatchObject({
      properties: { convertTo: { enum: expect.arrayContaining(['MP3', 'mp3']) as string[] } },
    });
  });

  it('passes the rules of a linter', async () => {
    const config = await createConfig({
      extends: ['recommended-strict'],
      rules: {
        'operation-description': 'error',
        'parameter-description': 'error',
        'no-unused-components': 'error',
        // `/playlist/watch/{id}/status` and `/playlist/watch/trigger_check/{id}` are paths of existing clients.
        'no-ambiguous-paths': 'off',
        // Some only lead to another address.
        'operation-2xx-response': 'off',
      },
    });
    const lint = async (document: object) => {
      const found = await lintFromString({
        source: JSON.stringify(document),
        absoluteRef: 'openapi.json',
        config,
      });
      return found.map(({ ruleId, message }) => `${ruleId}: ${message}`);
    };
    expect(await lint(description)).toEqual([]);
    const worse = { ...description, info: { title: 'x', version: '1' } };
    expect((await lint(worse)).join()).toContain('info-license');
  });

  it('describes each operation, parameter and component', () => {
    const operations = operationsOf(description);
    const texts = operations.flatMap(
      ({ path, method, operation: { description, parameters = [], requestBody } }) => [
        [`${method} ${path}`, description] as const,
        ...parameters.map((each) => [`${method} ${path} ${each.name}`, each.description] as const),
        ...Object.entries(requestBody?.content['application/json']?.schema.properties ?? {}).map(
          ([name, field]) => [`${method} ${path} ${name}`, field.description] as const,
        ),
      ],
    );
    const components = Object.entries(description.components.schemas);
    const all = [...texts, ...components.map(([name, { description }]) => [name, description] as const)];
    expect(all.filter(([, text = '']) => text.split(' ').length < 4)).toEqual([]);
  });

  it('names every object, and each name once', () => {
    const inline = schemasIn(description).filter(
      ({ place, schema }) => schema.properties && !/^components\/schemas\/\w+$/.test(place),
    );
    expect(inline.map(({ place }) => place)).toEqual([]);
    const names = Object.keys(description.components.schemas);
    expect(names.filter((name) => !/^(?:[A-Z][a-z]+){1,4}$/.test(name) || name.includes('Response'))).toEqual(
      [],
    );
  });

  it('has no bound that only says how large an integer of JavaScript can be', () => {
    const bounds = schemasIn(description).flatMap(({ place, schema: { minimum = 0, maximum = 0 } }) =>
      [minimum, maximum].some((bound) => Math.abs(bound) >= Number.MAX_SAFE_INTEGER) ? [place] : [],
    );
    expect(bounds).toEqual([]);
    const integers = schemasIn(description).filter(({ schema }) => schema.type === 'integer');
    expect(integers.filter(({ schema }) => schema.minimum === undefined).map(({ place }) => place)).toEqual(
      [],
    );
    expect(integers.length).toBeGreaterThan(50);
  });

  it('tells the items of a search apart by their type', () => {
    const unions = schemasIn(description).filter(({ schema }) => schema.discriminator);
    expect(unions.map(({ place }) => place)).toEqual([
      'components/schemas/SearchResults/properties/items/items',
    ]);
    const { mapping = {}, propertyName = '' } = unions[0]?.schema.discriminator ?? {};
    expect(Object.keys(mapping).sort()).toEqual(description.components.schemas['ItemType']?.enum?.toSorted());
    for (const [value, reference] of Object.entries(mapping)) {
      const component = description.components.schemas[reference.replace('#/components/schemas/', '')];
      expect(component?.properties?.[propertyName]?.const).toBe(value);
    }
  });

  it('marks as deprecated what is only for existing clients', () => {
    const deprecated = operationsOf(description).flatMap(({ path, method, operation }) => [
      ...(operation.deprecated ? [`${method} ${path}`] : []),
      ...(operation.parameters ?? []).filter((each) => each.deprecated).map(({ name }) => `${path} ${name}`),
    ]);
    const kinds = ['track', 'album', 'playlist', 'artist'];
    expect(deprecated.sort()).toEqual(
      [
        ...kinds.flatMap((kind) => [`get /${kind}/download/{id}`, `get /${kind}/download/cancel`]),
        ...['post /config', 'post /config/watch', '/search search_type', '/search main'],
      ].sort(),
    );
  });

  it('asks for no token, since none is needed', () => {
    const text = JSON.stringify(description);
    expect(text).toContain('"security":[]');
    expect(text).not.toContain('securitySchemes');
  });

  it('describes a stream as a text without an end, and its events beside that', () => {
    const streams = operationsOf(description).filter(({ operation }) =>
      JSON.stringify(operation.responses).includes('text/event-stream'),
    );
    expect(streams.map(({ path }) => path)).toEqual(['/prgs/stream']);
    expect(streams[0]?.operation.description).toContain('has no end');
    expect(streams[0]?.operation.responses).toMatchObject({
      200: {
        content: {
          'text/event-stream': {
            schema: {
              type: 'string',
              contentMediaType: 'text/event-stream',
              contentSchema: { $ref: '#/components/schemas/TaskStreamMessage' },
            },
          },
        },
      },
    });
  });
});

interface PlacedSchema {
  place: string;
  schema: FieldSchema & { discriminator?: { propertyName: string; mapping: Record<string, string> } };
}

/** Everything in the document that could be a schema, but for examples. */
function schemasIn(value: unknown, place: readonly string[] = []): PlacedSchema[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, each]) =>
    key === 'example' ? [] : schemasIn(each, [...place, key]),
  );
  return place.at(-1) === 'properties' ? inner : [{ place: place.join('/'), schema: value }, ...inner];
}

describe('each documented example', () => {
  beforeEach(async () => {
    await seedExampleTasks(app);
    await seedExampleUsers(app);
  });

  it.each(documented.filter(({ route }) => route.status >= 300))(
    '$method $path leads to another address',
    async ({ method, path, route }) => {
      const { status, body, headers } = await app.send(method, toRequest(route, method).path);
      expect({ status, body }).toEqual({ status: route.status, body: {} });
      expect(URL.canParse(headers.get('location') ?? '')).toBe(true);
      expect(description.paths[path]?.[method.toLowerCase()]?.responses[status]).toMatchObject({
        headers: { Location: {} },
      });
    },
  );

  it.each(documented.filter(({ route }) => !route.streams && route.status < 300))(
    '$method $path works and responds as documented',
    async ({ method, path, route }) => {
      const request = toRequest(route, method);
      const { status, body, headers } = await app.send(method, request.path, request.init);
      expect({ status, body }).toMatchObject({ status: route.status });
      expect(headers.get('content-type')).toMatch(/^application\/json/);
      expect(problemsOf({ path, method: method.toLowerCase(), status }, body)).toBeNull();
    },
  );

  it.each(documented.filter(({ route }) => route.streams))(
    '$method $path streams what is documented',
    async ({ method, path, route }) => {
      const leave = new AbortController();
      const request = toRequest(route, method);
      const response = await fetch(`${app.url}/api${request.path}`, { signal: leave.signal });
      const [frame] = await readFrames(response, 1);
      leave.abort();
      const at = { path, method: 'get', status: 200, type: 'text/event-stream' };
      expect(problemsOf(at, frame)).toBeNull();
    },
  );

  it('is checked strictly: a response with an extra key is not a documented one', () => {
    const at = { path: '/prgs/{task_id}', method: 'get', status: 200 };
    expect(problemsOf(at, { task_id: 'x' })).not.toBeNull();
  });
});

describe('errors', () => {
  it.each(documented)(
    'of $method $path are documented, with the common error body',
    async ({ method, path }) => {
      const concrete = path.replace(/\{[^}]+\}/g, 'a%00b');
      const { status, body } = await app.send(method, `${concrete}?x=1&x=2`);
      expect(status).toBe(400);
      expect(problemsOf({ path, method: method.toLowerCase(), status }, body)).toBeNull();
    },
  );
});

async function readFrames(response: Response, count: number): Promise<unknown[]> {
  const frames: unknown[] = [];
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk);
    for (const line of text.split('\n\n').slice(0, -1).join('\n').split('\n')) {
      if (line.startsWith('data: ')) frames.push(JSON.parse(line.slice('data: '.length)));
    }
    text = text.slice(text.lastIndexOf('\n\n') + 2);
    if (frames.length >= count) break;
  }
  return frames;
}

type Selector = (state: object, path: string, method: string) => boolean;

/** What Swagger UI calls of ours, with what it hands over: a document as Immutable.js keeps it. */
interface SwaggerPlugin {
  statePlugins: {
    spec: {
      wrapSelectors: {
        allowTryItOutFor(
          original: Selector,
          system: { specSelectors: { specJson(): { hasIn(keys: string[]): boolean } } },
        ): Selector;
      };
    };
  };
}

function valueAt(value: unknown, [key, ...others]: readonly string[]): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return value;
  return valueAt(new Map(Object.entries(value)).get(key), others);
}

describe('GET /docs', () => {
  const open = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${app.url}/api${path}`, { headers, redirect: 'manual' });

  it('is a page that loads everything from here, and may run nothing else', async () => {
    const page = await open('/docs');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    const html = await page.text();
    const parts = [...html.matchAll(/(?:src|href)="(\/api\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(parts).toContain('/api/docs/swagger-ui-bundle.js');
    for (const part of parts) expect((await open(part.slice('/api'.length))).status, part).toBe(200);
    expect(html).not.toMatch(/https?:/);
    expect(html).toContain('<a href="/graphql">GraphiQL</a>');
  });

  it('offers to try every operation but a stream, which would never be shown', async () => {
    const script = await (await open('/docs/start.js')).text();
    const settings: { plugins?: SwaggerPlugin[] }[] = [];
    runInNewContext(script, { SwaggerUIBundle: (given: object) => settings.push(given) });
    const allows = settings[0]?.plugins?.[0]?.statePlugins.spec.wrapSelectors.allowTryItOutFor;
    const hasIn = (keys: string[]) => valueAt(description, keys) !== undefined;
    const offered = allows?.(() => true, { specSelectors: { specJson: () => ({ hasIn }) } });
    const refused = operationsOf(description).filter(({ path, method }) => !offered?.({}, path, method));
    expect(refused.map(({ path }) => path)).toEqual(['/prgs/stream']);
  });

  it('is compressed, and not sent again to a browser that has cached it', async () => {
    const script = await open('/docs/swagger-ui-bundle.js', { 'accept-encoding': 'br' });
    expect(script.headers.get('content-encoding')).toBe('br');
    const etag = script.headers.get('etag') ?? '';
    const again = await open('/docs/swagger-ui-bundle.js', { 'if-none-match': etag });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  it.each(['package.json', '..%2Fpackage.json', 'index.js', 'constructor'])(
    'has no file %s',
    async (file) => {
      expect((await open(`/docs/${file}`)).status).toBe(404);
    },
  );
});
