import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';
import { bareFfmpeg, packagedFfmpegPath } from '../kit/audio.js';
import { writeTaggedMp3, type Frame } from '../kit/hostile-audio.js';

/* Files as people have them, made by the packaged ffmpeg and by code: what is read back shares no code with either. */

const run = promisify(execFile);

export const TONE = (seconds: number) => [
  '-f',
  'lavfi',
  '-i',
  `sine=frequency=353:duration=${seconds}`,
  '-ac',
  '2',
];
/** As hard to encode as music, and louder with time: a variable bitrate begins low. */
export const FADE_IN = (seconds: number) => {
  const noise = `anoisesrc=duration=${seconds}:amplitude=0.5:color=pink:seed=1,afade=t=in:d=${seconds / 4}`;
  return ['-f', 'lavfi', '-i', noise, '-ac', '2'];
};

/** What a person’s tagger wrote, by the names of Vorbis comments. */
export const RICH = {
  TITLE: ['Rich Song'],
  ARTIST: ['Dana Eld', 'Finn Gray'],
  ALBUM: ['Rich'],
  ALBUMARTIST: ['Dana Eld'],
  TRACKNUMBER: ['7'],
  TRACKTOTAL: ['12'],
  DISCNUMBER: ['1'],
  DISCTOTAL: ['3'],
  DATE: ['2009'],
  GENRE: ['Folk', 'Jazz'],
  ORIGINALDATE: ['1969'],
  COMPOSER: ['Greta Holm'],
  CONDUCTOR: ['Ida Moor'],
  LYRICS: ['line one'],
  BPM: ['96'],
  MOOD: ['calm'],
  COMMENT: ['my note'],
  ARTISTSORT: ['Eld, Dana'],
  ALBUMSORT: ['Rich, The'],
  REPLAYGAIN_TRACK_GAIN: ['-6.50 dB'],
  REPLAYGAIN_TRACK_PEAK: ['0.988'],
  MUSICBRAINZ_TRACKID: ['11111111-2222-3333-4444-555555555555'],
  MUSICBRAINZ_ALBUMID: ['66666666-7777-8888-9999-000000000000'],
  MY_OWN_FIELD: ['anything'],
};

const VORBIS_COMMENT = 4;
const CUESHEET = 5;
const PICTURE = 6;
const APPLICATION = 2;

/** RFC 9639: 8.7 for a cue sheet of one track and the lead-out, 8.4 for an application's block. */
const CUE_BLOCK = Buffer.concat([
  Buffer.alloc(128),
  Buffer.alloc(8),
  Buffer.of(0),
  Buffer.alloc(258),
  Buffer.of(2),
  Buffer.concat([
    Buffer.alloc(8),
    Buffer.of(1),
    Buffer.alloc(12),
    Buffer.alloc(14),
    Buffer.of(1),
    Buffer.alloc(8),
    Buffer.of(1, 0, 0, 0),
  ]),
  Buffer.concat([Buffer.alloc(8), Buffer.of(255), Buffer.alloc(12), Buffer.alloc(14), Buffer.of(0)]),
]);
const APP_BLOCK = Buffer.from('ATCHkept as it is');

/** A FLAC with repeated comments, two pictures, a cue sheet and a block of some program. */
export async function makeRichFlac(
  path: string,
  comments: Record<string, string[]>,
  front = FRONT,
): Promise<void> {
  const bare = `${path}.bare.flac`;
  await bareFfmpeg(...TONE(4), '-map_metadata', '-1', bare);
  const flac = await readFile(bare);
  await rm(bare);
  const blocks: [number, Buffer][] = [
    [0, flac.subarray(8, 8 + 34)],
    [VORBIS_COMMENT, vorbisComment(comments)],
    [APPLICATION, APP_BLOCK],
    [CUESHEET, CUE_BLOCK],
    [PICTURE, picture(3, front)],
    [PICTURE, picture(4, BACK)],
  ];
  await writeFile(path, Buffer.concat([Buffer.from('fLaC'), ...blocks.map(toBlock), framesOf(flac)]));
}

function toBlock([type, body]: [number, Buffer], index: number, all: unknown[]): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  header[0] = type | (index === all.length - 1 ? 0x80 : 0);
  return Buffer.concat([header, body]);
}

/** From the first frame on. */
export function framesOf(flac: Buffer): Buffer {
  let at = 4;
  for (let last = false; !last;) {
    last = ((flac[at] ?? 0) & 0x80) !== 0;
    at += 4 + flac.readUIntBE(at + 1, 3);
  }
  return flac.subarray(at);
}

