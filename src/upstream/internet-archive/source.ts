import type { AudioSource, Rendition, SourceCandidate } from '../../catalog/audio-source.js';
import { providerOf, type Track } from '../../catalog/catalog-item.js';
import { explainMatch } from '../../catalog/match-track.js';
import { normalizeText } from '../../catalog/normalize.js';
import { rankQuality } from '../../downloads/audio-quality.js';
import { NoSourceError } from '../../downloads/errors.js';
import type { ArchiveFormat } from '../../env-outbound.js';
import { ACCEPTED_LICENCES, openLicenceOf } from '../open-licence.js';
import { NAME, quoted, type ArchiveApi } from './api.js';
import { durationOf, recordingsOf, trackKeyOf, type Recording } from './map.js';
import type { ArchiveFile, ArchiveItem } from './schemas.js';

interface SourceParts {
  api: ArchiveApi;
  /** The most wanted first; others are not used. */
  formats: readonly ArchiveFormat[];
}

/** Music of the Internet Archive whose license is stated and open. */
export function createArchiveSource({ api, formats }: SourceParts): AudioSource {
  const listAll = async (track: Track, signal: AbortSignal): Promise<Match[]> => {
    const found = await (providerOf(track) === NAME ? findOwn : searchItems)(api, track, signal);
    return found.flatMap((each) => toMatch(formats, each)).sort(byLikeness(formats));
  };
  return {
    name: NAME,
    listCandidates: async (track, signal) => {
      const all = await listAll(track, signal);
      return all.flatMap(({ candidate }) => candidate ?? []).slice(0, MAX_CANDIDATES);
    },
    async find(track, signal) {
      signal.throwIfAborted();
      const same = (await listAll(track, signal)).filter(({ isSame }) => isSame);
      const usable = same.find(({ candidate }) => candidate)?.candidate;
      if (!usable && same[0]) throw unlicensed(track, same[0].item);
      return usable?.rendition ?? null;
    },
    async open({ ref }, { offsetBytes, signal }) {
      signal.throwIfAborted();
      const [identifier = '', ...name] = ref.split('/');
      return api.open({ identifier, name: name.join('/') }, { offsetBytes, signal });
    },
  };
}

function unlicensed({ title }: Track, { metadata }: ArchiveItem): NoSourceError {
  const stated = metadata.licenseurl.map((each) => JSON.stringify(each.slice(0, 200))).join(', ');
  return new NoSourceError(
    `"${title}" is in the item "${metadata.identifier}", whose license is ${stated || 'not stated'}; ${ACCEPTED_LICENCES}.`,
  );
}

const MAX_CANDIDATES = 20;

/** A recording that is, or may be, the track. */
interface Found {
  item: ArchiveItem;
  recording: Recording;
  report: Pick<SourceCandidate, 'isSame' | 'score' | 'reason'>;
}

interface Match {
  item: ArchiveItem;
  isSame: boolean;
  score: number;
  format: ArchiveFormat;
  /** Null without an open license: no rendition is made of such a recording. */
  candidate: SourceCandidate | null;
}

async function findOwn(api: ArchiveApi, { id }: Track, signal: AbortSignal): Promise<Found[]> {
  const { identifier, key } = trackKeyOf(id) ?? {};
  const item = identifier === undefined ? null : await api.findItem(identifier, signal);
  const recording = item && recordingsOf(item).find((each) => each.key === key);
  const report = { isSame: true, score: 100, reason: 'equal: id' };
  return recording ? [{ item, recording, report }] : [];
}

/** Each is a request, and there are two of them in a second. */
const MAX_ITEMS = 6;
const ROWS = { offset: 0, limit: 20 };

/** The archive does not search in the names of tracks: its items are albums, which are found by artist and title. */
async function searchItems(api: ArchiveApi, track: Track, signal: AbortSignal): Promise<Found[]> {
  const found: Found[] = [];
  const read = new Set<string>();
  for (const clauses of queriesFor(track)) {
    const { rows } = await api.search(clauses, ROWS, signal);
    const isOpen = (row: { licenseurl: string[] }) => openLicenceOf(row.licenseurl) !== null;
    const unread = rows.filter(({ identifier }) => !read.has(identifier));
    for (const { identifier } of unread.toSorted((a, b) => Number(isOpen(b)) - Number(isOpen(a)))) {
      if (read.size >= MAX_ITEMS) return found;
      read.add(identifier);
      const item = await api.findItem(identifier, signal);
      if (item) found.push(...compare(item, track));
      if (found.some((each) => each.report.isSame && isOpen(each.item.metadata))) return found;
    }
  }
  return found;
}

