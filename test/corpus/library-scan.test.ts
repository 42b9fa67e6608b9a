import { chmod, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLibraryCatalog } from '../../src/library/library-catalog.js';
import { createLibraryRoots } from '../../src/library/library-roots.js';
import { createLibrarySource } from '../../src/library/library-source.js';
import { countProblems, deleteAwayFiles, listProblems } from '../../src/library/library-scan-store.js';
import { createLibraryIndex } from '../../src/library/library-store.js';
import { createTagReader } from '../../src/library/tag-reader.js';
import { bareFfmpeg, never } from '../kit/audio.js';
import { makeApe, makeDsf } from './recipes.js';
import { asUserWithoutRights, makeCover, remove, useTestLibrary, type TestLibrary } from '../kit/library.js';

/* What people's folders hold, and what a scan makes of it: nothing is passed over in silence, and nothing forgotten. */

const FIRST = { offset: 0, limit: 200 };

const titles = async ({ db }: TestLibrary) =>
  (await db.libraryFile.findMany({ where: { problem: null }, orderBy: { path: 'asc' } })).map(
    ({ title }) => title,
  );

/** `KIND name` of each, the name below the library's root. */
async function problems({ db, root }: TestLibrary): Promise<string[]> {
  const { items } = await listProblems(db, FIRST);
  return items.map(({ kind, path }) => `${kind} ${path.slice(root.length + 1)}`);
}

function catalogOf(library: TestLibrary) {
  const parts = {
    index: createLibraryIndex(library.db),
    roots: createLibraryRoots([library.root]),
    covers: library.reader,
  };
  return { catalog: createLibraryCatalog(parts), source: createLibrarySource(parts) };
}

async function search(library: TestLibrary, text: string, type: 'TRACK' | 'ALBUM' | 'ARTIST') {
  const { items } = await catalogOf(library).catalog.search({ text, type, ...FIRST }, never);
  return items.map((item) => (item.type === 'ARTIST' ? item.name : item.title));
}

describe('what is read', () => {
  it('albums whose folders are hidden by their names', async () => {
    const library = await useTestLibrary();
    await library.add('Nora Vale/...And Then Silence/01 First.flac', {
      title: 'First Light',
      album: '...And Then Silence',
    });
    await library.add('Nora Vale/.45/01 Second.mp3', { title: 'Second' });
    await library.add('...Baby/..03 Third.mp3', { title: 'Third' });
    await library.scan();
    expect(await search(library, 'And Then Silence', 'ALBUM')).toEqual(['...And Then Silence']);
    expect((await titles(library)).sort()).toEqual(['First Light', 'Second', 'Third']);
  });

  it('no copies of systems, nothing unfinished, and no resource forks', async () => {
    const library = await useTestLibrary();
    for (const folder of ['.Trash-1000', '@eaDir', '#recycle', '.incoming', '$RECYCLE.BIN', '.snapshots']) {
      await library.add(`${folder}/a.mp3`);
    }
    await library.add('Band/._a.mp3');
    expect(await library.scan()).toMatchObject({ added: 0, unreadable: 0 });
    expect(await problems(library)).toEqual([]);
  });

  it.each('m4b mp4 mka webm tta spx caf w64 au ac3 mp2 dts eac3 mlp thd voc'.split(' '))(
    '.%s, by its tags or its path',
    async (extension) => {
      const library = await useTestLibrary();
      await library.add(`Pia Quill/Exts/03 - Book.${extension}`, { title: 'Book' });
      expect(await library.scan()).toMatchObject({ added: 1, unreadable: 0 });
      const [file] = await library.db.libraryFile.findMany();
      expect(file).toMatchObject({ title: 'Book', problem: null });
      expect(file?.durationMs).toBeGreaterThan(4_500);
      expect(file?.durationMs).toBeLessThan(5_600);
    },
  );

  it.each([
    ['dsf', makeDsf],
    ['ape', makeApe],
  ] as const)('.%s, which ffmpeg cannot write', async (extension, make) => {
    const library = await useTestLibrary();
    await mkdir(library.path('A/B'), { recursive: true });
    await writeFile(library.path(`A/B/01 - One Bit.${extension}`), make(2));
    expect(await library.scan()).toMatchObject({ added: 1, unreadable: 0 });
    const [file] = await library.db.libraryFile.findMany();
    expect(file).toMatchObject({ title: 'One Bit', artists: ['A'], album: 'B', problem: null });
    expect(file?.durationMs).toBeGreaterThan(1_900);
  });

  it('one artist whose name has a slash, in the tags of ID3v2.3', async () => {
    const library = await useTestLibrary();
    const tone = await library.add('tone.mp3');
    const tag = (path: string, artist: string, albumArtist: string) => {
      const tags = [`artist=${artist}`, `album_artist=${albumArtist}`, `title=${path}`];
      const metadata = tags.flatMap((each) => ['-metadata', each]);
      return bareFfmpeg(
        '-i',
        tone,
        '-c',
        'copy',
        '-id3v2_version',
        '3',
        ...metadata,
        library.path(`${path}.mp3`),
      );
    };
    await tag('whole', 'GZ/Harbour', 'GZ/Harbour');
    await tag('two', 'Dana Eld/Finn Gray', 'Dana Eld');
    await remove(tone);
    await library.scan();
    const files = await library.db.libraryFile.findMany({ orderBy: { title: 'asc' } });
    expect(files.map(({ artists }) => artists)).toEqual([['Dana Eld', 'Finn Gray'], ['GZ/Harbour']]);
    const raw = await library.reader.read(library.path('whole.mp3'), never);
    expect(raw.artists).toEqual(['GZ/Harbour']);
  });

  it('all files again when more is read of a file than before', async () => {
    const library = await useTestLibrary();
    await library.add('A/B/01 - C.mp3');
    await library.scan();
    await library.db.libraryFile.updateMany({
      data: { factsVersion: 0, title: 'old', albumId: null, grouped: false },
    });
    library.reader.reads.length = 0;
    expect(await library.scan()).toMatchObject({ changed: 1, unchanged: 0 });
    expect(await titles(library)).toEqual(['C']);
    expect(await search(library, 'b', 'ALBUM')).toEqual(['B']);
    expect(library.reader.reads).toHaveLength(1);
  });
});

