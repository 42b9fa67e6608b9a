import type { GraphiQLOptions, Plugin } from 'graphql-yoga';
import { answerWith, createAsset, type Asset } from '../http/asset.js';

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

/**
 * Serves GraphiQL to browsers, from this process alone: 9 MB that come from no other host. It is made when
 * first asked for, and a browser keeps it until an update changes it.
 */
export function useGraphiqlPage(endpoint: string): Plugin {
  let page: Promise<Asset> | null = null;
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
    // No page elsewhere may frame this one and have it clicked.
    'content-security-policy': "frame-ancestors 'none'",
  });
  return new ResponseClass(body, { status, headers });
}
