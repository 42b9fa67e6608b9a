import { execFile } from 'node:child_process';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import ffprobeInstaller from '@ffprobe-installer/ffprobe';
import { parseFile } from 'music-metadata';
import type { AudioFormat, Media, TrackTags, TranscodeRequest } from '../../src/media/media.js';
import { bareTags, createTestMedia, createWorkspace, fullTags, never } from '../kit/audio.js';
import {
  audioDigest,
  BACK,
  FRONT,
  framesOf,
  keptBlocks,
  makeApe,
  makeDsf,
  makeOldMp3,
  makeRichFlac,
  makeTagged,
  RICH,
} from './recipes.js';

const run = promisify(execFile);

let media: Media;
let workspace: Awaited<ReturnType<typeof createWorkspace>>;

beforeAll(async () => {
  media = await createTestMedia();
  workspace = await createWorkspace();
  await makeRichFlac(workspace.file('rich.flac'), RICH);
});
afterAll(async () => {
  media.stop();
  await workspace.remove();
});

let made = 0;

/** `fill` with nothing to fill in unless the test says otherwise: as for a file of the library with its own tags. */
async function convert(source: string, format: AudioFormat, change: Partial<TranscodeRequest> = {}) {
  const inputPath = workspace.file(source);
  const input = await media.probe(inputPath, never);
  const outputPath = workspace.file(`out-${++made}.${media.extensionFor(format, input)}`);
  const usual = { maxOutputBytes: 1e9, bitrateKbps: null, artistSeparator: '; ', cover: null };
  const tags: TrackTags = { ...bareTags, title: 'New', artists: ['Nobody'], source: 'library' };
  await media.transcode(
    { inputPath, outputPath, input, format, ...usual, tags, tagPolicy: 'fill', ...change },
    { signal: never, onProgress: () => undefined },
  );
  return outputPath;
}

/** By music-metadata: the native names with their values, those of the best tag only. */
async function nativeOf(path: string): Promise<Record<string, string[]>> {
  const { native } = await parseFile(path);
  const preferred = ['vorbis', 'ID3v2.4', 'ID3v2.3', 'iTunes', 'APEv2', 'asf', 'matroska'].find(
    (name) => native[name],
  );
  const found: Record<string, string[]> = {};
  for (const { id, value } of native[preferred ?? ''] ?? []) {
    const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : value;
    (found[id] ??= []).push(String(text));
  }
  return found;
}

const picturesOf = async (path: string) =>
  ((await parseFile(path)).common.picture ?? []).map(({ type, data }) => [
    type,
    FRONT.equals(data) ? 'front' : BACK.equals(data) ? 'back' : 'another',
  ]);

async function chaptersOf(path: string): Promise<string[]> {
  const args = ['-v', 'error', '-show_chapters', '-of', 'json', path];
  const { stdout } = await run(ffprobeInstaller.path, args);
  const { chapters } = JSON.parse(stdout) as {
    chapters: { start_time: string; tags?: { title?: string } }[];
  };
  return chapters.map((each) => `${Math.round(Number(each.start_time) * 20) / 20} ${each.tags?.title ?? ''}`);
}

