import { readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { ALBUM_GROUPS, type Track } from '../../src/catalog/catalog-item.js';
import { createLibraryIndex } from '../../src/library/library-store.js';
import type { AudioSource, Rendition } from '../../src/catalog/audio-source.js';
import { createLibraryCatalog } from '../../src/library/library-catalog.js';
import { createLibraryRoots } from '../../src/library/library-roots.js';
import { createLibrarySource } from '../../src/library/library-source.js';
import { bareFfmpeg, never } from '../kit/audio.js';
import { createTestLibrary, makeCover, remove, touch, type TestLibrary } from '../kit/library.js';

let library: TestLibrary;
let catalog: CatalogSource;
let source: AudioSource;

const FIRST = { offset: 0, limit: 10 };
const TAGS = { artist: 'The Lanterns', album: 'Night' };

beforeAll(async () => {
  library = await createTestLibrary();
  await library.add('low.mp3', { ...TAGS, title: 'Night Drive' });
  await library.add('best.flac', { ...TAGS, title: 'Night Drive (Remastered 2020)', copyright: '© L' });
  await library.add('live.flac', { ...TAGS, title: 'Night Drive (Live)' });
  await library.add('coded.mp3', {
    ...TAGS,
    title: 'Other Name',
    ISRC: 'USRC17607839',
    TSRC: 'USRC17607839',
  });
  await library.add('free.ogg', { ...TAGS, title: 'Free', license: 'CC-BY 4.0' });
  await library.add('Folder/01 - Plain.mp3', {});
  await library.scan();
  const parts = {
    index: createLibraryIndex(library.db),
    roots: createLibraryRoots([library.root]),
    covers: library.reader,
  };
  catalog = createLibraryCatalog(parts);
  source = createLibrarySource(parts);
});

afterAll(() => library.close());

async function own(title: string): Promise<Track> {
  const { items } = await catalog.search({ text: title, type: 'TRACK', offset: 0, limit: 1 }, never);
  if (items[0]?.type !== 'TRACK') throw new Error(`no track ${title}`);
  return items[0];
}

/** A track as another catalog describes it. */
const foreign = (changes: Partial<Track> = {}): Track => ({
  type: 'TRACK',
  id: 'demo:1',
  title: 'Night Drive',
  artists: [{ id: 'demo:l', name: 'The Lanterns' }],
  album: null,
  durationMs: 5_000,
  explicit: false,
  trackNumber: null,
  discNumber: null,
  isrc: null,
  genres: [],
  url: null,
  ...changes,
});

async function rendition(track: Track): Promise<Rendition> {
  const found = await source.find(track, never);
  if (!found) throw new Error(`no rendition of ${track.title}`);
  return found;
}

const open = (from: Rendition, offsetBytes = 0, signal = never) => source.open(from, { offsetBytes, signal });

describe('the library as a catalog', () => {
  it('maps every field', async () => {
    const track = await own('Free');
    expect(track).toEqual({
      type: 'TRACK',
      id: expect.stringMatching(/^library:[\w-]{22}$/) as string,
      title: 'Free',
      artists: [{ id: expect.stringMatching(/^library:/) as string, name: 'The Lanterns' }],
      album: {
        type: 'ALBUM',
        id: expect.stringMatching(/^library:/) as string,
        title: 'Night',
        artists: track.artists,
        group: 'ALBUM',
        releaseDate: null,
        trackTotal: 4,
        discTotal: 1,
        upc: null,
        label: null,
        copyright: '© L',
        genres: [],
        images: [{ url: track.album?.id, widthPx: null, heightPx: null }],
        url: null,
      },
      durationMs: 5_000,
      explicit: false,
      trackNumber: null,
      discNumber: null,
      isrc: null,
      genres: [],
      url: null,
    });
  });

  it('finds by id, and lists', async () => {
    const track = await own('Free');
    const [albumId, artistId] = [track.album?.id ?? '', track.artists[0]?.id ?? ''];
    const page = { offset: 0, limit: 10 };
    expect(await catalog.findTrack(track.id, never)).toEqual(track);
    expect(await catalog.findAlbum(albumId, never)).toEqual(track.album);
    expect(await catalog.findArtist(artistId, never)).toMatchObject({ type: 'ARTIST', name: 'The Lanterns' });
    expect(await catalog.listAlbumTracks(albumId, page, never)).toMatchObject({ total: 4 });
    expect(await catalog.listArtistAlbums(artistId, { ...page, groups: ['ALBUM'] }, never)).toMatchObject({
      items: [{ type: 'ALBUM', title: 'Night' }],
      total: 1,
    });
    for (const type of ['ALBUM', 'ARTIST'] as const) {
      expect(await catalog.search({ text: 'lanterns', type, ...page }, never)).toMatchObject({ total: 1 });
    }
  });

  it('has no playlists, shows and unknown items', async () => {
    const page = { offset: 0, limit: 10 };
    for (const type of ['PLAYLIST', 'EPISODE', 'SHOW'] as const) {
      expect(await catalog.search({ text: '', type, ...page }, never)).toEqual({ items: [], total: 0 });
    }
    expect(await catalog.findPlaylist('library:x', never)).toBeNull();
    expect(await catalog.findTrack('library:x', never)).toBeNull();
    expect(await catalog.listPlaylistEntries('library:x', page, never)).toEqual({ items: [], total: 0 });
  });
});

describe('covers', () => {
  it('come from the file first, then from the file’s folder', async () => {
    const [blue, red] = await Promise.all([
      makeCover(library.workspace.file('blue.jpg'), 'blue'),
      makeCover(library.workspace.file('red.png'), 'red'),
    ]);
    const plain = await library.add('covers/plain.mp3', { ...TAGS, title: 'Plain Cover' });
    const pictured = library.path('covers/pictured.mp3');
    await bareFfmpeg(
      '-i',
      plain,
      '-i',
      blue,
      '-map',
      '0',
      '-map',
      '1',
      '-c',
      'copy',
      '-metadata',
      'title=Pictured',
      pictured,
    );
    await writeFile(library.path('covers/cover.jpg'), 'not a picture');
    await rename(red, library.path('covers/Front.PNG'));
    await library.scan();

    expect(await catalog.fetchCover(await own('Pictured'), never)).toEqual(
      new Uint8Array(await readFile(blue)),
    );
    const beside = await catalog.fetchCover(await own('Plain Cover'), never);
    expect(Buffer.from(beside ?? []).equals(await readFile(library.path('covers/Front.PNG')))).toBe(true);
  });

  it('of an album are those of its first file, of an artist those of an album, and change with their files', async () => {
    await library.add('Pictured/Old/1.mp3', { title: 'A', album: 'Old', artist: 'Pictured', date: '1999' });
    await library.add('Pictured/New/CD1/1.mp3', {
      title: 'B',
      album: 'New',
      artist: 'Pictured',
      date: '2024',
    });
    const older = await makeCover(library.path('Pictured/Old/folder.jpg'), 'green');
    await library.scan();
    const artist = (await catalog.search({ text: 'Pictured', type: 'ARTIST', ...FIRST }, never)).items[0]!;
    const query = { ...FIRST, groups: ALBUM_GROUPS };
    const albums = (await catalog.listArtistAlbums(artist.id, query, never)).items;
    expect(albums.map(({ title, images }) => [title, images.length])).toEqual([
      ['New', 1],
      ['Old', 1],
    ]);
    const [newest, oldest] = [albums[0]!, albums[1]!];
    expect(await catalog.fetchCover(newest, never)).toBeNull();
    expect(await catalog.fetchCover(oldest, never)).toEqual(await readFile(older));
    expect(await catalog.fetchCover(artist, never)).toEqual(await readFile(older));

    const version = await catalog.coverVersion?.(newest, never);
    expect(await catalog.coverVersion?.(newest, never)).toBe(version);
    const newer = await makeCover(library.path('Pictured/New/front.jpg'), 'yellow');
    expect(await catalog.coverVersion?.(newest, never)).not.toBe(version);
    expect(await catalog.fetchCover(newest, never)).toEqual(await readFile(newer));
    expect(await catalog.fetchCover(artist, never)).toEqual(await readFile(newer));
    const changed = await catalog.coverVersion?.(artist, never);
    await touch(newer);
    expect(await catalog.coverVersion?.(artist, never)).not.toBe(changed);
  });

  it('are null where there are none, and never come from outside the folders', async () => {
    const outside = await makeCover(library.workspace.file('outside.jpg'));
    await symlink(outside, library.path('Folder/cover.jpg'));
    expect(await catalog.fetchCover(await own('Plain'), never)).toBeNull();
    expect(await catalog.fetchCover(foreign({ id: 'library:none' }), never)).toBeNull();
  });
});

describe('the library as a source', () => {
  it('provides the file of a library track', async () => {
    const found = await rendition(await own('Free'));
    const bytes = await readFile(library.path('free.ogg'));
    expect(found).toMatchObject({
      source: 'library',
      codec: 'vorbis',
      durationMs: 5_000,
      sizeBytes: bytes.length,
      localPath: library.path('free.ogg'),
      licence: 'CC-BY 4.0',
      resumable: true,
    });
    expect(await buffer(await open(found))).toEqual(bytes);
    expect(await buffer(await open(found, 1_000))).toEqual(bytes.subarray(1_000));
    expect(await buffer(await open(found, bytes.length))).toHaveLength(0);
  });

  it('finds the best file of the same recording', async () => {
    expect(await rendition(foreign())).toMatchObject({ codec: 'flac', licence: 'Your own file; © L' });
    expect(await rendition(foreign({ title: 'Night Drive - Live' }))).toMatchObject({
      localPath: library.path('live.flac'),
    });
    expect(await rendition(foreign({ isrc: 'USRC17607839' }))).toMatchObject({
      localPath: library.path('coded.mp3'),
      licence: 'Your own file',
    });
  });

  it.each([
    ['another title', { title: 'Night Driver' }],
    ['another artist', { artists: [{ id: 'demo:x', name: 'Nobody' }] }],
    ['another length', { durationMs: 9_000 }],
    ['an unknown length', { durationMs: null }],
    ['a remix', { title: 'Night Drive (Remix)' }],
    ['an id of ours that is gone', { id: 'library:gone' }],
  ])('has nothing for %s', async (_, changes) => {
    expect(await source.find(foreign(changes), never)).toBeNull();
  });

  it('finds a track of unknown length by its ISRC alone', async () => {
    const coded = foreign({ isrc: 'USRC17607839', durationMs: null });
    expect(await rendition(coded)).toMatchObject({ localPath: library.path('coded.mp3') });
  });

  it('does not take a file of unknown length for one of none', async () => {
    const { id, durationMs } = await own('Night Drive (Live)');
    const setLength = (ms: number) =>
      library.db.libraryFile.update({ where: { id }, data: { durationMs: ms } });
    await setLength(0);
    const track = await own('Night Drive (Live)');
    expect([track.durationMs, (await rendition(track)).durationMs]).toEqual([null, null]);
    expect(await source.find(foreign({ title: 'Night Drive (Live)', durationMs: 1_000 }), never)).toBeNull();
    await setLength(durationMs ?? 0);
  });

  it('stops when its signal aborts', async () => {
    const stop = new AbortController();
    const stream = await open(await rendition(await own('Free')), 0, stop.signal);
    stop.abort(new Error('stopping'));
    await expect(buffer(stream)).rejects.toThrow();
    await expect(open(await rendition(await own('Free')), 0, stop.signal)).rejects.toThrow('stopping');
  });

  it('rejects a file that changed or vanished since the scan, with an error that allows a retry', async () => {
    await library.add('moving.flac', { ...TAGS, title: 'Moving' });
    await library.scan();
    const track = await own('Moving');
    const found = await rendition(track);
    const refused = { code: 'SOURCE_FAILED', retryable: true };

    await touch(library.path('moving.flac'));
    await expect(open(found)).rejects.toMatchObject({
      ...refused,
      message: /has changed/ as unknown as string,
    });
    await expect(source.find(track, never)).rejects.toMatchObject(refused);

    await library.scan();
    expect(await buffer(await open(found))).toHaveLength(found.sizeBytes ?? 0);

    await remove(library.path('moving.flac'));
    await expect(open(found)).rejects.toThrow(/was removed/);
    await expect(open(found)).rejects.toMatchObject(refused);
    await library.scan();
    await expect(open(found)).rejects.toThrow('no longer in the library');
    expect(await source.find(track, never)).toBeNull();
  });

  it('falls back to the next best file when the best one is gone', async () => {
    await library.add('pair.flac', { ...TAGS, title: 'Pair' });
    await library.add('pair.mp3', { ...TAGS, title: 'Pair' });
    await library.scan();
    await remove(library.path('pair.flac'));
    expect(await rendition(foreign({ title: 'Pair' }))).toMatchObject({
      localPath: library.path('pair.mp3'),
    });
  });

  it('never opens what is outside the folders, whatever the index says', async () => {
    const secret = library.workspace.file('secret.flac');
    await library.add('fenced.flac', { ...TAGS, title: 'Fenced' });
    await library.scan();
    const track = await own('Fenced');
    const found = await rendition(track);
    await rename(library.path('fenced.flac'), secret);

    for (const path of [secret, '/etc/passwd', `${library.root}/../secret.flac`, library.root, '/dev/zero']) {
      await library.db.libraryFile.update({ where: { id: track.id }, data: { path } });
      await expect(open(found), path).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
      await expect(source.find(track, never), path).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    }
    await symlink(secret, library.path('fenced.flac'));
    await library.db.libraryFile.update({
      where: { id: track.id },
      data: { path: library.path('fenced.flac') },
    });
    await expect(open(found)).rejects.toThrow('is outside LIBRARY_DIRS');
  });
});
