import type { CatalogSource, Page } from '../../src/catalog/catalog-source.js';

const nothing = <T>(): Promise<Page<T>> => Promise.resolve({ items: [], total: 0 });
const nobody = () => Promise.resolve(null);

/** A catalog that has only the items a test provides. */
export function createStubCatalog(provider: string, own: Partial<CatalogSource> = {}): CatalogSource {
  return {
    provider,
    remote: false,
    search: nothing,
    findTrack: nobody,
    findAlbum: nobody,
    findPlaylist: nobody,
    findArtist: nobody,
    findShow: nobody,
    findEpisode: nobody,
    listAlbumTracks: nothing,
    listPlaylistEntries: nothing,
    listArtistAlbums: nothing,
    listShowEpisodes: nothing,
    fetchCover: nobody,
    ...own,
  };
}

/** A catalog whose every call fails. */
export function createTroubledCatalog(provider: string, thrown: Error): CatalogSource {
  const fail = () => Promise.reject(thrown);
  const all = Object.keys(createStubCatalog(provider)).map((name) => [name, fail]);
  return createStubCatalog(provider, {
    ...Object.fromEntries(all),
    provider,
    remote: false,
  } as Partial<CatalogSource>);
}