describe('KEEP of an own FLAC with everything in it (F03, F04, F05)', () => {
  it('changes no tag that is there, no picture, no block and no byte of audio', async () => {
    const path = await convert('rich.flac', 'KEEP', { tags: { ...fullTags, trackTotal: 1 }, cover: FRONT });
    const { SOURCE, LICENSE, ISRC, BARCODE, LABEL, COPYRIGHT, METADATA_BLOCK_PICTURE, ...kept } =
      await nativeOf(path);
    expect(kept).toEqual(RICH);
    expect({ SOURCE, LICENSE, ISRC, BARCODE, LABEL, COPYRIGHT }).toEqual({
      SOURCE: ['demo – naïve'],
      LICENSE: ['CC0-1.0'],
      ISRC: ['QZDEM2000003'],
      BARCODE: ['0123456789012'],
      LABEL: ['Lämmchen Records'],
      COPYRIGHT: ['© 2020 Lämmchen Records'],
    });
    expect(METADATA_BLOCK_PICTURE).toHaveLength(2);
    const [before, after] = [await readFile(workspace.file('rich.flac')), await readFile(path)];
    expect(keptBlocks(after)).toEqual({ cue: true, application: true });
    expect(framesOf(after).equals(framesOf(before))).toBe(true);
    expect(await picturesOf(path)).toEqual(await picturesOf(workspace.file('rich.flac')));
  });

  it('replaces only what the catalog knows, where it is to be believed', async () => {
    const tags: TrackTags = {
      ...bareTags,
      title: 'From the Catalog',
      artists: ['A', 'B', 'C'],
      trackTotal: 9,
      trackNumber: 10,
    };
    const path = await convert('rich.flac', 'KEEP', { tags, tagPolicy: 'replace', cover: BACK });
    const { METADATA_BLOCK_PICTURE, ...read } = await nativeOf(path);
    expect(METADATA_BLOCK_PICTURE).toHaveLength(2);
    // A total below the number is not written.
    const changed = { TITLE: ['From the Catalog'], ARTIST: ['A', 'B', 'C'], TRACKNUMBER: ['10'] };
    expect(read).toEqual({ ...RICH, ...changed });
    expect(await picturesOf(path)).toEqual([
      ['Cover (front)', 'back'],
      ['Cover (back)', 'back'],
    ]);
  });
});

it('KEEP of a file with a picture that cannot be decoded is whole', async () => {
  const broken = FRONT.subarray(0, 40);
  await makeRichFlac(workspace.file('picture.flac'), RICH, broken);
  const read = await nativeOf(await convert('picture.flac', 'KEEP'));
  expect(read).toMatchObject({ ...RICH, SOURCE: ['library'] });
});

const ID3 = {
  TPE1: ['Dana Eld', 'Finn Gray'],
  TCON: ['Folk', 'Jazz'],
  TRCK: ['7/12'],
  TPOS: ['1/3'],
  TDOR: ['1969'],
  TCOM: ['Greta Holm'],
  TPE3: ['Ida Moor'],
  USLT: ['line one'],
  COMM: ['my note'],
  TBPM: ['96'],
  TMOO: ['calm'],
  TSOP: ['Eld, Dana'],
  TSOA: ['Rich, The'],
  'TXXX:REPLAYGAIN_TRACK_GAIN': ['-6.50 dB'],
  'TXXX:MusicBrainz Album Id': RICH.MUSICBRAINZ_ALBUMID,
  'TXXX:MY_OWN_FIELD': ['anything'],
};
const ATOMS = {
  '©ART': ['Dana Eld', 'Finn Gray'],
  '©gen': ['Folk', 'Jazz'],
  trkn: ['7/12'],
  disk: ['1/3'],
  '©wrt': ['Greta Holm'],
  '©lyr': ['line one'],
  '©cmt': ['my note'],
  tmpo: ['96'],
  soar: ['Eld, Dana'],
  '----:com.apple.iTunes:REPLAYGAIN_TRACK_GAIN': ['-6.50 dB'],
  '----:com.apple.iTunes:MusicBrainz Track Id': RICH.MUSICBRAINZ_TRACKID,
  '----:com.apple.iTunes:MY_OWN_FIELD': ['anything'],
};
const COMMENTS = Object.fromEntries(Object.entries(RICH).filter(([name]) => !name.startsWith('REPLAYGAIN')));