describe('what is not read is a problem with its reason', () => {
  it('extensions, links, pipes and films', async () => {
    const library = await useTestLibrary();
    await library.add('good.mp3', { title: 'good' });
    for (const name of ['a.mid', 'b.xyz', 'noextension']) await writeFile(library.path(name), 'x');
    for (const name of ['cover.jpg', 'a.cue', 'a.LOG', 'a.m3u8', '.DS_Store', '.nomedia', 'a.nfo']) {
      await writeFile(library.path(name), 'x');
    }
    await symlink('/nowhere/x.mp3', library.path('broken.mp3'));
    await symlink('circle.mp3', library.path('circle.mp3'));
    await symlink('/nowhere/cover.jpg', library.path('folder.jpg'));
    const film = ['-f', 'lavfi', '-i', 'color=red:s=64x64:d=1', '-f', 'lavfi', '-i', 'sine=d=1'];
    await bareFfmpeg(...film, '-c:v', 'mpeg4', '-c:a', 'aac', library.path('film.mp4'));
    await library.scan();
    expect(await titles(library)).toEqual(['good']);
    expect(await problems(library)).toEqual([
      'EXTENSION a.mid',
      'EXTENSION b.xyz',
      'LINK broken.mp3',
      'LINK circle.mp3',
      'UNREADABLE film.mp4',
      'EXTENSION noextension',
    ]);
  });

  it('links out of the folders, while links within are read once', async () => {
    const library = await useTestLibrary();
    const outside = library.workspace.file('outside');
    await mkdir(outside);
    await rename(await library.add('1.mp3', { title: 'Linked Song' }), join(outside, '1.mp3'));
    await library.add('pool/a.mp3', { title: 'a' });
    await mkdir(library.path('links'));
    await symlink(outside, library.path('links/Linked Album'));
    await symlink(join(outside, '1.mp3'), library.path('links/one.mp3'));
    await symlink('..', library.path('links/loop'));
    await symlink('../pool', library.path('links/pool'));
    await library.scan();
    expect(await titles(library)).toEqual(['a']);
    expect(await problems(library)).toEqual(['LINK links/Linked Album', 'LINK links/one.mp3']);
    const { items } = await listProblems(library.db, FIRST);
    expect(items[0]?.problem).toContain(`"${outside}", which is outside LIBRARY_DIRS: add that`);

    await library.scan({ env: { libraryDirs: [library.root, outside] } });
    expect((await titles(library)).sort()).toEqual(['Linked Song', 'a']);
    expect(await problems(library)).toEqual([]);
  });

  it('folders and files that may not be read, and names that are not UTF-8', async ({ skip }) => {
    const library = await useTestLibrary();
    await library.add('closed/a.mp3');
    await library.add('open/b.mp3', { title: 'b' });
    await mkdir(library.path('latin'));
    const bytes = (name: string) =>
      Buffer.concat([Buffer.from(`${library.root}/latin/M`), Buffer.from([0xfc]), Buffer.from(name)]);
    await writeFile(bytes('ll.flac'), 'x').catch(() => skip('this file system takes no such name'));
    await mkdir(bytes('folder'));
    // Connections to the database are there, then.
    await library.scan();
    await library.db.libraryFile.deleteMany();
    await chmod(library.path('closed'), 0);
    const tagReader = createTagReader({ media: library.media });
    await asUserWithoutRights(() => library.scan({ tagReader }));
    tagReader.stop();
    await chmod(library.path('closed'), 0o755);
    expect(await titles(library)).toEqual(['b']);
    expect(await problems(library)).toEqual([
      'PERMISSION closed',
      'NAME latin/M\ufffdfolder',
      'NAME latin/M\ufffdll.flac',
    ]);
  });

  it('at most 100 of a kind are listed, all are counted, and none stay when they are gone', async () => {
    const library = await useTestLibrary();
    await mkdir(library.path('many'));
    for (let number = 0; number < 250; number++) await writeFile(library.path(`many/${number}.xyz`), '');
    await library.add('good.mp3');
    await library.scan();
    expect(await countProblems(library.db)).toEqual([{ kind: 'EXTENSION', count: 250 }]);
    expect((await listProblems(library.db, FIRST)).total).toBe(100);
    await remove(library.path('many'));
    await library.scan();
    expect(await countProblems(library.db)).toEqual([]);
  });
});