/** The bodies of all metadata blocks of a type. */
export function blocksOf(flac: Buffer, type: number): Buffer[] {
  const found: Buffer[] = [];
  let at = 4;
  for (let last = false; !last;) {
    const head = flac[at] ?? 0;
    const size = flac.readUIntBE(at + 1, 3);
    if ((head & 0x7f) === type) found.push(flac.subarray(at + 4, at + 4 + size));
    last = (head & 0x80) !== 0;
    at += 4 + size;
  }
  return found;
}

export const keptBlocks = (flac: Buffer) => ({
  cue: blocksOf(flac, CUESHEET)[0]?.equals(CUE_BLOCK),
  application: blocksOf(flac, APPLICATION)[0]?.equals(APP_BLOCK),
});

function vorbisComment(comments: Record<string, string[]>): Buffer {
  const pairs = Object.entries(comments).flatMap(([name, values]) =>
    values.map((value) => `${name}=${value}`),
  );
  return Buffer.concat([
    sized(Buffer.from('test')),
    uint32le(pairs.length),
    ...pairs.map((pair) => sized(Buffer.from(pair))),
  ]);
}

function sized(bytes: Buffer): Buffer {
  return Buffer.concat([uint32le(bytes.length), bytes]);
}

function uint32le(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** One pixel of a color. */
function png(color: number[]): Buffer {
  const header = Buffer.from('000000010000000108020000', 'hex');
  const chunk = (type: string, body: Buffer) => {
    const named = Buffer.concat([Buffer.from(type), body]);
    return Buffer.concat([uint32(body.length), named, uint32(crc32(named))]);
  };
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', Buffer.concat([header, Buffer.alloc(13 - header.length)])),
    chunk('IDAT', deflateSync(Buffer.of(0, ...color))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

export const FRONT = png([255, 0, 0]);
export const BACK = png([0, 0, 255]);

function picture(kind: number, bytes: Buffer): Buffer {
  const mime = Buffer.from('image/png');
  const facts = [1, 1, 24, 0].map(uint32);
  return Buffer.concat([
    uint32(kind),
    uint32(mime.length),
    mime,
    uint32(0),
    ...facts,
    uint32(bytes.length),
    bytes,
  ]);
}

/** An ID3v2.3 tag with what taggers put into it, and a name with a slash. */
export function makeOldMp3(path: string): Promise<string> {
  const frames: Frame[] = [
    { id: 'TIT2', text: 'Slashed Song' },
    { id: 'TPE1', text: 'GZ/Harbour' },
    { id: 'TPE2', text: 'GZ/Harbour' },
    { id: 'TALB', text: 'Slash' },
    { id: 'TRCK', text: '7/12' },
    { id: 'TYER', text: '2009' },
    { id: 'TDAT', text: '3112' },
    { id: 'TCOM', text: 'Greta Holm' },
    { id: 'TSOP', text: 'Harbour, GZ' },
    { id: 'TMOO', text: 'calm' },
    { id: 'TXXX', text: 'MY_OWN_FIELD\0anything' },
    { id: 'COMM', text: 'eng\0my note' },
    { id: 'USLT', text: 'eng\0line one' },
    { id: 'PRIV', text: 'some.program\0its own' },
  ];
  return writeTaggedMp3(path, frames);
}

const CHAPTERS = `;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=2000
title=one
[CHAPTER]
TIMEBASE=1/1000
START=2000
END=4000
title=two
`;

/** A file of ffmpeg's with chapters where the format has them, and tags by ffmpeg's names. */
export async function makeTagged(path: string, options: string[]): Promise<void> {
  const chapters = `${path}.chapters.txt`;
  await writeFile(chapters, CHAPTERS);
  const says = { title: 'Old', artist: 'Old Artist', composer: 'Greta Holm', MY_OWN_FIELD: 'anything' };
  const metadata = Object.entries(says).flatMap(([name, value]) => ['-metadata', `${name}=${value}`]);
  await bareFfmpeg(...TONE(4), '-i', chapters, '-map_chapters', '1', ...metadata, ...options, path);
  await rm(chapters);
}

/** Of the first audio stream's packets, as they are in the file. */
export async function audioDigest(path: string): Promise<string> {
  const args = ['-v', 'error', '-i', path, '-map', '0:a:0', '-c', 'copy', '-f', 'md5', '-'];
  return (await run(packagedFfmpegPath, args)).stdout.trim();
}

/** Zeroes for a share of the file, from a place in it: a bad sector. */
export async function breakFile(
  path: string,
  { from, share }: { from: number; share: number },
): Promise<void> {
  const bytes = await readFile(path);
  bytes.fill(0, Math.round(bytes.length * from), Math.round(bytes.length * (from + share)));
  await writeFile(path, bytes);
}

export async function cutFile(path: string, share: number): Promise<void> {
  const { size } = await stat(path);
  await writeFile(path, (await readFile(path)).subarray(0, Math.round(size * share)));
}

/** Silence of that many seconds, in one bit at 2.8 MHz. */
export function makeDsf(seconds: number): Buffer {
  const rate = 2_822_400;
  const blocks = Math.ceil((rate * seconds) / 8 / 4_096);
  const data = Buffer.alloc(blocks * 4_096, 0x69);
  const chunk = (name: string, size: number) => {
    const buffer = Buffer.alloc(size);
    buffer.write(name, 'latin1');
    return buffer;
  };
  const head = chunk('DSD ', 28);
  head.writeBigUInt64LE(28n, 4);
  head.writeBigUInt64LE(BigInt(28 + 52 + 12 + data.length), 12);
  const format = chunk('fmt ', 52);
  format.writeBigUInt64LE(52n, 4);
  for (const [at, value] of [
    [12, 1],
    [16, 0],
    [20, 1],
    [24, 1],
    [28, rate],
    [32, 1],
    [44, 4_096],
  ] as const) {
    format.writeUInt32LE(value, at);
  }
  format.writeBigUInt64LE(BigInt(rate * seconds), 36);
  const body = chunk('data', 12);
  body.writeBigUInt64LE(BigInt(12 + data.length), 4);
  return Buffer.concat([head, format, body, data]);
}

const APE_FRAME_BLOCKS = 73_728;

/** Stereo silence at 44.1 kHz, as version 3.99 of Monkey's Audio writes it: a frame is a checksum and a flag that says so. */
export function makeApe(seconds: number): Buffer {
  const blocks = 44_100 * seconds;
  const frames = Math.ceil(blocks / APE_FRAME_BLOCKS);
  const lastBlocks = blocks - (frames - 1) * APE_FRAME_BLOCKS;
  // The highest bit says that the flag follows.
  const frameOf = (count: number) =>
    Buffer.concat([
      uint32le(0x80000000 + (crc32(Buffer.alloc(4 * count)) >>> 1)),
      uint32le(3),
      Buffer.alloc(8),
    ]);
  const frame = frameOf(APE_FRAME_BLOCKS);
  const [descriptorBytes, headerBytes, tableBytes] = [52, 24, 4 * frames];
  const start = descriptorBytes + headerBytes + tableBytes;
  const uint16le = (value: number) => Buffer.of(value & 0xff, value >> 8);
  return Buffer.concat([
    Buffer.from('MAC '),
    ...[3_990, 0].map(uint16le),
    ...[descriptorBytes, headerBytes, tableBytes, 0, frame.length * frames, 0, 0].map(uint32le),
    Buffer.alloc(16),
    ...[1_000, 32].map(uint16le),
    ...[APE_FRAME_BLOCKS, lastBlocks, frames].map(uint32le),
    ...[16, 2].map(uint16le),
    uint32le(44_100),
    ...Array.from({ length: frames }, (_, number) => uint32le(start + number * frame.length)),
    ...Array.from({ length: frames - 1 }, () => frame),
    frameOf(lastBlocks),
  ]);
}

/** Stereo silence as Musepack of version 7: bits in words of 32, each frame with its length in 20 bits and one empty band. */
export function makeMpc(seconds: number): Buffer {
  const frames = Math.ceil((44_100 * seconds) / 1_152);
  const frame = '0'.repeat(8);
  const bits = frame.length.toString(2).padStart(20, '0') + frame;
  const body = '0'.repeat(8) + bits.repeat(frames) + '0'.repeat(64);
  const words = body.padEnd(Math.ceil(body.length / 32) * 32, '0').match(/.{32}/g) ?? [];
  return Buffer.concat([
    Buffer.from('MP+\x07'),
    uint32le(frames),
    Buffer.alloc(16),
    ...words.map((word) => uint32le(Number.parseInt(word, 2))),
  ]);
}
