import type {
  Album,
  AlbumGroup,
  Artist,
  ArtistRef,
  Episode,
  Image,
  Playlist,
  Show,
  Track,
} from '../../catalog/catalog-item.js';
import type { PlaylistEntry } from '../../catalog/catalog-source.js';
import type {
  DeezerAlbum,
  DeezerAlbumRow,
  DeezerArtist,
  DeezerEpisode,
  DeezerPlaylist,
  DeezerPodcast,
  DeezerTrack,
} from './schemas.js';

export const PROVIDER = 'deezer';

const toId = (id: string): string => `${PROVIDER}:${id}`;

/** Deezer's own id; null for an id of another catalog, which no request is made for. */
export function localIdOf(id: string): string | null {
  return /^deezer:(\d{1,19})$/.exec(id)?.[1] ?? null;
}

const SIZES = [
  ['xl', 1000],
  ['big', 500],
  ['medium', 250],
  ['small', 56],
] as const;

type Pictures<Kind extends string> = Record<`${Kind}_${(typeof SIZES)[number][0]}`, string | null>;

/** The largest first. */
function toImages<Kind extends string>(kind: Kind, urls: Pictures<Kind>): Image[] {
  return SIZES.flatMap(([size, px]) => {
    const url = urls[`${kind}_${size}`];
    return url === null ? [] : [{ url, widthPx: px, heightPx: px }];
  });
}

const toRef = ({ id, name }: { id: string; name: string }): ArtistRef => ({ id: toId(id), name });

/** Contributors are the artist and all others; only single items have them. */
function toArtists({ contributors = [], artist }: Partial<Pick<DeezerTrack, 'contributors' | 'artist'>>) {
  const credited = contributors.flatMap((each) => each ?? []);
  const all = credited.length > 0 ? credited : [artist].flatMap((each) => each ?? []);
  return [...new Map(all.map((each) => [each.id, toRef(each)])).values()];
}

const GROUPS: Readonly<Record<string, AlbumGroup>> = {
  single: 'SINGLE',
  ep: 'SINGLE',
  compile: 'COMPILATION',
  compilation: 'COMPILATION',
};

/** @param artist of the list that the album is in, whose rows do not name it */
export function toAlbum(
  album: DeezerAlbumRow & Partial<DeezerAlbum>,
  artist: ArtistRef | null = null,
): Album {
  const artists = toArtists(album);
  return {
    type: 'ALBUM',
    id: toId(album.id),
    title: album.title,
    artists: artists.length === 0 && artist ? [artist] : artists,
    group: GROUPS[album.record_type ?? ''] ?? 'ALBUM',
    releaseDate: album.release_date,
    trackTotal: album.nb_tracks ?? 0,
    discTotal: 1,
    upc: album.upc ?? null,
    label: album.label ?? null,
    copyright: null,
    genres: (album.genres?.data ?? []).flatMap((each) => each?.name ?? []),
    images: toImages('cover', album),
    url: album.link,
  };
}

/** @param album as far as it is known; by default what the track itself says of it */
export function toTrack(track: DeezerTrack, album: Album | null = null): Track {
  return {
    type: 'TRACK',
    id: toId(track.id),
    title: track.title,
    artists: toArtists(track),
    album: album ?? toPartialAlbum(track),
    durationMs: track.duration ? track.duration * 1000 : null,
    explicit: track.explicit_lyrics,
    ...(track.readable !== null && { available: track.readable }),
    trackNumber: track.track_position,
    discNumber: track.disk_number,
    isrc: track.isrc,
    genres: album?.genres ?? [],
    url: track.link,
  };
}

function toPartialAlbum({ album, artist }: DeezerTrack): Album | null {
  return album && toAlbum({ ...album, artist, nb_tracks: null, record_type: null });
}

export function toPlaylistEntry(track: DeezerTrack | null): PlaylistEntry {
  if (!track) return { track: null, trackId: null, addedAt: null };
  const { time_add: seconds } = track;
  const item = toTrack(track);
  return { track: item, trackId: item.id, addedAt: seconds ? new Date(seconds * 1000).toISOString() : null };
}

export function toPlaylist(playlist: DeezerPlaylist): Playlist {
  const owner = playlist.creator ?? playlist.user;
  return {
    type: 'PLAYLIST',
    id: toId(playlist.id),
    title: playlist.title,
    description: playlist.description,
    owner: { id: '', name: owner?.name ?? '' },
    total: playlist.nb_tracks ?? 0,
    revision: playlist.checksum,
    images: toImages('picture', playlist),
    url: playlist.link,
  };
}

export function toArtist(artist: DeezerArtist): Artist {
  const { link: url } = artist;
  return { type: 'ARTIST', ...toRef(artist), genres: [], images: toImages('picture', artist), url };
}

export function toShow(podcast: DeezerPodcast, total: number): Show {
  return {
    type: 'SHOW',
    id: toId(podcast.id),
    title: podcast.title,
    publisher: null,
    description: podcast.description,
    explicit: false,
    total,
    languages: [],
    images: toImages('picture', podcast),
    url: podcast.link,
  };
}

export function toEpisode(episode: DeezerEpisode, show: Show | null): Episode {
  return {
    type: 'EPISODE',
    id: toId(episode.id),
    title: episode.title,
    description: episode.description,
    show,
    durationMs: episode.duration ? episode.duration * 1000 : null,
    explicit: false,
    releaseDate: episode.release_date,
    images: toImages('picture', episode),
    url: episode.link,
  };
}
