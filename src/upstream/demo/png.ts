import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const TRUE_COLOUR = 2;
/** Each line as the difference to the one above: flat pictures become mostly zeros. */
const FILTER_UP = 2;

/** A square picture as PNG. @param rgb three bytes a pixel, line by line */
export function encodePng(rgb: Uint8Array, sizePx: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(sizePx, 0);
  header.writeUInt32BE(sizePx, 4);
  header.set([8, TRUE_COLOUR, 0, 0, 0], 8);
  const body = deflateSync(filterLines(rgb, sizePx * 3), { level: 9 });
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', body),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function filterLines(rgb: Uint8Array, lineBytes: number): Uint8Array {
  const lines = rgb.length / lineBytes;
  const filtered = new Uint8Array(rgb.length + lines);
  for (let line = 0; line < lines; line++) {
    const start = line * (lineBytes + 1);
    filtered[start] = FILTER_UP;
    for (let index = 0; index < lineBytes; index++) {
      const at = line * lineBytes + index;
      filtered[start + 1 + index] = (rgb[at] ?? 0) - (rgb[at - lineBytes] ?? 0);
    }
  }
  return filtered;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(typed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}
