import { CATALOG_TYPES, type CatalogType } from './catalog-item.js';
import { InvalidItemError } from './errors.js';

export interface ItemReference {
  /** `provider:id` */
  id: string;
  type: CatalogType | null;
}

/** Never only dots: those mean folders elsewhere. */
const LOCAL_ID = /^(?=.*[A-Za-z0-9])[A-Za-z0-9._-]{1,128}$/;
const PROVIDER = /^[a-z][a-z0-9-]{0,31}$/;
const SPOTIFY_ID = /^[A-Za-z0-9]{22}$/;
/** Providers whose ids have a form of their own; no request is made for any other. */
const ID_FORMS = new Map([
  ['spotify', SPOTIFY_ID],
  ['deezer', /^\d{1,19}$/],
  ['musicbrainz', /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/],
]);
const MAX_REFERENCE_CHARS = 2_000;
const SPOTIFY_USERS_PLAYLIST = /^spotify:user:[^:]+:playlist:/;
const ALLOWED =
  'allowed: provider:id (demo:night-ferry), a node id (Album:demo:night-ferry), a URI (demo:album:night-ferry), a bare id of the default catalog, or a link';

/** Reads the forms of rest-contract §1, URIs and links. Throws InvalidItemError for anything else. */
export function parseItemReference(raw: string, defaultProvider: string): ItemReference {
  if (raw.length > MAX_REFERENCE_CHARS) {
    throw new InvalidItemError(
      `${quote(raw)} has ${raw.length} characters; an id or link has at most ${MAX_REFERENCE_CHARS}.`,
    );
  }
  const text = raw.trim();
  if (isLink(text)) return parseLink(text);
  const parts = withoutQuery(text).replace(SPOTIFY_USERS_PLAYLIST, 'spotify:playlist:').split(':');
  const [first = '', second = '', third] = parts;
  const nodeType = typeNamed(first);
  if (nodeType && parts.length > 1) return { id: idOf(parts.slice(1), defaultProvider), type: nodeType };
  const type = third === undefined ? null : typeNamed(second);
  if (type) return { id: idOf([first, ...parts.slice(2)], defaultProvider), type };
  return { id: idOf(parts, defaultProvider), type: null };
}

function withoutQuery(text: string): string {
  return text.startsWith('spotify:') ? (text.split('?', 1)[0] ?? '') : text;
}

function idOf(parts: readonly string[], defaultProvider: string): string {
  const [first = '', second] = parts;
  const [provider, id] =
    second === undefined ? [SPOTIFY_ID.test(first) ? 'spotify' : defaultProvider, first] : [first, second];
  const form = ID_FORMS.get(provider) ?? LOCAL_ID;
  if (parts.length <= 2 && PROVIDER.test(provider) && LOCAL_ID.test(id) && form.test(id)) {
    return `${provider}:${id}`;
  }
  throw new InvalidItemError(`${quote(parts.join(':'))} is not an item id; ${ALLOWED}.`);
}

interface Site {
  provider: string;
  path: RegExp;
}

const SPOTIFY: Site = {
  provider: 'spotify',
  path: /^\/(?:intl-[a-z-]+\/)?(?:embed(?:-podcast)?\/)?(?:user\/[^/]+\/)?(track|album|playlist|artist|episode|show)\/([A-Za-z0-9]{22})\/?$/,
};
const DEEZER: Site = {
  provider: 'deezer',
  path: /^\/(?:[a-z]{2}(?:-[a-z]{2})?\/|widget\/[a-z]+\/)?(track|album|playlist|artist|episode|show)\/(\d{1,19})\/?$/,
};

/** No catalog of its own: what it knows is looked up in the others by its codes (bridge.ts). */
const MUSICBRAINZ: Site = {
  provider: 'musicbrainz',
  path: /^\/(recording|release)\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\/?$/,
};
const TYPE_OF_WORD: Readonly<Record<string, CatalogType>> = { RECORDING: 'TRACK', RELEASE: 'ALBUM' };

const SITES = new Map<string, Site>([
  ['open.spotify.com', SPOTIFY],
  ['play.spotify.com', SPOTIFY],
  ['deezer.com', DEEZER],
  ['www.deezer.com', DEEZER],
  ['widget.deezer.com', DEEZER],
  ['musicbrainz.org', MUSICBRAINZ],
  ['beta.musicbrainz.org', MUSICBRAINZ],
]);

/** Only these services know where their links lead (short-links.ts). */
const SHORTENERS = new Map([
  ['spotify.link', 'Spotify'],
  ['spotify.app.link', 'Spotify'],
  ['spoti.fi', 'Spotify'],
  ['link.deezer.com', 'Deezer'],
  ['deezer.page.link', 'Deezer'],
  ['dzr.page.link', 'Deezer'],
]);

/** `deezer://` is how apps call each other: followed by the site's name, or by the path at once. */
const LINK = /^(?:https?|deezer):\/\//i;
const WITHOUT_SCHEME = new RegExp(
  `^(?:${[...SITES.keys(), ...SHORTENERS.keys()].join('|').replaceAll('.', '\\.')})/`,
  'i',
);

function isLink(text: string): boolean {
  return LINK.test(text) || WITHOUT_SCHEME.test(text);
}

function parseLink(text: string): ItemReference {
  const url = toUrl(text);
  if (url && shortenerOf(url)) {
    throw new InvalidItemError(
      `${quote(text)} is a short link, which is not followed here. Open it in a browser and use the address that it leads to.`,
    );
  }
  const site = SITES.get(url?.hostname ?? '');
  const [, type = '', id = ''] = site?.path.exec(url?.pathname ?? '') ?? [];
  const known = typeNamed(type);
  if (site && known) return { id: `${site.provider}:${id}`, type: known };
  throw new InvalidItemError(`${quote(text)} is not a link to an item of ${ITEM_SITES}.`);
}

export const ITEM_SITES = 'Spotify, Deezer or MusicBrainz';

/** Whose short link it is; null for any other address, such as one with a port or a password. */
export function shortenerOf(url: URL): string | null {
  const isPlain =
    /^https?:$/.test(url.protocol) && url.port === '' && url.username === '' && url.password === '';
  return isPlain ? (SHORTENERS.get(url.hostname) ?? null) : null;
}

/** Null for what is not a short link. */
export function shortLinkIn(raw: string): URL | null {
  const text = raw.trim();
  const url = raw.length <= MAX_REFERENCE_CHARS && isLink(text) ? toUrl(text) : null;
  return url && shortenerOf(url) ? url : null;
}

function toUrl(text: string): URL | null {
  const address = text
    .replace(/^deezer:\/\/(?=[a-z]+\/\d)/i, 'https://www.deezer.com/')
    .replace(/^deezer:\/\//i, 'https://');
  const absolute = /^https?:\/\//i.test(address) ? address : `https://${address}`;
  return URL.canParse(absolute) ? new URL(absolute) : null;
}

function typeNamed(word: string): CatalogType | null {
  const name = word.toUpperCase();
  return CATALOG_TYPES.find((type) => type === name) ?? TYPE_OF_WORD[name] ?? null;
}

export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
