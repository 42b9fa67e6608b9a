export interface Cookie {
  name: string;
  value: string;
  /** Zero deletes the cookie. Default: until the browser is closed. */
  maxAgeS?: number;
  /** Whether it is sent over HTTPS only. */
  secure: boolean;
  /** Default: `Lax`, so that a link from elsewhere finds its reader signed in, and a form from elsewhere does not. */
  sameSite?: 'Strict' | 'Lax' | 'None';
  /** Default: `/`. */
  path?: string;
}
