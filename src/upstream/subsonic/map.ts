import type { Album, AlbumGroup, Artist, ArtistRef, Playlist, Track } from '../../catalog/catalog-item.js';
import type { PlaylistEntry } from '../../catalog/catalog-source.js';
import { present } from '../answers.js';
import type { SubsonicAlbum, SubsonicArtist, SubsonicPlaylist, SubsonicSong } from './schemas.js';

/** What an id here may consist of (catalog/item-reference.ts), less the mark of those that are encoded. */
const PLAIN_ID = /^(?!x\.)(?=.*[A-Za-z0-9])[A-Za-z0-9._-]{1,128}$/;

/** Ids of one server, which may have any form there: `subsonic:tr-1`, `subsonic2:x.L211c2lj`. */
export interface SubsonicIds {
  toId(serverId: string): string;
  /** The server's own id; null for an id of another catalog, which no request is made for. */
  localIdOf(id: string): string | null;
}

export function createIds(provider: string): SubsonicIds {
  return {
    toId: (serverId) =>
      `${provider}:${PLAIN_ID.test(serverId) ? serverId : `x.${Buffer.from(serverId).toString('base64url')}`}`,
    localIdOf: (id) => {
      const [own, local = '', ...rest] = id.split(':');
      if (own !== provider || local === '' || rest.length > 0) return null;
      return local.startsWith('x.') ? Buffer.from(local.slice(2), 'base64url').toString() : local;
    },
  };
}

type Rows<T> = readonly (T | null)[];

export function createMapping({ toId }: SubsonicIds) {
  const toRefs = (
    credits: Rows<{ id: string | null; name: string }>,
    single: { id: string | null; name: string | null },
  ): ArtistRef[] => {
    const all = present(credits);
    const named = all.length > 0 || single.name === null ? all : [{ id: single.id, name: single.name }];
    return named.map(({ id, name }) => ({ id: id === null ? '' : toId(id), name }));
  };

  /** @param artistId of the list that the album is in */
  const toAlbum = (album: SubsonicAlbum, artistId: string | null = null): Album => {
    const artists = toRefs(album.artists, { id: album.artistId, name: album.artist });
    const isOwn = artistId === null || artists.some(({ id }) => id === toId(artistId));
    const discs = present(album.song).map((song) => song.discNumber ?? 1);
    return {
      type: 'ALBUM',
      id: toId(album.id),
      title: album.name,
      artists,
      group: isOwn ? groupOf(album) : 'APPEARS_ON',
      releaseDate:
        dayOf(album.releaseDate) ?? dayOf(album.originalReleaseDate) ?? dayOf({ year: album.year }),
      trackTotal: album.song.length || (album.songCount ?? 0),
      discTotal: Math.max(1, ...discs),
      upc: null,
      label: present(album.recordLabels)[0]?.name ?? null,
      copyright: null,
      genres: genresOf(album),
      images: toImages(toId, album.coverArt),
      url: null,
    };
  };

  const toPartialAlbum = (song: SubsonicSong): Album | null => {
    if (song.albumId === null || song.album === null) return null;
    const { albumId: id, album: name, albumArtists: artists, coverArt } = song;
    return toAlbum({ ...NO_ALBUM, id, name, artists, coverArt, year: song.year });
  };

  return {
    toAlbum,
    /** @param album as far as it is known; by default what the song itself says of it */
    toTrack: (song: SubsonicSong, album: Album | null = null): Track => ({
      type: 'TRACK',
      id: toId(song.id),
      title: song.title,
      artists: toRefs(song.artists, { id: song.artistId, name: song.artist }),
      album: album ?? toPartialAlbum(song),
      durationMs: lengthOf(song),
      explicit: song.explicitStatus === 'explicit',
      trackNumber: song.track || null,
      discNumber: song.discNumber || null,
      isrc: isrcOf(song),
      genres: genresOf(song),
      url: null,
    }),
    ...createListMapping(toId),
    toEntry(this: void, track: Track | null): PlaylistEntry {
      return { track, trackId: track?.id ?? null, addedAt: null };
    },
  };
}

function createListMapping(toId: SubsonicIds['toId']) {
  return {
    toArtist: ({ id, name, coverArt }: SubsonicArtist): Artist => {
      return { type: 'ARTIST', id: toId(id), name, genres: [], images: toImages(toId, coverArt), url: null };
    },
    toPlaylist: (playlist: SubsonicPlaylist): Playlist => ({
      type: 'PLAYLIST',
      id: toId(playlist.id),
      title: playlist.name,
      description: playlist.comment,
      owner: { id: '', name: playlist.owner ?? '' },
      total: playlist.entry.length || (playlist.songCount ?? 0),
      revision: playlist.changed,
      images: toImages(toId, playlist.coverArt),
      url: null,
    }),
  };
}

/** Named by the id under which the server has the picture; its size is not told. */
const toImages = (toId: SubsonicIds['toId'], coverArt: string | null) =>
  coverArt === null ? [] : [{ url: toId(coverArt), widthPx: null, heightPx: null }];

export type Mapping = ReturnType<typeof createMapping>;

const NO_ALBUM = {
  artist: null,
  artistId: null,
  songCount: null,
  genre: null,
  genres: [],
  recordLabels: [],
  releaseDate: null,
  originalReleaseDate: null,
  isCompilation: false,
  releaseTypes: [],
  coverArt: null,
  song: [],
};

function groupOf({ isCompilation, releaseTypes }: SubsonicAlbum): AlbumGroup {
  const types = releaseTypes.map((type) => type.toLowerCase());
  if (isCompilation || types.includes('compilation')) return 'COMPILATION';
  return types.includes('single') || types.includes('ep') ? 'SINGLE' : 'ALBUM';
}

type Parts = { year: number | null; month?: number | null; day?: number | null } | null;

function dayOf(date: Parts): string | null {
  if (!date?.year) return null;
  const year = String(date.year).padStart(4, '0');
  if (!date.month) return year;
  const month = `${year}-${String(date.month).padStart(2, '0')}`;
  return date.day ? `${month}-${String(date.day).padStart(2, '0')}` : month;
}

function genresOf({ genres, genre }: Pick<SubsonicSong, 'genres' | 'genre'>): string[] {
  const all = present(genres).map(({ name }) => name);
  return all.length > 0 ? all : genre === null ? [] : [genre];
}

export const isrcOf = ({ isrc }: Pick<SubsonicSong, 'isrc'>): string | null => isrc.find(Boolean) ?? null;

export const lengthOf = ({ duration }: Pick<SubsonicSong, 'duration'>): number | null =>
  duration === null ? null : Math.round(duration * 1000);
