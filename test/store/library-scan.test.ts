import { chmod, mkdir, readFile, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { listProblems } from '../../src/library/library-scan-store.js';
import { createTestMedia, never } from '../kit/audio.js';
import {
  asUserWithoutRights,
  remove,
  touch,
  useTestLibrary,
  writeGarbage,
  type TestLibrary,
} from '../kit/library.js';
import { createTagReader } from '../../src/library/tag-reader.js';
import type { Media } from '../../src/media/media.js';

function startTagReader(media: Media) {
  const tagReader = createTagReader({ media });
  onTestFinished(tagReader.stop);
  return tagReader;
}

const files = (library: TestLibrary) => library.db.libraryFile.findMany({ orderBy: { path: 'asc' } });
const titles = async (library: TestLibrary) => (await files(library)).map((file) => file.title);
const problems = async (library: TestLibrary) =>
  (await listProblems(library.db, { offset: 0, limit: 10 })).items.map((item) => item.path);

it('reads the tags of every format, and missing ones from the path', async () => {
  const library = await useTestLibrary();
  const tags = {
    title: 'Tïtle “1”',
    artist: 'Ärtist',
    album: 'Ålbum',
    album_artist: 'Band',
    track: '3/9',
    disc: '1/2',
    date: '2011-04-05',
    genre: 'Jazz',
    copyright: '© someone',
    ISRC: 'USRC17607839',
  };
  for (const extension of ['mp3', 'flac', 'ogg', 'oga', 'opus', 'm4a', 'wma', 'wav', 'wv', 'aiff']) {
    await library.add(`a/full.${extension}`, tags);
  }
  await library.add('Someone/Something/07 - Bare.aac');

  expect(await library.scan()).toMatchObject({ added: 11, unreadable: 0 });

  const found = await files(library);
  expect(found.map(({ codec }) => codec).sort()).toEqual(
    [
      'aac',
      'aac',
      'flac',
      'flac',
      'mp3',
      'opus',
      'pcm_s16be',
      'pcm_s16le',
      'vorbis',
      'wavpack',
      'wmav2',
    ].sort(),
  );
  for (const file of found) {
    expect(file.durationMs, file.path).toBeGreaterThan(4_900);
    expect(file.durationMs, file.path).toBeLessThan(5_500);
  }
  const complete = {
    title: 'Tïtle “1”',
    artists: ['Ärtist'],
    album: 'Ålbum',
    albumArtist: 'Band',
    trackNumber: 3,
    trackTotal: 9,
    discNumber: 1,
    discTotal: 2,
    releaseDate: '2011-04-05',
    isrc: 'USRC17607839',
    copyright: '© someone',
    genres: ['Jazz'],
  };
  for (const name of ['mp3', 'flac', 'ogg', 'opus', 'oga']) {
    expect(
      found.find((file) => file.path.endsWith(`full.${name}`)),
      name,
    ).toMatchObject(complete);
  }
  const wav = found.find((file) => file.path.endsWith('full.wav'));
  expect(wav).toMatchObject({ title: 'Tïtle “1”', artists: ['Ärtist'], album: 'Ålbum', trackNumber: 3 });
  const wv = found.find((file) => file.path.endsWith('full.wv'));
  expect(wv).toMatchObject({ ...complete, albumArtist: 'Ärtist' });
  const bare = found.find((file) => file.path.endsWith('Bare.aac'));
  expect(bare).toMatchObject({ title: 'Bare', artists: ['Someone'], album: 'Something', trackNumber: 7 });
});

it('reads nothing when nothing has changed', async () => {
  const library = await useTestLibrary();
  await library.add('A - One.mp3');
  await library.add('A - Two.flac', { title: 'Two' });
  await writeGarbage(library.path('garbage.mp3'));
  await library.scan();
  const before = await files(library);
  library.reader.reads.length = 0;

  expect(await library.scan()).toMatchObject({
    added: 0,
    changed: 0,
    removed: 0,
    unchanged: 3,
    unreadable: 1,
  });

  expect(library.reader.reads).toEqual([]);
  expect(await files(library)).toEqual(before);
});

it('follows files that are added, changed, renamed and deleted', async () => {
  const library = await useTestLibrary();
  for (const name of ['kept', 'changed', 'touched', 'renamed', 'deleted']) {
    await library.add(`${name}.mp3`, { title: name });
  }
  await library.scan();
  library.reader.reads.length = 0;

  await library.add('added.mp3', { title: 'added' });
  await library.add('changed.mp3', { title: 'changed indeed' });
  await touch(library.path('touched.mp3'));
  await rename(library.path('renamed.mp3'), library.path('new name.mp3'));
  await remove(library.path('deleted.mp3'));

  expect(await library.scan()).toMatchObject({
    added: 2,
    changed: 2,
    removed: 2,
    unchanged: 1,
    unreadable: 0,
  });
  expect(await titles(library)).toEqual(['added', 'changed indeed', 'kept', 'renamed', 'touched']);
  expect(library.reader.reads.map((path) => path.slice(library.root.length + 1)).sort()).toEqual([
    'added.mp3',
    'changed.mp3',
    'new name.mp3',
    'touched.mp3',
  ]);
});

it('reports unreadable files once, and reads them again when they change', async () => {
  const library = await useTestLibrary();
  await library.add('good.mp3', { title: 'good' });
  await library.add('cut.ogg');
  await truncate(library.path('cut.ogg'), 3_000);
  await writeGarbage(library.path('garbage.mp3'));
  await writeGarbage(library.path('garbage.flac'));
  await writeFile(library.path('empty.wav'), '');
  await writeFile(library.path('text.m4a'), 'no music');

  expect(await library.scan()).toMatchObject({ added: 6, unreadable: 5 });
  expect(await problems(library)).toEqual(
    ['cut.ogg', 'empty.wav', 'garbage.flac', 'garbage.mp3', 'text.m4a'].map(library.path),
  );
  expect(library.warnings).toHaveLength(5);

  await library.add('garbage.mp3', { title: 'mended' });
  expect(await library.scan()).toMatchObject({ changed: 1, unchanged: 5, unreadable: 4 });
  expect(library.warnings).toHaveLength(5);
  expect(await titles(library)).toContain('mended');
});

it('reads a file with the wrong extension for what it is', async () => {
  const library = await useTestLibrary();
  const flac = await library.add('right.flac', { title: 'Really FLAC', artist: 'A' });
  await rename(flac, library.path('wrong.mp3'));
  await library.scan();
  expect(await files(library)).toMatchObject([{ title: 'Really FLAC', codec: 'flac', artists: ['A'] }]);
});

it('reads audio files only, hidden ones too', async () => {
  const library = await useTestLibrary();
  await library.add('a.MP3', {});
  await library.add('.hidden/b.mp3');
  await library.add('c/.d.mp3');
  await writeFile(library.path('cover.jpg'), 'x');
  await mkdir(library.path('folder.mp3'));
  expect(await library.scan()).toMatchObject({ added: 3, unreadable: 0 });
});

it('does not follow links, so there are no loops and no files from outside', async () => {
  const library = await useTestLibrary();
  const inside = await library.add('inside/a.mp3', { title: 'a' });
  const outside = library.workspace.file('outside');
  await mkdir(outside);
  await rename(await library.add('secret.mp3', { title: 'secret' }), join(outside, 'secret.mp3'));
  await symlink(outside, library.path('link-out'));
  await symlink(join(outside, 'secret.mp3'), library.path('secret.mp3'));
  await symlink(library.root, library.path('inside/loop'));
  await symlink(inside, library.path('again.mp3'));
  await symlink('/nowhere', library.path('broken.mp3'));
  await library.scan();
  expect(await titles(library)).toEqual(['a']);
});

it('accepts a root that is a link, and reads nested roots once', async () => {
  const library = await useTestLibrary();
  await library.add('inner/a.mp3', { title: 'a' });
  const link = library.workspace.file('link');
  await symlink(library.root, link);
  const env = { libraryDirs: [link, library.root, library.path('inner')] };
  expect(await library.scan({ env })).toMatchObject({ added: 1 });
  expect(await library.scan()).toMatchObject({ unchanged: 1, removed: 0 });
});

it('keeps unusual names', async () => {
  const library = await useTestLibrary();
  const names = [
    '日本語/アルバム/01 - 曲.mp3',
    'Cafe\u0301 - Été.mp3',
    "it's 100% \\odd; $(x).mp3",
    'new\nline.mp3',
  ];
  for (const name of names) await library.add(name);
  await library.scan();
  const found = await files(library);
  expect(found.map((file) => file.path).sort()).toEqual(names.map(library.path).sort());
  expect(found.map((file) => file.title).sort()).toEqual(
    ['曲', 'Été', "it's 100% \\odd; $(x)", 'new line'].sort(),
  );
});

it('reports a name that is not valid UTF-8', async ({ skip }) => {
  const library = await useTestLibrary();
  const bytes = Buffer.concat([Buffer.from(`${library.root}/bad`), Buffer.from([0xe9]), Buffer.from('.mp3')]);
  await writeFile(bytes, 'x').catch(() => skip('this file system takes no such name'));
  expect(await library.scan()).toMatchObject({ added: 0, unreadable: 1 });
  expect(library.warnings).toMatchObject([{ problem: 'Its name is not valid UTF-8: rename it.' }]);
});

it('keeps the index of a root that is missing or empty', async () => {
  const library = await useTestLibrary();
  const second = library.workspace.file('second');
  await mkdir(second);
  await library.add('a.mp3', { title: 'a' });
  await rename(await library.add('b.mp3', { title: 'b' }), join(second, 'b.mp3'));
  const env = { libraryDirs: [library.root, second] };
  await library.scan({ env });

  await rename(second, `${second}-unmounted`);
  await remove(library.path('a.mp3'));
  await library.add('c.mp3', { title: 'c' });
  expect(await library.scan({ env })).toMatchObject({ added: 1, removed: 1, unreadable: 1 });
  expect(await titles(library)).toEqual(['c', 'b']);

  await mkdir(second);
  expect(await library.scan({ env })).toMatchObject({ removed: 0, unreadable: 1 });

  await remove(second);
  await rename(`${second}-unmounted`, second);
  expect(await library.scan({ env })).toMatchObject({ removed: 0, unchanged: 2, unreadable: 0 });
});

it('forgets a root that was removed from the settings, but not when none are left', async () => {
  const library = await useTestLibrary();
  await library.add('a/a.mp3', { title: 'a' });
  await library.add('b/b.mp3', { title: 'b' });
  await library.scan();
  expect(await library.scan({ env: { libraryDirs: [] } })).toMatchObject({ removed: 0 });
  const env = { libraryDirs: [library.path('a')] };
  expect(await library.scan({ env })).toMatchObject({ unchanged: 1, removed: 1 });
});

it('keeps the index of an unreadable folder, and tries an unreadable file again', async () => {
  const library = await useTestLibrary();
  await library.add('closed/a.mp3', { title: 'a' });
  await library.add('open/b.mp3', { title: 'b' });
  await library.scan();

  await chmod(library.path('closed'), 0);
  await touch(library.path('open/b.mp3'));
  await chmod(library.path('open/b.mp3'), 0);
  // Its process starts as that user; one that the first scan has left would still be root's.
  const tagReader = startTagReader(library.media);
  const scan = () => library.scan({ tagReader });
  const denied = await asUserWithoutRights(async () => [await scan(), await scan()]);
  expect(denied).toMatchObject([
    { changed: 1, removed: 0, unreadable: 2 },
    { changed: 0, unchanged: 1, removed: 0, unreadable: 2 },
  ]);
  expect(await problems(library)).toEqual([library.path('closed'), library.path('open/b.mp3')]);

  await chmod(library.path('closed'), 0o755);
  await chmod(library.path('open/b.mp3'), 0o644);
  expect(await library.scan()).toMatchObject({ changed: 1, unchanged: 1, unreadable: 0 });
  expect(await titles(library)).toEqual(['a', 'b']);
});

it('tries a file again that needs an ffmpeg which was missing', async () => {
  const library = await useTestLibrary();
  await library.add('A - T.oga');
  const tagReader = startTagReader(await createTestMedia('/nowhere/ffmpeg'));
  expect(await library.scan({ tagReader })).toMatchObject({ added: 1, unreadable: 1 });
  expect(await library.scan()).toMatchObject({ changed: 1, unreadable: 0 });
});

it('stops when its signal aborts, removes nothing, and continues next time', async () => {
  const library = await useTestLibrary();
  for (let number = 1; number <= 6; number++) await library.add(`${number}.mp3`, { title: `${number}` });
  await library.scan();
  for (let number = 1; number <= 6; number++) await touch(library.path(`${number}.mp3`));
  const stop = new AbortController();
  const tagReader = {
    read(path: string, signal: AbortSignal) {
      stop.abort(new Error('stopping'));
      return library.reader.read(path, signal);
    },
  };
  await expect(library.scan({ tagReader }, stop.signal)).rejects.toThrow('stopping');
  expect(await files(library)).toHaveLength(6);
  expect(await library.scan()).toMatchObject({ changed: 6, removed: 0 });
});

it('fails at once when the database is unreachable', async () => {
  const library = await useTestLibrary();
  for (let number = 0; number < 3; number++) await library.add(`${number}.mp3`);
  const db = new Proxy(library.db, {
    get: (target, name) =>
      name === '$transaction'
        ? () => Promise.reject(new Error('gone'))
        : (Reflect.get(target, name) as unknown),
  });
  await expect(library.scan({ db })).rejects.toThrow('gone');
});

it('two scans at once end with the same index', async () => {
  const library = await useTestLibrary();
  for (let number = 0; number < 120; number++) await library.add(`A/B/${number}.mp3`);
  await Promise.all([library.scan(), library.scan(), library.scan({}, never)]);
  expect(await files(library)).toHaveLength(120);
  for (let number = 0; number < 60; number++) await remove(library.path(`A/B/${number}.mp3`));
  await Promise.all([library.scan(), library.scan()]);
  expect(await files(library)).toHaveLength(60);
});

it('leaves the files as they are', async () => {
  const library = await useTestLibrary();
  const path = await library.add('a.mp3', { title: 'a' });
  const before = await readFile(path);
  await library.scan();
  expect(await readFile(path)).toEqual(before);
});
