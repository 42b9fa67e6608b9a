import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { startWatchedServer, type WatchedServer } from './watched-server.js';

let database: TestDatabase;
let server: WatchedServer;
const sockets: WebSocket[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startWatchedServer({ DATABASE_URL: database.url, ROLE: 'api' });
});
afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  await server.stop();
  await database.drop();
});

/** As many small objects as fit: they take far more memory than bytes. */
const greetingOf = (bytes: number): string => {
  const empty = JSON.stringify({ type: 'connection_init', payload: { token: 't', junk: [] } });
  const junk = Array.from({ length: Math.floor((bytes - empty.length) / 3) }, () => '{}').join(',');
  return empty.replace('[]', `[${junk}]`);
};

/** Greets, and answers what came of it: the acknowledgment, the close code, or the status of a refusal. */
async function greet(greeting: string): Promise<string> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  sockets.push(socket);
  socket.on('error', () => undefined);
  const refused = once(socket, 'unexpected-response').then(([, response]) => {
    return String((response as { statusCode?: number }).statusCode);
  });
  const closed = once(socket, 'close').then(([code]) => String(code));
  const acknowledged = once(socket, 'open').then(async () => {
    socket.send(greeting);
    const [data] = (await once(socket, 'message')) as [Buffer];
    return (JSON.parse(data.toString()) as { type: string }).type;
  });
  return Promise.race([acknowledged, refused, closed]);
}

test('2,000 sockets with the largest greeting take less than 200 MB, and more are refused', async () => {
  expect(await greet(greetingOf(255_000))).toBe('1009');
  const before = await server.measure();
  const answers: string[] = [];
  for (let batch = 0; batch < 40; batch += 1) {
    answers.push(...(await Promise.all(Array.from({ length: 50 }, () => greet(greetingOf(4_096))))));
  }
  const after = await server.measure();
  expect(answers.filter((answer) => answer !== 'connection_ack')).toEqual([]);
  expect((after.rssBytes - before.rssBytes) / 1e6).toBeLessThan(200);
  expect(await greet('{"type":"connection_init"}')).toBe('429');
});
