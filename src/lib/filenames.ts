/** What no part of a path may hold on any system that people keep music on. */
// eslint-disable-next-line no-control-regex -- control characters are what must go
const FORBIDDEN = /[<>:"/\\|?*\u0000-\u001f\u007f-\u009f]/g;
const DEVICE_NAMES = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;
/** Bytes. File systems take 255; this leaves room for an extension and for ` (2)`. */
const MAX_PART_BYTES = 200;
const NOTHING_LEFT = 'Unknown';

/** One safe part of a path: a file's or a directory's name that is valid everywhere and cannot lead elsewhere. */
export function cleanPathPart(raw: string): string {
  const printable = raw.normalize('NFC').replace(FORBIDDEN, '').replace(/\s+/g, ' ').trim();
  const short = truncateBytes(printable, MAX_PART_BYTES).replace(/[. ]+$/, '');
  if (short === '') return NOTHING_LEFT;
  return DEVICE_NAMES.test(short) ? `_${short}` : short;
}

/** Cuts at a character's boundary, never inside one. */
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
