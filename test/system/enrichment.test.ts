import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseFile } from 'music-metadata';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { providerOf } from '../../src/catalog/catalog-item.js';
import { ask } from '../kit/ask.js';
import { bareFfmpeg, createWorkspace } from '../kit/audio.js';
import { RESOLVE_ITEM } from '../kit/catalog-documents.js';
import { makeAlbum, makeTrack } from '../kit/catalog-items.js';
import { createFileSource } from '../kit/file-source.js';
import { JPEG, MB, startMusicBrainzServer, type MusicBrainzServer } from '../kit/musicbrainz-server.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';
import { createStubCatalog } from '../kit/stub-catalog.js';

const BY = [{ id: '', name: 'Kelp & Lantern' }];
const bare = makeAlbum('far:album', { title: 'Slow Weather', artists: BY, upc: MB.upc, trackTotal: 2 });
const rich = { ...bare, id: 'far:rich', releaseDate: '1999', label: 'Own Label', genres: ['Own Genre'] };
const track = (id: string, own: Parameters<typeof makeTrack>[1] = {}) =>
  makeTrack(`far:${id}`, {
    ...{ title: `Slack Water ${id}`, artists: BY, album: bare, durationMs: 181_000, isrc: MB.isrc },
    ...{ trackNumber: 1, discNumber: 1 },
    ...own,
  });

const TRACKS = [
  track('bare'),
  track('rich', { album: rich, genres: ['Own Genre'] }),
  track('kept'),
  track('slow', { isrc: MB.otherIsrc }),
  track('down', { isrc: 'XXKEL2100055' }),
  track('off'),
];

let server: MusicBrainzServer;
let app: TestApp;
let workspace: Awaited<ReturnType<typeof createWorkspace>>;
const source = createFileSource();

const catalog = createStubCatalog('far', {
  findTrack: (id) => Promise.resolve(TRACKS.find((each) => each.id === id) ?? null),
  findTrackByIsrc: (isrc) => Promise.resolve(isrc === MB.isrc ? (TRACKS[0] ?? null) : null),
  findAlbumByUpc: (upc) => Promise.resolve(upc === MB.upc ? bare : null),
});

beforeAll(async () => {
  server = await startMusicBrainzServer();
  workspace = await createWorkspace();
  const tone = ['-f', 'lavfi', '-i', 'sine=frequency=330:duration=181:sample_rate=8000'];
  await bareFfmpeg(...tone, workspace.file('tone.flac'));
  const own = ['-metadata', 'MUSICBRAINZ_ALBUMID=looked-up-by-hand'];
  await bareFfmpeg('-i', workspace.file('tone.flac'), ...own, workspace.file('kept.flac'));
  for (const { id } of TRACKS)
    source.offer(id, workspace.file(id === 'far:kept' ? 'kept.flac' : 'tone.flac'));
  app = await startApp({
    env: { musicBrainzUrl: server.url, coverArtArchiveUrl: server.url },
    overrides: {
      catalogs: [catalog],
      sources: [source],
      settings: { musicBrainz: true, maxRetries: 0, catalog: 'far' },
      timing: { enrichmentMs: 4_000 },
    },
  });
});
afterAll(async () => {
  await app.stop();
  await server.stop();
  await workspace.remove();
});
beforeEach(() => {
  server.requests.length = 0;
});

async function tagsOf(by: TestApp, item: string): Promise<Record<string, string[]>> {
  const task = await ended(by, await queue(by, { item }));
  expect(task.state, task.error?.message).toBe('COMPLETED');
  const { native } = await parseFile(task.file?.path ?? '');
  const tags: Record<string, string[]> = {};
  for (const { id, value } of native['vorbis'] ?? []) {
    if (id !== 'METADATA_BLOCK_PICTURE') (tags[id] ??= []).push(String(value));
  }
  return tags;
}

