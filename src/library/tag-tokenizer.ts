import { open, type FileHandle } from 'node:fs/promises';
import { FileTokenizer, type IGetToken, type IReadChunkOptions } from 'strtok3';
import { UnreadableTagsError } from './raw-tags.js';

/** Covers of 10 MB are common; texts are a few kB. */
export const MAX_TAG_BYTES = 24 * 1024 * 1024;

/** Below this, reading pictures costs less than stepping over them. */
const SKIPPED_FROM_BYTES = 256 * 1024;

const PICTURE_FRAMES: ReadonlySet<string> = new Set(['APIC', 'PIC']);

/**
 * Allocates nothing larger than MAX_TAG_BYTES: throws strtok3's BufferSizeError instead. music-metadata reads an ID3v2
 * tag whole, with pictures that `skipCovers` then drops; here they are stepped over.
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
    if (this.skipPictures && token.len > SKIPPED_FROM_BYTES) {
      const version = await this.id3VersionBefore(position);
      if (version) return token.get(await this.readFrames(version, position, position + token.len), 0);
    }
    return super.readToken(token, position);
  }

  override readBuffer(buffer: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    this.validateBufferSize(options?.length ?? buffer.length);
    return super.readBuffer(buffer, options);
  }

  private async id3VersionBefore(position: number): Promise<number | null> {
    if (position < ID3_HEADER_BYTES) return null;
    const header = await this.peekBytes(position - ID3_HEADER_BYTES, ID3_HEADER_BYTES);
    const version = header.readUInt8(3);
    return header.toString('latin1', 0, 3) === 'ID3' && version >= 2 && version <= 4 ? version : null;
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
    this.setPosition(end);
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
  // Seven bits a byte, so that no size looks like the start of audio.
  return { id, dataBytes: header.subarray(4, 8).reduce((size, byte) => size * 128 + (byte & 127), 0) };
}
