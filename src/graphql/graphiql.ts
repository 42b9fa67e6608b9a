import { createHash } from 'node:crypto';
import type { GraphiQLOptions, Plugin } from 'graphql-yoga';
import { answerWith, createAsset, type Asset } from '../lib/asset.js';
import type { ContextRequest } from './context-request.js';

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
  let page: Promise<Page> | null = null;
  return {
    // Not async, because every query passes here.
    onRequest(event) {
      const { request, fetchAPI } = event;
      const { contextRequest } = event.serverContext as { contextRequest?: ContextRequest };
      if (!isBrowserVisit(request) || event.url.pathname !== endpoint) return;
      page ??= renderPage();
      return page.then((made) => {
        const headers = { 'content-security-policy': policyOf(made, contextRequest?.publicUrl) };
        event.endResponse(pageResponse(made, { request, headers, Response: fetchAPI.Response }));
      });
    },
  };
}

function isBrowserVisit({ method, headers }: Request): boolean {
  return method === 'GET' && (headers.get('accept')?.includes('text/html') ?? false);
}

interface Page extends Asset {
  /** Of its only script, for its policy. */
  scriptHash: string;
}

/** Without an endpoint, the page queries its own address: that is right below any path. */
async function renderPage(): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const options: GraphiQLOptions = {
    title: 'Reprise',
    defaultQuery: DEFAULT_QUERY,
    subscriptionsProtocol: 'WS',
    schemaDescription: true,
  };
  const html = renderGraphiQL(options).trimStart();
  const script = html.slice(html.indexOf('<script>') + '<script>'.length, html.lastIndexOf('</script>'));
  const scriptHash = createHash('sha256').update(script).digest('base64');
  return { ...(await createAsset('text/html; charset=utf-8', html)), scriptHash };
}

/** Older browsers do not count the WebSocket of the same host as their own. */
function policyOf({ scriptHash }: Page, publicUrl?: string): string {
  const socket = publicUrl === undefined ? '' : ` ${new URL(publicUrl).origin.replace(/^http/, 'ws')}`;
  return [
    "default-src 'none'",
    `script-src 'sha256-${scriptHash}'`,
    // The editor makes workers of texts in its script, and sets inline styles.
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    'font-src data:',
    `connect-src 'self'${socket}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

interface PageRequest {
  request: Request;
  headers: Record<string, string>;
  Response: typeof Response;
}

function pageResponse(page: Page, { request, headers, Response: ResponseClass }: PageRequest): Response {
  const answer = answerWith(page, request.headers, { vary: 'accept, accept-encoding', ...headers });
  return new ResponseClass(answer.body, answer);
}