describe('what only the source knows goes along into every format, in its own way (F03, F04)', () => {
  it.each<[AudioFormat, Record<string, string[]>]>([
    ['MP3', ID3],
    ['WAV', ID3],
    ['AAC', ATOMS],
    ['ALAC', { ...ATOMS, '----:com.apple.iTunes:REPLAYGAIN_TRACK_PEAK': ['0.988'] }],
    ['OGG', { ...COMMENTS, REPLAYGAIN_TRACK_GAIN: ['-6.50 dB'] }],
    // RFC 7845, 5.2.1: (-6.5 - 5) dB * 256.
    ['OPUS', { ...COMMENTS, R128_TRACK_GAIN: ['-2944'] }],
  ])('%s', async (format, expected) => {
    const path = await convert('rich.flac', format);
    const read = await nativeOf(path);
    expect(read).toMatchObject(expected);
    const isLossless = format === 'WAV' || format === 'ALAC';
    expect(Object.keys(read).some((name) => name.endsWith('_PEAK'))).toBe(isLossless);
    if (format === 'OPUS') expect(read).not.toHaveProperty('REPLAYGAIN_TRACK_GAIN');
    const kinds = (await picturesOf(path)).map(([kind]) => kind);
    // MP4 has a list of pictures, and no kinds.
    expect(kinds).toEqual(
      format === 'AAC' || format === 'ALAC' ? [undefined, undefined] : ['Cover (front)', 'Cover (back)'],
    );
  });

  it('writes several artists into ID3v2.4 with a NUL between them', async () => {
    const bytes = await readFile(await convert('rich.flac', 'MP3'));
    expect(bytes.includes('Dana Eld\0Finn Gray')).toBe(true);
  });

  it('comes back from Opus with the gain that it had', async () => {
    const opus = await convert('rich.flac', 'OPUS');
    const read = await nativeOf(await convert(opus.slice(workspace.path.length + 1), 'FLAC'));
    expect(read).toMatchObject({ ...COMMENTS, REPLAYGAIN_TRACK_GAIN: ['-6.50 dB'] });
  });
});

describe('KEEP of an ID3v2.3 tag', () => {
  it('leaves a name with a slash, and frames that only ID3v2.4 knows (F10)', async () => {
    await makeOldMp3(workspace.file('old.mp3'));
    const before = await nativeOf(workspace.file('old.mp3'));
    const path = await convert('old.mp3', 'KEEP');
    expect(await nativeOf(path)).toEqual({ ...before, 'TXXX:SOURCE': ['library'] });
    expect((await readFile(path)).includes('GZ/Harbour')).toBe(true);
    expect(await audioDigest(path)).toBe(await audioDigest(workspace.file('old.mp3')));
  });

  it('joins several artists, because it has one text, and writes the day as DDMM', async () => {
    const tags: TrackTags = { ...bareTags, artists: ['A', 'B'], date: '2020-05-31' };
    const read = await nativeOf(await convert('old.mp3', 'KEEP', { tags, tagPolicy: 'replace' }));
    expect(read).toMatchObject({ TPE1: ['A; B'], TYER: ['2020'], TDAT: ['3105'], TCOM: ['Greta Holm'] });
  });

  it('is converted with its name whole and its whole date', async () => {
    const read = await nativeOf(await convert('old.mp3', 'FLAC'));
    expect(read).toMatchObject({ ARTIST: ['GZ/Harbour'], DATE: ['2009-12-31'], MY_OWN_FIELD: ['anything'] });
  });
});

const CHAPTERED = ['0 one', '2 two'];

interface Kept {
  file: string;
  options: string[];
  chapters: string[];
  /** Null where music-metadata cannot read it. */
  artists: string[] | null;
  composer: string;
  own: string;
}
const TWO = ['Ana Sol', 'Björk Ü'];

