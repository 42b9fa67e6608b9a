import { z } from 'zod';
import { count, milliseconds, ordinal, percent } from '../response-schemas.js';

/** One page of a list, in the form of Spotify's Web API. */
function pageOf<Item extends z.ZodType>(item: Item, id: string) {
  return z
    .object({
      items: z.array(item),
      total: count.meta({ description: 'Entries on all pages.' }),
      limit: ordinal,
      offset: count.meta({ description: 'Entries before this page.' }),
      next: z.string().nullable().meta({ description: 'URL of the next page; null on the last.' }),
      previous: z.string().nullable().meta({ description: 'URL of the page before; null on the first.' }),
    })
    .meta({ id, description: 'One page of a list, as in Spotify’s Web API.' });
}

/** The form of the types in requests and responses. */
export const itemTypeSchema = z
  .enum(['track', 'album', 'artist', 'playlist', 'episode', 'show'])
  .meta({ id: 'ItemType', description: 'Type of a catalog item.' });

const precisionSchema = z
  .enum(['year', 'month', 'day'])
  .meta({ id: 'DatePrecision', description: 'How much of a date is known.' });

const albumTypeSchema = z
  .enum(['album', 'single', 'compilation'])
  .meta({ id: 'AlbumType', description: 'What kind of album it is.' });

export const imageSchema = z
  .object({
    url: z.string(),
    width: count.nullable().meta({ description: 'In pixels; null if unknown.' }),
    height: count.nullable().meta({ description: 'In pixels; null if unknown.' }),
  })
  .meta({ id: 'Image', description: 'A cover or portrait in one size.' });

/** The key is Spotify's, whichever catalog the page belongs to. Empty when the catalog has no page. */
const linkSchema = z.object({ spotify: z.string() }).meta({
  id: 'ExternalUrls',
  description: 'The item’s page at its provider, whichever that is; empty if it has none.',
});

const followersSchema = z
  .object({ total: count })
  .meta({ id: 'Followers', description: 'Always 0: kept for existing clients.' });

/** The keys that every item starts with. */
function identity<Type extends string>(type: Type) {
  return {
    id: z.string(),
    type: z.literal(type),
    uri: z.string(),
    external_urls: linkSchema,
    as_of: z.iso.datetime().optional().meta({
      description:
        'Only while the catalog does not answer: when it last described this item, which a kept response shows.',
    }),
  };
}

/** An artist as tracks and albums name it. The id is null when the catalog gave only a name. */
const artistCreditSchema = z
  .object({ ...identity('artist'), id: z.string().nullable(), uri: z.string().optional(), name: z.string() })
  .meta({ id: 'ArtistCredit', description: 'An artist as tracks and albums name it.' });

const artistSchema = z
  .object({
    ...identity('artist'),
    name: z.string(),
    genres: z.array(z.string()),
    images: z.array(imageSchema),
    followers: followersSchema,
    popularity: percent,
  })
  .meta({ id: 'Artist', description: 'An artist without its albums.' });

const albumIdsSchema = z
  .object({ upc: z.string().optional() })
  .meta({ id: 'AlbumIds', description: 'Codes of the album outside catalogs.' });

const copyrightSchema = z
  .object({ text: z.string(), type: z.literal('C') })
  .meta({ id: 'Copyright', description: 'A copyright notice of an album.' });

const albumSchema = z
  .object({
    ...identity('album'),
    name: z.string(),
    artists: z.array(artistCreditSchema),
    album_type: albumTypeSchema,
    total_tracks: count,
    release_date: z.string().meta({ description: '`YYYY`, `YYYY-MM` or `YYYY-MM-DD`; empty if unknown.' }),
    release_date_precision: precisionSchema,
    images: z.array(imageSchema),
    label: z.string(),
    genres: z.array(z.string()),
    popularity: percent,
    external_ids: albumIdsSchema,
    copyrights: z.array(copyrightSchema),
  })
  .meta({ id: 'Album', description: 'An album without its tracks.' });

/** Stands in for the album of a track that has none. */
const noAlbumSchema = z
  .object({
    id: z.null(),
    name: z.literal(''),
    type: z.literal('album'),
    release_date: z.literal(''),
    total_tracks: z.literal(0),
    artists: z.array(artistCreditSchema).max(0),
    images: z.array(imageSchema).max(0),
  })
  .meta({ id: 'NoAlbum', description: 'Stands in for the album of a track that has none.' });

