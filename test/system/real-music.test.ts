import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type { AudioFormat, CatalogType, QueueDownloadInput } from '../../src/generated/documents/graphql.js';
import { searchOf } from '../kit/ask.js';
import { readTags } from '../kit/audio.js';
import { CHILDREN } from '../kit/documents.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';

/** A directory with the seven Ogg Vorbis files of Debian's xmoto-data, which CI fetches. */
const MUSIC = process.env['REPRISE_TEST_MUSIC'];

const LIBRARY = graphql(`
  query RealLibrary {
    library {
      fileCount
      problems {
        totalCount
      }
    }
  }
`);

const SEARCH = graphql(`
  query SearchRealMusic($query: String!, $type: CatalogType!) {
    search(query: $query, type: $type) {
      totalCount
      edges {
        node {
          __typename
          ... on Track {
            id
            title
            durationMs
            artists {
              name
            }
            album {
              title
            }
          }
          ... on Album {
            id
            title
            trackCount
          }
          ... on Artist {
            id
            name
          }
        }
      }
    }
  }
`);

describe.runIf(MUSIC)('real music in the owner’s own folders', () => {
  const music = MUSIC ?? '';
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({ env: { catalog: 'library', libraryDirs: [music] } });
    const isScanned = async () => (await app.execute(LIBRARY)).library.fileCount === 7;
    await waitFor(isScanned, { timeoutMs: 30_000, what: 'seven files in the library' });
  });
  afterAll(() => app?.stop());

  const search = async (query: string, type: CatalogType) =>
    searchOf(await app.execute(SEARCH, { query, type })).edges.map(({ node }) => node);
  const findOne = async (query: string, type: CatalogType) => {
    const [first] = await search(query, type);
    if (!first || !('id' in first)) throw new Error(`${query} was not found`);
    return first;
  };
  const download = async (input: QueueDownloadInput) => {
    const task = await ended(app, await queue(app, input), 60_000);
    expect(task).toMatchObject({ state: 'COMPLETED', error: null });
    return task;
  };

  it('is readable in every file', async () => {
    expect((await app.execute(LIBRARY)).library).toEqual({ fileCount: 7, problems: { totalCount: 0 } });
  });

  it('is found by words of titles, artists and albums', async () => {
    const titles = async (query: string) =>
      (await search(query, 'TRACK')).map((track) => ('title' in track ? track.title : '')).sort();
    expect(await titles('madeira')).toEqual(['Madeira Stew']);
    expect(await titles('MADEIRA stew erler')).toEqual(['Madeira Stew']);
    expect(await titles('erler')).toEqual(['Legolodio', 'Madeira Stew', 'Ride-A-Long', 'Trackdead']);
    expect(await titles('cubulo')).toEqual(['foxrun']);
    expect((await search('jens', 'ARTIST')).map((artist) => 'name' in artist && artist.name)).toEqual([
      'Jens Erler',
    ]);
    expect((await search('musix', 'ALBUM')).map((album) => 'title' in album && album.title)).toEqual([
      'Musix 4 XMoto',
    ]);
    expect(await search('musix', 'PLAYLIST')).toEqual([]);
    expect(await search('no such music', 'TRACK')).toEqual([]);
    for (const odd of ['%', '_', '\\', "'; --", 'a\u0000b', '🌊']) await search(odd, 'TRACK');
  });

  it('is found by the file’s name where it has no tags', async () => {
    const track = await findOne('batcave', 'TRACK');
    expect(track).toMatchObject({ title: 'batcave' });
    expect(Math.abs(('durationMs' in track ? (track.durationMs ?? 0) : 0) - 161_516)).toBeLessThan(100);
    expect(await findOne('speeditup', 'TRACK')).toMatchObject({ title: 'speeditup' });
  });

  it.each<[AudioFormat, RegExp]>([
    ['FLAC', /FLAC/],
    ['MP3', /MPEG 1 Layer 3/],
    ['OPUS', /Opus/],
    ['KEEP', /Vorbis/],
  ])('becomes %s of the same length, with its tags', async (format, codec) => {
    const { id } = await findOne('madeira', 'TRACK');
    const { file } = await download({ item: id, options: { format } });
    const [before, after] = [
      await readTags(join(music, 'MadeiraStew.ogg')),
      await readTags(file?.path ?? ''),
    ];
    expect(after.format.codec).toMatch(codec);
    expect(differenceMs(before, after)).toBeLessThan(100);
    expect(after.common).toMatchObject({
      title: 'Madeira Stew',
      artists: ['Jens Erler'],
      album: 'Musix 4 XMoto',
      genre: ['Soundtrack'],
    });
    expect(after.credit.source).toBe('library');
    expect(file).toMatchObject({ source: 'library', sizeBytes: (await stat(file?.path ?? '')).size });
  });

  it('is downloaded under the file’s name where it has no tags', async () => {
    const { id } = await findOne('batcave', 'TRACK');
    const { file } = await download({ item: id, options: { format: 'OPUS' } });
    expect(basename(file?.path ?? '')).toMatch(/batcave\.opus$/);
    const [before, after] = [await readTags(join(music, 'batcave.ogg')), await readTags(file?.path ?? '')];
    expect(differenceMs(before, after)).toBeLessThan(100);
    expect(after.common.title).toBe('batcave');
  });

  it('is downloaded an album at a time', async () => {
    const { id } = await findOne('xmoto soundtrack', 'ALBUM');
    const album = await download({ item: id });
    expect(album).toMatchObject({ kind: 'ALBUM', childCount: 1, completedCount: 1 });
  });

  it('is downloaded an artist at a time', async () => {
    const { id } = await findOne('jens erler', 'ARTIST');
    const artist = await download({ item: id, options: { format: 'WAV' } });
    expect(artist.childCount).toBeGreaterThanOrEqual(3);
    expect(artist).toMatchObject({ kind: 'ARTIST', completedCount: artist.childCount, failedCount: 0 });
    const { task } = await app.execute(CHILDREN, { id: artist.id });
    const albums = await Promise.all(
      (task?.children.edges ?? []).map(({ node }) => app.execute(CHILDREN, { id: node.id })),
    );
    const tracks = albums.flatMap((album) => album.task?.children.edges.map(({ node }) => node.title) ?? []);
    expect(tracks.sort()).toEqual(['Legolodio', 'Madeira Stew', 'Ride-A-Long', 'Trackdead']);
  });

  it('stays as it was', async () => {
    expect((await readdir(music)).filter((name) => name.endsWith('.ogg'))).toHaveLength(7);
    expect((await readTags(join(music, 'batcave.ogg'))).common.title).toBeUndefined();
  });
});

type Read = Awaited<ReturnType<typeof readTags>>;

function differenceMs(one: Read, other: Read): number {
  return Math.abs((one.format.duration ?? 0) - (other.format.duration ?? Infinity)) * 1000;
}
