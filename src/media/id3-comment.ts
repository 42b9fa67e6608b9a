import { type FileHandle, open } from 'node:fs/promises';
import { fromSynchsafe } from './id3.js';
import { COMMENT_STAND_IN } from './tags.js';

const HEADER_BYTES = 10;

/**
 * Gives the frame in which ffmpeg put the comment its right name, in place: a TXXX frame described as `eng` differs
 * from an English COMM frame without description in nothing else (tags.ts).
 */
export async function nameId3Comment(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const position = await findStandIn(file);
    if (position !== null) await file.write('COMM', position, 'latin1');
  } finally {
    await file.close();
  }
}

async function findStandIn(file: FileHandle): Promise<number | null> {
  const header = await readAt(file, 0, HEADER_BYTES);
  if (header.subarray(0, 3).toString('latin1') !== 'ID3') return null;
  const end = HEADER_BYTES + fromSynchsafe(header.subarray(6));
  for (let position = HEADER_BYTES; position + HEADER_BYTES < end;) {
    // The frame's header, then its encoding and the description with its end: five bytes.
    const start = await readAt(file, position, HEADER_BYTES + 5);
    const id = start.subarray(0, 4).toString('latin1');
    if (!/^[A-Z0-9]{4}$/.test(id)) return null; // padding
    if (id === 'TXXX' && start.subarray(11).toString('latin1') === `${COMMENT_STAND_IN}\0`) return position;
    position += HEADER_BYTES + fromSynchsafe(start.subarray(4));
  }
  return null;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
