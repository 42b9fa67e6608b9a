import { providerOf, titleOf, type Album, type CatalogItem, type Track } from './catalog-item.js';
import { compactCode, isSameRecording, sameCode } from './match-track.js';
import { artistKey, titleKey } from './normalize.js';

/** What one catalog found, the best match first. */
export interface RankedResults {
  items: readonly CatalogItem[];
  /** Its tracks say whether they are explicit; tags of files do not. */
  marksExplicit: boolean;
}

interface Entry {
  item: CatalogItem;
  list: number;
  marksExplicit: boolean;
}

/** The same thing in several catalogs, at the place where it came first. */
interface Group {
  first: Entry;
  shown: Entry;
}

/**
 * By rank: the best of each list, then the second of each. Lists come in the order of preference, which also decides
 * whose entry is shown of what several have. The same lists give the same order.
 */
export function mergeResults(lists: readonly RankedResults[]): CatalogItem[] {
  const groups: Group[] = [];
  const byKey = new Map<string, Group[]>();
  for (const entry of inRankOrder(lists)) {
    const keys = keysOf(entry.item);
    const known = keys.flatMap((key) => byKey.get(key) ?? []).find(({ first }) => isSame(first, entry));
    const group = known ?? { first: entry, shown: entry };
    if (!known) groups.push(group);
    if (entry.list < group.shown.list) group.shown = entry;
    for (const key of keys) byKey.set(key, [...(byKey.get(key) ?? []), group]);
  }
  return groups.map(({ shown }) => shown.item);
}

function inRankOrder(lists: readonly RankedResults[]): Entry[] {
  const longest = Math.max(0, ...lists.map(({ items }) => items.length));
  return Array.from({ length: longest }, (_, rank) => rank).flatMap((rank) =>
    lists.flatMap(({ items, marksExplicit }, list) => {
      const item = items[rank];
      return item ? [{ item, list, marksExplicit }] : [];
    }),
  );
}

/** Only what has one in common is compared. Names of artists and playlists are no proof that they are the same. */
function keysOf(item: CatalogItem): string[] {
  if (item.type !== 'TRACK' && item.type !== 'ALBUM') return [`id ${item.id}`];
  const code = item.type === 'TRACK' ? item.isrc : item.upc;
  return [`title ${titleKey(titleOf(item))}`, ...(code ? [`code ${compactCode(code)}`] : [])];
}

function isSame(one: Entry, other: Entry): boolean {
  const [a, b] = [one.item, other.item];
  if (a.id === b.id) return a.type === b.type;
  if (a.type === 'TRACK' && b.type === 'TRACK')
    return isSameTrack(a, b, one.marksExplicit && other.marksExplicit);
  return a.type === 'ALBUM' && b.type === 'ALBUM' && isSameAlbum(a, b);
}

function isSameTrack(one: Track, other: Track, bothMarkExplicit: boolean): boolean {
  const isCensored = bothMarkExplicit && one.explicit !== other.explicit && !sameCode(one.isrc, other.isrc);
  return !isCensored && isSameRecording(one, candidateOf(other));
}

export const candidateOf = ({ title, artists, album, durationMs, isrc }: Track) => ({
  title,
  artists: artists.map(({ name }) => name),
  album: album?.title ?? null,
  durationMs,
  isrc,
});

/** One catalog tells its own albums apart: there, only the bar code makes two the same. */
function isSameAlbum(one: Album, other: Album): boolean {
  if (sameCode(one.upc, other.upc)) return true;
  const [artist, otherArtist] = [one.artists[0]?.name, other.artists[0]?.name];
  return (
    providerOf(one) !== providerOf(other) &&
    titleKey(one.title) === titleKey(other.title) &&
    one.trackTotal === other.trackTotal &&
    artist !== undefined &&
    otherArtist !== undefined &&
    artistKey(artist) === artistKey(otherArtist)
  );
}
