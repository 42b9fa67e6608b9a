import type { FileHandle } from 'node:fs/promises';

/**
 * Writes all of the bytes. A single write may take fewer of them than given, without an error, when the disk is
 * about to fill up: the next one then throws ENOSPC.
 */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
