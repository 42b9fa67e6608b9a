import type { AudioProbe } from '../media/media.js';
import type { FileRecord } from '../queue/claimed-task.js';
import type { Rendition } from '../catalog/audio-source.js';
import { sizeOf } from './target-file.js';

const FORMAT_OF_CODEC: Record<string, string> = {
  mp3: 'MP3',
  aac: 'AAC',
  vorbis: 'OGG',
  opus: 'OPUS',
  flac: 'FLAC',
  alac: 'ALAC',
};

/** The record of a file that is still to get its path. */
export async function recordOf(made: {
  path: string;
  output: AudioProbe;
  rendition: Pick<Rendition, 'source' | 'licence'>;
}): Promise<Omit<FileRecord, 'filePath'>> {
  return {
    fileFormat: formatOf(made.output.codec),
    fileBitrateKbps: made.output.bitrateKbps,
    fileSizeBytes: BigInt((await sizeOf(made.path)) ?? 0),
    fileDurationMs: made.output.durationMs,
    fileSource: made.rendition.source,
    fileLicence: made.rendition.licence,
  };
}

function formatOf(codec: string): string {
  if (codec.startsWith('pcm_')) return 'WAV';
  return FORMAT_OF_CODEC[codec] ?? codec.toUpperCase();
}

/** What `%quality%` stands for: `FLAC`, `MP3 320`. */
export function qualityOf(file: { fileFormat: string | null; fileBitrateKbps: number | null }): string {
  const lossless = ['FLAC', 'WAV', 'ALAC'].includes(file.fileFormat ?? '');
  return lossless || !file.fileBitrateKbps
    ? (file.fileFormat ?? '')
    : `${file.fileFormat ?? ''} ${file.fileBitrateKbps}`;
}
