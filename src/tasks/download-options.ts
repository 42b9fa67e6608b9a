import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AUDIO_FORMATS } from '../media/media.js';

const options = z.object({
  format: z.enum(AUDIO_FORMATS),
  bitrateKbps: z.number().int().nullable(),
});

/** The output that a task makes; stored with the task, so that a later change of a setting does not change it. */
export type DownloadOptions = z.infer<typeof options>;

export function parseDownloadOptions(stored: unknown): DownloadOptions {
  return options.parse(stored);
}

/** Two live tasks with the same key would make the same file for the same person. */
export function dedupeKeyOf(ownerId: string, itemId: string, output: DownloadOptions): string {
  const sorted = Object.entries(output).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([ownerId, itemId, sorted]))
    .digest('base64url');
}