describe('KEEP leaves the container what it was, and edits tags in place (F15)', () => {
  it.each<Kept>([
    {
      file: 'a.mp3',
      options: ['-id3v2_version', '4'],
      chapters: CHAPTERED,
      artists: TWO,
      composer: 'TCOM',
      own: 'TXXX:MY_OWN_FIELD',
    },
    { file: 'a.m4a', options: ['-c:a', 'aac'], chapters: CHAPTERED, artists: TWO, composer: '©wrt', own: '' },
    {
      file: 'fast.m4b',
      options: ['-c:a', 'aac', '-f', 'ipod', '-movflags', '+faststart'],
      chapters: CHAPTERED,
      artists: TWO,
      composer: '©wrt',
      own: '',
    },
    {
      file: 'a.ogg',
      options: ['-c:a', 'libvorbis'],
      chapters: [],
      artists: TWO,
      composer: 'COMPOSER',
      own: 'MY_OWN_FIELD',
    },
    {
      file: 'a.opus',
      options: ['-c:a', 'libopus'],
      chapters: [],
      artists: TWO,
      composer: 'COMPOSER',
      own: 'MY_OWN_FIELD',
    },
    { file: 'a.flac', options: [], chapters: [], artists: TWO, composer: 'COMPOSER', own: 'MY_OWN_FIELD' },
    {
      file: 'a.aiff',
      options: ['-c:a', 'pcm_s24be', '-write_id3v2', '1'],
      chapters: CHAPTERED,
      artists: TWO,
      composer: 'TCOM',
      own: 'TXXX:MY_OWN_FIELD',
    },
    { file: 'a.wav', options: ['-c:a', 'pcm_s24le'], chapters: [], artists: TWO, composer: '', own: '' },
    {
      file: 'a.wma',
      options: ['-c:a', 'wmav2', '-f', 'asf'],
      chapters: CHAPTERED,
      artists: ['Ana Sol; Björk Ü'],
      composer: 'WM/Composer',
      own: 'MY_OWN_FIELD',
    },
    {
      file: 'a.wv',
      options: ['-c:a', 'wavpack'],
      chapters: [],
      artists: TWO,
      composer: 'composer',
      own: 'MY_OWN_FIELD',
    },
    { file: 'a.tta', options: ['-c:a', 'tta'], chapters: [], artists: null, composer: '', own: '' },
    {
      file: 'a.aac',
      options: ['-c:a', 'aac', '-f', 'adts'],
      chapters: [],
      artists: null,
      composer: '',
      own: '',
    },
    {
      file: 'a.mka',
      options: ['-c:a', 'flac'],
      chapters: CHAPTERED,
      artists: ['Ana Sol; Björk Ü'],
      composer: 'track:COMPOSER',
      own: 'track:MY_OWN_FIELD',
    },
    {
      file: 'a.webm',
      options: ['-c:a', 'libopus'],
      chapters: CHAPTERED,
      artists: ['Ana Sol; Björk Ü'],
      composer: 'track:COMPOSER',
      own: 'track:MY_OWN_FIELD',
    },
  ])('$file', async ({ file, options, chapters, artists, composer, own }) => {
    await makeTagged(workspace.file(file), options);
    const path = await convert(file, 'KEEP', { tags: fullTags, tagPolicy: 'replace', cover: FRONT });

    expect(path.split('.').at(-1)).toBe(file.split('.').at(-1));
    const probe = await media.probe(path, never);
    expect(probe).toMatchObject({ container: (await media.probe(workspace.file(file), never)).container });
    expect(probe.tags['title']).toBe(fullTags.title);
    expect(await audioDigest(path)).toBe(await audioDigest(workspace.file(file)));
    expect(await chaptersOf(path)).toEqual(chapters);
    if (artists === null) return;
    expect((await parseFile(path)).common).toMatchObject({ title: fullTags.title, artists });
    const read = await nativeOf(path);
    if (composer) expect(read[composer]).toEqual(['Greta Holm']);
    if (own) expect(read[own]).toEqual(['anything']);
  });

  it.each([
    { file: 'b.w64', options: ['-c:a', 'pcm_s16le'] },
    { file: 'b.oga', options: ['-c:a', 'flac', '-f', 'ogg'] },
    { file: 'b.caf', options: ['-c:a', 'pcm_s16be'] },
    { file: 'b.au', options: ['-c:a', 'pcm_s16be'] },
    { file: 'b.voc', options: ['-c:a', 'pcm_u8'] },
    { file: 'b.ac3', options: ['-c:a', 'ac3'] },
    { file: 'b.eac3', options: ['-c:a', 'eac3'] },
    { file: 'b.mlp', options: ['-c:a', 'mlp', '-strict', '-2'] },
    { file: 'b.thd', options: ['-c:a', 'truehd', '-strict', '-2'] },
  ])('leaves $file as it is, whose tags the library cannot edit', async ({ file, options }) => {
    await makeTagged(workspace.file(file), options);
    const path = await convert(file, 'KEEP', { tags: fullTags, tagPolicy: 'replace' });
    expect(path.split('.').at(-1)).toBe(file.split('.').at(-1));
    expect((await readFile(path)).equals(await readFile(workspace.file(file)))).toBe(true);
  });

  it('a.ape', async () => {
    await writeFile(workspace.file('a.ape'), makeApe(4));
    const path = await convert('a.ape', 'KEEP', { tags: fullTags, tagPolicy: 'replace' });
    expect(path.split('.').at(-1)).toBe('ape');
    const [before, after] = [await readFile(workspace.file('a.ape')), await readFile(path)];
    expect(after.subarray(0, before.length).equals(before)).toBe(true);
    expect(await media.probe(path, never)).toMatchObject({ codec: 'ape', durationMs: 4_000 });
    expect((await parseFile(path)).common).toMatchObject({ title: fullTags.title, artists: TWO });
  });

  it('leaves a.dsf as it is', async () => {
    await writeFile(workspace.file('a.dsf'), makeDsf(2));
    const path = await convert('a.dsf', 'KEEP', { tags: fullTags, tagPolicy: 'replace' });
    expect(path.split('.').at(-1)).toBe('dsf');
    expect((await readFile(path)).equals(await readFile(workspace.file('a.dsf')))).toBe(true);
  });

  it('keeps chapters and length of a WMA whose header grows', async () => {
    await makeTagged(workspace.file('large.wma'), ['-c:a', 'wmav2', '-f', 'asf']);
    const tags = { ...fullTags, copyright: '©'.repeat(9_000) };
    const path = await convert('large.wma', 'KEEP', { tags, tagPolicy: 'replace', cover: FRONT });
    const before = await media.probe(workspace.file('large.wma'), never);
    expect((await stat(path)).size).toBeGreaterThan((await stat(workspace.file('large.wma'))).size + 18_000);
    expect((await media.probe(path, never)).durationMs).toBe(before.durationMs);
    expect(await chaptersOf(path)).toEqual(CHAPTERED);
    expect(await audioDigest(path)).toBe(await audioDigest(workspace.file('large.wma')));
  });

  it('carries chapters and their titles into formats that have them', async () => {
    await makeTagged(workspace.file('book.m4b'), ['-c:a', 'aac', '-f', 'ipod']);
    expect(await chaptersOf(await convert('book.m4b', 'MP3'))).toEqual(CHAPTERED);
    expect(await chaptersOf(await convert('book.m4b', 'ALAC'))).toEqual(CHAPTERED);
  });
});

describe('an ID3v1 tag behind a FLAC (F17)', () => {
  it('is not in the copy, whose audio ends with its last frame', async () => {
    const source = workspace.file('tail.flac');
    await makeRichFlac(source, { TITLE: ['Only Back'] });
    const whole = await readFile(source);
    const field = (text: string, bytes: number) => text.padEnd(bytes, '\0');
    await appendFile(
      source,
      `TAG${field('Only Back', 30)}${field('Hal Iver', 30)}${field('Tail', 30)}2001${field('', 30)}\x0c`,
    );
    expect((await stat(source)).size).toBe(whole.length + 128);

    const path = await convert('tail.flac', 'KEEP');
    expect(framesOf(await readFile(path)).equals(framesOf(whole))).toBe(true);
    expect((await nativeOf(await convert('tail.flac', 'MP3')))['TIT2']).toEqual(['Only Back']);
    const again = await convert('tail.flac', 'ALAC');
    expect((await media.probe(again, never)).durationMs).toBe(4_000);
  });
});