describe('a library that is suddenly empty', () => {
  async function useTwoRoots() {
    const library = await useTestLibrary();
    const second = library.workspace.file('second');
    for (let number = 10; number < 14; number++) {
      await library.add(`own/${number}.mp3`, { title: `own ${number}` });
      await library.add(`away/${number}.mp3`, { title: `away ${number}` });
    }
    await rename(library.path('away'), second);
    const env = { libraryDirs: [library.root, second] };
    await library.scan({ env });
    return { library, second, scan: (more: object = {}) => library.scan({ env, ...more }), env };
  }

  it('keeps what it knew of a disk whose mount point holds a marker, and takes it back', async () => {
    const { library, second, scan } = await useTwoRoots();
    await rename(second, `${second}.away`);
    await mkdir(second);
    await writeFile(join(second, '.not-mounted'), '');
    expect(await scan()).toMatchObject({ removed: 0, away: 4, unchanged: 4 });
    expect(await titles(library)).toHaveLength(8);
    const { items } = await listProblems(library.db, FIRST);
    expect(items).toMatchObject([
      { path: second, kind: 'AWAY', problem: expect.stringContaining('4 files') as string },
    ]);
    expect(await library.db.libraryFile.count({ where: { awaySince: { not: null } } })).toBe(4);

    await remove(second);
    await rename(`${second}.away`, second);
    expect(await scan()).toMatchObject({ removed: 0, away: 0, unchanged: 8 });
    expect(await library.db.libraryFile.count({ where: { awaySince: { not: null } } })).toBe(0);
    expect(await problems(library)).toEqual([]);
  });

  it.each(['missing', 'empty'])('keeps it when the root is %s', async (how) => {
    const { library, second, scan } = await useTwoRoots();
    await rename(second, `${second}.away`);
    if (how === 'empty') await mkdir(second);
    expect(await scan()).toMatchObject({ removed: 0, away: 4 });
    expect((await listProblems(library.db, FIRST)).items).toMatchObject([{ path: second, kind: 'AWAY' }]);
  });

  it('forgets it after LIBRARY_FORGET_DAYS, or when told to', async () => {
    const { library, second, scan } = await useTwoRoots();
    await rename(second, `${second}.away`);
    await scan();
    const later = (days: number) => ({
      clock: { ...library.deps.clock, now: () => new Date(Date.now() + days * 86_400_000) },
    });
    expect(await scan(later(29))).toMatchObject({ removed: 0, away: 4 });
    expect(await scan(later(31))).toMatchObject({ removed: 4 });
    expect(await titles(library)).toHaveLength(4);

    await rename(`${second}.away`, second);
    await scan();
    await rename(second, `${second}.away`);
    await scan();
    expect(await deleteAwayFiles(library.db, null)).toBe(4);
    expect(await titles(library)).toHaveLength(4);
  });

  it('keeps a folder that held much, and forgets what was deleted, moved or renamed', async () => {
    const library = await useTestLibrary();
    const folders = { mount: 12, album: 3, deleted: 12, moved: 12, kept: 2 };
    for (const [folder, count] of Object.entries(folders)) {
      for (let number = 0; number < count; number++)
        await library.add(`${folder}/sub/${folder} ${number}.mp3`);
    }
    await library.scan();
    await rename(library.path('mount'), library.workspace.file('mount.away'));
    await mkdir(library.path('mount'));
    await remove(library.path('album/sub'));
    await remove(library.path('deleted'));
    await rename(library.path('moved'), library.path('renamed'));
    await remove(library.path('kept/sub/kept 0.mp3'));
    expect(await library.scan()).toMatchObject({ away: 12, removed: 3 + 12 + 12 + 1, added: 12 });
    expect(await problems(library)).toEqual(['AWAY mount']);
  });

  it('serves a copy of a track whose disk is away', async () => {
    const library = await useTestLibrary();
    const tags = { artist: 'Twin', album_artist: 'Twin', album: 'Both', title: 'Song', track: '1' };
    await library.add('Both (MP3)/1.mp3', tags);
    await library.add('Both (FLAC)/1.flac', tags);
    await library.scan();
    const { catalog, source } = catalogOf(library);
    const albums = await catalog.search({ text: 'both', type: 'ALBUM', ...FIRST }, never);
    expect(albums.items).toMatchObject([{ title: 'Both', trackTotal: 1 }]);
    const tracks = await catalog.listAlbumTracks(albums.items[0]?.id ?? '', FIRST, never);
    const [track] = tracks.items;
    if (!track) throw new Error('no track');
    expect(tracks.total).toBe(1);
    expect(await source.find(track, never)).toMatchObject({ codec: 'flac' });
    await remove(library.path('Both (FLAC)'));
    expect(await source.find(track, never)).toMatchObject({ codec: 'mp3' });
  });
});

