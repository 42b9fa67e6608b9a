import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { GRAPHQL_PATH } from '../graphql/server.js';
import { REST_PATH } from '../http/router.js';
import { createAsset, type Asset } from '../lib/asset.js';
import { VERSION } from '../lib/runtime.js';
import { RestFailure } from './errors.js';
import { parseInput, text } from './input.js';
import { toOpenapi } from './openapi.js';
import type { AnyRoute, RouteDocs } from './route.js';

/** `api` is the path of the API as browsers see it, such as `/api` or `/music/api`. */
const pageFor = (api: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reprise: REST API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${api}/docs/swagger-ui.css">
<link rel="stylesheet" href="${api}/docs/page.css">
<script defer src="${api}/docs/swagger-ui-bundle.js"></script>
<script defer src="${api}/docs/start.js"></script>
</head>
<body>
<header>REST API of Reprise, for clients of Spotizerr-Phoenix. New clients:
<a href="${api.slice(0, -REST_PATH.length)}${GRAPHQL_PATH}">GraphiQL</a>, where the GraphQL schema of this server can be read and tried.</header>
<div id="docs"><p>This page needs JavaScript. What it shows is at
<a href="${api}/openapi.json">${api}/openapi.json</a>.</p></div></body>
</html>
`;

/**
 * Sends nothing to Swagger's hosts, and keeps no token after the page is closed. A stream has no "Try it out": Swagger UI
 * shows a response when it has ended.
 */
const startFor = (
  api: string,
) => `const allowTryItOutFor = (allows, { specSelectors }) => (state, path, method) => {
  const content = ['paths', path, method, 'responses', '200', 'content', 'text/event-stream'];
  return allows(state, path, method) && !specSelectors.specJson().hasIn(content);
};
SwaggerUIBundle({
  url: '${api}/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  plugins: [{ statePlugins: { spec: { wrapSelectors: { allowTryItOutFor } } } }],
});
`;

/** Lets long paths wrap on a phone, and hides the column for links, which is always empty. */
const STYLE = `body { margin: 0 }
header { max-width: 1420px; margin: 0 auto; padding: 16px 20px 0; font: 16px/1.5 sans-serif; color: #3b4151 }
.swagger-ui .opblock .opblock-summary-path { word-break: break-word }
.swagger-ui .response-col_links { display: none }
`;

interface DocsFile {
  type: string;
  read: (api: string) => string | Promise<Buffer>;
}

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const CSS = 'text/css; charset=utf-8';

const FILES = {
  'index.html': { type: 'text/html; charset=utf-8', read: pageFor },
  'start.js': { type: JAVASCRIPT, read: startFor },
  'page.css': { type: CSS, read: () => STYLE },
  'swagger-ui-bundle.js': { type: JAVASCRIPT, read: () => readPackaged('swagger-ui-bundle.js') },
  'swagger-ui.css': { type: CSS, read: () => readPackaged('swagger-ui.css') },
} satisfies Record<string, DocsFile>;

type DocsFileName = keyof typeof FILES;

const DOCS_FILES = Object.keys(FILES) as readonly DocsFileName[];

/** The page loads and calls only this server, and other sites cannot frame it. */
const DOCS_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    // Swagger UI sets inline styles.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
};

async function readDocsFile(name: DocsFileName, api: string): Promise<Asset> {
  const { type, read } = FILES[name];
  return createAsset(type, await read(api));
}

function readPackaged(file: string): Promise<Buffer> {
  return readFile(createRequire(import.meta.url).resolve(`swagger-ui-dist/${file}`));
}

/** Proxies that are believed say where the API is, and could say it in any number of ways. */
const MAX_ASSETS = 50;

function createAssets() {
  const assets = new LRUCache<string, Promise<Asset>>({ max: MAX_ASSETS });
  return (name: string, create: () => Promise<Asset>): Promise<Asset> => {
    const asset = assets.get(name) ?? create();
    assets.set(name, asset);
    return asset;
  };
}

/** The routes of the OpenAPI document, which describes them too, and of the page that shows it. */
export function describeRoutes(routes: readonly AnyRoute[]): AnyRoute[] {
  const once = createAssets();
  const description = assetRoute({
    path: '/openapi.json',
    docs: DESCRIPTION_DOCS,
    open: ({ api }) => once(`openapi ${api}`, () => describe([...routes, description], api)),
  });
  const page = assetRoute({
    path: '/docs',
    open: ({ api }) => once(`index.html ${api}`, () => readDocsFile('index.html', api)),
    headers: DOCS_HEADERS,
  });
  const parts = assetRoute({
    path: '/docs/{file}',
    open: ({ file, api }) => {
      const known = DOCS_FILES.find((name) => name === file);
      if (!known) throw new RestFailure(404, 'Unknown file.');
      return once(`${known} ${api}`, () => readDocsFile(known, api));
    },
    headers: DOCS_HEADERS,
  });
  return [description, page, parts];
}

const DESCRIPTION_DOCS: RouteDocs = {
  summary: 'Read this description.',
  description: 'OpenAPI 3.1, made from the routes themselves. `/api/docs` shows it as a page.',
  response: z
    .looseObject({ openapi: z.string() })
    .meta({ id: 'OpenapiDocument', description: 'A document in OpenAPI 3.1.' }),
  example: {},
};

function describe(routes: readonly AnyRoute[], api: string): Promise<Asset> {
  const document = toOpenapi(routes, { version: VERSION, api });
  return createAsset('application/json; charset=utf-8', JSON.stringify(document));
}

interface AssetRoute {
  path: `/${string}`;
  docs?: RouteDocs;
  /** `file`: the last part of a path that ends in `{file}`. */
  open: (asset: { file: string; api: string }) => Promise<Asset>;
  headers?: Record<string, string>;
}

function assetRoute({ path, docs, open, headers = {} }: AssetRoute): AnyRoute {
  const input: z.ZodType = path.endsWith('{file}') ? z.object({ file: text() }) : z.object({});
  return {
    methods: ['GET'],
    path,
    input,
    docs: docs ?? null,
    status: 200,
    changes: false,
    foreignPages: null,
    bodyOnly: false,
    streams: false,
    documents: [],
    handle: async ({ raw, base }) => {
      parseInput(input, raw);
      const file = typeof raw['file'] === 'string' ? raw['file'] : '';
      return { asset: await open({ file, api: new URL(base).pathname }), headers };
    },
  };
}
