import type { Cover } from './artwork.js';
import { readSourceTags, type SourceTags } from './read-tags.js';
import type { TagEditor } from './tag-editors.js';
import { isMusicBrainzId, type TagValues } from './tag-fields.js';
import { frontCover, isFront, openTagFile, type TagFile, toPictures } from './tag-file.js';

export interface TagWrite {
  path: string;
  /** Decides the kind of tag (tag-file.ts); the file itself may have any name. */
  extension: string;
  values: TagValues;
  /** `fill`: only what the file does not have. */
  policy: 'replace' | 'fill';
  /** For several values, where the format takes one. */
  separator: string;
  cover: Cover | null;
  /** The file that this one was converted from: what only it has is written first. */
  carryFrom: { path: string; loudness: Loudness } | null;
}

/**
 * Converting moves peaks when it is lossy, mixing channels down moves all of it. Opus has its own measure (RFC 7845,
 * 5.2.1), and forbids the usual tags.
 */
export interface Loudness {
  keep: 'all' | 'gains' | 'none';
  asR128: boolean;
}

export async function writeTags(write: TagWrite): Promise<void> {
  const carried = write.carryFrom && (await readCarried(write.carryFrom.path));
  const file = openTagFile(write.path, write.extension, write.separator);
  try {
    if (carried && write.carryFrom) {
      const values = convertLoudness(carried.values, write.carryFrom.loudness);
      for (const editor of file.editors) apply(editor, values, 'replace');
      if (carried.pictures.length > 0) file.setPictures(toPictures(carried.pictures));
    }
    for (const editor of file.editors) apply(editor, withoutForeignIds(editor, write.values), write.policy);
    if (write.cover) setCover(file, write.cover, write.policy);
    file.save();
  } finally {
    file.close();
  }
}

/** A file whose tags cannot be read has none that could be carried over. */
async function readCarried(path: string): Promise<SourceTags | null> {
  return readSourceTags(path).catch(() => null);
}

function apply(editor: TagEditor, values: TagValues, policy: TagWrite['policy']): void {
  for (const [field, texts] of values) {
    if (policy === 'fill' && editor.get(field).length > 0) continue;
    if (!isSame(editor.get(field), texts)) editor.set(field, texts);
  }
}

/** What a person has looked up by hand is surer than what a code finds, and ids of two releases do not fit together. */
function withoutForeignIds(editor: TagEditor, values: TagValues): TagValues {
  const ids = values.filter(([field]) => isMusicBrainzId(field));
  const hasOwn = ids.some(([field]) => editor.get(field).length > 0);
  return hasOwn ? values.filter(([field]) => !isMusicBrainzId(field)) : values;
}

/** Written again, a text could lose what the editor does not read, such as the language of a comment. */
function isSame(found: readonly string[], wanted: readonly string[]): boolean {
  return found.length === wanted.length && found.every((text, index) => text === wanted[index]);
}

function setCover(file: TagFile, cover: Cover, policy: TagWrite['policy']): void {
  const found = file.pictures();
  if (policy === 'fill' && found.length > 0) return;
  const others = found.some(isFront) ? found.filter((picture) => !isFront(picture)) : found.slice(1);
  file.setPictures([frontCover(cover), ...others]);
}

const LOUDNESS = /^(?:REPLAYGAIN|R128)_/;
const MEASURED = /^(REPLAYGAIN|R128)_(TRACK|ALBUM)_GAIN$/;
/** ReplayGain aims 5 dB above EBU R 128. */
const REPLAYGAIN_ABOVE_R128_DB = 5;

function convertLoudness(values: TagValues, { keep, asR128 }: Loudness): TagValues {
  return values.flatMap(([field, texts]): TagValues => {
    if (!LOUDNESS.test(field)) return [[field, texts]];
    const [, measure, what] = MEASURED.exec(field) ?? [];
    if (keep === 'none' || (!what && (keep === 'gains' || asR128))) return [];
    const isR128 = measure === 'R128';
    if (!what || isR128 === asR128) return [[field, texts]];
    const number = Number.parseFloat(texts[0] ?? '');
    if (!Number.isFinite(number)) return [];
    // R128 gains are in 1/256 dB.
    return asR128
      ? [[`R128_${what}_GAIN`, [String(Math.round((number - REPLAYGAIN_ABOVE_R128_DB) * 256))]]]
      : [[`REPLAYGAIN_${what}_GAIN`, [`${(number / 256 + REPLAYGAIN_ABOVE_R128_DB).toFixed(2)} dB`]]];
  });
}
