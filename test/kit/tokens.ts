/** A server, and the token that its caller sends; without one, that of the suite for this server. */
export interface Target {
  url: string;
  token?: string | undefined;
}

/** By the origin of the server. */
const tokens = new Map<string, string>();

/** Whether a whole suite runs with AUTH_ENABLED, all its requests being those of an admin. */
export const SUITE_HAS_AUTH = process.env['TEST_AUTH'] === 'on';

/** Requests to this server carry the token from now on, those of `fetch` too. */
export function carryToken(url: string, token: string): void {
  if (tokens.size === 0) wrapFetch();
  tokens.set(new URL(url).origin, token);
}

/** Once the server has stopped: the next one on its port may be another test's. */
export function dropToken(url: string): void {
  if (url !== '') tokens.delete(new URL(url).origin);
}

export function tokenOf({ url, token }: Target): string | undefined {
  return token ?? tokens.get(new URL(url).origin);
}

/** The header of a request. */
export function bearerOf(target: Target): Record<string, string> {
  const token = tokenOf(target);
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** An option of graphql-ws. */
export function connectionParamsOf(target: Target): { connectionParams?: { token: string } } {
  const token = tokenOf(target);
  return token === undefined ? {} : { connectionParams: { token } };
}

/** Many tests call `fetch` themselves. A request that has the header already, if an empty one, keeps it. */
function wrapFetch(): void {
  const plain = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const request = new Request(input, init);
    const { origin } = new URL(request.url);
    const token = tokens.get(origin);
    if (token === undefined || request.headers.has('authorization')) return plain(input, init);
    const headers = new Headers(request.headers);
    headers.set('authorization', `Bearer ${token}`);
    return plain(input, { ...init, headers });
  };
}