function queriesFor({ title, artists, album }: Track): string[][] {
  const [main] = artists;
  if (!main) return [];
  const base = baseOf(title);
  const creator = `creator:${quoted(main.name)}`;
  const titles = [...new Set([...(album ? [album.title] : []), base])];
  return [...titles.map((each) => [creator, `title:${quoted(each)}`]), [creator]];
}

/** Without what says which version it is. */
const baseOf = (title: string): string => title.split(/[([{]|\s[-–—]\s/u, 1)[0]?.trim() || title;

/** The same recording, and others of that title. */
function compare(item: ArchiveItem, track: Track): Found[] {
  const album = item.metadata.title;
  return recordingsOf(item)
    .map((recording) => {
      const { title, artists, durationMs } = recording;
      const report = explainMatch(track, { title, album, artists, durationMs, isrc: null });
      return { item, recording, report };
    })
    .filter(({ recording, report }) => report.isSame || isSimilar(recording, track));
}

const isSimilar = (one: { title: string }, other: { title: string }): boolean =>
  normalizeText(baseOf(one.title)) === normalizeText(baseOf(other.title));

function toMatch(formats: readonly ArchiveFormat[], { item, recording, report }: Found): Match[] {
  const [best] = recording.files
    .flatMap((file) => toOffer(file, recording))
    .filter(({ format }) => formats.includes(format))
    .sort((a, b) => formats.indexOf(a.format) - formats.indexOf(b.format) || rankQuality(b) - rankQuality(a));
  if (!best) return [];
  const licence = openLicenceOf(item.metadata.licenseurl);
  const { title, artists } = recording;
  const candidate = licence !== null && {
    ...{ title, artists, album: item.metadata.title, ...report },
    rendition: toRendition(best, { licence, item, recording }),
  };
  const { isSame, score } = report;
  return [{ item, isSame, score, format: best.format, candidate: candidate || null }];
}

const byLikeness = (formats: readonly ArchiveFormat[]) => (a: Match, b: Match) =>
  Number(b.isSame) - Number(a.isSame) ||
  b.score - a.score ||
  formats.indexOf(a.format) - formats.indexOf(b.format);

interface Offer {
  file: ArchiveFile;
  format: ArchiveFormat;
  codec: string;
  bitrateKbps: number | null;
}

const FORMATS: Readonly<Record<string, [ArchiveFormat, codec: string]>> = {
  flac: ['flac', 'flac'],
  mp3: ['mp3', 'mp3'],
  ogg: ['ogg', 'vorbis'],
  oga: ['ogg', 'vorbis'],
  opus: ['opus', 'opus'],
  wav: ['wav', 'pcm_s16le'],
  aif: ['aiff', 'pcm_s16be'],
  aiff: ['aiff', 'pcm_s16be'],
  m4a: ['aac', 'aac'],
  aac: ['aac', 'aac'],
};

function toOffer(file: ArchiveFile, { durationMs }: Recording): Offer[] {
  const known = FORMATS[file.name.slice(file.name.lastIndexOf('.') + 1).toLowerCase()];
  if (!known) return [];
  const [format, codec] = /apple lossless/i.test(file.format ?? '') ? (['alac', 'alac'] as const) : known;
  const lengthMs = durationOf(file.length) ?? durationMs;
  const stated = Math.round(Number(file.bitrate)) || null;
  const size = sizeOf(file);
  const measured = size !== null && lengthMs !== null ? Math.round((size * 8) / lengthMs) : null;
  return [{ file, format, codec, bitrateKbps: stated ?? measured }];
}

const sizeOf = ({ size }: ArchiveFile): number | null =>
  Number(/^[1-9]\d{0,12}$/.exec(size ?? '')?.[0]) || null;

function toRendition(
  { file, codec, bitrateKbps }: Offer,
  { licence, item, recording }: { licence: string; item: ArchiveItem; recording: Recording },
): Rendition {
  const hex = /^[\da-f]{32}$/i.exec(file.md5 ?? '')?.[0];
  return {
    source: NAME,
    ref: `${item.metadata.identifier}/${file.name}`,
    codec,
    bitrateKbps,
    durationMs: durationOf(file.length) ?? recording.durationMs,
    sizeBytes: sizeOf(file),
    checksum: hex === undefined ? null : { algorithm: 'md5', hex },
    localPath: null,
    licence,
    resumable: true,
  };
}
