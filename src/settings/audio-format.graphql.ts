import { builder } from '../graphql/builder.js';
import { AUDIO_FORMATS, BITRATE_RANGES, type AudioFormat } from '../media/media.js';

const DESCRIPTIONS: Record<AudioFormat, string> = {
  KEEP: 'As the source has it; only tags and cover are written.',
  MP3: 'MP3 with ID3v2.4 tags.',
  AAC: 'AAC in an .m4a file.',
  OGG: 'Ogg Vorbis.',
  OPUS: 'Ogg Opus.',
  FLAC: 'FLAC, lossless.',
  WAV: 'WAV, not compressed.',
  ALAC: 'Apple Lossless in an .m4a file.',
};

export const AudioFormatEnum = builder.enumType('AudioFormat', {
  description: 'What a download is turned into.',
  values: Object.fromEntries(
    AUDIO_FORMATS.map((format) => [format, { value: format, description: DESCRIPTIONS[format] }]),
  ) as Record<AudioFormat, { value: AudioFormat; description: string }>,
});

const ranges = Object.entries(BITRATE_RANGES).map(([format, { min, max }]) => `${format} ${min}–${max}`);

/** For descriptions of a bitrate. */
export const BITRATES_ALLOWED = `kbit/s, for lossy formats only: ${ranges.join(', ')}`;
