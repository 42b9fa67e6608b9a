import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../kit/wait-for.js';
import { startRest, type RestTestApp } from './rest-app.js';

let app: RestTestApp;

beforeAll(async () => {
  app = await startRest({ env: { role: 'all' } });
});

afterAll(() => app.stop());

interface Shown {
  tasks: { task_id: string; status: string; last_line: { current_track?: number } }[];
}

it('an album is found, downloaded and followed to its end over REST alone', async () => {
  const found = await app.get('/search?q=night+ferry&type=album&limit=1');
  const [album] = found.body['items'] as { id: string; total_tracks: number }[];
  const controller = new AbortController();
  const stream = await fetch(`${app.url}/api/prgs/stream`, { signal: controller.signal });
  const queued = await app.get(`/album/download/${album?.id}?convertTo=mp3&bitrate=128k`);
  const id = String(queued.body['task_id']);

  const seen: Shown[] = [];
  const lastStatus = () => seen.flatMap(({ tasks }) => tasks).findLast((task) => task.task_id === id)?.status;
  void follow(stream, seen).catch(() => undefined);
  await waitFor(() => lastStatus() === 'done', { what: 'the album to be done', timeoutMs: 60_000 });
  controller.abort();
  const lines = seen.flatMap(({ tasks }) => tasks.map((task) => task.last_line));
  expect(lines.some((line) => (line.current_track ?? 0) > 0)).toBe(true);

  const { body } = await app.get(`/prgs/${id}`);
  expect(body['summary']).toMatchObject({
    total_successful: album?.total_tracks,
    total_failed: 0,
    failed_tracks: [],
  });
  const files = await app.deps.db.task.findMany({ where: { parentId: id }, select: { filePath: true } });
  expect(files.every(({ filePath }) => filePath !== null && existsSync(filePath))).toBe(true);
  expect((await app.get(`/album/download/cancel?task_id=${id}`)).status).toBe(409);
});

async function follow({ body }: Response, seen: Shown[]): Promise<void> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) seen.push(JSON.parse(frame.slice(frame.indexOf('data: ') + 6)) as Shown);
  }
}
