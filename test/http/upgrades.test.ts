import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startToyServer, type ToyServer } from '../graphql/toy-server.js';
import { waitFor } from '../kit/wait-for.js';

const run = promisify(execFile);

let server: ToyServer;
beforeAll(async () => {
  server = await startToyServer();
});
afterAll(() => server.stop());

const H2C = [
  'Connection: Upgrade, HTTP2-Settings',
  'Upgrade: h2c',
  'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
];

function message(line: string, { headers = [] as string[], body = '' } = {}): string {
  const type = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`];
  return [`${line} HTTP/1.1`, 'Host: localhost', ...type, ...headers, '', body].join('\r\n');
}

const asking = (text: string) => JSON.stringify({ query: `{ echo(text: "${text}") }` });
const post = (text: string, headers = H2C) => message('POST /graphql', { headers, body: asking(text) });
const health = (headers = H2C) => message('GET /healthz', { headers });

interface Exchange {
  socket: Socket;
  received: () => string;
}

function open(): Exchange {
  const socket = connect(server.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  return { socket, received: () => text };
}

/** The bodies of the responses, once there are so many. */
async function bodiesOf({ received }: Exchange, count: number): Promise<string[]> {
  const bodies = () =>
    [...received().matchAll(/\r\n\r\n(\{.*?\})(?=HTTP|$)/gs)].map(([, body]) => body ?? '');
  await waitFor(() => bodies().length >= count, { what: `${count} responses, got ${received()}` });
  expect(received()).not.toContain('101 Switching');
  return bodies();
}

const OK = '{"status":"ok"}';
const echo = (text: string) => `{"data":{"echo":"${text}"}}`;

describe('an unknown upgrade', () => {
  it.each(['h2c', 'TLS/1.0', 'websocket, h2c', 'nonsense'])('to %s is ignored', async (to) => {
    const exchange = open();
    exchange.socket.write(health([`Upgrade: ${to}`, 'Connection: upgrade']));
    expect(await bodiesOf(exchange, 1)).toEqual([OK]);
    exchange.socket.destroy();
  });

  it('is ignored for a WebSocket on another path as well', async () => {
    const exchange = open();
    exchange.socket.write(health(['Upgrade: websocket', 'Connection: upgrade']));
    expect(await bodiesOf(exchange, 1)).toEqual([OK]);
    exchange.socket.destroy();
  });

  it('keeps the connection alive', async () => {
    const exchange = open();
    for (let count = 1; count <= 3; count++) {
      exchange.socket.write(health());
      expect(await bodiesOf(exchange, count)).toHaveLength(count);
    }
    exchange.socket.write(health([]));
    expect(await bodiesOf(exchange, 4)).toEqual([OK, OK, OK, OK]);
    exchange.socket.destroy();
  });

  it('keeps the body, in one piece, in several and in chunks', async () => {
    const exchange = open();
    exchange.socket.write(post('whole'));
    await bodiesOf(exchange, 1);
    const halves = post('halves');
    exchange.socket.write(halves.slice(0, -10));
    await waitFor(() => exchange.socket.bytesWritten > 0);
    exchange.socket.write(halves.slice(-10));
    await bodiesOf(exchange, 2);
    const body = asking('chunks');
    const chunked = ['Transfer-Encoding: chunked', 'Content-Type: application/json', ...H2C];
    exchange.socket.write(message('POST /graphql', { headers: chunked }));
    exchange.socket.write(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    expect(await bodiesOf(exchange, 3)).toEqual([echo('whole'), echo('halves'), echo('chunks')]);
    exchange.socket.destroy();
  });

  it('keeps requests that were sent with it, in their order', async () => {
    const exchange = open();
    const all = [post('a', []), post('b'), health(), post('c'), health([]), post('d', [])];
    exchange.socket.write(all.join(''));
    const bodies = await bodiesOf(exchange, all.length);
    expect(bodies).toEqual([echo('a'), echo('b'), OK, echo('c'), OK, echo('d')]);
    exchange.socket.destroy();
  });

  it('waits for the response to an earlier request, and survives the end of its connection meanwhile', async () => {
    const slow = message('POST /graphql', { body: '{"query":"{ slow }"}' });
    const [patient, hasty] = [open(), open()];
    for (const [index, { socket }] of [patient, hasty].entries()) {
      socket.write(slow + health());
      await waitFor(() => server.world.slow.started === index + 1);
      if (socket === patient.socket) server.world.slow.finish();
    }
    expect(await bodiesOf(patient, 2)).toEqual(['{"data":{"slow":"done"}}', OK]);
    hasty.socket.resetAndDestroy();
    server.world.slow.finish();
    patient.socket.write(health());
    expect(await bodiesOf(patient, 3)).toHaveLength(3);
    patient.socket.destroy();
  });

  it('is in the access log', async () => {
    const exchange = open();
    exchange.socket.write(message('GET /h2c-in-the-log', { headers: H2C }));
    await bodiesOf(exchange, 1);
    const line = () => server.lines.find(({ path }) => path === '/h2c-in-the-log');
    expect(await waitFor(line)).toMatchObject({ method: 'GET', status: 404, msg: 'request' });
    exchange.socket.destroy();
  });
});

describe('a real client that asks for HTTP/2', () => {
  it('such as curl gets its answers', async () => {
    const get = await run('curl', ['-s', '--http2', `${server.url}/healthz`, `${server.url}/healthz`]);
    expect(get.stdout).toBe(OK + OK);
    const type = ['-H', 'content-type: application/json'];
    const sent = await run('curl', ['-s', '--http2', ...type, '-d', asking('curl'), server.endpoint]);
    expect(sent.stdout).toBe(echo('curl'));
  });

  it.skipIf(spawnSync('java', ['--version']).status !== 0)('such as Java’s gets its answers', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'reprise-java-'));
    try {
      const file = join(directory, 'Ask.java');
      await writeFile(file, JAVA);
      const { stdout } = await run('java', [file, server.endpoint, asking('java')]);
      expect(stdout).toBe(echo('java') + echo('java'));
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

const JAVA = `
import java.net.URI;
import java.net.http.*;
public class Ask {
  public static void main(String[] args) throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    for (int i = 0; i < 2; i++) {
      HttpRequest request = HttpRequest.newBuilder(URI.create(args[0]))
        .header("content-type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(args[1])).build();
      System.out.print(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
  }
}
`;
