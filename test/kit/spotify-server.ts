import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { albumRow, albumTracks, ALBUMS, answerMusic, SPOTIFY_IDS } from './spotify-music.js';

export { albumRow, albumTracks, ALBUMS, SPOTIFY_IDS };

export const SPOTIFY_APP_SECRETS = {
  clientId: 'client-of-the-tests-1',
  clientSecret: 'secret-of-the-tests-1',
};

/** One of before 2026, or one in development mode since: small pages, fewer fields, playlists of the user only. */
type AppKind = 'old' | 'new';

type Respond = (response: ServerResponse) => unknown;

/**
 * A server with the shapes and habits of Spotify's Web API and of its accounts service, and music that is invented.
 * The API is below /v1.
 */
export interface SpotifyServer {
  url: string;
  kind: AppKind;
  /** Paths of the API with their queries, in order. */
  requests: string[];
  /** Forms of the token requests, in order. */
  tokenRequests: Record<string, string>[];
  /** Answers the next requests whose path begins so in place of the usual answer, each once. */
  answerOnce(path: string, answer: Respond): void;
  /** From now on, at most that many requests are answered before 429 comes. */
  allow(requests: number, retryAfter?: string): void;
  /** No token that was issued before is accepted any more. */
  expireTokens(): void;
  /** How long tokens last that are issued from now on. */
  lifetimeS: number;
  /** Keeps token requests waiting until the promise resolves. */
  holdTokens: Promise<unknown> | null;
  /** What the accounts service answers in place of a token. */
  refuseTokens: { status: number; body: string } | null;
  stop(): Promise<void>;
}

interface Grant {
  challenge: string;
  redirectUri: string;
}

export async function startSpotifyServer(kind: AppKind = 'old'): Promise<SpotifyServer> {
  const once: { path: string; answer: Respond }[] = [];
  let left = Infinity;
  let retryAfter = '1';
  const issued = new Map<string, 'app' | 'user'>();
  const codes = new Map<string, Grant>();
  let refreshToken = '';

  const issue = (who: 'app' | 'user') => {
    const token = randomUUID();
    issued.set(token, who);
    return { access_token: token, token_type: 'Bearer', expires_in: own.lifetimeS };
  };
  const issueForUser = () => {
    // Each is accepted once, as Spotify does it with PKCE.
    refreshToken = `refresh-${randomUUID()}`;
    return { ...issue('user'), refresh_token: refreshToken, scope: 'playlist-read-private' };
  };
  const exchange = (form: URLSearchParams) => {
    const grant = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isRight = grant?.challenge === challenge && grant.redirectUri === form.get('redirect_uri');
    return isRight ? issueForUser() : { error: 'invalid_grant' };
  };
  const answerToken = async (request: IncomingMessage, response: ServerResponse) => {
    const form = new URLSearchParams(await text(request));
    own.tokenRequests.push(Object.fromEntries(form));
    if (own.holdTokens) await own.holdTokens;
    if (own.refuseTokens) return response.writeHead(own.refuseTokens.status).end(own.refuseTokens.body);
    const { clientId, clientSecret } = SPOTIFY_APP_SECRETS;
    const expected = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    if (request.headers.authorization !== `Basic ${expected}`)
      return json(response, { error: 'invalid_client' }, 400);
    const kinds: Record<string, () => object> = {
      client_credentials: () => issue('app'),
      authorization_code: () => exchange(form),
      refresh_token: () =>
        form.get('refresh_token') === refreshToken ? issueForUser() : { error: 'invalid_grant' },
    };
    const body = kinds[form.get('grant_type') ?? '']?.() ?? { error: 'unsupported_grant_type' };
    return json(response, body, 'error' in body ? 400 : 200);
  };
  const authorize = ({ searchParams }: URL, response: ServerResponse) => {
    const read = (name: string) => searchParams.get(name) ?? '';
    const code = randomUUID();
    codes.set(code, { challenge: read('code_challenge'), redirectUri: read('redirect_uri') });
    const back = new URL(read('redirect_uri'));
    back.search = new URLSearchParams({ code, state: read('state') }).toString();
    response.writeHead(302, { location: back.href }).end();
  };
  const answerApi = (url: URL, request: IncomingMessage, response: ServerResponse) => {
    own.requests.push(url.pathname.replace('/v1', '') + url.search);
    const path = url.pathname.replace('/v1', '');
    const special = once.findIndex((each) => path.startsWith(each.path));
    if (special >= 0) return once.splice(special, 1)[0]?.answer(response);
    if (left-- <= 0) {
      response.setHeader('retry-after', retryAfter);
      return json(response, failure(429, 'API rate limit exceeded'), 429);
    }
    const who = issued.get(request.headers.authorization?.replace('Bearer ', '') ?? '');
    if (!who) return json(response, failure(401, 'The access token expired'), 401);
    const { status, body } = answerMusic(url, { who, kind: own.kind });
    return json(response, body, status);
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', own.url);
    if (url.pathname === '/api/token') return void answerToken(request, response);
    if (url.pathname === '/authorize') return authorize(url, response);
    if (url.pathname.startsWith('/images/')) return sendPicture(response);
    return answerApi(url, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own: SpotifyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    kind,
    requests: [],
    tokenRequests: [],
    answerOnce: (path, answer) => void once.push({ path, answer }),
    allow: (count, seconds = '1') => {
      left = count;
      retryAfter = seconds;
    },
    expireTokens: () => issued.clear(),
    lifetimeS: 3_600,
    holdTokens: null,
    refuseTokens: null,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return own;
}

export const failure = (status: number, message: string) => ({ error: { status, message } });

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

function sendPicture(response: ServerResponse): void {
  response.setHeader('content-type', 'image/jpeg');
  response.end(Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46]));
}
