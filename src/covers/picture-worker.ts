import sharp from 'sharp';
import { messageOf } from '../lib/errors.js';
import { serveRequests } from '../lib/worker-process.js';
import type { PictureReply, PictureRequest } from './picture-processes.js';

/** What is larger is not decoded: about 7,000 by 7,000. */
const MAX_PIXELS = 50_000_000;
/** Of a picture that is converted for tags and folders. */
const LARGEST_SIDE_PX = 1_200;

const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif'].map((name) => `VipsForeignLoad${name}`);

sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: LOADERS });
// Each process is one of two, and has one picture at a time.
sharp.concurrency(1);
sharp.cache(false);

/** Decoded and encoded again, always: nothing of the file but its pixels reaches a browser. */
async function convert({ bytes, sizePx, format }: PictureRequest): Promise<Uint8Array> {
  const options = { limitInputPixels: MAX_PIXELS, failOn: 'truncated' } as const;
  const upright = sharp(bytes, options).autoOrient();
  const sized =
    sizePx === null
      ? upright.resize(LARGEST_SIDE_PX, LARGEST_SIDE_PX, { fit: 'inside', withoutEnlargement: true })
      : upright.resize(sizePx, sizePx, { fit: 'cover' });
  const encoded =
    format === 'webp'
      ? sized.webp({ quality: 80 })
      : sized.flatten({ background: '#ffffff' }).jpeg({ quality: sizePx === null ? 92 : 84 });
  return encoded.toBuffer();
}

serveRequests<PictureRequest, PictureReply>(async (request) => {
  try {
    return { picture: await convert(request) };
  } catch (error) {
    return { failure: messageOf(error) };
  }
});
