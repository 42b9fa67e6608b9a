import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Env } from '../env.js';
import { createLogger } from '../lib/logger.js';
import { createMedia } from '../media/create-media.js';
import { AUDIO_FORMATS, type AudioFormat, type Media, type TrackTags } from '../media/media.js';
import { check, failed, ok, warning, type Finding } from './finding.js';

export async function checkMedia(env: Env, stop: AbortSignal): Promise<Finding[]> {
  if (env.role === 'api') return [];
  const media = await createMedia({ ...env, log: createLogger('silent') });
  try {
    if (!media.tools) return [failed('ffmpeg', media.problem ?? 'ffmpeg cannot be run.')];
    const { ffmpegPath, ffprobePath, version } = media.tools;
    const tools = ok('ffmpeg', `Version ${version} runs: "${ffmpegPath}", with "${ffprobePath}".`);
    return [tools, checkFormats(media), ...(await check('tags', () => tryTrack(media, stop)))];
  } finally {
    media.stop();
  }
}

function checkFormats({ formats }: Media): Finding {
  const missing = AUDIO_FORMATS.filter((format) => !formats.has(format));
  if (missing.length === 0) return ok('formats', `All can be made: ${AUDIO_FORMATS.join(', ')}.`);
  const reason = `This ffmpeg cannot make ${missing.join(', ')}; use a complete one with FFMPEG_PATH to have them.`;
  return warning('formats', reason);
}

const TITLE = 'Reprise doctor';
const TAGS: TrackTags = {
  title: TITLE,
  artists: [],
  album: null,
  albumArtists: [],
  trackNumber: null,
  trackTotal: null,
  discNumber: null,
  discTotal: null,
  date: null,
  isrc: null,
  upc: null,
  genres: [],
  label: null,
  copyright: null,
  source: null,
  licence: null,
};

/** Half a second of silence, converted and tagged as a download is, then read again. */
async function tryTrack(media: Media, signal: AbortSignal): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'reprise-doctor-'));
  try {
    const inputPath = join(directory, 'silence.flac');
    const graph = 'anullsrc=r=44100:cl=stereo';
    await pipeline(
      media.synthesize({ graph, durationMs: 500, codec: 'flac' }, signal),
      createWriteStream(inputPath),
    );
    const input = await media.probe(inputPath, signal);
    const format: AudioFormat = media.formats.has('MP3') ? 'MP3' : 'KEEP';
    const outputPath = join(directory, `tagged.${media.extensionFor(format, input)}`);
    const request = { inputPath, outputPath, input, format, tags: TAGS, cover: null };
    const further = {
      bitrateKbps: null,
      artistSeparator: '; ',
      tagPolicy: 'replace',
      maxOutputBytes: 1e6,
    } as const;
    await media.transcode({ ...request, ...further }, { signal, onProgress: () => undefined });
    const { tags } = await media.probe(outputPath, signal);
    if (tags['title'] !== TITLE) throw new Error('A title that was written could not be read again.');
    return `A trial track (${format}) was made, and its tags were written and read.`;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
