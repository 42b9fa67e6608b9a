import { z } from 'zod';
import { artistCreditShape } from './artist-schema.js';
import { imageShape, linkShape } from './image-schema.js';

const album = z.object({
  id: z.string(),
  type: z.literal('album'),
  uri: z.string(),
  external_urls: linkShape,
  name: z.string(),
  artists: z.array(artistCreditShape),
  album_type: z.enum(['album', 'single', 'compilation']),
  total_tracks: z.int(),
  release_date: z.string(),
  release_date_precision: z.enum(['year', 'month', 'day']),
  images: z.array(imageShape),
  label: z.string(),
  genres: z.array(z.string()),
  popularity: z.int(),
  external_ids: z.object({ upc: z.string().optional() }),
  copyrights: z.array(z.object({ text: z.string(), type: z.literal('C') })),
});

export const albumShape = album.meta({ id: 'Album' });

/** What a track without an album has in its place. */
export const noAlbumShape = z
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

/** An album with more keys of its own. */
export function albumWith<Shape extends z.ZodRawShape>(more: Shape) {
  return album.extend(more);
}
