import { open, readdir, readFile, readlink } from 'node:fs/promises';
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
