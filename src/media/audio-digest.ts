import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { readAhead } from './copy-file.js';
import { decodeAudio, type Decoded, isWhole, timeLimitFor } from './damage.js';
import type { Tools } from './locate-tools.js';
import type { AudioProbe, Verified } from './media.js';
import { probeAudio } from './probe.js';

/** Where the frames are; all else of such a file is tags. */
interface AudioRegion {
  start: number;
  end: number;
  /** Has to be unchanged too: without it the frames cannot be decoded. */
  header: Buffer;
}

/**
 * SHA-256 of all that a decoder reads of a FLAC or MP3 file, the same whatever its tags are. Null for other formats,
 * whose tags are written between the audio, and for what does not look like one of these.
 */
export async function digestAudio(
  path: string,
  container: string,
  signal: AbortSignal,
): Promise<string | null> {
  if (container !== 'flac' && container !== 'mp3') return null;
  const file = await open(path);
  try {
    const region = await findRegion(file, container);
    if (region === null || region.end <= region.start) return null;
    const hash = createHash('sha256').update(`${container}\0`).update(region.header);
    for await (const chunk of readAhead(file, region)) {
      signal.throwIfAborted();
      hash.update(chunk);
    }
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

/** What a copy of the file would be measured by. */
export async function verifyAudio(tools: Tools, path: string, signal: AbortSignal): Promise<Verified | null> {
  const input = await probeAudio(tools, path, signal);
  const sha256 = await digestAudio(path, input.container, signal);
  if (sha256 === null) return null;
  const decoded = await decodeAudio(tools, path, { signal, timeLimitMs: timeLimitFor(input) });
  return isWhole(input, decoded) ? toVerified({ ...decoded, sha256 }, input) : null;
}

export function toVerified(
  { decodedMs, errors, sha256 }: Decoded & { sha256?: string | null },
  probe: AudioProbe,
): Verified | null {
  return sha256 && decodedMs !== null && errors.length === 0 ? { sha256, decodedMs, probe } : null;
}

async function findRegion(file: FileHandle, container: 'flac' | 'mp3'): Promise<AudioRegion | null> {
  const { size } = await file.stat();
  const start = await endOfId3v2(file);
  const end = await startOfTailTags(file, size);
  return container === 'flac' ? findFlacFrames(file, { start, end }) : { start, end, header: NOTHING };
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
