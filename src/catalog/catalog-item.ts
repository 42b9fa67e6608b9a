import { z } from 'zod';
import { namedEnum } from '../lib/named-enum.js';

export const CATALOG_TYPES = ['TRACK', 'ALBUM', 'PLAYLIST', 'ARTIST', 'EPISODE', 'SHOW'] as const;
export type CatalogType = (typeof CATALOG_TYPES)[number];

export const albumGroup = namedEnum('AlbumGroup', 'How an album belongs to an artist.', {
  ALBUM: 'A full album by the artist.',
  SINGLE: 'A single or an EP by the artist.',
  COMPILATION: 'A collection, often of several artists.',
  APPEARS_ON: 'An album of another artist with a track of this one.',
});
export const ALBUM_GROUPS = albumGroup.options;
export type AlbumGroup = z.infer<typeof albumGroup>;

/**
 * Raise it when stored responses no longer parse, or mean something else: those of another version are not read,
 * and a catalog that is down then has none to stand in for it.
 */
export const SCHEMA_VERSION = 1;

/** Ids are `provider:id` everywhere inside, for example `demo:night-ferry-1-03` or `library:Zk3…`. */
const artistRefSchema = z.object({ id: z.string(), name: z.string() });

/** Null when unknown; earlier versions stored 0. */
const durationSchema = z
  .number()
  .nullable()
  .transform((ms) => ms || null);

/** Where the catalog has the picture: its web address, or `provider:…` for one that only the catalog can read. */
const imageSchema = z.object({
  url: z.string(),
  widthPx: z.number().nullable(),
  heightPx: z.number().nullable(),
});

/** When the catalog was read, of an item that stands in for what it does not answer now; absent from a current one. */
const asOf = z.string().optional();

export const albumSchema = z.object({
  type: z.literal('ALBUM'),
  id: z.string(),
  asOf,
  title: z.string(),
  artists: z.array(artistRefSchema),
  group: albumGroup,
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
  releaseDate: z.string().nullable(),
  trackTotal: z.number(),
  discTotal: z.number(),
  upc: z.string().nullable(),
  label: z.string().nullable(),
  copyright: z.string().nullable(),
  genres: z.array(z.string()),
  images: z.array(imageSchema),
  url: z.string().nullable(),
});

export const trackSchema = z.object({
  type: z.literal('TRACK'),
  id: z.string(),
  asOf,
  title: z.string(),
  artists: z.array(artistRefSchema),
  album: albumSchema.nullable(),
  durationMs: durationSchema,
  explicit: z.boolean(),
  /** Whether the catalog offers it in the country that it is asked from; absent where the catalog does not say. */
  available: z.boolean().optional(),
  trackNumber: z.number().nullable(),
  discNumber: z.number().nullable(),
  /** Tracks of its disc, as the file says; without it, those of the album. */
  trackTotal: z.number().optional(),
  isrc: z.string().nullable(),
  genres: z.array(z.string()),
  url: z.string().nullable(),
});

export const playlistSchema = z.object({
  type: z.literal('PLAYLIST'),
  id: z.string(),
  asOf,
  title: z.string(),
  description: z.string().nullable(),
  owner: artistRefSchema,
  /** Entries, missing ones included. */
  total: z.number(),
  /** Changes when the entries change; null where the catalog has no such value. */
  revision: z.string().nullable(),
  images: z.array(imageSchema),
  url: z.string().nullable(),
});

export const artistSchema = z.object({
  type: z.literal('ARTIST'),
  id: z.string(),
  asOf,
  name: z.string(),
  genres: z.array(z.string()),
  images: z.array(imageSchema),
  url: z.string().nullable(),
});

export const showSchema = z.object({
  type: z.literal('SHOW'),
  id: z.string(),
  asOf,
  title: z.string(),
  /** Null where the catalog does not say who makes it; earlier versions stored an empty text. */
  publisher: z
    .string()
    .nullable()
    .transform((name) => name || null),
  description: z.string().nullable(),
  explicit: z.boolean(),
  total: z.number(),
  /** ISO 639-1, where known. */
  languages: z.array(z.string()),
  images: z.array(imageSchema),
  url: z.string().nullable(),
});

export const episodeSchema = z.object({
  type: z.literal('EPISODE'),
  id: z.string(),
  asOf,
  title: z.string(),
  description: z.string().nullable(),
  /** Null where the catalog does not send it with each episode. */
  show: showSchema.nullable(),
  durationMs: durationSchema,
  explicit: z.boolean(),
  releaseDate: z.string().nullable(),
  images: z.array(imageSchema),
  url: z.string().nullable(),
});

export const queueableItemSchema = z.discriminatedUnion('type', [
  trackSchema,
  albumSchema,
  playlistSchema,
  artistSchema,
]);

export const catalogItemSchema = z.discriminatedUnion('type', [
  ...queueableItemSchema.options,
  showSchema,
  episodeSchema,
]);

export type ArtistRef = z.infer<typeof artistRefSchema>;
export type Image = z.infer<typeof imageSchema>;
export type Album = z.infer<typeof albumSchema>;
export type Track = z.infer<typeof trackSchema>;
export type Playlist = z.infer<typeof playlistSchema>;
export type Artist = z.infer<typeof artistSchema>;
export type Show = z.infer<typeof showSchema>;
export type Episode = z.infer<typeof episodeSchema>;
export type QueueableItem = z.infer<typeof queueableItemSchema>;
export type CatalogItem = z.infer<typeof catalogItemSchema>;

export function titleOf(item: CatalogItem): string {
  return item.type === 'ARTIST' ? item.name : item.title;
}

/** The largest first; those of the album of a track, and of the show of an episode that has no own. */
export function picturesOf(item: CatalogItem): readonly Image[] {
  if (item.type === 'TRACK') return item.album?.images ?? [];
  if (item.type === 'EPISODE' && item.images.length === 0) return item.show?.images ?? [];
  return item.images;
}

export function providerOf({ id }: { id: string }): string {
  return id.split(':', 1)[0] ?? '';
}
