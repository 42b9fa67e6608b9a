import { connect } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../kit/wait-for.js';
import { startRest, type RestTestApp } from './rest-app.js';

let app: RestTestApp;
const logged: { level: number; msg: string; path?: string }[] = [];
beforeAll(async () => {
  const log = pino({ level: 'info' }, { write: (line) => void logged.push(JSON.parse(line) as never) });
  app = await startRest({ overrides: { log } });
});
afterAll(() => app.stop());

/** All that comes back for these bytes, until the connection is closed. */
function exchange(bytes: string): Promise<string> {
  const { hostname, port } = new URL(app.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    socket.on('data', (data) => (answer += data.toString()));
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
  });
}

describe('an unreadable request', () => {
  it.each([
    ['a method that HTTP does not know', 'FOO /api/search HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['a broken request line', 'GET /api/search?q=a b HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['a null byte in the path', 'GET /api/search?q=\0 HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['a header without a name', 'GET /api/search HTTP/1.1\r\n: x\r\n\r\n', 400],
    [
      'a length that is none',
      'POST /api/prgs/cancel/all HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
      400,
    ],
    ['a host that is none', 'GET /api/search?q=x HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n', 400],
    [
      'a port that is none',
      'GET /api/search?q=x HTTP/1.1\r\nhost: x:99999\r\nconnection: close\r\n\r\n',
      400,
    ],
    ['a backslash in the path', 'GET /api/prgs\\list HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 400],
    [
      'an address that is none',
      'GET http://[/api/search HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      400,
    ],
    ['an address without end', `GET /api/search?q=${'x'.repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
  ])(
    'such as %s is rejected with the common error body, and the connection closed',
    async (_what, bytes, status) => {
      const answer = await exchange(bytes);
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(head).toMatch(/content-type: application\/json/i);
      const failure = JSON.parse(body) as Record<string, unknown>;
      expect(failure['detail']).toBe(failure['error']);
      expect(failure['error']).toEqual(expect.any(String));
    },
  );

  it('does not affect other connections', async () => {
    expect((await app.get('/search?q=tide')).status).toBe(200);
  });
});

describe('a client that disconnects in the middle of its body', () => {
  it('is not logged as a server error', async () => {
    const { hostname, port } = new URL(app.url);
    const head =
      'POST /api/config HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9';
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${head}\r\n\r\n{`, () => socket.destroy());
    });
    const { length } = logged;
    await waitFor(() => logged.slice(length).some(({ path }) => path === '/api/config'), {
      what: 'the request in the log',
    });
    expect((await app.get('/search?q=tide')).status).toBe(200);
    expect(logged.filter(({ level }) => level >= 50)).toEqual([]);
  });
});
