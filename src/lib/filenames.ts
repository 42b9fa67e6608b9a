/** Characters that Windows, macOS, Linux or a network share forbid in a name, and half surrogate pairs. */
const FORBIDDEN = /[<>:"/\\|?*\p{Cc}\p{Cs}]/gu;
/** Not seen, but they reorder a name, hide in it, or are ignored by the file system (HFS+). */
const INVISIBLE = /\p{Cf}|\u034f|[\u115f\u1160\u3164\uffa0]/u;
const ALL_INVISIBLE = new RegExp(INVISIBLE, 'gu');
const DEVICE_NAMES = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;
/** File systems take 255; this leaves room for an extension and for ` (2)`. */
const MAX_PART_BYTES = 200;
/** More would be cut off anyway. */
const MAX_RAW_LENGTH = 4_000;
const FALLBACK_NAME = 'Unknown';

export function hasInvisible(text: string): boolean {
  return INVISIBLE.test(text);
}

/**
 * A file or directory name that is valid on every system, cannot lead out of its directory, is not hidden, and is
 * not an option to a program.
 */
export function cleanPathPart(raw: string, maxBytes = MAX_PART_BYTES): string {
  const printable = raw
    .slice(0, MAX_RAW_LENGTH)
    .replace(FORBIDDEN, '')
    .replace(ALL_INVISIBLE, '')
    .normalize('NFC')
    .replace(/\s+/g, ' ');
  const visible = printable.replace(/^[. ]+/, '').replace(/^-+/, '_');
  const short = truncateBytes(visible, maxBytes).replace(/(?<![. ])[. ]+$/, '');
  if (short === '') return FALLBACK_NAME;
  return DEVICE_NAMES.test(short) ? `_${short}` : short;
}

export function truncateBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let kept = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    kept += character;
  }
  return kept;
}
