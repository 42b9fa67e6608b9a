import type { Track } from '../catalog/catalog-item.js';
import type { LibraryFile } from './library-file.js';
import type { LibraryIndex } from './library-index.js';
import type { AudioSource, Rendition } from '../catalog/audio-source.js';
import type { isSameRecording as IsSameRecording } from '../catalog/match-track.js';
import { LOSSLESS_CODECS } from '../media/media.js';
import { LibraryFileError } from './errors.js';
import type { LibraryRoots, OpenFile } from './library-roots.js';

export interface LibrarySourceOptions {
  index: LibraryIndex;
  roots: LibraryRoots;
  isSameRecording: typeof IsSameRecording;
}

/**
 * The owner's own files as audio. A `library:` track is its own file; a track of another catalogue is any file of
 * the same recording: one with its ISRC first, then the one that sounds best, then one that is still there.
 */
export function createLibrarySource(options: LibrarySourceOptions): AudioSource {
  return {
    name: 'library',
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

/** The best first. */
async function listFiles(
  { index, isSameRecording }: LibrarySourceOptions,
  track: Track,
): Promise<LibraryFile[]> {
  if (track.id.startsWith('library:')) {
    const own = await index.findTrack(track.id);
    return own ? [own.file] : [];
  }
  const candidates = await index.listCandidates(track);
  return candidates
    .filter((file) => isSameRecording(track, file))
    .sort((a, b) => rank(b, track) - rank(a, track));
}

/** ISRC, then lossless, then bitrate: one number, because no bitrate reaches a million kbit/s. */
function rank(file: LibraryFile, track: Track): number {
  const sameCode = track.isrc !== null && file.isrc === track.isrc;
  const lossless = LOSSLESS_CODECS.test(file.codec ?? '');
  return (sameCode ? 4e6 : 0) + (lossless ? 2e6 : 0) + Math.min(file.bitrateKbps ?? 0, 1e6);
}

/** Throws what is wrong with the best one when nothing is left of any. */
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

/** What is indexed was read from this very content: anything else may be another recording by now. */
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
    source: 'library',
    ref: file.id,
    codec: file.codec,
    bitrateKbps: file.bitrateKbps,
    durationMs: file.durationMs || null,
    sizeBytes: Number(file.sizeBytes),
    checksum: null,
    localPath,
    licence: file.licence ?? ownFile,
    resumable: true,
  };
}