describe('a download with the setting musicBrainz', () => {
  it('gets the tags that its catalog lacks, the ids of MusicBrainz, and a cover of the Cover Art Archive', async () => {
    expect(await tagsOf(app, 'far:bare')).toMatchObject({
      TITLE: ['Slack Water bare'],
      DATE: ['2021-05-14'],
      LABEL: ['Breakwater'],
      GENRE: ['harbor pop', 'ambient'],
      MUSICBRAINZ_TRACKID: [MB.recording],
      MUSICBRAINZ_RELEASETRACKID: [MB.releaseTrack],
      MUSICBRAINZ_ALBUMID: [MB.release],
      MUSICBRAINZ_RELEASEGROUPID: [MB.group],
      MUSICBRAINZ_ARTISTID: [MB.artist, MB.guest],
      MUSICBRAINZ_ALBUMARTISTID: [MB.artist],
    });
    const folder = join(app.env.downloadDir, 'Kelp & Lantern', 'Slow Weather');
    expect(await readFile(join(folder, 'cover.jpg'))).toEqual(JPEG);
  });

  it('keeps what its catalog says', async () => {
    expect(await tagsOf(app, 'far:rich')).toMatchObject({
      DATE: ['1999'],
      LABEL: ['Own Label'],
      GENRE: ['Own Genre'],
      MUSICBRAINZ_ALBUMID: [MB.release],
    });
  });

  it('keeps the ids that a file has, and mixes none of another release with them', async () => {
    const tags = await tagsOf(app, 'far:kept');
    expect(tags['MUSICBRAINZ_ALBUMID']).toEqual(['looked-up-by-hand']);
    expect(tags['MUSICBRAINZ_TRACKID']).toBeUndefined();
    expect(tags['LABEL']).toEqual(['Breakwater']);
  });

  it('is completed without them when MusicBrainz does not answer in time', async () => {
    server.answerOnce('/ws/2/isrc', () => undefined);
    const tags = await tagsOf(app, 'far:slow');
    expect(tags['TITLE']).toEqual(['Slack Water slow']);
    expect(tags['MUSICBRAINZ_TRACKID']).toBeUndefined();
    expect(server.requests).toEqual([expect.stringContaining(`/isrc/${MB.otherIsrc}`)]);
  });

  it('is completed without them when MusicBrainz limits requests', async () => {
    server.answerOnce('/ws/2/isrc', (response) => response.writeHead(503, { 'retry-after': '86400' }).end());
    const tags = await tagsOf(app, 'far:down');
    expect(tags['MUSICBRAINZ_TRACKID']).toBeUndefined();
    await app.deps.db.requestLimit.deleteMany();
  });
});

describe('a server without the setting', () => {
  it('never asks MusicBrainz, and says how a link to it can be followed', async () => {
    const off = await startApp({
      env: { musicBrainzUrl: server.url, coverArtArchiveUrl: server.url },
      overrides: { catalogs: [catalog], sources: [source], settings: { catalog: 'far' } },
    });
    try {
      expect((await tagsOf(off, 'far:off'))['MUSICBRAINZ_TRACKID']).toBeUndefined();
      const link = `https://musicbrainz.org/recording/${MB.recording}`;
      const { errors } = await ask(off, RESOLVE_ITEM, { item: link });
      expect(errors[0]?.message).toMatch(
        /"musicbrainz" is not set up here: turn on the setting "musicBrainz"/,
      );
      expect(server.requests).toEqual([]);
    } finally {
      await off.stop();
    }
  });
});

describe('a link to MusicBrainz', () => {
  const resolve = async (path: string) =>
    (await app.execute(RESOLVE_ITEM, { item: `https://musicbrainz.org/${path}` })).resolveItem;

  it('of a recording is the track with its ISRC, of a release the album with its bar code', async () => {
    expect(await resolve(`recording/${MB.recording}`)).toMatchObject({ id: 'Track:far:bare' });
    expect(await resolve(`release/${MB.release}`)).toMatchObject({ id: 'Album:far:album' });
    expect(providerOf(bare)).toBe('far');
  });

  it('needs MusicBrainz, which is listed among the catalogs with its state', async () => {
    const { body } = await app.rest('GET', '/config/check');
    expect((body as { catalogs: unknown }).catalogs).toContainEqual(
      expect.objectContaining({ name: 'musicbrainz', enabled: true, state: 'ready', setup: null }),
    );
  });

  it('is taken by queueDownload and by REST', async () => {
    const item = `https://musicbrainz.org/recording/${MB.recording}`;
    const { status, body } = await app.rest('GET', `/track/info?id=${encodeURIComponent(item)}`);
    expect({ status, body }).toMatchObject({ status: 200, body: { name: 'Slack Water bare' } });
    const task = await ended(app, await queue(app, { item }));
    expect(['COMPLETED', 'SKIPPED']).toContain(task.state);
  });

  it.each([
    [`recording/${MB.missing}`, /MusicBrainz has no recording/],
    [`release/${MB.missing}`, /MusicBrainz has no release/],
    [`recording/${MB.looseRecording}`, /knows no ISRC of the recording .* Search for it by its title\./],
  ])('to %s, which leads nowhere, says where the bridge ended', async (path, message) => {
    expect(await resolve(path)).toBeNull();
    const { status, body } = await app.rest(
      'GET',
      `/${path.startsWith('release') ? 'album' : 'track'}/download/${encodeURIComponent(`https://musicbrainz.org/${path}`)}`,
    );
    expect(status).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(body)).toMatch(message);
  });
});
