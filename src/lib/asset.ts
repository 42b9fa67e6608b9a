import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

type Encoding = 'br' | 'gzip' | 'identity';
type Bytes = Uint8Array<ArrayBuffer>;

export interface Asset {
  type: string;
  etag: string;
  encodings: Record<Encoding, Bytes>;
}

interface AssetResponse {
  status: 200 | 304;
  headers: Record<string, string>;
  body: Bytes | null;
}

export async function createAsset(type: string, content: string | Buffer): Promise<Asset> {
  const bytes = Buffer.from(content);
  // Quality 5 takes well under a second for 9 MB; 11 takes half a minute for a tenth less.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const [br, gz] = await Promise.all([promisify(brotliCompress)(bytes, { params }), promisify(gzip)(bytes)]);
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  return { type, etag, encodings: { br, gzip: gz, identity: bytes } };
}

export function answerWith(
  asset: Asset,
  requestHeaders: { get(name: string): string | null },
  extra: Record<string, string> = {},
): AssetResponse {
  const headers: Record<string, string> = {
    etag: asset.etag,
    // The address stays the same over updates, so browsers must revalidate.
    'cache-control': 'no-cache',
    vary: 'accept-encoding, origin',
    ...extra,
  };
  if (requestHeaders.get('if-none-match')?.includes(asset.etag)) return { status: 304, headers, body: null };
  const encoding = encodingFor(requestHeaders.get('accept-encoding') ?? '');
  headers['content-type'] = asset.type;
  if (encoding !== 'identity') headers['content-encoding'] = encoding;
  return { status: 200, headers, body: asset.encodings[encoding] };
}

function encodingFor(accepted: string): Encoding {
  const names = acceptedEncodings(accepted);
  return (['br', 'gzip'] as const).find((name) => names.has(name)) ?? 'identity';
}

/** Those of an Accept-Encoding header that are not refused with "q=0". */
export function acceptedEncodings(header: string): ReadonlySet<string> {
  const parts = header.split(',').map((part) => part.split(';').map((each) => each.trim().toLowerCase()));
  return new Set(parts.filter(([, q]) => !/^q=0(?:\.0*)?$/.test(q ?? '')).map(([name = '']) => name));
}
