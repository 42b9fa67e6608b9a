import { z } from 'zod';

/*
 * Answers of the MusicBrainz API (musicbrainz.org/doc/MusicBrainz_API), as far as they are used. Only ids are required:
 * any other field may be absent, null or of another type. What a schema returns it also accepts, for it is stored.
 */

const id = z.string().regex(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
const text = z.string().min(1);
const optionalText = text.nullable().catch(null);

/** Rows that cannot be read are left out. */
const rowsOf = <T>(item: z.ZodType<T>) =>
  z
    .array(item.nullable().catch(null))
    .transform((rows) => rows.filter((row) => row !== null))
    .catch([]);

/** Not known to the day for many; an unknown one is an empty text. */
const day = z
  .string()
  .regex(/^(?!0000)\d{4}(?:-(?!00)\d{2}(?:-(?!00)\d{2})?)?$/)
  .nullable()
  .catch(null);

const artistCredit = rowsOf(z.object({ name: z.string().catch(''), artist: z.object({ id }) }));

/** As people vote for them; the more votes, the surer. */
const genres = rowsOf(z.object({ name: text, count: z.number().catch(0) }));

const releaseRowSchema = z.object({
  id,
  title: z.string().catch(''),
  status: optionalText,
  date: day,
  barcode: optionalText,
  'release-group': z.object({ id }).nullable().catch(null),
});

const recordingSchema = z.object({
  id,
  title: z.string().catch(''),
  /** In milliseconds. */
  length: z.number().positive().nullable().catch(null),
  video: z.boolean().catch(false),
  isrcs: rowsOf(text),
  'artist-credit': artistCredit,
  genres,
  releases: rowsOf(releaseRowSchema),
});

export const isrcSchema = z.object({ recordings: rowsOf(recordingSchema) });
export const recordingLookupSchema = z.object({ id, isrcs: rowsOf(text) });

export const releaseSchema = releaseRowSchema.extend({
  'artist-credit': artistCredit,
  genres,
  'label-info': rowsOf(z.object({ label: z.object({ name: text }) })),
  media: rowsOf(
    z.object({ tracks: rowsOf(z.object({ id, recording: z.object({ id }).nullable().catch(null) })) }),
  ),
});

export const barcodeSchema = z.object({ id, barcode: optionalText });

export type MusicBrainzRecording = z.infer<typeof recordingSchema>;
export type MusicBrainzReleaseRow = z.infer<typeof releaseRowSchema>;
export type MusicBrainzRelease = z.infer<typeof releaseSchema>;
