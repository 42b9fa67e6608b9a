import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const FILE = graphql(`
  query FileOfTask($id: ID!) {
    task(id: $id) {
      madeDurationMs
      file {
        format
        codec
        durationMs
      }
    }
  }
`);

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

/** The longest that `maxTrackSeconds` allows: 30 days, more milliseconds than an Int holds. */
const LONGEST_MS = 2_592_000_000;

const made: Parameters<typeof seedTasks>[1][number] = {
  ...{
    state: 'COMPLETED',
    filePath: '/music/long.mp3',
    fileSizeBytes: 1n,
    fileSource: 'x',
    fileLicence: 'x',
  },
  ...{ fileFormat: 'MP3', startedAt: new Date(), finishedAt: new Date(), expandedAt: new Date() },
};

it('shows the duration of a file of 30 days, and the sum of several', async () => {
  const [album = ''] = await seedTasks(app, [{ kind: 'ALBUM', state: 'COMPLETED', total: 2, succeeded: 2 }]);
  const [track = ''] = await seedTasks(
    app,
    [0, 1].map((position) => ({ ...made, parentId: album, position, fileDurationMs: LONGEST_MS })),
  );
  const file = { format: 'MP3', codec: 'mp3', durationMs: LONGEST_MS };
  expect((await app.execute(FILE, { id: track })).task).toEqual({ madeDurationMs: LONGEST_MS, file });
  expect((await app.execute(FILE, { id: album })).task?.madeDurationMs).toBe(2 * LONGEST_MS);

  const { body } = await app.rest('GET', `/history/${track}`);
  expect(body).toMatchObject({ duration_total_ms: LONGEST_MS, quality_format: 'MP3' });
});

it.each([
  ['OGG', 'OGG', 'vorbis'],
  ['WAV', 'WAV', 'pcm'],
  ['WMAV2', null, 'wmav2'],
])('shows a file that is stored as %s with format and codec', async (fileFormat, format, codec) => {
  const [id = ''] = await seedTasks(app, [{ ...made, fileFormat, fileDurationMs: 1_000 }]);
  expect((await app.execute(FILE, { id })).task?.file).toEqual({ format, codec, durationMs: 1_000 });
  expect((await app.rest('GET', `/history/${id}`)).body).toMatchObject({ quality_format: fileFormat });
});
