import type { Deps } from '../deps.js';
import { BITRATE_RANGES, type AudioFormat } from '../media/media.js';
import type { DownloadOptions } from '../tasks/download-options.js';
import { FormatUnavailableError } from '../media/errors.js';
import { InvalidOptionsError } from './errors.js';

/** The output as a caller may ask for it; what is absent follows the settings. */
export interface OptionsInput {
  format?: AudioFormat | null | undefined;
  bitrateKbps?: number | null | undefined;
}

/**
 * The output of a new task. Throws InvalidOptionsError for a bitrate that the format does not take, and
 * FormatUnavailableError when this ffmpeg cannot make the format.
 */
export function resolveOptions(
  deps: Pick<Deps, 'settings' | 'media'>,
  input: OptionsInput | null | undefined,
): DownloadOptions {
  const settings = deps.settings();
  const format = input?.format ?? settings.convertTo;
  const inherited = format === settings.convertTo ? settings.bitrateKbps : null;
  const bitrateKbps = input?.bitrateKbps ?? inherited;
  if (bitrateKbps !== null) checkBitrate(format, bitrateKbps);
  // Without ffmpeg nothing can be made, but the task may wait for it; with one, a lacking encoder is final.
  if (deps.media.tools && !deps.media.formats.has(format)) {
    throw new FormatUnavailableError(`The ffmpeg in use cannot make ${format}: it lacks the encoder.`);
  }
  return { format, bitrateKbps };
}

function checkBitrate(format: AudioFormat, bitrateKbps: number): void {
  const range = BITRATE_RANGES[format];
  if (!range) throw new InvalidOptionsError(`${format} takes no bitrate.`);
  if (bitrateKbps >= range.min && bitrateKbps <= range.max) return;
  throw new InvalidOptionsError(
    `A bitrate of ${bitrateKbps} kbit/s is out of range for ${format}; allowed: ${range.min} to ${range.max}.`,
  );
}
