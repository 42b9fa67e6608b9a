import { z } from 'zod';
import { imageShape, linkShape } from './image-schema.js';

export const showShape = z
  .object({
    id: z.string(),
    type: z.literal('show'),
    uri: z.string(),
    external_urls: linkShape,
    name: z.string(),
    publisher: z.string(),
    description: z.string(),
    explicit: z.boolean(),
    languages: z.array(z.string()),
    media_type: z.literal('audio'),
    total_episodes: z.int(),
    images: z.array(imageShape),
  })
  .meta({ id: 'Show' });

export const episodeShape = z
  .object({
    id: z.string(),
    type: z.literal('episode'),
    uri: z.string(),
    external_urls: linkShape,
    name: z.string(),
    description: z.string(),
    duration_ms: z.int(),
    explicit: z.boolean(),
    language: z.string(),
    languages: z.array(z.string()),
    release_date: z.string(),
    release_date_precision: z.enum(['year', 'month', 'day']),
    images: z.array(imageShape),
    audio_preview_url: z.null(),
    show: showShape.nullable(),
  })
  .meta({ id: 'Episode' });
