import { UpstreamFailedError } from '../lib/errors.js';

/** Width and height in pixels: of rows, of cards, of pages. */
export const COVER_SIZES = [640, 300, 64] as const;
export type CoverSize = (typeof COVER_SIZES)[number];

export type CoverFormat = 'jpeg' | 'webp';

/** What is wrong with it stays wrong. */
export class InvalidPictureError extends UpstreamFailedError {
  constructor(reason: string, options: { cause?: unknown } = {}) {
    super(`The cover cannot be used: ${reason}`, { ...options, retryable: false });
  }
}

const SIGNATURES: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['jpeg', /^\xff\xd8\xff/],
  ['png', /^\x89PNG\r\n/],
  ['webp', /^RIFF[^]{4}WEBP/],
  ['gif', /^GIF8[79]a/],
];

/**
 * By its first bytes: whatever a server calls it may be a page, and the decoders of other formats, such as SVG, read
 * more than pixels. Throws InvalidPictureError.
 */
export function pictureKindOf(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  const found = SIGNATURES.find(([, pattern]) => pattern.test(start));
  if (!found) throw new InvalidPictureError('it is not a JPEG, PNG, WebP or GIF.');
  return found[0];
}

/** Players show these in files, and tags can hold them. */
export const isPlainPicture = (bytes: Uint8Array): boolean => ['jpeg', 'png'].includes(pictureKindOf(bytes));
