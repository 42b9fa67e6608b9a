import { providerOf, type Track } from '../catalog/catalog-item.js';
import { LIBRARY, lengthOf, qualityOf, type LibraryFile } from './library-file.js';
import type { LibraryIndex } from './library-store.js';
import type { AudioSource, Rendition } from '../catalog/audio-source.js';
import { isSameRecording, rankMatch } from '../catalog/match-track.js';
import type { Verified } from '../media/media.js';
import { parseProbe } from '../media/probe.js';
import { LibraryFileError, type LibraryRoots, type OpenFile } from './library-roots.js';

interface LibrarySourceOptions {
  index: LibraryIndex;
  roots: LibraryRoots;
}

/** A `library:` track is its own file, or a copy where that is away; any other is the best unchanged file of the same recording. */
export function createLibrarySource(options: LibrarySourceOptions): AudioSource {
  return {
    name: LIBRARY,
    find: (track, signal) => findUnchanged(options.roots, listFiles(options, track), signal),
    async open(rendition, { offsetBytes, signal }) {
      const found = await options.index.findTrack(rendition.ref);
      if (!found) throw new LibraryFileError('The file is no longer in the library.');
      signal.throwIfAborted();
      const { handle } = await openUnchanged(options.roots, found.file);
      return handle.createReadStream({ start: offsetBytes, signal });
    },
    saveVerified: ({ ref }, verified) => options.index.saveVerified(ref, verified),
  };
}

/** Copies are asked for only where the file itself is away. */
async function* listFiles(
  { index }: LibrarySourceOptions,
  track: Track,
): AsyncGenerator<LibraryFile, void, void> {
  if (providerOf(track) === LIBRARY) {
    const own = await index.findTrack(track.id);
    if (!own) return;
    yield own.file;
    return yield* await index.listCopies(own.file);
  }
  const candidates = await index.listCandidates(track);
  yield* candidates
    .map((file) => ({ file, candidate: { ...file, durationMs: lengthOf(file) } }))
    .filter(({ candidate }) => isSameRecording(track, candidate))
    .map(({ file, candidate }) => ({ file, match: rankMatch(track, candidate) }))
    .sort((a, b) => b.match - a.match || qualityOf(b.file) - qualityOf(a.file))
    .map(({ file }) => file);
}

/** Null without any file. */
async function findUnchanged(
  roots: LibraryRoots,
  files: AsyncIterable<LibraryFile>,
  signal: AbortSignal,
): Promise<Rendition | null> {
  let first: { problem: unknown } | null = null;
  for await (const file of files) {
    signal.throwIfAborted();
    try {
      const { path, handle } = await openUnchanged(roots, file);
      await handle.close();
      return toRendition(file, path);
    } catch (error) {
      first ??= { problem: error };
    }
  }
  signal.throwIfAborted();
  if (first) throw first.problem;
  return null;
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
  const verified = verifiedOf(file);
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
    ...(verified && { verified }),
  };
}

function verifiedOf({ verifiedSha256: sha256, verifiedMs, verifiedProbe }: LibraryFile): Verified | null {
  if (!sha256 || verifiedMs === null) return null;
  return { sha256, decodedMs: verifiedMs, probe: parseProbe(verifiedProbe) };
}
