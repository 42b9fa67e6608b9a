import { z } from 'zod';
import { albumShape, noAlbumShape } from './album-schema.js';
import { artistCreditShape } from './artist-schema.js';
import { linkShape } from './image-schema.js';

export const trackShape = z
  .object({
    id: z.string(),
    type: z.literal('track'),
    uri: z.string(),
    external_urls: linkShape,
    name: z.string(),
    artists: z.array(artistCreditShape),
    album: z.union([albumShape, noAlbumShape]),
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
