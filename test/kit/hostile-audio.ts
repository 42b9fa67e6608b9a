import { open, readdir, readFile, readlink, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bareFfmpeg } from './audio.js';

export interface Frame {
  id: string;
  /** Latin-1, repeated up to `bytes`. */
  text: string;
  bytes?: number;
}

const CHUNK_BYTES = 4_000_000;

/** Two seconds of MP3 behind an ID3v2.3 tag of these frames; a large one is written in pieces. */
export async function writeTaggedMp3(path: string, frames: readonly Frame[]): Promise<string> {
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=2', '-c:a', 'libmp3lame'];
  await bareFfmpeg(...sound, '-id3v2_version', '0', '-write_id3v1', '0', '-f', 'mp3', path);
  const audio = await readFile(path);
  const sizes = frames.map(({ text, bytes = text.length }) => 1 + bytes);
  const handle = await open(path, 'w');
  try {
    const total = sizes.reduce((sum, size) => sum + 10 + size, 0);
    await handle.write(Buffer.concat([Buffer.from('ID3\x03\0\0', 'latin1'), syncSafe(total)]));
    for (const [at, { id, text, bytes = text.length }] of frames.entries()) {
      const header = Buffer.alloc(11);
      header.write(id, 'latin1');
      header.writeUInt32BE(sizes[at] ?? 0, 4);
      await handle.write(header);
      const chunk = Buffer.alloc(Math.min(bytes, CHUNK_BYTES), text, 'latin1');
      for (let left = bytes; left > 0; left -= chunk.length) {
        await handle.write(chunk.subarray(0, Math.min(left, chunk.length)));
      }
    }
    await handle.write(audio);
  } finally {
    await handle.close();
  }
  return path;
}

function syncSafe(size: number): Buffer {
  return Buffer.from([21, 14, 7, 0].map((shift) => (size >> shift) & 127));
}

export const titled = (title: string): Frame => ({ id: 'TIT2', text: title });

/** `aaaa;aaab;aaac;…` */
export const manyArtists = (count: number): Frame => ({
  id: 'TPE1',
  text: Array.from({ length: count }, (_, at) => (at + 1_000_000).toString(36)).join(';'),
});

/** No tag and no audio, but something that a parser has to go through to know that. */
export async function writeHoles(path: string, bytes: number): Promise<string> {
  const handle = await open(path, 'w');
  await handle.truncate(bytes);
  await handle.close();
  return path;
}

/** The processes, besides this one, that have the file open. Linux. */
export async function pidsReading(path: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = await Promise.all(pids.map(async (pid) => ((await hasOpen(pid, path)) ? [Number(pid)] : [])));
  return found.flat();
}

async function hasOpen(pid: string, path: string): Promise<boolean> {
  const directory = join('/proc', pid, 'fd');
  const descriptors = await readdir(directory).catch(() => []);
  const targets = await Promise.all(descriptors.map((fd) => readlink(join(directory, fd)).catch(() => '')));
  return targets.some((target) => target.replace(/ \(deleted\)$/, '') === path);
}

/** Two seconds of WAV with an ID3v2.3 tag as its last chunk. */
export async function writeTaggedWav(path: string, frames: readonly Frame[]): Promise<string> {
  const tagged = await writeTaggedMp3(`${path}.mp3`, frames);
  const size = frames.reduce((sum, { text, bytes = text.length }) => sum + 11 + bytes, 10);
  const tag = (await readFile(tagged)).subarray(0, size + (size % 2));
  await bareFfmpeg('-f', 'lavfi', '-i', 'sine=frequency=440:duration=2', '-f', 'wav', path);
  const wav = await readFile(path);
  const header = Buffer.from('id3 \0\0\0\0', 'latin1');
  header.writeUInt32LE(tag.length, 4);
  wav.writeUInt32LE(wav.length - 8 + header.length + tag.length, 4);
  await writeFile(path, Buffer.concat([wav, header, tag]));
  await rm(tagged);
  return path;
}

/** Two seconds of M4A with a title and a cover of so many bytes. */
export async function writeCoveredM4a(path: string, title: string, coverBytes: number): Promise<string> {
  const cover = `${path}.jpg`;
  await bareFfmpeg('-f', 'lavfi', '-i', 'color=red:size=64x64:duration=0.1', '-frames:v', '1', cover);
  await truncate(cover, coverBytes);
  const inputs = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=2', '-f', 'image2', '-i', cover];
  const picture = ['-map', '0', '-map', '1', '-c:v', 'copy', '-disposition:v', 'attached_pic'];
  await bareFfmpeg(...inputs, ...picture, '-c:a', 'aac', '-metadata', `title=${title}`, '-f', 'ipod', path);
  await rm(cover);
  return path;
}
