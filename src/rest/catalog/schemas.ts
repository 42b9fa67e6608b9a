import { z } from 'zod';

/** One page of a list, in the form of Spotify's Web API. */
function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    total: z.int(),
    limit: z.int(),
    offset: z.int(),
    next: z.string().nullable(),
    previous: z.string().nullable(),
  });
}

const precisionSchema = z.enum(['year', 'month', 'day']);

export const imageSchema = z
  .object({ url: z.string(), width: z.int().nullable(), height: z.int().nullable() })
  .meta({ id: 'Image' });

/** The key is Spotify's, whichever catalog the page belongs to. Empty when the catalog has no page. */
const linkSchema = z.object({ spotify: z.string() });

/** The keys that every item starts with. */
function identity<Type extends string>(type: Type) {
  return { id: z.string(), type: z.literal(type), uri: z.string(), external_urls: linkSchema };
}

/** An artist as tracks and albums name it. The id is null when the catalog gave only a name. */
const artistCreditSchema = z
  .object({ ...identity('artist'), id: z.string().nullable(), uri: z.string().optional(), name: z.string() })
  .meta({ id: 'ArtistCredit' });

const artistSchema = z
  .object({
    ...identity('artist'),
    name: z.string(),
    genres: z.array(z.string()),
    images: z.array(imageSchema),
    followers: z.object({ total: z.int() }),
    popularity: z.int(),
  })
  .meta({ id: 'Artist' });

const albumSchema = z
  .object({
    ...identity('album'),
    name: z.string(),
    artists: z.array(artistCreditSchema),
    album_type: z.enum(['album', 'single', 'compilation']),
    total_tracks: z.int(),
    release_date: z.string(),
    release_date_precision: precisionSchema,
    images: z.array(imageSchema),
    label: z.string(),
    genres: z.array(z.string()),
    popularity: z.int(),
    external_ids: z.object({ upc: z.string().optional() }),
    copyrights: z.array(z.object({ text: z.string(), type: z.literal('C') })),
  })
  .meta({ id: 'Album' });

/** Stands in for the album of a track that has none. */
const noAlbumSchema = z
  .object({
    id: z.null(),
    name: z.literal(''),
    type: z.literal('album'),
    release_date: z.literal(''),
    total_tracks: z.literal(0),
    artists: z.array(z.never()),
    images: z.array(z.never()),
  })
  .meta({ id: 'NoAlbum' });

export const trackSchema = z
  .object({
    ...identity('track'),
    name: z.string(),
    artists: z.array(artistCreditSchema),
    album: z.union([albumSchema, noAlbumSchema]),
    duration_ms: z.int(),
    explicit: z.boolean(),
    track_number: z.int(),
    disc_number: z.int(),
    external_ids: z.object({ isrc: z.string().optional() }),
    popularity: z.int(),
    preview_url: z.null(),
    is_local: z.literal(false),
  })
  .meta({ id: 'Track' });

const playlistSchema = z
  .object({
    ...identity('playlist'),
    name: z.string(),
    description: z.string(),
    owner: z.object({ id: z.string().nullable(), display_name: z.string() }),
    tracks: z.object({ total: z.int() }),
    images: z.array(imageSchema),
    followers: z.object({ total: z.int() }),
    snapshot_id: z.string().nullable(),
  })
  .meta({ id: 'Playlist' });

/** The track is null when the catalog no longer has it. */
const playlistEntrySchema = z
  .object({ added_at: z.string().nullable(), track: trackSchema.nullable() })
  .meta({ id: 'PlaylistEntry' });

const showSchema = z
  .object({
    ...identity('show'),
    name: z.string(),
    publisher: z.string(),
    description: z.string(),
    explicit: z.boolean(),
    languages: z.array(z.string()),
    media_type: z.literal('audio'),
    total_episodes: z.int(),
    images: z.array(imageSchema),
  })
  .meta({ id: 'Show' });

const episodeSchema = z
  .object({
    ...identity('episode'),
    name: z.string(),
    description: z.string(),
    duration_ms: z.int(),
    explicit: z.boolean(),
    language: z.string(),
    languages: z.array(z.string()),
    release_date: z.string(),
    release_date_precision: precisionSchema,
    images: z.array(imageSchema),
    audio_preview_url: z.null(),
    show: showSchema.nullable(),
  })
  .meta({ id: 'Episode' });

export const searchSchema = z.object({
  items: z.array(
    z.union([trackSchema, albumSchema, artistSchema, playlistSchema, showSchema, episodeSchema]),
  ),
  total: z.int(),
});

export const albumWithTracksSchema = albumSchema.extend({ tracks: pageOf(trackSchema) });

export const playlistTracksSchema = pageOf(playlistEntrySchema);
export const playlistWithTracksSchema = playlistSchema.extend({ tracks: playlistTracksSchema });
export const playlistInfoSchema = playlistSchema.extend({
  tracks: z.union([playlistSchema.shape.tracks, playlistTracksSchema]),
});

export const artistWithAlbumsSchema = artistSchema.extend({
  albums: pageOf(
    albumSchema.extend({ album_group: z.enum(['album', 'single', 'compilation', 'appears_on']) }),
  ),
});
