import type { GraphiQLOptions, Plugin } from 'graphql-yoga';
import { answerWith, createAsset, type Asset } from '../lib/asset.js';

const DEFAULT_QUERY = `# Welcome to Reprise. The play button asks which
# of these to run: take them in order, in this tab.
# The REST API is at /api/docs.

# 1. Find an album.
query Search {
  search(query: "night", type: ALBUM) {
    edges {
      node {
        ... on Album { id title }
      }
    }
  }
}

# 2. Download it. This returns at once.
mutation Download {
  queueDownload(
    input: {
      item: "demo:night-ferry"
      type: ALBUM
      options: { format: MP3, bitrateKbps: 320 }
    }
  ) {
    __typename
    ... on DownloadQueued { task { id } }
    ... on Error { code message }
  }
}

# 3. Follow it: run this right afterwards. It begins
# with all that is active, and shows nothing if the
# album has finished by then. GraphiQL runs only one
# operation, so start further downloads elsewhere:
# open /api/album/download/demo:low-tide-radio in
# another browser tab, and see them come in here.
subscription Watch {
  taskUpdates {
    sequence
    task { id title state progress }
  }
}

# 4. See the files, once they are there.
query Files {
  tasks(first: 1) {
    edges {
      node {
        title
        state
        children {
          edges {
            node { title state file { path } }
          }
        }
      }
    }
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
    schemaDescription: true,
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
