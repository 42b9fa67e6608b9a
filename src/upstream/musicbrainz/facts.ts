import type { Album, Track } from '../../catalog/catalog-item.js';
import type { RecordingFacts } from '../../catalog/enrichment.js';
import { isSameRecording, rankMatch, type Candidate } from '../../catalog/match-track.js';
import { titleKey } from '../../catalog/normalize.js';
import type { MusicBrainzRecording, MusicBrainzRelease, MusicBrainzReleaseRow } from './schemas.js';

/** One code may stand on several recordings, also on a video, which comes last. */
export function pickRecording(
  track: Track,
  recordings: readonly MusicBrainzRecording[],
): MusicBrainzRecording | null {
  const candidates = recordings
    .map((recording) => ({ recording, candidate: candidateOf(recording, track) }))
    .filter(({ candidate }) => isSameRecording(track, candidate))
    .map((each) => ({ ...each, rank: rankMatch(track, each.candidate) }))
    .toSorted(
      (one, other) => Number(one.recording.video) - Number(other.recording.video) || other.rank - one.rank,
    );
  return candidates[0]?.recording ?? null;
}

/** All that are listed have the code of the track. */
const candidateOf = (recording: MusicBrainzRecording, { isrc }: Track): Candidate => ({
  title: recording.title,
  artists: recording['artist-credit'].map(({ name }) => name),
  album: null,
  durationMs: recording.length,
  isrc,
});

/** The release that the album is: by bar code, else by title; the earliest official one. Never merely any of them. */
export function pickRelease(
  album: Album,
  releases: readonly MusicBrainzReleaseRow[],
): MusicBrainzReleaseRow | null {
  const digits = (code: string | null) => code?.replace(/\D/g, '').replace(/^0+/, '') ?? '';
  const upc = digits(album.upc);
  const rankOf = (release: MusicBrainzReleaseRow) => {
    if (upc !== '' && digits(release.barcode) === upc) return 4;
    if (titleKey(release.title) !== titleKey(album.title)) return 0;
    return release.status === 'Official' ? 2 : 1;
  };
  const dateOf = ({ date }: MusicBrainzReleaseRow) => date ?? '9999';
  const [best] = releases
    .map((release) => ({ release, rank: rankOf(release) }))
    .filter(({ rank }) => rank > 0)
    .toSorted(
      (one, other) => other.rank - one.rank || dateOf(one.release).localeCompare(dateOf(other.release), 'en'),
    );
  return best?.release ?? null;
}

const MAX_GENRES = 3;

export function toFacts(recording: MusicBrainzRecording, release: MusicBrainzRelease | null): RecordingFacts {
  const genres = recording.genres.length > 0 ? recording.genres : (release?.genres ?? []);
  return {
    recordingId: recording.id,
    artistIds: artistIdsOf(recording),
    release: release && {
      id: release.id,
      groupId: release['release-group']?.id ?? null,
      trackId: trackIdOf(release, recording),
      artistIds: artistIdsOf(release),
      date: release.date,
      label: release['label-info'][0]?.label.name ?? null,
      upc: release.barcode,
    },
    genres: genres
      .toSorted((one, other) => other.count - one.count)
      .slice(0, MAX_GENRES)
      .map(({ name }) => name),
  };
}

function artistIdsOf({ 'artist-credit': credits }: Pick<MusicBrainzRecording, 'artist-credit'>): string[] {
  return [...new Set(credits.map(({ artist }) => artist.id))];
}

/** Null where the recording is on it twice. */
function trackIdOf({ media }: MusicBrainzRelease, { id }: MusicBrainzRecording): string | null {
  const places = media.flatMap(({ tracks }) => tracks).filter(({ recording }) => recording?.id === id);
  return places.length === 1 ? (places[0]?.id ?? null) : null;
}
