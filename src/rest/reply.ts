import type { ServerResponse } from 'node:http';
import { sendEmpty, sendJson } from '../http/send.js';
import { toSetCookie, type Cookie, type CookiePlace } from '../lib/cookie.js';

const IS_REPLY = Symbol('reply');

/** A whole response, where it is more than a body. */
interface ReplyParts {
  /** Default: the status that the route documents. */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  cookies?: readonly Cookie[];
  /** Sent as JSON; none by default. */
  body?: object;
}

export interface Reply extends ReplyParts {
  readonly [IS_REPLY]: true;
}

/** A response with its own status, headers and cookies: `return reply({ body, cookies: [session] })`. */
export function reply(parts: ReplyParts): Reply {
  return { [IS_REPLY]: true, ...parts };
}

/** Redirects with 303: the client then uses GET, whatever the method of this request was. */
export function redirect(location: string, { status = 303, ...parts }: ReplyParts = {}): Reply {
  // Percent-encodes what a header cannot hold, line breaks from the client above all.
  const encoded = location.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent);
  return reply({ ...parts, status, headers: { ...parts.headers, location: encoded } });
}

export function isReply(value: object): value is Reply {
  return IS_REPLY in value;
}

/** Some GETs change something, and every response is only valid now. */
const NO_STORE = { 'cache-control': 'no-store' };

export function sendReply(
  outgoing: ServerResponse,
  { status = 200, headers, cookies = [], body }: ReplyParts,
  place: CookiePlace,
): void {
  // To those that the document has set.
  for (const cookie of cookies) outgoing.appendHeader('set-cookie', toSetCookie(cookie, place));
  const head = { status, headers: { ...NO_STORE, ...headers } };
  if (body) sendJson(outgoing, body, head);
  else sendEmpty(outgoing, head);
}
