import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** What the provider says of somebody. */
export interface OidcPerson {
  sub: string;
  preferred_username?: string;
  email?: string;
  email_verified?: boolean;
  groups?: string[];
}

export interface OidcServer {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Who is there from now on; everybody is signed in at once and consents. */
  person: OidcPerson;
  /** Answers in place of the provider; false for what is none of its concern. */
  interfere: ((...call: Parameters<RequestListener>) => boolean) | null;
  /** Where it sends browsers back to. */
  open(redirectUri: string): void;
  stop(): Promise<void>;
}

/** A real OpenID Connect provider, without its forms. */
export async function startOidcServer(): Promise<OidcServer> {
  let listener: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => {
    if (own.interfere?.(request, response)) return;
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own: OidcServer = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clientId: 'reprise',
    clientSecret: 'a-secret-of-the-provider',
    person: { sub: 'nobody' },
    interfere: null,
    open(redirectUri) {
      listener = createListener(own, redirectUri);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return own;
}

function createListener(own: OidcServer, redirectUri: string): RequestListener {
  const scope = 'openid profile email groups';
  const provider: Provider = new Provider(own.issuer, {
    clients: [
      { client_id: own.clientId, client_secret: own.clientSecret, redirect_uris: [redirectUri], scope },
    ],
    scopes: scope.split(' '),
    claims: {
      openid: ['sub'],
      profile: ['preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    cookies: { keys: ['of a trial'] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ ...own.person }) }),
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({
        clientId: oidc.client?.clientId ?? '',
        accountId: oidc.session?.accountId ?? '',
      });
      grant.addOIDCScope(scope);
      await grant.save();
      return grant;
    },
  });
  const handle = provider.callback();
  return (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void handle(request, response);
    void provider.interactionFinished(request, response, { login: { accountId: own.person.sub } });
  };
}
