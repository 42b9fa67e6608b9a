import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** Where the frames are; all else of such a file is tags. */
interface AudioRegion {
  start: number;
  end: number;
  /** Has to be unchanged too: without it the frames cannot be decoded. */
  header: Buffer;
}

const CHUNK_BYTES = 1_048_576;

/**
 * SHA-256 of all that a decoder reads of a FLAC or MP3 file, the same whatever its tags are. Null for other formats,
 * whose tags are written between the audio, and for what does not look like one of these.
 */
export async function digestAudio(
  path: string,
  container: string,
  signal: AbortSignal,
): Promise<string | null> {
  const region = await findRegion(path, container);
  if (region === null || region.end <= region.start) return null;
  const { start, end, header } = region;
  const hash = createHash('sha256').update(`${container}\0`).update(header);
  const chunks: AsyncIterable<Buffer> = createReadStream(path, {
    start,
    end: end - 1,
    highWaterMark: CHUNK_BYTES,
    signal,
  });
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

async function findRegion(path: string, container: string): Promise<AudioRegion | null> {
  if (container !== 'flac' && container !== 'mp3') return null;
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const start = await endOfId3v2(file);
    const end = await startOfTailTags(file, size);
    return container === 'flac'
      ? await findFlacFrames(file, { start, end })
      : { start, end, header: NOTHING };
  } finally {
    await file.close();
  }
}

const NOTHING = Buffer.alloc(0);

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) return NOTHING;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** Sizes in ID3v2 have seven bits a byte. */
async function endOfId3v2(file: FileHandle): Promise<number> {
  const head = await readAt(file, 0, 10);
  if (head.length < 10 || head.toString('latin1', 0, 3) !== 'ID3') return 0;
  const size = [6, 7, 8, 9].reduce((sum, at) => sum * 128 + ((head[at] ?? 0) & 127), 0);
  const hasFooter = ((head[5] ?? 0) & 16) !== 0;
  return 10 + size + (hasFooter ? 10 : 0);
}

const ID3V1_BYTES = 128;
const APE_FOOTER_BYTES = 32;

async function startOfTailTags(file: FileHandle, size: number): Promise<number> {
  const id3v1 = await readAt(file, size - ID3V1_BYTES, 3);
  const end = id3v1.toString('latin1') === 'TAG' ? size - ID3V1_BYTES : size;
  const footer = await readAt(file, end - APE_FOOTER_BYTES, APE_FOOTER_BYTES);
  if (footer.length < APE_FOOTER_BYTES || footer.toString('latin1', 0, 8) !== 'APETAGEX') return end;
  const hasHeader = (footer.readUInt32LE(20) & 0x8000_0000) !== 0;
  return end - footer.readUInt32LE(12) - (hasHeader ? APE_FOOTER_BYTES : 0);
}

/** After `fLaC`: blocks of a type, three bytes of length and that many bytes. The first is STREAMINFO. */
async function findFlacFrames(
  file: FileHandle,
  { start, end }: { start: number; end: number },
): Promise<AudioRegion | null> {
  if ((await readAt(file, start, 4)).toString('latin1') !== 'fLaC') return null;
  const header = await readAt(file, start + 8, 34);
  for (let at = start + 4; at < end;) {
    const block = await readAt(file, at, 4);
    if (block.length < 4) return null;
    at += 4 + block.readUIntBE(1, 3);
    if (((block[0] ?? 0) & 0x80) !== 0) return { start: at, end, header };
  }
  return null;
}
