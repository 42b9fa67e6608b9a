import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw, upgradeWith } from '../kit/raw-request.js';
import { startRest, type RestTestApp } from '../rest/rest-app.js';

const LISTED = 'https://music.example.org';
/** As every browser sends them, whatever a page says. */
const BROWSER = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)', 'accept-language': 'en' };

type Headers = Record<string, string>;

let app: RestTestApp;
let own: string;
beforeAll(async () => {
  app = await startRest({ env: { corsOrigins: [LISTED] } });
  own = app.url;
});
afterAll(() => app.stop());

const FOREIGN: [string, Headers][] = [
  ['a foreign origin', { origin: 'https://elsewhere.example' }],
  ['a foreign origin over plain HTTP', { ...BROWSER, origin: 'http://192.168.7.8' }],
  ['another port of this host', { origin: 'http://127.0.0.1:1' }],
  ['an origin that it hides', { origin: 'null' }],
  ['an invalid origin', { origin: 'nonsense' }],
  ['a listed host by another scheme', { origin: LISTED.replace('https', 'http') }],
  ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
  ['a sibling of this site, as the browser says', { 'sec-fetch-site': 'same-site' }],
  ['a foreign referrer', { referer: 'http://elsewhere.example/page' }],
  ['an invalid referrer', { referer: 'about:client' }],
  ['a browser that names no page', BROWSER],
];

const OWN: [string, () => Headers][] = [
  ['our own origin', () => ({ ...BROWSER, origin: own })],
  ['our own origin behind a proxy with TLS', () => ({ origin: own.replace('http:', 'https:') })],
  ['our own site, as the browser says', () => ({ ...BROWSER, 'sec-fetch-site': 'same-origin' })],
  ['the address bar', () => ({ ...BROWSER, 'sec-fetch-site': 'none' })],
  ['our own referrer', () => ({ ...BROWSER, referer: `${own}/api/docs` })],
  ['a listed origin', () => ({ ...BROWSER, origin: LISTED, 'sec-fetch-site': 'cross-site' })],
  ['a listed referrer', () => ({ ...BROWSER, referer: `${LISTED}/index.html` })],
  ['a program', () => ({ 'user-agent': 'curl/8.0', accept: '*/*' })],
];

const DOWNLOAD = { method: 'GET', path: '/api/track/download/demo:night-ferry-1-01' };
const CANCEL = { method: 'POST', path: '/api/prgs/cancel/all' };
const SET = {
  method: 'POST',
  path: '/graphql',
  body: '{"query":"mutation { updateSettings(input: {}) { __typename } }"}',
};

const send = (request: { method: string; path: string; body?: string }, headers: Headers) =>
  sendRaw(app.url, { ...request, headers: { 'content-type': 'application/json', ...headers } });

describe('what changes something', () => {
  it.each(FOREIGN)('is refused to a page with %s', async (_name, headers) => {
    const before = await app.deps.db.task.count();
    for (const request of [DOWNLOAD, CANCEL]) {
      const { status, text } = await send(request, headers);
      expect([status, text], request.path).toEqual([403, expect.stringContaining('CORS_ORIGINS')]);
    }
    const { status, text } = await send(SET, headers);
    expect([status, text]).toEqual([403, expect.stringContaining('"code":"ORIGIN_NOT_ALLOWED"')]);
    expect(await app.deps.db.task.count()).toBe(before);
    expect(await upgradeWith(app.url, headers)).toBe(403);
  });

  it.each(OWN)('is open to %s', async (_name, headers) => {
    expect([202, 409]).toContain((await send(DOWNLOAD, headers())).status);
    expect((await send(CANCEL, headers())).status).toBe(200);
    expect((await send(SET, headers())).status).toBe(200);
    expect(await upgradeWith(app.url, headers())).toBe(101);
  });
});

describe('what changes nothing', () => {
  it.each(FOREIGN)('is open to a page with %s, which cannot read it', async (_name, headers) => {
    const { status, headers: reply } = await send({ method: 'GET', path: '/api/prgs/list' }, headers);
    expect([status, reply['access-control-allow-origin']]).toEqual([200, undefined]);
  });
});
