import type { AudioFormat, AudioProbe } from './media.js';

export type Container = 'mp3' | 'm4a' | 'ogg' | 'opus' | 'flac' | 'wav';

/** PCM that WAV can hold; other PCM (big-endian, for example) is converted. */
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

/** By the first of ffprobe's names of a format: the file extensions in use, the usual one first. */
const EXTENSIONS: Record<string, readonly string[]> = {
  mov: ['m4a', 'm4b', 'mp4', 'mov', '3gp'],
  matroska: ['mka', 'mkv', 'webm'],
  ogg: ['ogg', 'oga', 'opus', 'spx'],
  aiff: ['aiff', 'aif', 'aifc'],
  asf: ['wma', 'asf'],
  mp3: ['mp3', 'mp2'],
  mpc8: ['mpc'],
  truehd: ['thd'],
  iff: ['dff'],
  rm: ['ra'],
  amr: ['amr', 'awb'],
};
const OGG_EXTENSIONS: Record<string, string> = { opus: 'opus', speex: 'spx', flac: 'oga' };

/** What a copy of the file is called: as the file itself, where that fits what is in it. */
export function keptExtension({ container, codec, extension = '' }: AudioProbe): string {
  const [name = ''] = container.split(',');
  const known = EXTENSIONS[name] ?? [name];
  if (known.includes(extension)) return extension;
  const ofCodec = name === 'ogg' ? OGG_EXTENSIONS[codec] : undefined;
  return ofCodec ?? known[0] ?? name;
}

/** Whether a copy of the file is a file as the format is usually made. */
export function isInContainer(
  { container, codec }: AudioProbe,
  format: Exclude<AudioFormat, 'KEEP'>,
): boolean {
  const facts = FORMAT_FACTS[format];
  const names: Record<Container, string> = {
    mp3: 'mp3',
    m4a: 'mov',
    ogg: 'ogg',
    opus: 'ogg',
    flac: 'flac',
    wav: 'wav',
  };
  return facts.codecs.includes(codec) && container.split(',')[0] === names[facts.container];
}

export function formatsOf(encoders: ReadonlySet<string>): Set<AudioFormat> {
  const formats = new Set<AudioFormat>(['KEEP']);
  for (const [format, facts] of Object.entries(FORMAT_FACTS)) {
    if (encoders.has(facts.encoder)) formats.add(format as AudioFormat);
  }
  return formats;
}
