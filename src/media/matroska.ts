import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cover } from './artwork.js';
import { keptExtension } from './containers.js';
import { type FfmpegJob, GUARDED_INPUT } from './ffmpeg.js';
import type { TranscodeRequest } from './media.js';
import { namesOf, toTagValues } from './tag-fields.js';

/** ffmpeg's names, where they are not the field's. */
const KEYS: Record<string, string> = {
  ALBUMARTIST: 'album_artist',
  TRACKNUMBER: 'track',
  DISCNUMBER: 'disc',
};

/**
 * Matroska is copied stream by stream, because the tag library cannot write it. Null where the bytes are to be copied:
 * nothing is to be written, or there are pictures, which an old ffmpeg turns into a film.
 */
export async function planRemux(
  request: TranscodeRequest,
  { cover, workDir }: { cover: Cover | null; workDir: string },
): Promise<FfmpegJob | null> {
  const { input, inputPath, maxOutputBytes } = request;
  const metadata = metadataOf(request);
  if (!input.container.startsWith('matroska') || input.hasCover || metadata.length === 0) return null;
  const isWebm = keptExtension(input) === 'webm';
  return {
    inputs: [
      { options: ['-nostdin', '-v', 'error', '-stats', ...GUARDED_INPUT], source: `file:${inputPath}` },
    ],
    outputOptions: [
      ...['-map', '0', '-c', 'copy', '-map_metadata', '0', '-map_chapters', '0'],
      ...metadata.flatMap((pair) => ['-metadata', pair]),
      ...(cover && !isWebm ? await attach(cover, workDir) : []),
      ...['-fs', String(maxOutputBytes), '-f', isWebm ? 'webm' : 'matroska'],
    ],
  };
}

function metadataOf({ tags, tagPolicy, input, artistSeparator }: TranscodeRequest): string[] {
  return toTagValues(tags).flatMap(([field, values]) => {
    const names = [KEYS[field] ?? field, ...namesOf(field)];
    const isThere = names.some((name) => input.tags[name.toLowerCase()]);
    return tagPolicy === 'fill' && isThere ? [] : [`${KEYS[field] ?? field}=${values.join(artistSeparator)}`];
  });
}

async function attach(cover: Cover, workDir: string): Promise<string[]> {
  const path = join(workDir, 'cover');
  await writeFile(path, cover.bytes);
  const filename = `filename=cover.${cover.mime === 'image/png' ? 'png' : 'jpg'}`;
  return [
    '-attach',
    `file:${path}`,
    '-metadata:s:t:0',
    `mimetype=${cover.mime}`,
    '-metadata:s:t:0',
    filename,
  ];
}
