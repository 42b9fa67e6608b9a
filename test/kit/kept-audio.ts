import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Media } from '../../src/media/media.js';
import { writeFfmpegScript } from './audio.js';

/**
 * Media that makes each piece of audio once in a run of the suite and reads it from `directory` after that: ffmpeg
 * takes one or two seconds of CPU time for a track of the demo. The bytes are the same either way.
 */
export function keepAudio(media: Media, directory: string): Media {
  return {
    ...media,
    synthesize(request, signal) {
      const path = join(directory, createHash('sha256').update(JSON.stringify(request)).digest('hex'));
      const audio = existsSync(path)
        ? createReadStream(path)
        : Readable.from(
            keep(() => media.synthesize(request, signal), path),
            { objectMode: false },
          );
      return destroyOnAbort(audio, signal);
    },
  };
}

/** The same for a server in a process of its own: a program for its FFMPEG_PATH. */
export function writeKeepingFfmpeg(directory: string): Promise<string> {
  return writeFfmpegScript(
    join(directory, `ffmpeg-${randomUUID()}`),
    `case "$*" in *lavfi*pipe:1) ;; *) exec "$FFMPEG" "$@" ;; esac
kept='${directory}'/$(printf '%s' "$*" | sha256sum | cut -c 1-64)
if [ ! -f "$kept" ]; then
  "$FFMPEG" "$@" > "$kept.$$" && mv "$kept.$$" "$kept" || exit 1
fi
exec cat "$kept"`,
  );
}

/** Passes the audio on; a file of that name is always whole. */
async function* keep(make: () => Readable, path: string): AsyncGenerator<Buffer> {
  const unfinished = `${path}.${randomUUID()}`;
  const file = await open(unfinished, 'w');
  // Not before somebody reads it: aborted without a listener, its error would end the process.
  const audio = make();
  try {
    for await (const chunk of audio as AsyncIterable<Buffer>) {
      await file.appendFile(chunk);
      yield chunk;
    }
    await rename(unfinished, path);
  } finally {
    audio.destroy();
    await file.close();
    await rm(unfinished, { force: true });
  }
}

function destroyOnAbort(stream: Readable, signal: AbortSignal): Readable {
  const destroy = () => void stream.destroy(signal.reason as Error);
  if (signal.aborted) destroy();
  signal.addEventListener('abort', destroy, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', destroy));
  return stream;
}
