import { z } from 'zod';

/*
 * Responses of OpenSubsonic servers (opensubsonic.netlify.app), as far as they are used. Servers differ: only an id and
 * a name are required, ids are texts or numbers, a list of one may be the one, and any other field may be absent.
 */

const id = z.union([z.string().min(1), z.int().transform(String)]);
const optionalId = id.nullable().catch(null);
const text = z.union([z.string(), z.number().transform(String)]);
const optionalText = z.string().min(1).nullable().catch(null);
const count = z.coerce.number().int().nonnegative().nullable().catch(null);
const flag = z.boolean().catch(false);

/** Rows that cannot be read keep their places as null. */
const rowsOf = <T>(item: z.ZodType<T>) =>
  z
    .preprocess(
      (value) => (Array.isArray(value) || !value ? value : [value]),
      z.array(item.nullable().catch(null)),
    )
    .catch([]);

const credits = rowsOf(z.object({ id: optionalId, name: text }));
const names = rowsOf(z.object({ name: text }));

/** Each part may be absent; servers send 0 for a month that they do not know. */
const date = z.object({ year: count, month: count, day: count }).nullable().catch(null);

export const songSchema = z.object({
  id,
  title: text,
  album: optionalText,
  albumId: optionalId,
  artist: optionalText,
  artistId: optionalId,
  artists: credits,
  albumArtists: credits,
  track: count,
  discNumber: count,
  year: count,
  genre: optionalText,
  genres: names,
  size: z.coerce.number().int().positive().nullable().catch(null),
  suffix: optionalText,
  contentType: optionalText,
  /** Seconds. */
  duration: z.coerce.number().positive().nullable().catch(null),
  bitRate: z.coerce.number().int().positive().nullable().catch(null),
  bitDepth: z.coerce.number().int().positive().nullable().catch(null),
  coverArt: optionalId,
  /** Several, one or none. */
  isrc: z.union([z.string().transform((one) => [one]), z.array(z.string())]).catch([]),
  explicitStatus: optionalText,
  isDir: flag,
  isVideo: flag,
});

export const albumSchema = z.object({
  id,
  name: text,
  artist: optionalText,
  artistId: optionalId,
  artists: credits,
  songCount: count,
  year: count,
  genre: optionalText,
  genres: names,
  recordLabels: names,
  releaseDate: date,
  originalReleaseDate: date,
  isCompilation: flag,
  releaseTypes: z.array(z.string()).catch([]),
  coverArt: optionalId,
  song: rowsOf(songSchema),
});

export const artistSchema = z.object({ id, name: text, coverArt: optionalId, album: rowsOf(albumSchema) });

export const playlistSchema = z.object({
  id,
  name: text,
  comment: optionalText,
  owner: optionalText,
  songCount: count,
  changed: optionalText,
  coverArt: optionalId,
  entry: rowsOf(songSchema),
});

export const searchSchema = z
  .object({
    searchResult3: z
      .object({ artist: rowsOf(artistSchema), album: rowsOf(albumSchema), song: rowsOf(songSchema) })
      .catch({ artist: [], album: [], song: [] }),
  })
  .transform(({ searchResult3 }) => searchResult3);

/** The one thing that a response has under this name. */
export const only = <T>(name: string, schema: z.ZodType<T>): z.ZodType<T> =>
  z.object({ [name]: schema }).transform((body) => body[name] as T);

export const playlistsSchema = z
  .object({ playlists: z.object({ playlist: rowsOf(playlistSchema) }).catch({ playlist: [] }) })
  .transform(({ playlists }) => playlists.playlist);

/** What is inside the envelope that each response has. */
export const envelopeSchema = z
  .object({ 'subsonic-response': z.record(z.string(), z.unknown()) })
  .transform((body) => body['subsonic-response']);

export const errorSchema = z.object({
  error: z.object({ code: z.coerce.number().int(), message: z.string().catch('') }),
});

export const extensionsSchema = z
  .object({ openSubsonicExtensions: rowsOf(z.object({ name: z.string() })) })
  .transform(({ openSubsonicExtensions }) => ({
    openSubsonicExtensions: openSubsonicExtensions.flatMap((each) => each ?? []),
  }));

export type SubsonicSong = z.infer<typeof songSchema>;
export type SubsonicAlbum = z.infer<typeof albumSchema>;
export type SubsonicArtist = z.infer<typeof artistSchema>;
export type SubsonicPlaylist = z.infer<typeof playlistSchema>;
