import { z } from 'zod';

export const imageShape = z
  .object({ url: z.string(), width: z.int().nullable(), height: z.int().nullable() })
  .meta({ id: 'Image' });

/** Where a person finds it; empty when its catalogue has no page for it. The name is Spotify's, for all catalogues. */
export const linkShape = z.object({ spotify: z.string() });
