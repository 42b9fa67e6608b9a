import { open, type FileHandle } from 'node:fs/promises';
import { FileTokenizer, type IGetToken, type IReadChunkOptions } from 'strtok3';
import { UnreadableTagsError } from './raw-tags.js';

/** Covers of 10 MB are common; texts are a few kB. */
export const MAX_TAG_BYTES = 24 * 1024 * 1024;

/** Below this, reading pictures costs less than stepping over them. */
const SKIPPED_FROM_BYTES = 256 * 1024;

const PICTURE_FRAMES: ReadonlySet<string> = new Set(['APIC', 'PIC']);

/**
 * Allocates nothing larger than MAX_TAG_BYTES: throws strtok3's BufferSizeError instead. music-metadata reads ID3v2 tags
 * and MP4 atoms whole, with pictures that `skipCovers` then drops; here they are stepped over.
 */
export class TagTokenizer extends FileTokenizer {
  private constructor(
    handle: FileHandle,
    file: { path: string; size: number },
    private readonly skipPictures: boolean,
  ) {
    super(handle, { fileInfo: file, maxBufferSize: MAX_TAG_BYTES });
  }

  static async open(path: string, { skipPictures }: { skipPictures: boolean }): Promise<TagTokenizer> {
    const handle = await open(path);
    try {
      return new TagTokenizer(handle, { path, size: (await handle.stat()).size }, skipPictures);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  override async readToken<Value>(token: IGetToken<Value>, position = this.position): Promise<Value> {
    if (!this.skipPictures || token.len <= SKIPPED_FROM_BYTES) return super.readToken(token, position);
    const end = position + token.len;
    const kept = await this.withoutPictures(position, end);
    if (!kept) return super.readToken(token, position);
    this.setPosition(end);
    return token.get(kept, 0);
  }

  override readBuffer(buffer: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    this.validateBufferSize(options?.length ?? buffer.length);
    return super.readBuffer(buffer, options);
  }

  /** An ID3v2 tag (of MP3 without its header, of WAV and AIFF with it) or an MP4 picture; null for anything else. */
  private async withoutPictures(start: number, end: number): Promise<Buffer | null> {
    const before = await this.peekBytes(Math.max(0, start - 16), Math.min(start, 16));
    const first = await this.peekBytes(start, ID3_HEADER_BYTES);
    const ofMp3 = id3VersionOf(before.subarray(-ID3_HEADER_BYTES));
    if (ofMp3) return this.readFrames(ofMp3, start, end);
    const ofChunk = id3VersionOf(first);
    if (!ofChunk) return isPictureAtom(before, first) ? first.subarray(0, 8) : null;
    const frames = await this.readFrames(ofChunk, start + ID3_HEADER_BYTES, end);
    return Buffer.concat([first.subarray(0, 6), toSyncSafe(frames.length), frames]);
  }

  private async readFrames(version: number, start: number, end: number): Promise<Buffer> {
    const headerBytes = version === 2 ? 6 : 10;
    const kept: Buffer[] = [];
    let keptBytes = 0;
    for (let at = start; at + headerBytes <= end;) {
      const { id, dataBytes } = toFrame(await this.peekBytes(at, headerBytes), version);
      if (!FRAME_ID.test(id)) break; // padding
      if (kept.length === MAX_FRAMES) throw new UnreadableTagsError(TOO_MANY_FRAMES);
      const bytes = Math.min(headerBytes + dataBytes, end - at);
      if (!PICTURE_FRAMES.has(id)) {
        keptBytes += bytes;
        this.validateBufferSize(keptBytes);
        kept.push(await this.peekBytes(at, bytes));
      }
      at += bytes;
    }
    return Buffer.concat(kept);
  }

  private async peekBytes(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    await this.peekBuffer(buffer, { position });
    return buffer;
  }
}

const MAX_FRAMES = 10_000;
const TOO_MANY_FRAMES = `Its tags have over ${MAX_FRAMES} frames.`;
const ID3_HEADER_BYTES = 10;
const FRAME_ID = /^[A-Z0-9]{3,4}$/;

function toFrame(header: Buffer, version: number): { id: string; dataBytes: number } {
  if (version === 2) return { id: header.toString('latin1', 0, 3), dataBytes: header.readUIntBE(3, 3) };
  const id = header.toString('latin1', 0, 4);
  if (version === 3) return { id, dataBytes: header.readUInt32BE(4) };
  return { id, dataBytes: header.subarray(4, 8).reduce((size, byte) => size * 128 + (byte & 127), 0) };
}

/** Seven bits a byte, so that no size looks like the start of audio. */
const toSyncSafe = (size: number): Buffer =>
  Buffer.from([21, 14, 7, 0].map((shift) => (size >> shift) & 127));

function id3VersionOf(header: Buffer): number | null {
  if (header.length < ID3_HEADER_BYTES || header.toString('latin1', 0, 3) !== 'ID3') return null;
  const version = header.readUInt8(3);
  return version >= 2 && version <= 4 ? version : null;
}

/** The value of a `data` atom in a `covr` atom, whose type is JPEG or PNG. */
function isPictureAtom(before: Buffer, first: Buffer): boolean {
  const names = [before.toString('latin1', 4, 8), before.toString('latin1', 12, 16)];
  return names.join() === 'covr,data' && [13, 14].includes(first.readUInt32BE(0));
}
