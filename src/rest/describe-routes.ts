import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { createAsset, type Asset } from '../http/asset.js';
import { DOCS_FILES, DOCS_HEADERS, readDocsFile } from './docs-page.js';
import { RestFailure } from './errors.js';
import { parseInput, text } from './input.js';
import { toOpenapi } from './openapi.js';
import type { AnyRoute, RouteDocs } from './route.js';

/** What tells of the other routes: the description, itself in it, and the page that shows it. */
export function describeRoutes(routes: readonly AnyRoute[]): AnyRoute[] {
  const assets = new Map<string, Promise<Asset>>();
  const once = (name: string, create: () => Promise<Asset>) => {
    const known = assets.get(name) ?? create();
    assets.set(name, known);
    return known;
  };
  const description = assetRoute({
    path: '/openapi.json',
    docs: DESCRIPTION_DOCS,
    open: () => once('', async () => describe([...routes, description])),
  });
  const page = assetRoute({
    path: '/docs',
    open: () => once('index.html', () => readDocsFile('index.html')),
    headers: DOCS_HEADERS,
  });
  const parts = assetRoute({
    path: '/docs/{file}',
    open: (file) => {
      const known = DOCS_FILES.find((name) => name === file);
      if (!known) throw new RestFailure(404, 'The page has no such part.');
      return once(known, () => readDocsFile(known));
    },
    headers: DOCS_HEADERS,
  });
  return [description, page, parts];
}

const DESCRIPTION_DOCS: RouteDocs = {
  summary: 'Read this description.',
  answer: z.looseObject({ openapi: z.string(), info: z.looseObject({}), paths: z.looseObject({}) }),
  example: {},
};

async function describe(routes: readonly AnyRoute[]): Promise<Asset> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  return createAsset('application/json; charset=utf-8', JSON.stringify(toOpenapi(routes, version)));
}

interface AssetRoute {
  path: `/${string}`;
  docs?: RouteDocs;
  /** By the last part of a path that ends in `{file}`, else by nothing. */
  open: (file: string) => Promise<Asset>;
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
    streams: false,
    answer: async ({ raw }) => {
      parseInput(input, raw);
      return { asset: await open(typeof raw['file'] === 'string' ? raw['file'] : ''), headers };
    },
  };
}
