import { z } from 'zod';

export const queuedSchema = z.object({ task_id: z.uuid() });

const queuedAlbumSchema = z.object({
  task_id: z.uuid(),
  name: z.string(),
  artist: z.string(),
  url: z
    .url()
    .meta({ description: 'The album’s page at its provider, or the address that queues it if it has none.' }),
});

export const queuedArtistSchema = z.object({
  status: z.literal('complete'),
  message: z.string(),
  task_id: z.uuid().meta({
    description: 'The artist’s own task. It queues the albums that were not queued within the time limit.',
  }),
  queued_albums: z.array(z.uuid()),
  queued: z.array(queuedAlbumSchema),
  duplicate_albums: z
    .array(z.uuid())
    .meta({ description: 'Existing tasks that already download albums of the artist.' }),
});
