import { z } from 'zod';
import { rowsOf, webAddress } from '../answers.js';

/*
 * Answers of the public API (developers.deezer.com/api), as far as they are used. Only an id and a name are required:
 * lists leave out what single items have, and any other field may be absent, null or of another type. What a schema
 * returns it also accepts, for it is stored.
 */

/** Negative ids are of files that a user has uploaded, which nobody else can find. */
const id = z.union([z.int().nonnegative().transform(String), z.string().regex(/^\d{1,19}$/)]);
const text = z.string().min(1);
const optionalText = text.nullable().catch(null);
const count = z.coerce.number().int().nonnegative().nullable().catch(null);
const flag = z.boolean().catch(false);

/** Days in several forms; "0000-00-00" for an unknown one. */
const day = z
  .string()
  .transform((value) => /^(?!0000)\d{4}-(?!00)\d{2}-(?!00)\d{2}/.exec(value)?.[0] ?? null)
  .nullable()
  .catch(null);

const covers = {
  cover_small: webAddress,
  cover_medium: webAddress,
  cover_big: webAddress,
  cover_xl: webAddress,
};
const pictures = {
  picture_small: webAddress,
  picture_medium: webAddress,
  picture_big: webAddress,
  picture_xl: webAddress,
};

const artistCredit = z.object({ id, name: text });
const credit = artistCredit.nullable().catch(null);
const contributors = rowsOf(artistCredit).catch([]);

export const artistSchema = z.object({ id, name: text, link: webAddress, ...pictures });

const albumFacts = {
  id,
  title: text,
  link: webAddress,
  ...covers,
  release_date: day,
  record_type: optionalText,
  artist: credit,
};

/** Of a search and of an artist's list. */
export const albumRowSchema = z.object({ ...albumFacts, nb_tracks: count });

export const albumSchema = albumRowSchema.extend({
  upc: optionalText,
  label: optionalText,
  contributors,
  genres: z
    .object({ data: rowsOf(z.object({ name: text })) })
    .nullable()
    .catch(null),
});

/** Of a search, of an album and of a playlist; `isrc` and the positions may be absent in each of them. */
export const trackRowSchema = z.object({
  id,
  title: text,
  link: webAddress,
  duration: count,
  explicit_lyrics: flag,
  /** False in countries where it may not be played. */
  readable: z.boolean().nullable().catch(null),
  isrc: optionalText,
  track_position: count,
  disk_number: count,
  contributors,
  artist: credit,
  album: z
    .object({ id, title: text, link: webAddress, ...covers, release_date: day })
    .nullable()
    .catch(null),
  /** Seconds since 1970, in playlists. */
  time_add: count,
});

const person = z.object({ id, name: text }).nullable().catch(null);

/** A search has `user` where the playlist itself has `creator`. */
export const playlistSchema = z.object({
  id,
  title: text,
  description: optionalText,
  nb_tracks: count,
  link: webAddress,
  checksum: optionalText,
  creator: person,
  user: person,
  ...pictures,
});

export const podcastSchema = z.object({
  id,
  title: text,
  description: optionalText,
  link: webAddress,
  ...pictures,
});

export const episodeSchema = z.object({
  id,
  title: text,
  description: optionalText,
  release_date: day,
  duration: count,
  link: webAddress,
  ...pictures,
  podcast: podcastSchema.nullable().catch(null),
});

export const listSchema = <T>(item: z.ZodType<T>) =>
  z.object({ data: rowsOf(item), total: count, next: optionalText });

/** In place of what was requested, mostly with status 200; for an unknown path, a text. */
export const errorSchema = z.object({
  error: z.union([
    z.object({ type: z.string().catch(''), message: z.string().catch(''), code: z.coerce.number().catch(0) }),
    z.string().transform((message) => ({ type: '', message, code: 0 })),
  ]),
});

export type DeezerArtist = z.infer<typeof artistSchema>;
export type DeezerAlbumRow = z.infer<typeof albumRowSchema>;
export type DeezerAlbum = z.infer<typeof albumSchema>;
export type DeezerTrack = z.infer<typeof trackRowSchema>;
export type DeezerPlaylist = z.infer<typeof playlistSchema>;
export type DeezerPodcast = z.infer<typeof podcastSchema>;
export type DeezerEpisode = z.infer<typeof episodeSchema>;
