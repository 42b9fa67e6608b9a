import { CATALOG_TYPES, type CatalogType } from './catalog-item.js';
import { InvalidItemError } from './errors.js';

/** What a person wrote when they meant an item: its catalogue id, and its type where they said that. */
export interface ItemReference {
  /** `provider:id` */
  id: string;
  type: CatalogType | null;
}

/** Never only dots: those mean folders elsewhere. */
const LOCAL_ID = /^(?=.*[A-Za-z0-9])[A-Za-z0-9._-]{1,128}$/;
const PROVIDER = /^[a-z][a-z0-9-]{0,31}$/;
const SPOTIFY_ID = /^[A-Za-z0-9]{22}$/;
const ALLOWED =
  'allowed: provider:id (demo:night-ferry), a node id (Album:demo:night-ferry), a bare id of the catalogue in use, or a link';

/**
 * Reads an id in any of the forms of rest-contract §1. Throws InvalidItemError for anything else, before any
 * catalogue is asked.
 */
export function parseItemReference(raw: string, defaultProvider: string): ItemReference {
  const text = raw.trim();
  if (/^https?:\/\//.test(text)) return parseLink(text);
  const parts = text.split(':');
  const type = nodeTypeOf(parts[0] ?? '');
  if (type && parts.length > 1) return { ...fromParts(parts.slice(1), defaultProvider), type };
  if (parts[0] === 'spotify' && parts.length === 3) return fromUri(parts);
  return { ...fromParts(parts, defaultProvider), type: null };
}

function fromParts(parts: string[], defaultProvider: string): { id: string } {
  const [first = '', second] = parts;
  if (parts.length === 1 && LOCAL_ID.test(first)) {
    return { id: `${SPOTIFY_ID.test(first) ? 'spotify' : defaultProvider}:${first}` };
  }
  if (parts.length === 2 && PROVIDER.test(first) && LOCAL_ID.test(second ?? ''))
    return { id: parts.join(':') };
  throw new InvalidItemError(`${quote(parts.join(':'))} is not an item's id; ${ALLOWED}.`);
}

function fromUri([, type = '', id = '']: string[]): ItemReference {
  const known = nodeTypeOf(type);
  if (known && SPOTIFY_ID.test(id)) return { id: `spotify:${id}`, type: known };
  throw new InvalidItemError(`${quote(`spotify:${type}:${id}`)} is not a Spotify URI.`);
}

const LINK_PATHS: Record<string, { provider: string; path: RegExp }> = {
  'open.spotify.com': {
    provider: 'spotify',
    path: /^\/(?:intl-[a-z-]+\/)?(track|album|playlist|artist|episode|show)\/([A-Za-z0-9]{22})\/?$/,
  },
  'www.deezer.com': {
    provider: 'deezer',
    path: /^\/(?:[a-z]{2}\/)?(track|album|playlist|artist)\/(\d{1,19})\/?$/,
  },
};

/** The pages of Spotify and Deezer that show one item. */
function parseLink(text: string): ItemReference {
  const url = URL.canParse(text) ? new URL(text) : null;
  const site = LINK_PATHS[url?.hostname === 'deezer.com' ? 'www.deezer.com' : (url?.hostname ?? '')];
  const [, type = '', id = ''] = site?.path.exec(url?.pathname ?? '') ?? [];
  const known = nodeTypeOf(type);
  if (site && known) return { id: `${site.provider}:${id}`, type: known };
  throw new InvalidItemError(`${quote(text)} is not a link to an item of Spotify or Deezer.`);
}

function nodeTypeOf(word: string): CatalogType | null {
  return CATALOG_TYPES.find((type) => type === word.toUpperCase()) ?? null;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