const trackIdsSchema = z
  .object({ isrc: z.string().optional() })
  .meta({ id: 'TrackIds', description: 'Codes of the track outside catalogs.' });

export const trackSchema = z
  .object({
    ...identity('track'),
    name: z.string(),
    artists: z.array(artistCreditSchema),
    album: z.union([albumSchema, noAlbumSchema]),
    duration_ms: milliseconds,
    explicit: z.boolean(),
    track_number: count.meta({ description: 'From 1; 0 if unknown.' }),
    disc_number: count,
    external_ids: trackIdsSchema,
    popularity: percent,
    preview_url: z.null(),
    is_local: z.literal(false),
  })
  .meta({ id: 'Track', description: 'A track with its album.' });

const playlistOwnerSchema = z
  .object({ id: z.string().nullable(), display_name: z.string() })
  .meta({ id: 'PlaylistOwner', description: 'The user who made the playlist.' });

const trackTotalSchema = z
  .object({ total: count })
  .meta({ id: 'TrackTotal', description: 'How many tracks a playlist has.' });

const playlistSchema = z
  .object({
    ...identity('playlist'),
    name: z.string(),
    description: z.string(),
    owner: playlistOwnerSchema,
    tracks: trackTotalSchema,
    images: z.array(imageSchema),
    followers: followersSchema,
    snapshot_id: z.string().nullable().meta({ description: 'Changes when the playlist does.' }),
  })
  .meta({ id: 'Playlist', description: 'A playlist without its tracks.' });

const locallyKnown = z.boolean().optional().meta({
  description: 'Whether you have it; only if its playlist or artist is on the watch list.',
});

/** The track is null when the catalog no longer has it. */
const playlistEntrySchema = z
  .object({
    added_at: z.string().nullable(),
    track: trackSchema.nullable(),
    is_locally_known: locallyKnown,
  })
  .meta({
    id: 'PlaylistEntry',
    description: 'A track of a playlist; `track` is null when the catalog no longer has it.',
  });

const showSchema = z
  .object({
    ...identity('show'),
    name: z.string(),
    publisher: z.string(),
    description: z.string(),
    explicit: z.boolean(),
    languages: z.array(z.string()),
    media_type: z.literal('audio'),
    total_episodes: count,
    images: z.array(imageSchema),
  })
  .meta({ id: 'Show', description: 'A podcast without its episodes.' });

const episodeSchema = z
  .object({
    ...identity('episode'),
    name: z.string(),
    description: z.string(),
    duration_ms: milliseconds,
    explicit: z.boolean(),
    language: z.string(),
    languages: z.array(z.string()),
    release_date: z.string(),
    release_date_precision: precisionSchema,
    images: z.array(imageSchema),
    audio_preview_url: z.null(),
    show: showSchema.nullable(),
  })
  .meta({ id: 'Episode', description: 'An episode of a podcast.' });

export const searchSchema = z
  .object({
    items: z.array(
      z.discriminatedUnion('type', [
        trackSchema,
        albumSchema,
        artistSchema,
        playlistSchema,
        showSchema,
        episodeSchema,
      ]),
    ),
    total: count.meta({ description: 'Matches on all pages.' }),
  })
  .meta({ id: 'SearchResults', description: 'Items that match a search, all of the requested type.' });

export const albumWithTracksSchema = albumSchema
  .extend({ tracks: pageOf(trackSchema, 'TrackPage') })
  .meta({ id: 'AlbumWithTracks', description: 'An album and a page of its tracks.' });

export const playlistTracksSchema = pageOf(playlistEntrySchema, 'PlaylistEntryPage');
export const playlistWithTracksSchema = playlistSchema
  .extend({ tracks: playlistTracksSchema })
  .meta({ id: 'PlaylistWithTracks', description: 'A playlist and a page of its tracks.' });
/** The longer one first: clients that try them in order must not lose the tracks. */
export const playlistInfoSchema = z.union([playlistWithTracksSchema, playlistSchema]);

const artistAlbumSchema = albumSchema
  .extend({
    album_group: z.enum(['album', 'single', 'compilation', 'appears_on']),
    is_locally_known: locallyKnown,
  })
  .meta({ id: 'ArtistAlbum', description: 'An album, and how the artist takes part in it.' });

export const artistWithAlbumsSchema = artistSchema
  .extend({ albums: pageOf(artistAlbumSchema, 'ArtistAlbumPage') })
  .meta({ id: 'ArtistWithAlbums', description: 'An artist and a page of their albums.' });
