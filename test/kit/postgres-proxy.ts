import { createTcpProxy, type ProxyTarget, type TcpProxy } from './tcp-proxy.js';

const DEFAULT_PORT = 5432;

/** A breakable network in front of the PostgreSQL of `url`, and the URL that goes through it. */
export async function createPostgresProxy(url: string): Promise<TcpProxy & { url: string }> {
  const proxy = await createTcpProxy(toTarget(new URL(url)));
  const through = new URL(url);
  through.hostname = proxy.host;
  through.port = String(proxy.port);
  through.searchParams.delete('host');
  through.searchParams.delete('port');
  return Object.assign(proxy, { url: through.href });
}

/** A Unix socket's directory is in the query (`?host=/dir`), for a URL's host part cannot hold a path. */
function toTarget(url: URL): ProxyTarget {
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname);
  const port = Number(url.searchParams.get('port') ?? (url.port || DEFAULT_PORT));
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}
