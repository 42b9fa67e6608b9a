import { createHash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isUtf8MimeType, mime, send } from '@fastify/send';
import { acceptedEncodings } from '../lib/asset.js';
import { isFileSystemError } from '../lib/errors.js';
import type { HttpExchange } from './request-context.js';
import { sendEmpty } from './send.js';

/** False when it has nothing at this path; nothing is sent then. For GET and HEAD. */
export type SinglePage = (exchange: HttpExchange, url: URL) => Promise<boolean>;

export const INDEX = 'index.html';

/**
 * Serves a built client of one page: its files, and `index.html` for every other address that a browser opens. The
 * folder is read at each request, so that a new build is served without a restart.
 */
export function createSinglePage(directory: string): SinglePage {
  return async (exchange, { pathname }) => {
    const names = namesIn(pathname);
    const root = await realPathOf(directory);
    if (!names || root === null) return false;
    const isFile = names.length > 0 && !pathname.endsWith('/');
    const path = isFile ? await findFile(root, names) : null;
    if (path !== null && path !== INDEX) return sendFile(exchange, { root, path, headers: cachingOf(path) });
    const isIndex = path === INDEX || names.length === 0 || isNavigation(exchange, names);
    return isIndex ? sendIndex(exchange, root) : false;
  };
}

/** Null where a name is hidden, leads up, holds a separator, or cannot be decoded. */
function namesIn(pathname: string): string[] | null {
  try {
    const names = pathname.split('/').filter(Boolean).map(decodeURIComponent);
    return names.some(isRefused) ? null : names;
  } catch {
    return null;
  }
}

const isRefused = (name: string): boolean =>
  name.startsWith('.') || ['/', '\\', '\0'].some((each) => name.includes(each));

/** Below the root, links followed: what a link leads to must be there too, and not hidden. */
async function findFile(root: string, names: readonly string[]): Promise<string | null> {
  const real = await realPathOf(join(root, ...names));
  if (real === null || !real.startsWith(root.endsWith(sep) ? root : root + sep)) return null;
  const path = relative(root, real);
  if (path.split(sep).some((name) => name.startsWith('.'))) return null;
  return (await stat(real)).isFile() ? path : null;
}

async function realPathOf(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (thrown) {
    if (isFileSystemError(thrown)) return null;
    throw thrown;
  }
}

/** A page that a browser opens, or reloads. A script or picture that is missing is missing, not a page. */
function isNavigation({ incoming }: HttpExchange, names: readonly string[]): boolean {
  const accepts = incoming.headers.accept ?? '';
  return accepts.includes('text/html') && mime.getType(names.at(-1) ?? '') === null;
}

interface ServedFile {
  root: string;
  /** Below the root. */
  path: string;
  headers: OutgoingHttpHeaders;
}

async function sendIndex(exchange: HttpExchange, root: string): Promise<boolean> {
  const html = await readFile(join(root, INDEX), 'utf8').catch((thrown: unknown) => {
    if (isFileSystemError(thrown)) return null;
    throw thrown;
  });
  if (html === null) return false;
  const headers = { 'cache-control': 'no-store', 'content-security-policy': policyOf(html) };
  return sendFile(exchange, { root, path: INDEX, headers });
}

/** Scripts only from here, or as they stand in the page: another one that gets into it does not run. */
function policyOf(html: string): string {
  const inline = [...html.matchAll(/<script(\s[^>]*)?>([^<]*(?:<(?!\/script)[^<]*)*)<\/script/gi)]
    .filter(([, attributes = '']) => !/\ssrc\s*=/i.test(attributes))
    .map(([, , script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return [
    "default-src 'self'",
    `script-src ${["'self'", ...inline].join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    // Covers of catalogs are at their own addresses.
    "img-src 'self' data: blob: https:",
    "font-src 'self' data:",
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/**
 * Eight characters with a letter and a digit, as Vite, Rollup and esbuild put before the extension, or sixteen and more
 * of hexadecimal, as webpack does. A name that looks like one by chance is cached too long, hence no shorter ones.
 */
const HASHED = /[.-](?:(?=\w*\d)(?=\w*[a-z])[\w-]{8}|[\da-f]{16,64})(?:\.\w+){1,2}$/i;

function cachingOf(path: string): OutgoingHttpHeaders {
  const isHashed = HASHED.test(basename(path)) || path.split(sep).includes('immutable');
  return { 'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache' };
}

const COMPRESSED = [
  { encoding: 'br', suffix: '.br' },
  { encoding: 'gzip', suffix: '.gz' },
] as const;

async function sendFile(exchange: HttpExchange, { root, path, headers }: ServedFile): Promise<boolean> {
  const { incoming, outgoing } = exchange;
  const compressed = await findCompressed(exchange, root, path);
  const names = `${path}${compressed?.suffix ?? ''}`.split(sep);
  const result = await send(incoming, names.map(encodeURIComponent).join('/'), {
    root,
    index: false,
    cacheControl: false,
    contentType: false,
    dotfiles: 'ignore',
  });
  const { statusCode, stream } = result;
  if (statusCode === 404) return false;
  const all = {
    ...result.headers,
    ...headers,
    vary: 'accept-encoding, origin',
    ...(statusCode !== 304 && { 'content-type': typeOf(path) }),
    ...(compressed && { 'content-encoding': compressed.encoding }),
  };
  if (result.type !== 'file') {
    const range = result.headers['Content-Range'];
    sendEmpty(outgoing, { status: statusCode, headers: range ? { 'content-range': range } : {} });
    return true;
  }
  outgoing.writeHead(statusCode, all);
  await pipeline(stream, outgoing).catch((thrown: unknown) => {
    if (!exchange.signal.aborted) throw thrown;
  });
  return true;
}

/** Made beside the file by the build. Ranges are of the file itself. */
async function findCompressed({ incoming }: HttpExchange, root: string, path: string) {
  if (incoming.headers.range !== undefined) return null;
  const accepted = acceptedEncodings(incoming.headers['accept-encoding']?.toString() ?? '');
  for (const each of COMPRESSED.filter(({ encoding }) => accepted.has(encoding))) {
    if ((await findFile(root, `${path}${each.suffix}`.split(sep))) !== null) return each;
  }
  return null;
}

function typeOf(path: string): string {
  const type = mime.getType(path) ?? 'application/octet-stream';
  return isUtf8MimeType(type) ? `${type}; charset=utf-8` : type;
}
