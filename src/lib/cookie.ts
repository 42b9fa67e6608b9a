import { parseCookie, stringifySetCookie } from 'cookie';

export interface Cookie {
  name: string;
  value: string;
  /** Zero deletes the cookie. Default: until the browser is closed. */
  maxAgeS?: number;
  /** Whether it is sent over HTTPS only. Default: if the client uses HTTPS. */
  secure?: boolean;
  /** Default: `Lax`, so that a link from elsewhere finds its reader signed in, and a form from elsewhere does not. */
  sameSite?: 'Strict' | 'Lax' | 'None';
  /** Of this server, without the path of its public address. Default: `/`. */
  path?: string;
}

/** How the client reaches this server. */
export interface CookiePlace {
  publicUrl: string;
  isSecure: boolean;
}

/** Always HttpOnly, so that scripts cannot read it. */
export function toSetCookie(cookie: Cookie, { publicUrl, isSecure }: CookiePlace): string {
  const { name, value, maxAgeS, secure = isSecure, sameSite = 'Lax', path = '/' } = cookie;
  const below = new URL(publicUrl).pathname.replace(/\/$/, '');
  return stringifySetCookie({
    name,
    value,
    ...(maxAgeS !== undefined && { maxAge: maxAgeS }),
    // With a slash at the end, the address without one would not get the cookie.
    path: path === '/' && below !== '' ? below : `${below}${path}`,
    httpOnly: true,
    secure,
    sameSite: sameSite.toLowerCase() as Lowercase<typeof sameSite>,
  });
}

/** Of a Cookie header; null if it has none of this name. */
export function readCookie(header: string | null | undefined, name: string): string | null {
  return (header && parseCookie(header)[name]) || null;
}
