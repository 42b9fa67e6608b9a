import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export const SOCIAL_CLIENT = { id: 'client-of-reprise', secret: 'secret-of-the-client' };

interface Person {
  /** Google's `sub`, GitHub's `id`. */
  id: number;
  /** GitHub's only. */
  login: string;
  email: string;
  verified: boolean;
}

interface Grant {
  redirectUri: string;
  challenge: string;
  nonce: string;
  person: Person;
}

export interface SocialServer {
  url: string;
  /** Who is there from now on. */
  person: Person;
  /** Changes claims of Google's ID tokens. */
  claims: Record<string, unknown>;
  /** Added to the redirect URI. */
  callback: Record<string, string>;
  /** Answers in place of the rest; false for what is none of its concern. */
  interfere: ((request: IncomingMessage, response: ServerResponse) => boolean) | null;
  stop(): Promise<void>;
}

/** The addresses of Google and GitHub that a sign-in asks, each code once, PKCE and the client's secret checked. */
export async function startSocialServer(): Promise<SocialServer> {
  const grants = new Map<string, Grant>();
  const server = createServer((request, response) => {
    if (own.interfere?.(request, response)) return;
    void answer(request, response);
  });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '', own.url);
    const json = (body: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (/\/(auth|authorize)$/.test(url.pathname)) return authorize(url, response);
    if (/\/(token|access_token)$/.test(url.pathname))
      return json(exchange(new URLSearchParams(await text(request))));
    const grant = grants.get(request.headers.authorization?.replace('Bearer ', '') ?? '');
    if (!grant) return json({ message: 'Bad credentials' }, 401);
    const { id, login, email, verified } = grant.person;
    if (url.pathname === '/api/v3/user') return json({ id, login });
    return json([
      { email: 'old@example.org', primary: false, verified: true },
      { email, primary: true, verified },
    ]);
  };
  const authorize = ({ searchParams }: URL, response: ServerResponse) => {
    const read = (name: string) => searchParams.get(name) ?? '';
    const code = randomUUID();
    const redirectUri = read('redirect_uri');
    const challenge = read('code_challenge');
    grants.set(code, { redirectUri, challenge, nonce: read('nonce'), person: { ...own.person } });
    const back = new URL(redirectUri);
    back.search = new URLSearchParams({ code, state: read('state'), ...own.callback }).toString();
    response.writeHead(302, { location: back.href }).end();
  };
  const exchange = (form: URLSearchParams) => {
    const grant = grants.get(form.get('code') ?? '');
    grants.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isRight =
      grant?.challenge === challenge &&
      form.get('redirect_uri') === grant.redirectUri &&
      form.get('client_id') === SOCIAL_CLIENT.id &&
      form.get('client_secret') === SOCIAL_CLIENT.secret;
    // GitHub does so with status 200.
    if (!grant || !isRight)
      return { error: 'bad_verification_code', error_description: 'words of the provider' };
    const token = randomUUID();
    grants.set(token, grant);
    return { access_token: token, token_type: 'bearer', id_token: idToken(own, grant) };
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own: SocialServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    person: { id: 1, login: 'nobody', email: 'nobody@example.org', verified: true },
    claims: {},
    callback: {},
    interfere: null,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return own;
}

function idToken({ url, claims }: SocialServer, { nonce, person }: Grant): string {
  const payload = {
    iss: url,
    aud: SOCIAL_CLIENT.id,
    sub: String(person.id),
    exp: Math.floor(Date.now() / 1_000) + 300,
    nonce,
    email: person.email,
    email_verified: person.verified,
    ...claims,
  };
  const parts = [{ alg: 'RS256', typ: 'JWT' }, payload].map((part) => JSON.stringify(part));
  return [...parts, 'not checked'].map((part) => Buffer.from(part).toString('base64url')).join('.');
}
