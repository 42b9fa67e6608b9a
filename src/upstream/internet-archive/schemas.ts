import { z } from 'zod';

/*
 * Responses of archive.org, as far as they are used (archive.org/developers). A field of an item is a text or a list of
 * texts, whatever it is of; numbers are texts. Stored as they are parsed, so each schema takes what it makes.
 */

const text = z.union([z.string(), z.number().transform(String)]);

const asList = (value: unknown): unknown => {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
};

/** All texts of a field. */
const texts = z.preprocess(
  asList,
  z.array(text.catch('')).transform((values) => values.map((value) => value.trim()).filter(Boolean)),
);

/** The first text of a field. */
const firstText = z.preprocess(
  (value: unknown): unknown => (Array.isArray(value) ? value[0] : value),
  text
    .transform((value) => value.trim() || null)
    .nullable()
    .catch(null),
);

const fileSchema = z.object({
  name: z.string().refine(isRequestable),
  /** `original` or `derivative`. */
  source: firstText,
  /** Of a derivative, the name of the file that it was made from. */
  original: firstText,
  format: firstText,
  size: firstText,
  /** Seconds, or `4:01`. */
  length: firstText,
  md5: firstText,
  bitrate: firstText,
  title: firstText,
  artist: firstText,
  creator: firstText,
  track: firstText,
  genre: firstText,
  /** Played on the site only. */
  private: firstText,
});

/** A segment of dots would be another address, and half of a character is in none. */
function isRequestable(name: string): boolean {
  return !/\p{Surrogate}/u.test(name) && name.split('/').every((part) => !/^\.{0,2}$/.test(part));
}

const AUDIO = /\.(?:flac|mp3|ogg|oga|opus|wav|aiff?|m4a|aac)$/i;

const filesSchema = z
  .preprocess(asList, z.array(fileSchema.nullable().catch(null)))
  .transform((files) =>
    files.flatMap((file) => (file && AUDIO.test(file.name) && file.private !== 'true' ? [file] : [])),
  );

const facts = {
  identifier: z.string().regex(/^[A-Za-z0-9][\w.-]{0,99}$/),
  title: firstText,
  creator: texts,
  date: firstText,
  licenseurl: texts,
};

/** Of `/metadata/{identifier}`; an unknown item is an empty object. */
export const itemSchema = z.object({
  metadata: z.object({ ...facts, publisher: firstText }),
  files: filesSchema,
});

/** A row of a search, which knows no files. */
const rowSchema = z.object(facts);

export const foundSchema = z.object({
  rows: z.array(rowSchema),
  total: z.number(),
});

export const searchSchema = z
  .object({
    response: z.object({
      numFound: z.coerce.number().int().nonnegative(),
      docs: z.array(rowSchema.nullable().catch(null)),
    }),
  })
  .transform(({ response }) => ({
    rows: response.docs.flatMap((row) => row ?? []),
    total: response.numFound,
  }));

export type ArchiveFile = z.infer<typeof fileSchema>;
export type ArchiveItem = z.infer<typeof itemSchema>;
export type ArchiveRow = z.infer<typeof rowSchema>;
export type Found = z.infer<typeof foundSchema>;
