import { z } from 'zod';
import { imageShape, linkShape } from './image-shape.js';

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

export const artistShape = z
  .object({
    id: z.string(),
    type: z.literal('artist'),
    uri: z.string(),
    external_urls: linkShape,
    name: z.string(),
    genres: z.array(z.string()),
    images: z.array(imageShape),
    followers: z.object({ total: z.int() }),
    popularity: z.int(),
  })
  .meta({ id: 'Artist' });
