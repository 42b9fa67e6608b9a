import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EnvError, parseEnv } from '../../src/env.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const INDEX =
  '<!doctype html><script>window.ready = 1</script><script src="/assets/index-B4kq_x9Z.js"></script>';
const SCRIPT = 'console.log("ä", 1);'.repeat(50);
const SECRET = 'outside of the client';
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

const FILES: Record<string, string | Buffer> = {
  'ui/index.html': INDEX,
  'ui/assets/index-B4kq_x9Z.js': SCRIPT,
  'ui/assets/index-B4kq_x9Z.js.br': brotliCompressSync(SCRIPT),
  'ui/assets/index-B4kq_x9Z.js.gz': gzipSync(SCRIPT),
  'ui/assets/main.8e0d62a3b1c4f5d7.chunk.css': 'body { margin: 0 }',
  'ui/_app/immutable/start.js': 'start();',
  'ui/android-chrome-512x512.png': Buffer.from([137, 80, 78, 71]),
  'ui/manifest.webmanifest': '{}',
  'ui/fonts/text.woff2': 'font',
  'ui/app.wasm': 'wasm',
  'ui/odd name & ümlaut.txt': 'odd',
  'ui/empty.txt': '',
  'ui/healthz': 'not the check',
  'ui/.env': SECRET,
  'ui/.git/config': SECRET,
  'ui/assets/.hidden.js': SECRET,
  'ui/.well-known/note.txt': SECRET,
  'secret.txt': SECRET,
  'ui-other/secret.txt': SECRET,
};

let root: string;
let app: TestApp;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'reprise-ui-'));
  for (const [name, content] of Object.entries(FILES)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  await symlink('assets/index-B4kq_x9Z.js', join(root, 'ui/inside.js'));
  await symlink('../secret.txt', join(root, 'ui/outside.txt'));
  await symlink(root, join(root, 'ui/above'));
  await symlink('.env', join(root, 'ui/shown.txt'));
  await symlink('nowhere', join(root, 'ui/broken.txt'));
  await symlink('circle.txt', join(root, 'ui/circle.txt'));
  await symlink('ui', join(root, 'current'));
  app = await startApp({ env: { role: 'api', uiDir: join(root, 'current') } });
});
afterAll(async () => {
  await app.stop();
  await rm(root, { recursive: true, force: true });
});

