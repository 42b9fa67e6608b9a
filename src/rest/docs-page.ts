import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createAsset, type Asset } from '../http/asset.js';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reprise: REST API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<link rel="stylesheet" href="/api/docs/page.css">
<script defer src="/api/docs/swagger-ui-bundle.js"></script>
<script defer src="/api/docs/start.js"></script>
</head>
<body><div id="docs"><p>This page needs JavaScript. What it shows is at
<a href="/api/openapi.json">/api/openapi.json</a>.</p></div></body>
</html>
`;

/** Nothing goes to a host of Swagger's, and a token is forgotten when the page is left. */
const START = `SwaggerUIBundle({
  url: '/api/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
`;

/** Paths break where a phone has no room for them; of links between answers, which have a column, there are none. */
const STYLE = `body { margin: 0 }
.swagger-ui .opblock .opblock-summary-path { word-break: break-word }
.swagger-ui .response-col_links { display: none }
`;

interface DocsFile {
  type: string;
  read: () => Promise<string | Buffer>;
}

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const CSS = 'text/css; charset=utf-8';

const FILES = {
  'index.html': { type: 'text/html; charset=utf-8', read: () => Promise.resolve(PAGE) },
  'start.js': { type: JAVASCRIPT, read: () => Promise.resolve(START) },
  'page.css': { type: CSS, read: () => Promise.resolve(STYLE) },
  'swagger-ui-bundle.js': { type: JAVASCRIPT, read: () => readPackaged('swagger-ui-bundle.js') },
  'swagger-ui.css': { type: CSS, read: () => readPackaged('swagger-ui.css') },
} satisfies Record<string, DocsFile>;

export type DocsFileName = keyof typeof FILES;

export const DOCS_FILES = Object.keys(FILES) as readonly DocsFileName[];

/** The page runs only what comes from here, asks only us, and no page elsewhere may frame it and have it clicked. */
export const DOCS_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    // Swagger UI styles its elements one by one.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
};

export async function readDocsFile(name: DocsFileName): Promise<Asset> {
  const { type, read } = FILES[name];
  return createAsset(type, await read());
}

function readPackaged(file: string): Promise<Buffer> {
  return readFile(createRequire(import.meta.url).resolve(`swagger-ui-dist/${file}`));
}
