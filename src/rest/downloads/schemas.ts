import { z } from 'zod';
import { audioFormat } from '../../settings/settings.js';

const formats = audioFormat.options;
const inLowerCase = formats.map((each) => each.toLowerCase());

/** Both forms: responses have the upper one, and the reference the lower one. */
export const audioFormatSchema = z.enum([...formats, ...inLowerCase]).meta({
  id: 'AudioFormat',
  description: 'Format of an audio file. Upper case is the form in responses; KEEP is that of the source.',
  // Generators that make constants of the words could not tell MP3 from mp3.
  'x-enum-varnames': [...formats, ...formats.map((each) => `LOWER_CASE_${each}`)],
});

export const queuedSchema = z
  .object({ task_id: z.uuid() })
  .meta({ id: 'QueuedDownload', description: 'The task that downloads the item.' });

const queuedAlbumSchema = z
  .object({
    task_id: z.uuid(),
    name: z.string(),
    artist: z.string(),
    url: z.url().meta({
      description: 'The album’s page at its provider, or the address that queues it if it has none.',
    }),
  })
  .meta({ id: 'QueuedAlbum', description: 'An album of an artist, and the task that downloads it.' });

export const queuedArtistSchema = z
  .object({
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
  })
  .meta({ id: 'QueuedDiscography', description: 'The tasks that download the albums of an artist.' });
