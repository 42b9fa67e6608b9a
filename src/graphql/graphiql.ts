import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { GraphiQLOptions, Plugin } from 'graphql-yoga';

const DEFAULT_QUERY = `# Welcome to Reprise. The play button asks
# which of these to run.

# What is there?
query Search {
  search(query: "night") {
    edges {
      node {
        ... on Track { id title }
        ... on Album { id title }
      }
    }
  }
}

# Get it.
mutation Download {
  queueDownload(
    input: { item: "demo:night-ferry", type: ALBUM }
  ) {
    __typename
    ... on DownloadQueued { task { id } }
    ... on Error { message }
  }
}

# Watch it happen: run this first, and the
# download in a second tab.
subscription Watch {
  taskUpdates {
    sequence
    task { id title state progress }
  }
}
`;

interface Page {
  etag: string;
  encodings: Record<'br' | 'gzip' | 'identity', Uint8Array<ArrayBuffer>>;
}

/**
 * Serves GraphiQL to browsers, from this process alone: 9 MB that come from no other host. It is made when
 * first asked for, and a browser keeps it until an update changes it.
 */
export function useGraphiqlPage(endpoint: string): Plugin {
  let page: Promise<Page> | null = null;
  return {
    // Not async: every query passes here.
    onRequest(event) {
      const { request, fetchAPI } = event;
      if (!isBrowserVisit(request) || event.url.pathname !== endpoint) return;
      page ??= renderPage(endpoint);
      return page.then((made) => event.endResponse(pageResponse(made, request, fetchAPI.Response)));
    },
  };
}

function isBrowserVisit({ method, headers }: Request): boolean {
  return method === 'GET' && (headers.get('accept')?.includes('text/html') ?? false);
}

async function renderPage(endpoint: string): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const options: GraphiQLOptions = {
    title: 'Reprise',
    endpoint,
    defaultQuery: DEFAULT_QUERY,
    subscriptionsProtocol: 'WS',
  };
  const html = Buffer.from(renderGraphiQL(options).trimStart());
  // Quality 5 takes well under a second; 11 takes half a minute for a tenth less.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: html.length };
  const [br, gz] = await Promise.all([promisify(brotliCompress)(html, { params }), promisify(gzip)(html)]);
  const etag = `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"`;
  return { etag, encodings: { br, gzip: gz, identity: html } };
}

function pageResponse(page: Page, request: Request, ResponseClass: typeof Response): Response {
  const headers: Record<string, string> = {
    etag: page.etag,
    // The address stays the same over updates, so that browsers must ask; the answer is 304 as a rule.
    'cache-control': 'no-cache',
    vary: 'accept, accept-encoding',
    // No page elsewhere may frame this one and have it clicked.
    'content-security-policy': "frame-ancestors 'none'",
  };
  if (request.headers.get('if-none-match')?.includes(page.etag)) {
    return new ResponseClass(null, { status: 304, headers });
  }
  const encoding = encodingFor(request.headers.get('accept-encoding') ?? '');
  headers['content-type'] = 'text/html; charset=utf-8';
  if (encoding !== 'identity') headers['content-encoding'] = encoding;
  return new ResponseClass(page.encodings[encoding], { headers });
}

function encodingFor(accepted: string): keyof Page['encodings'] {
  const names = accepted.split(',').map((part) => part.trim().split(';')[0]);
  return (['br', 'gzip'] as const).find((name) => names.includes(name)) ?? 'identity';
}
