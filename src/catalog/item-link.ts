import { CATALOG_TYPES, type CatalogType } from './catalog-item.js';
import { InvalidItemError } from './errors.js';

/** What a person wrote when they meant an item: its catalogue id, and its type where they said that. */
export interface ItemReference {
  /** `provider:id` */
  id: string;
  type: CatalogType | null;
}

interface Site {
  provider: string;
  /** Type and id are its groups. */
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

/** The pages of Spotify and Deezer that show one item. */
const SITES = new Map<string, Site>([
  ['open.spotify.com', SPOTIFY],
  ['play.spotify.com', SPOTIFY],
  ['deezer.com', DEEZER],
  ['www.deezer.com', DEEZER],
  ['widget.deezer.com', DEEZER],
]);

/** Where these lead only their services know, and nothing is asked before an id is known to be one. */
const SHORTENERS = new Set([
  'spotify.link',
  'spotify.app.link',
  'link.deezer.com',
  'deezer.page.link',
  'dzr.page.link',
]);

/** `deezer://` is how apps call each other: with the site's name after it, or with the path at once. */
const LINK = /^(?:https?|deezer):\/\//i;
const WITHOUT_SCHEME = new RegExp(
  `^(?:${[...SITES.keys(), ...SHORTENERS].join('|').replaceAll('.', '\\.')})/`,
  'i',
);

export function isLink(text: string): boolean {
  return LINK.test(text) || WITHOUT_SCHEME.test(text);
}

/** Reads a link to an item. Throws InvalidItemError for one that leads elsewhere. */
export function parseLink(text: string): ItemReference {
  const url = toUrl(text);
  if (url && SHORTENERS.has(url.hostname)) {
    throw new InvalidItemError(
      `${quote(text)} is a short link: only its service knows where it leads. Open it, and give the link that it leads to.`,
    );
  }
  const site = SITES.get(url?.hostname ?? '');
  const [, type = '', id = ''] = site?.path.exec(url?.pathname ?? '') ?? [];
  const known = typeNamed(type);
  if (site && known) return { id: `${site.provider}:${id}`, type: known };
  throw new InvalidItemError(`${quote(text)} is not a link to an item of Spotify or Deezer.`);
}

function toUrl(text: string): URL | null {
  const address = text
    .replace(/^deezer:\/\/(?=[a-z]+\/\d)/i, 'https://www.deezer.com/')
    .replace(/^deezer:\/\//i, 'https://');
  const absolute = /^https?:\/\//i.test(address) ? address : `https://${address}`;
  return URL.canParse(absolute) ? new URL(absolute) : null;
}

/** The type of this name in any case; null for any other word. */
export function typeNamed(word: string): CatalogType | null {
  return CATALOG_TYPES.find((type) => type === word.toUpperCase()) ?? null;
}

/** What was given, as an error may repeat it. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
