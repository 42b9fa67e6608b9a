import { systemClock, type Clock } from '../../lib/clock.js';
import { ALBUMS } from './albums.js';
import { ARTISTS } from './artists.js';
import { toIsrc } from './codes.js';
import { createReading, findReadingTrack, GAUGE, listReadings } from './gauge.js';
import { createPlaylists } from './playlists.js';
import type {
  DemoAlbum,
  DemoArtist,
  DemoPlaylist,
  DemoShow,
  DemoTrack,
  PlacedEpisode,
  PlacedTrack,
} from './music.js';
import { SHOWS } from './shows.js';
import { createTide } from './playlists.js';

/** All of the demo by slug, in the order it was written down in. */
export interface Collection {
  artists: ReadonlyMap<string, DemoArtist>;
  albums: ReadonlyMap<string, DemoAlbum>;
  playlists: ReadonlyMap<string, DemoPlaylist>;
  shows: ReadonlyMap<string, DemoShow>;
  /** Of each show the newest first. */
  episodes: ReadonlyMap<string, PlacedEpisode>;
  /** With those of the tide gauge, which come with the clock. */
  findAlbum(slug: string): DemoAlbum | null;
  /** Those that the artist could be on. */
  albumsFor(artistSlug: string): DemoAlbum[];
  /** Without the tides and the readings of the gauge, which `findTrack` knows too. */
  tracks: ReadonlyMap<string, PlacedTrack>;
  findTrack(slug: string): PlacedTrack | null;
}

export function createCollection(clock: Clock = systemClock): Collection {
  const artists = new Map(ARTISTS.map((artist) => [artist.slug, artist]));
  const tracks = placeTracks(artists);
  const playlists = createPlaylists([...tracks.values()], clock);
  const tideArtist = artistOf(artists, 'ten-thousand-tides');
  const albums = new Map(ALBUMS.map((album) => [album.slug, album]));
  const findReading = (slug: string) => {
    const found = findReadingTrack(slug);
    return found && placeTrack(artists, found.track, { ...found, disc: 1 });
  };
  return {
    artists,
    albums,
    findAlbum: (slug) => albums.get(slug) ?? createReading(slug),
    albumsFor: (artistSlug) => (artistSlug === GAUGE ? listReadings(clock) : [...albums.values()]),
    playlists: new Map(playlists.map((playlist) => [playlist.slug, playlist])),
    shows: new Map(SHOWS.map((show) => [show.slug, show])),
    episodes: new Map(SHOWS.flatMap(episodesOf).map((episode) => [episode.slug, episode])),
    tracks,
    findTrack: (slug) => tracks.get(slug) ?? createTide(slug, tideArtist) ?? findReading(slug),
  };
}

export function episodesOf(show: DemoShow): PlacedEpisode[] {
  return show.episodes
    .map((episode, index) => ({
      ...episode,
      slug: `${show.slug}-${String(index + 1).padStart(3, '0')}`,
      show,
    }))
    .reverse();
}

export function tracksOf(album: DemoAlbum): string[] {
  return album.discs.flatMap((disc, discIndex) =>
    disc.map((_, trackIndex) => trackSlug(album, discIndex + 1, trackIndex + 1)),
  );
}

function trackSlug(album: DemoAlbum, disc: number, position: number): string {
  return `${album.slug}-${disc}-${String(position).padStart(2, '0')}`;
}

function placeTracks(artists: ReadonlyMap<string, DemoArtist>): Map<string, PlacedTrack> {
  const placed = new Map<string, PlacedTrack>();
  for (const [album, disc, tracks] of discsInOrder()) {
    tracks.forEach((track, index) => {
      const own = placeTrack(artists, track, { album, disc, position: index + 1 });
      const original = track.recording === undefined ? null : recordingOf(placed, track.recording);
      placed.set(own.slug, original ? { ...original, slug: own.slug, place: own.place } : own);
    });
  }
  return placed;
}

function discsInOrder(): [DemoAlbum, number, readonly DemoTrack[]][] {
  return ALBUMS.flatMap((album) =>
    album.discs.map((tracks, index): [DemoAlbum, number, readonly DemoTrack[]] => [album, index + 1, tracks]),
  );
}

function placeTrack(
  artists: ReadonlyMap<string, DemoArtist>,
  track: DemoTrack,
  place: NonNullable<PlacedTrack['place']>,
): PlacedTrack {
  const { album, disc, position } = place;
  const slug = trackSlug(album, disc, position);
  const by = [...(track.by ?? album.by), ...(track.with ?? [])].map((artist) => artistOf(artists, artist));
  return {
    slug,
    title: track.title,
    artists: by,
    durationMs: Math.round(track.seconds * 1000),
    explicit: track.explicit ?? false,
    trouble: track.trouble ?? null,
    isrc: album.label
      ? toIsrc(album.released.slice(2, 4), album.number * 1000 + disc * 100 + position)
      : null,
    genres: track.by ? (by[0]?.genres ?? []) : album.genres,
    recording: slug,
    place,
  };
}

function artistOf(artists: ReadonlyMap<string, DemoArtist>, slug: string): DemoArtist {
  const artist = artists.get(slug);
  if (!artist) throw new Error(`The demo names an artist that it does not have: ${slug}`);
  return artist;
}

function recordingOf(placed: ReadonlyMap<string, PlacedTrack>, slug: string): PlacedTrack {
  const original = placed.get(slug);
  if (!original) throw new Error(`The demo borrows a recording that it does not have so far: ${slug}`);
  return original;
}
