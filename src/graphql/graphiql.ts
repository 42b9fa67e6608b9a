import type { GraphiQLOptions, Plugin } from 'graphql-yoga';
import { answerWith, createAsset, type Asset } from '../lib/asset.js';

const DEFAULT_QUERY = `# Welcome to Reprise. The play button asks
# which of these to run.

# Find music.
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

# Download an album.
mutation Download {
  queueDownload(
    input: { item: "demo:night-ferry", type: ALBUM }
  ) {
    __typename
    ... on DownloadQueued { task { id } }
    ... on Error { message }
  }
}

# Follow downloads: run this first, and the
# download in a second tab.
subscription Watch {
  taskUpdates {
    sequence
    task { id title state progress }
  }
}
`;

/** Without a CDN: 9 MB, rendered at the first request and cached by the browser. */
export function useGraphiqlPage(endpoint: string): Plugin {
  let page: Promise<Asset> | null = null;
  return {
    // Not async, because every query passes here.
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

async function renderPage(endpoint: string): Promise<Asset> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const options: GraphiQLOptions = {
    title: 'Reprise',
    endpoint,
    defaultQuery: DEFAULT_QUERY,
    subscriptionsProtocol: 'WS',
  };
  return createAsset('text/html; charset=utf-8', renderGraphiQL(options).trimStart());
}

function pageResponse(page: Asset, request: Request, ResponseClass: typeof Response): Response {
  const { status, headers, body } = answerWith(page, request.headers, {
    vary: 'accept, accept-encoding',
    // Against clickjacking.
    'content-security-policy': "frame-ancestors 'none'",
  });
  return new ResponseClass(body, { status, headers });
}
