import { execFile } from 'node:child_process';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostRule } from '../../src/http/allowed-hosts.js';
import { sendRaw, upgradeWith } from '../kit/raw-request.js';
import { startRest, type RestTestApp } from '../rest/rest-app.js';

let app: RestTestApp;
beforeAll(async () => {
  app = await startRest({ env: { allowedHosts: ['music.lan', '.example.org'] } });
});
afterAll(() => app.stop());

const [label = ''] = hostname().toLowerCase().split('.');

const ALLOWED = [
  ...[
    '127.0.0.1',
    '192.168.7.8:7171',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[fe80::1]:7171',
    'localhost',
    'LOCALHOST:80',
    'app.localhost',
  ],
  ...['localhost.', 'music.lan', 'Music.LAN:7171', 'example.org', 'a.b.example.org', label, `${label}.local`],
];
const REFUSED = [
  ...[
    'evil.example',
    'evil.example:7171',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'notlocalhost',
  ],
  ...['sub.music.lan', 'badexample.org', 'example.org.evil.example', `${label}.evil.example`, 'lan'],
];

const PATHS = ['/', '/api/prgs/list', '/api/nothing', '/api/docs', '/graphql', '/nothing'];

const get = (path: string, host: string, headers: Record<string, string> = {}) =>
  sendRaw(app.url, { method: 'GET', path, headers: { ...headers, host } });

describe('a request by the name', () => {
  it.each(ALLOWED)('%s is answered', async (host) => {
    for (const path of PATHS) expect((await get(path, host)).status, path).not.toBe(421);
    expect(await upgradeWith(app.url, { host })).toBe(101);
  });

  it.each(REFUSED)('%s is refused, with the remedy', async (host) => {
    for (const path of PATHS) {
      const { status, text } = await get(path, host, { 'x-forwarded-host': 'localhost' });
      expect([status, text], path).toEqual([421, expect.stringContaining('ALLOWED_HOSTS')]);
    }
    expect(await upgradeWith(app.url, { host })).toBe(421);
  });

  it('of a page that points its own name here changes nothing', async () => {
    const headers = {
      host: 'evil.example',
      origin: 'http://evil.example',
      'content-type': 'application/json',
    };
    const body = '{"query":"{ viewer { id } }"}';
    const reply = await sendRaw(app.url, { method: 'POST', path: '/graphql', headers, body });
    expect(reply.status).toBe(421);
    expect(JSON.parse(reply.text)).toEqual({
      errors: [
        {
          message: '"evil.example" is not an allowed host name of this server; add it to ALLOWED_HOSTS.',
          extensions: { code: 'HOST_NOT_ALLOWED' },
        },
      ],
    });
  });

  it('in the request line counts as the Host header does', async () => {
    expect((await get('http://evil.example/api/prgs/list', 'localhost')).status).toBe(421);
    expect((await get('http://music.lan/api/prgs/list', 'localhost')).status).toBe(200);
  });

  it.each(['/healthz', '/readyz'])('of any kind may ask for %s', async (path) => {
    expect((await get(path, 'reprise.svc.cluster')).status).toBe(200);
  });
});

describe('a request of HTTP/1.0 without Host', () => {
  const curl = async (path: string) => {
    const args = ['-s', '-0', '-H', 'Host:', '-w', '\n%{http_code}', `${app.url}${path}`];
    return (await promisify(execFile)('curl', args)).stdout.split('\n');
  };

  it('is answered', async () => {
    expect(await curl('/healthz')).toEqual(['{"status":"ok"}', '200']);
    expect((await curl('/api/prgs/list')).at(-1)).toBe('200');
    expect((await curl('/graphql?query=%7B__typename%7D')).at(-1)).toBe('200');
  });
});

describe('the rule', () => {
  const allows = (name: string, host: string, allowedHosts: string[] = []) =>
    createHostRule({ host, allowedHosts })(new URL(`http://${name}/`));

  it('allows HOST, and with "*" every name', () => {
    expect(allows('Music-Box.example', 'music-box.example')).toBe(true);
    expect(allows('other.example', 'music-box.example')).toBe(false);
    expect(allows('other.example', '0.0.0.0', ['*'])).toBe(true);
  });
});
