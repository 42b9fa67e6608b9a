import type { AudioFormat } from './media.js';

export type Container = 'mp3' | 'm4a' | 'ogg' | 'opus' | 'flac' | 'wav' | 'mka';

/** PCM that WAV can hold; other PCM (big-endian, for example) is converted, or kept in Matroska. */
const WAV_CODECS = ['pcm_s16le', 'pcm_s24le', 'pcm_s32le', 'pcm_u8', 'pcm_f32le', 'pcm_alaw', 'pcm_mulaw'];

interface FormatFacts {
  container: Container;
  codecs: readonly string[];
  /** WAV has a second encoder for 24 bits, which every ffmpeg with the first has too. */
  encoder: string;
}

export const FORMAT_FACTS: Record<Exclude<AudioFormat, 'KEEP'>, FormatFacts> = {
  MP3: { container: 'mp3', codecs: ['mp3'], encoder: 'libmp3lame' },
  AAC: { container: 'm4a', codecs: ['aac'], encoder: 'aac' },
  OGG: { container: 'ogg', codecs: ['vorbis'], encoder: 'libvorbis' },
  OPUS: { container: 'opus', codecs: ['opus'], encoder: 'libopus' },
  FLAC: { container: 'flac', codecs: ['flac'], encoder: 'flac' },
  WAV: { container: 'wav', codecs: WAV_CODECS, encoder: 'pcm_s16le' },
  ALAC: { container: 'm4a', codecs: ['alac'], encoder: 'alac' },
};

/** A kept codec that none of the usual containers holds goes into Matroska. */
export function containerFor(format: AudioFormat, codec: string): Container {
  if (format !== 'KEEP') return FORMAT_FACTS[format].container;
  const fitting = Object.values(FORMAT_FACTS).find((facts) => facts.codecs.includes(codec));
  return fitting?.container ?? 'mka';
}

export function formatsOf(encoders: ReadonlySet<string>): Set<AudioFormat> {
  const formats = new Set<AudioFormat>(['KEEP']);
  for (const [format, facts] of Object.entries(FORMAT_FACTS)) {
    if (encoders.has(facts.encoder)) formats.add(format as AudioFormat);
  }
  return formats;
}