describe('covers', () => {
  it.each(['CD1', 'Disc 2', 'disk_03', 'LP1'])('of the album’s folder are those of %s', async (disc) => {
    const library = await useTestLibrary();
    await library.add(`Side/Two Disc/${disc}/1.mp3`, { title: 'One' });
    await makeCover(library.path('Side/Two Disc/folder.jpg'), 'purple');
    await library.scan();
    const { catalog } = catalogOf(library);
    const [track] = (await catalog.search({ text: 'one', type: 'TRACK', ...FIRST }, never)).items;
    if (track?.type !== 'TRACK') throw new Error('no track');
    expect((await catalog.fetchCover(track, never))?.length).toBeGreaterThan(100);
  });

  it('of a folder above that is no album’s are not', async () => {
    const library = await useTestLibrary();
    await library.add('Side/Album/1.mp3', { title: 'One' });
    await makeCover(library.path('Side/folder.jpg'), 'purple');
    await library.scan();
    const { catalog } = catalogOf(library);
    const [track] = (await catalog.search({ text: 'one', type: 'TRACK', ...FIRST }, never)).items;
    if (track?.type !== 'TRACK') throw new Error('no track');
    expect(await catalog.fetchCover(track, never)).toBeNull();
  });
});

describe('what Reprise has made, below a folder of the library', () => {
  it('is a copy of what it was made of, and unfinished files are no music', async () => {
    const library = await useTestLibrary();
    const tags = { artist: 'Twin', album_artist: 'Twin', album: 'Both', title: 'Song', track: '1' };
    const own = await library.add('Both/1.mp3', tags);
    await library.add('downloads/Twin/Both/001. Song.flac', tags);
    await library.add('downloads/.incoming/x/made.flac', tags);
    await library.scan({ env: { downloadDir: library.path('downloads') } });
    const { catalog, source } = catalogOf(library);
    const found = await catalog.search({ text: 'song', type: 'TRACK', ...FIRST }, never);
    expect(found.total).toBe(1);
    const [track] = found.items;
    if (track?.type !== 'TRACK') throw new Error('no track');
    expect(await source.find(track, never)).toMatchObject({ localPath: own });
  });
});
