import { z } from 'zod';
import { imageShape, linkShape } from './image-schema.js';
import { trackShape } from './track-schema.js';

const playlist = z.object({
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
});

export const playlistShape = playlist.meta({ id: 'Playlist' });

/** A playlist with keys of its own. */
export function playlistWith<Shape extends z.ZodRawShape>(more: Shape) {
  return playlist.extend(more);
}

/** A place in a playlist; its catalogue may have lost the track. */
export const playlistEntryShape = z
  .object({ added_at: z.string().nullable(), track: trackShape.nullable() })
  .meta({ id: 'PlaylistEntry' });
