import { z } from 'zod';
import { rowsOf, webAddress } from '../answers.js';

/*
 * Answers of the Web API (developer.spotify.com), as far as they are used. Only an id and a name are required: apps in
 * development mode get fewer fields, and any other may be absent, null or of another type. What a schema returns it
 * also accepts, for it is stored.
 */

const id = z.string().regex(/^[A-Za-z0-9]{1,64}$/);
const text = z.string().min(1);
const optionalText = text.nullable().catch(null);
/** Some are stored in lower case. */
const isrc = text
  .transform((code) => code.toUpperCase())
  .nullable()
  .catch(null);
const count = z.int().nonnegative().nullable().catch(null);
const flag = z.boolean().catch(false);
const optionalFlag = z.boolean().nullable().catch(null);
const texts = z
  .array(text.nullable().catch(null))
  .transform((all) => all.filter((each) => each !== null))
  .catch([]);

/** A year, a month or a day; "0000" for an unknown one. */
const releaseDate = z
  .string()
  .transform((value) => /^(?!0000)\d{4}(?:-(?!00)\d{2}(?:-(?!00)\d{2})?)?/.exec(value)?.[0] ?? null)
  .nullable()
  .catch(null);

const links = z.object({ spotify: webAddress }).nullable().catch(null);
const images = rowsOf(
  z.object({ url: z.string().regex(/^https?:\/\/\S+$/), width: count, height: count }),
).catch([]);

const artistCredit = z.object({ id, name: text });
const artists = rowsOf(artistCredit).catch([]);

export const artistSchema = z.object({ id, name: text, genres: texts, images, external_urls: links });

/** Of a search, of an artist's list and of a track. */
export const albumRowSchema = z.object({
  id,
  name: text,
  /** Absent since 2026 for some apps. */
  album_group: optionalText,
  album_type: optionalText,
  artists,
  release_date: releaseDate,
  total_tracks: count,
  images,
  external_urls: links,
});

export const albumSchema = albumRowSchema.extend({
  external_ids: z.object({ upc: optionalText }).nullable().catch(null),
  label: optionalText,
  genres: texts,
  copyrights: rowsOf(z.object({ text, type: optionalText })).catch([]),
});

/** An album's tracks lack `album` and `external_ids`. */
export const trackSchema = z.object({
  id,
  name: text,
  artists,
  album: albumRowSchema.nullable().catch(null),
  duration_ms: count,
  explicit: flag,
  /** Present where a market was requested. */
  is_playable: optionalFlag,
  /** Present where none was requested. */
  available_markets: z.array(z.string()).nullable().catch(null),
  track_number: count,
  disc_number: count,
  external_ids: z.object({ isrc }).nullable().catch(null),
  external_urls: links,
  /** The track that was requested, where another one is played in its place in the market. */
  linked_from: z.object({ id }).nullable().catch(null),
});

const total = z.object({ total: count }).nullable().catch(null);

export const playlistSchema = z.object({
  id,
  name: z.string(),
  description: optionalText,
  owner: z.object({ id: text, display_name: optionalText }).nullable().catch(null),
  snapshot_id: optionalText,
  images,
  external_urls: links,
  items: total,
  tracks: total,
});

/** The track is in `item`, in `track`, or in both; an entry that is gone has null there. */
export const entrySchema = z.object({
  added_at: z.iso.datetime().nullable().catch(null),
  is_local: flag,
  item: z.unknown().optional(),
  track: z.unknown().optional(),
});

/** What an entry is, if it is not a track that the catalog has. */
export const entryKindSchema = z.object({ type: optionalText, is_local: flag, name: optionalText });

export const showSchema = z.object({
  id,
  name: text,
  description: optionalText,
  publisher: optionalText,
  explicit: flag,
  total_episodes: count,
  languages: texts,
  images,
  external_urls: links,
});

export const episodeSchema = z.object({
  id,
  name: text,
  description: optionalText,
  explicit: flag,
  duration_ms: count,
  release_date: releaseDate,
  images,
  external_urls: links,
  show: showSchema.nullable().catch(null),
});

export const pageSchema = <T>(item: z.ZodType<T>) =>
  z.object({ items: rowsOf(item), total: count, next: optionalText });

export const userSchema = z.object({ id: text, display_name: optionalText });

/** Mostly in place of what was requested; proxies and some refusals send plain text. */
export const errorSchema = z.object({
  error: z.union([
    z.object({ message: z.string().catch('') }).transform(({ message }) => message),
    z.string(),
  ]),
});

/** Of the accounts service (RFC 6749, 5.1). */
export const tokenSchema = z.object({
  access_token: text,
  expires_in: z.number().positive().catch(3_600),
  refresh_token: optionalText,
});

export type SpotifyArtist = z.infer<typeof artistSchema>;
export type SpotifyAlbumRow = z.infer<typeof albumRowSchema>;
export type SpotifyAlbum = z.infer<typeof albumSchema>;
export type SpotifyTrack = z.infer<typeof trackSchema>;
export type SpotifyPlaylist = z.infer<typeof playlistSchema>;
export type SpotifyEntry = z.infer<typeof entrySchema>;
export type SpotifyShow = z.infer<typeof showSchema>;
export type SpotifyEpisode = z.infer<typeof episodeSchema>;
