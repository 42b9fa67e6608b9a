import type { IFormat } from 'music-metadata';

/** music-metadata's names, by how they begin, and ffmpeg's. */
const CODECS: [RegExp, string][] = [
  [/^MPEG [\d.]+ Layer 3/, 'mp3'],
  [/^MPEG [\d.]+ Layer 2/, 'mp2'],
  [/^Vorbis/i, 'vorbis'],
  [/^Opus/i, 'opus'],
  [/^FLAC/i, 'flac'],
  [/^ALAC/i, 'alac'],
  [/AAC/, 'aac'],
  [/^Monkey/i, 'ape'],
  [/^Windows Media Audio.*lossless/i, 'wmalossless'],
  [/^Windows Media Audio/i, 'wmav2'],
];

/** ffmpeg's name of the codec; null when there is none or it is not known. */
export function codecOf({ codec = '', container = '', bitsPerSample = 16 }: IFormat): string | null {
  if (container === 'WavPack') return 'wavpack';
  if (/^(?:PCM|sowt|twos|NONE)/.test(codec)) {
    const order = container.startsWith('AIFF') && codec !== 'sowt' ? 'be' : 'le';
    return bitsPerSample === 8 ? 'pcm_u8' : `pcm_s${bitsPerSample}${order}`;
  }
  return CODECS.find(([name]) => name.test(codec))?.[1] ?? null;
}
