import { InvalidItemError } from './errors.js';
import { isLink, parseLink, quote, typeNamed, type ItemReference } from './item-link.js';

/** Never only dots: those mean folders elsewhere. */
const LOCAL_ID = /^(?=.*[A-Za-z0-9])[A-Za-z0-9._-]{1,128}$/;
const PROVIDER = /^[a-z][a-z0-9-]{0,31}$/;
const SPOTIFY_ID = /^[A-Za-z0-9]{22}$/;
/** Catalogues whose ids have a form of their own: anything else is not asked for. */
const OWN_FORMS = new Map([
  ['spotify', SPOTIFY_ID],
  ['deezer', /^\d{1,19}$/],
]);
const SPOTIFY_USERS_PLAYLIST = /^spotify:user:[^:]+:playlist:/;
const ALLOWED =
  'allowed: provider:id (demo:night-ferry), a node id (Album:demo:night-ferry), a URI (demo:album:night-ferry), a bare id of the catalogue in use, or a link';

/**
 * Reads an id in any of the forms of rest-contract §1, a URI or a link. Throws InvalidItemError for anything else,
 * before any catalogue is asked.
 */
export function parseItemReference(raw: string, defaultProvider: string): ItemReference {
  const text = raw.trim();
  if (isLink(text)) return parseLink(text);
  const parts = text
    .replace(SPOTIFY_USERS_PLAYLIST, 'spotify:playlist:')
    .replace(/^(spotify:.*)\?.*$/, '$1')
    .split(':');
  const [first = '', second = '', third] = parts;
  const nodeType = typeNamed(first);
  if (nodeType && parts.length > 1) return { id: idOf(parts.slice(1), defaultProvider), type: nodeType };
  const type = third === undefined ? null : typeNamed(second);
  if (type) return { id: idOf([first, ...parts.slice(2)], defaultProvider), type };
  return { id: idOf(parts, defaultProvider), type: null };
}

/** `provider:id` of these parts, or of the one part that is a bare id. */
function idOf(parts: readonly string[], defaultProvider: string): string {
  const [first = '', second] = parts;
  const [provider, id] =
    second === undefined ? [SPOTIFY_ID.test(first) ? 'spotify' : defaultProvider, first] : [first, second];
  const form = OWN_FORMS.get(provider) ?? LOCAL_ID;
  if (parts.length <= 2 && PROVIDER.test(provider) && LOCAL_ID.test(id) && form.test(id)) {
    return `${provider}:${id}`;
  }
  throw new InvalidItemError(`${quote(parts.join(':'))} is not an item's id; ${ALLOWED}.`);
}
