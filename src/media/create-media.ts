import { Readable } from 'node:stream';
import type { Logger } from '../lib/logger.js';
import { verifyAudio } from './audio-digest.js';
import { formatsOf } from './containers.js';
import { FfmpegMissingError } from './errors.js';
import { locateTools, type Tools } from './locate-tools.js';
import { AUDIO_FORMATS, type Media } from './media.js';
import { probeAudio } from './probe.js';
import { synthesizeAudio } from './synthesize.js';
import { createTagWriter } from './tag-writer.js';
import { extensionOf } from './transcode-plan.js';
import { transcode } from './transcode.js';

/** Without ffmpeg it still resolves, so that the server can start and report what is missing. */
export async function createMedia(options: {
  ffmpegPath: string | null;
  ffprobePath: string | null;
  log: Logger;
  programUrl?: string;
}): Promise<Media> {
  const search = await locateTools(options);
  if ('problem' in search) {
    options.log.error({ problem: search.problem }, 'ffmpeg unavailable, downloads will fail');
    return mediaWithout(search.problem);
  }
  return mediaWith(search.found, options);
}

function mediaWith(tools: Tools, { log, programUrl }: { log: Logger; programUrl?: string }): Media {
  const formats = formatsOf(tools.encoders);
  const formatsOff = AUDIO_FORMATS.filter((format) => !formats.has(format));
  const { ffmpegPath, ffprobePath, version } = tools;
  const tagWriter = createTagWriter(programUrl);
  log.info({ ffmpeg: version, formatsOff }, 'ffmpeg found');
  return {
    tools: { ffmpegPath, ffprobePath, version },
    problem: null,
    formats,
    probe: (path, signal) => probeAudio(tools, path, signal),
    transcode: (request, options) => transcode({ tools, log, tagWriter }, request, options),
    verify: (path, signal) => verifyAudio(tools, path, signal),
    extensionFor: extensionOf,
    synthesize: (request, signal) => synthesizeAudio(ffmpegPath, request, signal),
    stop: () => tagWriter.stop(),
  };
}

function mediaWithout(problem: string): Media {
  const missing = () => new FfmpegMissingError(problem);
  return {
    tools: null,
    problem,
    formats: new Set(),
    probe: () => Promise.reject(missing()),
    transcode: () => Promise.reject(missing()),
    verify: () => Promise.reject(missing()),
    extensionFor: extensionOf,
    synthesize: () => new Readable({ read: () => undefined }).destroy(missing()),
    stop: () => undefined,
  };
}
