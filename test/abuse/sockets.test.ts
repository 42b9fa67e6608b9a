import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { greet, greetingOf, LARGEST_GREETING_BYTES } from './readers.js';
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

async function greetAndKeep(greeting: string): Promise<string> {
  const { socket, answer } = await greet(server.url, greeting);
  sockets.push(socket);
  return answer;
}

test('2,000 sockets with the largest greeting take less than 200 MB, and more are refused', async () => {
  expect(await greetAndKeep(greetingOf(255_000))).toBe('1009');
  const before = await server.measure();
  const answers: string[] = [];
  for (let batch = 0; batch < 40; batch += 1) {
    answers.push(
      ...(await Promise.all(
        Array.from({ length: 50 }, () => greetAndKeep(greetingOf(LARGEST_GREETING_BYTES))),
      )),
    );
  }
  const after = await server.measure();
  expect(answers.filter((answer) => answer !== 'connection_ack')).toEqual([]);
  expect((after.rssBytes - before.rssBytes) / 1e6).toBeLessThan(200);
  expect(await greetAndKeep('{"type":"connection_init"}')).toBe('429');
});
