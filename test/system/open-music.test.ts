import { readdir } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Track } from '../../src/catalog/catalog-item.js';
import { CC_BY, cutAtSixtyPercent, startArchiveServer, type ArchiveServer } from '../kit/archive-server.js';
import { createAudioServer, createHttpSource, type AudioServer } from '../kit/audio-server.js';
import { readTags } from '../kit/audio.js';
import { makeTrack } from '../kit/catalog-items.js';
import { CHILDREN } from '../kit/documents.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue, type SeenTask } from '../kit/story.js';
import { createStubCatalog } from '../kit/stub-catalog.js';

let archive: ArchiveServer;
let http: AudioServer;
let app: TestApp;

const artists = [{ id: 'far:kelp', name: 'Kelp & Lantern' }];
const wanted = (id: string, own: Partial<Track> = {}) =>
  makeTrack(id, { title: 'Slow Weather, 1', artists, durationMs: 5_000, ...own });
const TRACKS = new Map(
  [
    ...['far:cut', 'far:changed', 'far:page'].map((id) => wanted(id)),
    wanted('far:anchor', { title: 'Anchor' }),
  ].map((track) => [track.id, track]),
);

beforeAll(async () => {
  [archive, http] = await Promise.all([startArchiveServer(), createAudioServer({ seconds: 5 })]);
  http.answer('/spare', 'good');
  const spare = new Map(['far:changed', 'far:page'].map((id) => [id, { path: '/spare' }]));
  app = await startApp({
    env: {
      internetArchiveCollections: ['netlabels'],
      internetArchiveUrl: archive.url,
      // The data node is another server than the one that is configured.
      outboundAllow: ['127.0.0.1'],
    },
    overrides: {
      sources: [createHttpSource(http, spare)],
      catalogs: [createStubCatalog('far', { findTrack: (id) => Promise.resolve(TRACKS.get(id) ?? null) })],
      settings: { sourceOrder: 'internet-archive, http', maxRetries: 0 },
    },
  });
});
afterAll(async () => {
  await app?.stop();
  await Promise.all([archive?.stop(), http?.close()]);
});

const download = async (item: string): Promise<SeenTask> =>
  ended(app, await queue(app, { item, type: 'TRACK' }), 60_000);

async function downloadAlbum(item: string): Promise<SeenTask[]> {
  const id = await queue(app, { item, type: 'ALBUM' });
  expect(await ended(app, id, 90_000)).toMatchObject({ state: 'COMPLETED', failedCount: 0 });
  const children = (await app.execute(CHILDREN, { id })).task?.children.edges ?? [];
  return Promise.all(children.map(({ node }) => ended(app, node.id)));
}

describe('music of the Internet Archive', () => {
  it('is downloaded as an album, with source and license on each task and in each file', async () => {
    const tasks = await downloadAlbum('internet-archive:kelp-slow-weather');
    expect(tasks.map(({ title }) => title)).toEqual([1, 2, 3, 4].map((n) => `Slow Weather, ${n}`));
    const stated = { source: 'internet-archive', licence: CC_BY };
    for (const { file, title } of tasks) {
      expect(file).toMatchObject({ ...stated, format: 'FLAC' });
      const { common, credit } = await readTags(file?.path ?? '');
      expect(credit).toEqual(stated);
      expect(common).toMatchObject({ title, artist: 'Kelp & Lantern', album: 'Slow Weather' });
      expect(await readdir(dirname(file?.path ?? ''))).toContain('cover.jpg');
    }
  });

  it('is continued at the byte where the data node cut it, and matches its MD5', async () => {
    archive.answerOnce('/0/items', cutAtSixtyPercent(archive.audio));
    const before = archive.fetched.length;
    const { state, file, error } = await download('far:cut');
    expect(error).toBeNull();
    expect(state).toBe('COMPLETED');
    expect(file).toMatchObject({ source: 'internet-archive', licence: CC_BY, sourceNote: null });
    expect(archive.fetched.slice(before).map(({ range }) => range)).toEqual([
      null,
      expect.stringMatching(/^bytes=[1-9]\d*-$/),
    ]);
  });

  it('whose bytes do not match their MD5 is taken from the next source', async () => {
    archive.answerOnce('/0/items', (response) => {
      const changed = Buffer.from(archive.audio);
      changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1);
      response
        .writeHead(200, { 'content-type': 'audio/flac', 'content-length': changed.length })
        .end(changed);
    });
    const { state, file } = await download('far:changed');
    expect(state).toBe('COMPLETED');
    expect(file).toMatchObject({ source: 'http' });
    expect(file?.sourceNote).toMatch(/internet-archive sent bytes that do not match its md5/);
  });

  it('is taken from the next source where a page comes in place of audio', async () => {
    archive.answerOnce('/0/items', (response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Item not available</h1>'),
    );
    const { state, file } = await download('far:page');
    expect(state).toBe('COMPLETED');
    expect(file).toMatchObject({ source: 'http' });
    expect(file?.sourceNote).toMatch(/Internet Archive sent no audio \(status 200, text\/html\)/);
  });

  it('is refused without a license, and the task says so', async () => {
    const { state, error } = await download('far:anchor');
    expect(state).toBe('FAILED');
    expect(error).toMatchObject({ code: 'NO_SOURCE', retryable: false });
    expect(error?.message).toMatch(
      /"Anchor" is in the item "kelp-anchor", whose license is not stated; only addresses of licenses below/,
    );
    expect(error?.message).toMatch(/http has no such track/);
  });

  it('stays in the download directory when its title is a path', async () => {
    const tasks = await downloadAlbum('internet-archive:kelp-buoy');
    expect(tasks).toHaveLength(2);
    for (const { file } of tasks) {
      const parts = relative(app.env.downloadDir, file?.path ?? '').split(sep);
      expect(parts).toEqual(['Kelp & Lantern', 'Buoy', expect.stringMatching(/^\d+\. .+\.flac$/)]);
    }
  });
});
