import type { IncomingMessage } from 'node:http';

interface JarCookie {
  name: string;
  value: string;
  origin: string;
  path: string;
}

interface Landing {
  url: URL;
  /** Of the page that ended the redirects; null for one that was not asked for. */
  response: Response | null;
}

/** A browser as far as a sign-in needs one: it keeps cookies by host and path, and follows redirects. */
export class Browser {
  cookies: JarCookie[] = [];
  /** Every address that it was at, in order. */
  readonly visited: URL[] = [];

  /** Opens a page, and goes where redirects lead, until there are no more or to a page at `stopAt`. */
  async visit(address: string | URL, stopAt: string): Promise<Landing> {
    let url = new URL(address);
    for (let steps = 0; steps < 15; steps++) {
      this.visited.push(url);
      if (url.href.startsWith(stopAt)) return { url, response: null };
      const response = await this.send(url);
      const location = response.headers.get('location');
      if (location === null || response.status < 300 || response.status > 399) return { url, response };
      url = new URL(location, url);
    }
    throw new Error(`too many redirects: ${this.visited.join(' → ')}`);
  }

  async send(address: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address);
    // As from the page of a provider.
    const headers = new Headers({
      'sec-fetch-site': 'cross-site',
      authorization: '',
      cookie: this.cookieFor(url),
    });
    new Headers(init.headers).forEach((value, name) => headers.set(name, value));
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.keep(url, line);
    return response;
  }

  private cookieFor({ host, pathname }: URL): string {
    const sent = this.cookies.filter(({ origin, path }) => origin === host && pathname.startsWith(path));
    return sent.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  private keep({ host: origin }: URL, line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    const path = attributes.find((each) => /^path=/i.test(each))?.slice('path='.length) ?? '/';
    const isOther = (each: JarCookie) => each.name !== name || each.origin !== origin || each.path !== path;
    const isDeleted = value === '' || attributes.some((each) => /^max-age=0$/i.test(each));
    this.cookies = [...this.cookies.filter(isOther), ...(isDeleted ? [] : [{ name, value, origin, path }])];
  }
}

/** What a provider does that breaks down in the middle of a request. */
export function cutOff({ socket }: IncomingMessage): boolean {
  socket.destroy();
  return true;
}
