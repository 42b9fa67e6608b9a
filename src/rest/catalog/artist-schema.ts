import { z } from 'zod';
import { imageShape, linkShape } from './image-schema.js';

/** An artist as tracks and albums name it. Only one that its catalogue knows has an id. */
export const artistCreditShape = z
  .object({
    id: z.string().nullable(),
    name: z.string(),
    type: z.literal('artist'),
    uri: z.string().optional(),
    external_urls: linkShape,
  })
  .meta({ id: 'ArtistCredit' });

const artist = z.object({
  id: z.string(),
  type: z.literal('artist'),
  uri: z.string(),
  external_urls: linkShape,
  name: z.string(),
  genres: z.array(z.string()),
  images: z.array(imageShape),
  followers: z.object({ total: z.int() }),
  popularity: z.int(),
});

export const artistShape = artist.meta({ id: 'Artist' });

/** An artist with keys of their own. */
export function artistWith<Shape extends z.ZodRawShape>(more: Shape) {
  return artist.extend(more);
}
