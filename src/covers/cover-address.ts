import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SecretDeps } from '../auth/secret-key.js';
import type { CatalogItem, CatalogType } from '../catalog/catalog-item.js';
import { parseItemReference } from '../catalog/item-reference.js';
import type { Platform } from '../platform.js';
import { COVER_SIZES, type CoverSize } from './picture.js';

export interface CoverRef {
  /** `provider:id` */
  id: string;
  type: CatalogType;
}

export interface CoverAddress {
  /** Below the public address of the server. */
  path: string;
  sizePx: CoverSize;
}

/** An `<img>` sends no token, so addresses are signed: for an item, and for a while. */
export interface CoverAddresses {
  /** One for each size, the largest first. Equal within a day, so that browsers keep what they have. */
  of(item: Pick<CatalogItem, 'id' | 'type'>): Promise<CoverAddress[]>;
  /** Whether this server has signed it, and its time is not over. */
  isSigned(name: string, query: URLSearchParams): Promise<boolean>;
}

type AddressDeps = Pick<Platform, 'env' | 'clock'> & SecretDeps;

const DAY_S = 86_400;
/** The rest of a day and two more: a page that stays open over a weekend. */
const VALID_DAYS = 3;
/** A command may replace the key. */
const KEYS_MS = 60_000;
const SIGNATURE_BYTES = 16;

export function createCoverAddresses({ env, clock, secrets }: AddressDeps): CoverAddresses {
  const keys = createKeyReader(secrets);
  const nowS = () => clock.now().getTime() / 1000;
  return {
    async of(item) {
      const name = coverName(item);
      const query = env.authEnabled ? `?${await sign(name)}` : '';
      return COVER_SIZES.map((sizePx) => ({ path: `/covers/${name}/${sizePx}${query}`, sizePx }));
    },
    async isSigned(name, query) {
      if (!env.authEnabled) return false;
      const expires = query.get('expires') ?? '';
      const sent = Buffer.from(query.get('signature') ?? '', 'base64url');
      if (!/^\d{1,12}$/.test(expires) || Number(expires) <= nowS()) return false;
      if (sent.length !== SIGNATURE_BYTES) return false;
      return (await keys()).some((key) => timingSafeEqual(sent, signatureOf({ key, name, expires })));
    },
  };

  async function sign(name: string): Promise<string> {
    const [key] = await keys();
    const expires = String((Math.floor(nowS() / DAY_S) + VALID_DAYS) * DAY_S);
    return `expires=${expires}&signature=${signatureOf({ key, name, expires }).toString('base64url')}`;
  }
}

function signatureOf({ key, name, expires }: { key: Buffer; name: string; expires: string }): Buffer {
  return createHmac('sha256', key).update(`${name}\n${expires}`).digest().subarray(0, SIGNATURE_BYTES);
}

/** Derived from those that seal secrets: the first signs, all verify. */
function createKeyReader({ keys }: SecretDeps['secrets']): () => Promise<readonly [Buffer, ...Buffer[]]> {
  const derive = ({ bytes }: { bytes: Buffer }) =>
    createHmac('sha256', bytes).update('cover addresses').digest();
  let reading: ReturnType<typeof read> | undefined;
  let readAtMs = -Infinity;
  const read = async (): Promise<readonly [Buffer, ...Buffer[]]> => {
    const [first, ...others] = await keys();
    return [derive(first), ...others.map(derive)];
  };
  return () => {
    if (reading && performance.now() - readAtMs < KEYS_MS) return reading;
    readAtMs = performance.now();
    reading = read();
    reading.catch(() => (readAtMs = -Infinity));
    return reading;
  };
}

/** The URI of the item: `deezer:album:302127`. */
function coverName({ id, type }: Pick<CatalogItem, 'id' | 'type'>): string {
  const colon = id.indexOf(':');
  return `${id.slice(0, colon)}:${type.toLowerCase()}:${id.slice(colon + 1)}`;
}

const NAME = /^[a-z][a-z0-9-]*:(?:track|album|playlist|artist|episode|show):[\w.-]+$/;

/** Null for what no address of ours names. Throws InvalidItemError for what no item of the provider can be. */
export function parseCoverName(name: string): CoverRef | null {
  if (!NAME.test(name)) return null;
  const { id, type } = parseItemReference(name, '');
  return type && { id, type };
}

export function parseCoverSize(text: string): CoverSize | null {
  return COVER_SIZES.find((size) => String(size) === text) ?? null;
}