interface Reply {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** Byte for byte as it is given. */
async function send(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  const { port } = new URL(app.url);
  const socket = connect(Number(port), '127.0.0.1');
  const lines = Object.entries({ host: `127.0.0.1:${port}`, connection: 'close', ...headers });
  const head = [`${method} ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  const reply = Buffer.concat(chunks);
  const end = reply.indexOf('\r\n\r\n');
  const [status = '', ...fields] = reply.subarray(0, end).toString('latin1').split('\r\n');
  return {
    status: Number(status.split(' ')[1]),
    headers: Object.fromEntries(
      fields.map((field) => [field.split(':', 1)[0]?.toLowerCase() ?? '', field.replace(/^[^:]*: ?/, '')]),
    ),
    body: reply.subarray(end + 4),
  };
}

const text = async (path: string, headers?: Record<string, string>) => {
  const { status, body } = await send(path, headers);
  return [status, body.toString()];
};

describe('the page', () => {
  it.each(['/', '/index.html', '/?q=1'])('is at %s, for every program', async (path) => {
    expect(await text(path)).toEqual([200, INDEX]);
  });

  it.each(['/album/demo:night-ferry', '/artist/mr.oizo', '/search', '/settings/', '/assets/', '/a%20b/ü'])(
    'is what a browser gets that opens %s',
    async (path) => {
      const { status, headers, body } = await send(encodeURI(decodeURI(path)), HTML);
      expect([status, body.toString()]).toEqual([200, INDEX]);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-type': 'text/html; charset=utf-8',
      });
    },
  );

  it('lets scripts run that are here or stand in it, and no others', async () => {
    const { headers } = await send('/', HTML);
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toMatch(/script-src 'self' 'sha256-[\w+/]{43}='; /);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy.split('; ').find((each) => each.startsWith('script-src'))).not.toContain('unsafe');
  });

  it('is read again after a new build', async () => {
    const fresh = join(root, 'next');
    await mkdir(fresh);
    await writeFile(join(fresh, 'index.html'), 'the next build, which is longer');
    await symlink('next', join(root, 'current.new'));
    await rename(join(root, 'current.new'), join(root, 'current'));
    expect(await text('/')).toEqual([200, 'the next build, which is longer']);
    await symlink('ui', join(root, 'current.new'));
    await rename(join(root, 'current.new'), join(root, 'current'));
    expect(await text('/')).toEqual([200, INDEX]);
  });
});

describe('a file', () => {
  const HASHED = 'public, max-age=31536000, immutable';

  it.each([
    ['/assets/index-B4kq_x9Z.js', 'text/javascript; charset=utf-8', HASHED],
    ['/assets/main.8e0d62a3b1c4f5d7.chunk.css', 'text/css; charset=utf-8', HASHED],
    ['/_app/immutable/start.js', 'text/javascript; charset=utf-8', HASHED],
    ['/android-chrome-512x512.png', 'image/png', 'no-cache'],
    ['/manifest.webmanifest', 'application/manifest+json', 'no-cache'],
    ['/fonts/text.woff2', 'font/woff2', 'no-cache'],
    ['/app.wasm', 'application/wasm', 'no-cache'],
    ['/inside.js', 'text/javascript; charset=utf-8', HASHED],
    ['/odd%20name%20&%20%C3%BCmlaut.txt', 'text/plain; charset=utf-8', 'no-cache'],
  ])('%s is sent as %s, to be cached as %s', async (path, type, cache) => {
    const { status, headers } = await send(path);
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      expect.stringMatching(
        new RegExp(`^${type.replace(/[+.]/g, '\\$&').replace('text/java', '(?:text|application)/java')}`),
      ),
      cache,
    ]);
  });

  it.each([
    ['br', 'br', brotliDecompressSync],
    ['gzip', 'gzip, deflate', gunzipSync],
    ['gzip', 'br;q=0, GZIP;q=0.5', gunzipSync],
  ])('is sent as %s when the client accepts "%s"', async (encoding, accepted, decompress) => {
    const { headers, body } = await send('/assets/index-B4kq_x9Z.js', { 'accept-encoding': accepted });
    expect(headers).toMatchObject({
      'content-encoding': encoding,
      'content-length': String(body.length),
      vary: 'accept-encoding, origin',
    });
    expect(headers['content-type']).toContain('javascript');
    expect(decompress(body).toString()).toBe(SCRIPT);
  });

  it.each(['identity', 'br;q=0, gzip;q=0.0', 'zstd', ''])('is sent as it is for "%s"', async (accepted) => {
    const { headers, body } = await send('/assets/index-B4kq_x9Z.js', { 'accept-encoding': accepted });
    expect(headers).not.toHaveProperty('content-encoding');
    expect(body.toString()).toBe(SCRIPT);
  });

  it('is not sent again to a client that has it', async () => {
    const { headers } = await send('/inside.js');
    const again = await send('/inside.js', { 'if-none-match': headers['etag'] ?? '' });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    const compressed = await send('/inside.js', {
      'if-none-match': headers['etag'] ?? '',
      'accept-encoding': 'br',
    });
    expect(compressed.status).toBe(200);
  });

  it('is sent in part, without a compression', async () => {
    const { status, headers, body } = await send('/inside.js', {
      range: 'bytes=0-6',
      'accept-encoding': 'br',
    });
    expect([status, headers['content-range'], body.toString()]).toEqual([
      206,
      `bytes 0-6/${Buffer.byteLength(SCRIPT)}`,
      'console',
    ]);
    const beyond = await send('/inside.js', { range: 'bytes=9999999-' });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([
      416,
      `bytes */${Buffer.byteLength(SCRIPT)}`,
    ]);
  });

  it('has headers alone for HEAD', async () => {
    const { status, headers, body } = await send('/inside.js', {}, 'HEAD');
    expect([status, headers['content-length'], body.length]).toEqual([
      200,
      String(Buffer.byteLength(SCRIPT)),
      0,
    ]);
  });

  it('may be empty', async () => expect(await text('/empty.txt')).toEqual([200, '']));

  it('that is missing is 404, also where a browser opens it', async () => {
    for (const path of ['/assets/index-00000000.js', '/favicon.ico', '/assets/index-B4kq_x9Z.js/x.js'])
      expect((await send(path, HTML)).status, path).toBe(404);
    expect((await send('/album/demo:night-ferry', { accept: '*/*' })).status).toBe(404);
  });

  it('is only read', async () => {
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect((await send('/inside.js', { 'content-length': '0' }, method)).status, method).toBe(404);
  });
});

describe('paths that lead elsewhere', () => {
  const HOSTILE = [
    ...[
      '/../secret.txt',
      '/../../../../../../etc/passwd',
      '/assets/../../secret.txt',
      '/..',
      '/../ui-other/secret.txt',
    ],
    ...['/%2e%2e/secret.txt', '/%2E%2E%2fsecret.txt', '/..%2fsecret.txt', '/assets/..%2f..%2fsecret.txt'],
    ...['/..%5csecret.txt', '/..\\secret.txt', '/%252e%252e/secret.txt', '/%c0%ae%c0%ae/secret.txt'],
    ...[
      '/....//secret.txt',
      '//secret.txt',
      '//../secret.txt',
      '///etc/passwd',
      '/./../secret.txt',
      '/.../secret.txt',
    ],
    ...[
      '/.env',
      '/%2eenv',
      '/.git/config',
      '/assets/.hidden.js',
      '/.well-known/note.txt',
      '/./.env',
      '/assets/../.env',
    ],
    ...['/outside.txt', '/above/secret.txt', '/above/ui/.env', '/shown.txt', '/broken.txt', '/circle.txt'],
    ...['/secret.txt%00.js', '/%00', '/index.html%00.txt', '/%', '/%ff', '/%zz', `/${'a/'.repeat(3000)}`],
    ...[`/${'a'.repeat(5000)}.txt`, '/inside.js/', '/ui/index.html', 'secret.txt', 'http:../secret.txt'],
  ];

  it.each(HOSTILE)('%s', async (path) => {
    for (const headers of [{}, HTML]) {
      const { status, body } = await send(path, headers);
      const shown = body.toString();
      expect(shown).not.toContain(SECRET);
      expect(shown).not.toContain('root:');
      // What only a page of the client could be, its page.
      expect([400, 404, 421].includes(status) || (status === 200 && shown === INDEX), `${status}`).toBe(true);
    }
  });

  it('get no page by an address that is hidden', async () => {
    for (const path of ['/.env', '/.git/config', '/%2eenv', '/..%2fsecret.txt'])
      expect((await send(path, HTML)).status, path).toBe(404);
  });
});

describe('what the server has itself', () => {
  it('stays where it is', async () => {
    expect(await text('/healthz')).toEqual([200, '{"status":"ok"}']);
    expect((await send('/api/prgs/list')).headers['content-type']).toContain('json');
    expect((await send('/api/nothing', HTML)).status).toBe(404);
    expect((await send('/graphql', HTML)).body.toString()).toContain('GraphiQL');
    expect((await send('/schema.graphql')).body.toString()).toContain('type Query');
  });

  it('is not changed by a request', async () => {
    expect((await readdir(root)).sort()).toEqual(['current', 'next', 'secret.txt', 'ui', 'ui-other']);
  });
});

describe('UI_DIR', () => {
  const mistakeOf = (directory: string) => {
    try {
      parseEnv({ UI_DIR: directory });
    } catch (thrown) {
      return thrown instanceof EnvError ? thrown.message : thrown;
    }
    return null;
  };

  it('is refused in one line where there is no client', () => {
    const expected = 'expected: a directory with a file "index.html".';
    const missing = join(root, 'missing');
    expect(mistakeOf(missing)).toBe(`UI_DIR: "${missing}" is not a directory that can be read; ${expected}`);
    const file = join(root, 'secret.txt');
    expect(mistakeOf(file)).toBe(`UI_DIR: "${file}" is not a directory that can be read; ${expected}`);
    const index = join(root, 'ui-other', 'index.html');
    expect(mistakeOf(dirname(index))).toBe(`UI_DIR: "${index}" is not a file that can be read; ${expected}`);
    expect(mistakeOf(join(root, 'ui'))).toBeNull();
  });
});
