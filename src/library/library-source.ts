import { providerOf, type Track } from '../catalog/catalog-item.js';
import { LIBRARY, lengthOf, type LibraryFile } from './library-file.js';
import type { LibraryIndex } from './library-store.js';
import type { AudioSource, Rendition } from '../catalog/audio-source.js';
import { isSameRecording } from '../catalog/match-track.js';
import { LOSSLESS_CODECS } from '../media/media.js';
import { LibraryFileError, type LibraryRoots, type OpenFile } from './library-roots.js';

interface LibrarySourceOptions {
  index: LibraryIndex;
  roots: LibraryRoots;
}

/** A `library:` track is its own file; any other is the best unchanged file of the same recording. */
export function createLibrarySource(options: LibrarySourceOptions): AudioSource {
  return {
    name: LIBRARY,
    async find(track, signal) {
      const files = await listFiles(options, track);
      signal.throwIfAborted();
      return files.length === 0 ? null : firstUnchanged(options.roots, files);
    },
    async open(rendition, { offsetBytes, signal }) {
      const found = await options.index.findTrack(rendition.ref);
      if (!found) throw new LibraryFileError('The file is no longer in the library.');
      signal.throwIfAborted();
      const { handle } = await openUnchanged(options.roots, found.file);
      return handle.createReadStream({ start: offsetBytes, signal });
    },
  };
}

async function listFiles({ index }: LibrarySourceOptions, track: Track): Promise<LibraryFile[]> {
  if (providerOf(track) === LIBRARY) {
    const own = await index.findTrack(track.id);
    return own ? [own.file] : [];
  }
  const candidates = await index.listCandidates(track);
  return candidates
    .filter((file) => isSameRecording(track, { ...file, durationMs: lengthOf(file) }))
    .sort((a, b) => rank(b, track) - rank(a, track));
}

/** ISRC, then lossless, then bitrate: one number, because no bitrate reaches a million kbit/s. */
function rank(file: LibraryFile, track: Track): number {
  const sameCode = track.isrc !== null && file.isrc === track.isrc;
  const lossless = LOSSLESS_CODECS.test(file.codec ?? '');
  return (sameCode ? 4e6 : 0) + (lossless ? 2e6 : 0) + Math.min(file.bitrateKbps ?? 0, 1e6);
}

async function firstUnchanged(roots: LibraryRoots, files: readonly LibraryFile[]): Promise<Rendition> {
  let problem: unknown;
  for (const file of files) {
    try {
      const { path, handle } = await openUnchanged(roots, file);
      await handle.close();
      return toRendition(file, path);
    } catch (error) {
      problem ??= error;
    }
  }
  throw problem;
}

/** The index describes this size and time: a file with others may be another recording by now. */
async function openUnchanged(roots: LibraryRoots, file: LibraryFile): Promise<OpenFile> {
  const opened = await roots.open(file.path);
  try {
    const stats = await opened.handle.stat();
    if (BigInt(stats.size) !== file.sizeBytes || stats.mtime.getTime() !== file.modifiedAt.getTime()) {
      throw new LibraryFileError(`${file.path} has changed since the last scan.`);
    }
    return opened;
  } catch (error) {
    await opened.handle.close();
    throw error;
  }
}

function toRendition(file: LibraryFile, localPath: string): Rendition {
  const ownFile = file.copyright ? `Your own file; ${file.copyright}` : 'Your own file';
  return {
    source: LIBRARY,
    ref: file.id,
    codec: file.codec,
    bitrateKbps: file.bitrateKbps,
    durationMs: lengthOf(file),
    sizeBytes: Number(file.sizeBytes),
    checksum: null,
    localPath,
    licence: file.licence ?? ownFile,
    resumable: true,
  };
}
