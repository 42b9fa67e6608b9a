import type { AudioSource, Rendition, SourceCandidate } from '../../catalog/audio-source.js';
import { providerOf, type Track } from '../../catalog/catalog-item.js';
import { explainMatch, rankMatch } from '../../catalog/match-track.js';
import { rankQuality } from '../../downloads/audio-quality.js';
import { skipBytes } from '../audio-response.js';
import type { SubsonicApi } from './api.js';
import type { SubsonicParts } from './catalog.js';
import { isrcOf, lengthOf } from './map.js';
import { only, searchSchema, songSchema, type SubsonicSong } from './schemas.js';

/** What the owner has put on a server of their own; what license it has, its files may say. */
const LICENCE = 'From your own server';

/** The files of one of the owner's servers, as they are there: never what it would convert them to. */
export function createSubsonicSource(parts: SubsonicParts): AudioSource {
  const { name, api, ids } = parts;
  const listCandidates = (track: Track, signal: AbortSignal): Promise<SourceCandidate[]> =>
    providerOf(track) === name ? findOwn(parts, track, signal) : searchCandidates(parts, track, signal);
  return {
    name,
    listCandidates,
    async find(track, signal) {
      signal.throwIfAborted();
      const [best] = await listCandidates(track, signal);
      return best?.isSame ? best.rendition : null;
    },
    async open({ ref }, { offsetBytes, signal }) {
      signal.throwIfAborted();
      const id = ids.localIdOf(ref) ?? '';
      // Some servers convert what is downloaded unless it is requested raw; others ignore it.
      const parameters = { id, format: 'raw' };
      const opened = await api.openFile('download', { parameters, offsetBytes, signal });
      return opened.skipBytes === 0 ? opened.body : skipBytes(opened.body, opened.skipBytes);
    },
  };
}

async function findOwn(
  { name, api, ids }: SubsonicParts,
  track: Track,
  signal: AbortSignal,
): Promise<SourceCandidate[]> {
  const id = ids.localIdOf(track.id) ?? '';
  const schema = only('song', songSchema);
  const song = await api.find('getSong', { parameters: { id }, signal, schema });
  if (!song || !isAudio(song)) return [];
  return [{ ...toCandidate({ name, ids }, song), isSame: true, score: 100, reason: 'equal: id' }];
}

const MAX_CANDIDATES = 20;

/** No server searches by ISRC: the title proposes, and the ISRC decides. */
async function searchCandidates(
  { name, api, ids }: SubsonicParts,
  track: Track,
  signal: AbortSignal,
): Promise<SourceCandidate[]> {
  const found = new Map<string, SubsonicSong>();
  const ranked = () =>
    [...found.values()]
      .map((song) => ({ ...toCandidate({ name, ids }, song), ...rate(track, song) }))
      .sort(
        (a, b) =>
          Number(b.isSame) - Number(a.isSame) ||
          b.rank - a.rank ||
          rankQuality(b.rendition) - rankQuality(a.rendition) ||
          b.score - a.score,
      );
  for (const text of queriesFor(track)) {
    for (const song of await searchSongs(api, text, signal)) found.set(song.id, song);
    if (ranked()[0]?.isSame) break;
  }
  return ranked()
    .slice(0, MAX_CANDIDATES)
    .map(({ rank: _, ...candidate }) => candidate);
}

/** Some servers search in titles alone, others in all fields for all words. */
function queriesFor({ title, artists }: Track): string[] {
  const base = title.split(/[([{]|\s[-–—]\s/u, 1)[0]?.trim() || title;
  const [main] = artists;
  return [...new Set([title, base, ...(main ? [`${base} ${main.name}`] : [])])];
}

const SONGS = { artistCount: 0, albumCount: 0, songCount: 100, songOffset: 0 };

async function searchSongs(api: SubsonicApi, text: string, signal: AbortSignal): Promise<SubsonicSong[]> {
  const parameters = { query: text, ...SONGS };
  const found = await api.find('search3', { parameters, signal, schema: searchSchema });
  return (found?.song ?? []).flatMap((song) => (song && isAudio(song) ? [song] : []));
}

const isAudio = ({ isDir, isVideo }: SubsonicSong): boolean => !isDir && !isVideo;

function rate(track: Track, song: SubsonicSong) {
  const { title, album } = song;
  const candidate = {
    title,
    album,
    artists: artistsOf(song),
    durationMs: lengthOf(song),
    isrc: isrcOf(song),
  };
  const report = explainMatch(track, candidate);
  return { ...report, rank: report.isSame ? rankMatch(track, candidate) : report.score };
}

function artistsOf({ artists, artist }: SubsonicSong): string[] {
  const names = artists.flatMap((each) => each?.name ?? []);
  return [...new Set([...names, ...(artist === null ? [] : [artist])])];
}

function toCandidate({ name, ids }: Pick<SubsonicParts, 'name' | 'ids'>, song: SubsonicSong) {
  const { title, album, bitRate: bitrateKbps, size: sizeBytes } = song;
  const rendition: Rendition = {
    source: name,
    ref: ids.toId(song.id),
    codec: codecOf(song),
    bitrateKbps,
    durationMs: lengthOf(song),
    sizeBytes,
    checksum: null,
    localPath: null,
    licence: LICENCE,
    resumable: true,
  };
  return { rendition, title, album, artists: artistsOf(song) };
}

const CODECS: Readonly<Record<string, string>> = {
  flac: 'flac',
  mp3: 'mp3',
  opus: 'opus',
  wav: 'pcm_s16le',
  aiff: 'pcm_s16be',
  ape: 'ape',
  wv: 'wavpack',
  aac: 'aac',
};

/** Null where several kinds share a suffix: in .ogg and .m4a. */
function codecOf({ suffix, bitDepth }: SubsonicSong): string | null {
  const kind = suffix?.toLowerCase() ?? '';
  if (kind === 'm4a' && bitDepth !== null) return 'alac';
  return CODECS[kind] ?? null;
}
