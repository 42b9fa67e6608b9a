import { z } from 'zod';
import { imageShape, linkShape } from './image-shape.js';

export const playlistShape = z
  .object({
    id: z.string(),
    type: z.literal('playlist'),
    uri: z.string(),
    external_urls: linkShape,
    name: z.string(),
    description: z.string(),
    owner: z.object({ id: z.string().nullable(), display_name: z.string() }),
    tracks: z.object({ total: z.int() }),
    images: z.array(imageShape),
    followers: z.object({ total: z.int() }),
    snapshot_id: z.string().nullable(),
  })
  .meta({ id: 'Playlist' });
