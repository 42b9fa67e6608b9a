import type { Album, CatalogType, Track } from './catalog-item.js';
import type { CatalogDeps, CatalogSource } from './catalog-source.js';
import { CatalogItemNotFoundError, CatalogNotSetUpError } from './errors.js';

type BridgeDeps = Pick<CatalogDeps, 'catalogs' | 'defaultCatalog' | 'enrichment'>;

/** Of ids that no catalog has: what they name is found in the others by its codes. */
export const MUSICBRAINZ = 'musicbrainz';

/** Own music first, then the default catalog. Invented music is for those who have nothing else. */
export function listByPreference({
  catalogs,
  defaultCatalog,
}: Pick<CatalogDeps, 'catalogs' | 'defaultCatalog'>): CatalogSource[] {
  const byDefault = defaultCatalog();
  const placeOf = ({ isOwnMusic, provider }: CatalogSource) =>
    isOwnMusic ? 0 : provider === byDefault ? 1 : 2;
  return [...catalogs.values()]
    .filter((catalog) => catalog.isSetUp?.() !== false)
    .filter(({ isInvented, provider }) => !isInvented || provider === byDefault)
    .toSorted((one, other) => placeOf(one) - placeOf(other));
}

/** Throws CatalogNotSetUpError while MusicBrainz is off, and CatalogItemNotFoundError saying where the bridge ended. */
export async function findByMusicBrainzId(
  deps: BridgeDeps,
  { id, type }: { id: string; type: CatalogType | null },
  signal: AbortSignal,
): Promise<Track | Album> {
  const enrichment = deps.enrichment();
  if (!enrichment) {
    throw new CatalogNotSetUpError(
      MUSICBRAINZ,
      listByPreference(deps).map(({ provider }) => provider),
    );
  }
  const mbid = id.slice(MUSICBRAINZ.length + 1);
  const isAlbum = type === 'ALBUM';
  const codes = isAlbum
    ? asList(await enrichment.findUpc(mbid, signal))
    : await enrichment.listIsrcs(mbid, signal);
  const what = isAlbum ? 'release' : 'recording';
  if (!codes) throw new CatalogItemNotFoundError(`MusicBrainz has no ${what} ${mbid}.`);
  if (codes.length === 0) {
    throw new CatalogItemNotFoundError(
      `MusicBrainz knows no ${isAlbum ? 'bar code' : 'ISRC'} of the ${what} ${mbid}, so it cannot be found elsewhere. Search for it by its title.`,
    );
  }
  const found = await findByCodes(listByPreference(deps), { codes, isAlbum, signal });
  if (found) return found;
  throw new CatalogItemNotFoundError(
    `No catalog here finds the ${what} ${mbid} by its ${isAlbum ? 'bar code' : 'ISRC'} (${codes.join(', ')}). Search for it by its title.`,
  );
}

const asList = (upc: string | null): string[] | null => (upc === null ? null : upc === '' ? [] : [upc]);

async function findByCodes(
  catalogs: readonly CatalogSource[],
  { codes, isAlbum, signal }: { codes: readonly string[]; isAlbum: boolean; signal: AbortSignal },
): Promise<Track | Album | null> {
  for (const catalog of catalogs) {
    for (const code of codes) {
      const found = isAlbum
        ? await catalog.findAlbumByUpc?.(code, signal)
        : await catalog.findTrackByIsrc?.(code, signal);
      if (found) return found;
    }
  }
  return null;
}
