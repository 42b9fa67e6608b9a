/** Characters that Windows, macOS, Linux or a network share forbid in a name. */
// eslint-disable-next-line no-control-regex -- control characters are what must go
const FORBIDDEN = /[<>:"/\\|?*\u0000-\u001f\u007f-\u009f]/g;
const DEVICE_NAMES = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;
/** File systems take 255; this leaves room for an extension and for ` (2)`. */
const MAX_PART_BYTES = 200;
const FALLBACK_NAME = 'Unknown';

/** A file or directory name that is valid on every system and cannot lead out of its directory. */
export function cleanPathPart(raw: string): string {
  const printable = raw.normalize('NFC').replace(FORBIDDEN, '').replace(/\s+/g, ' ').trim();
  const short = truncateBytes(printable, MAX_PART_BYTES).replace(/(?<![. ])[. ]+$/, '');
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
