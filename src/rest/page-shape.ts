import { z } from 'zod';

/** One page of a list, as Spotify's Web API has it. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    total: z.int(),
    limit: z.int(),
    offset: z.int(),
    next: z.string().nullable(),
    previous: z.string().nullable(),
  });
}
