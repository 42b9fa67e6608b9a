import type { Album, QueueableItem, Track } from '../catalog/catalog-item.js';
import type { CatalogSource, PageRequest } from '../catalog/catalog-source.js';
import type { AlbumGroup } from '../catalog/album-group.js';

/** A page of what a list consists of; null for an entry that its catalogue no longer has. */
export async function listEntries(
  catalog: CatalogSource,
  parent: QueueableItem,
  { request, groups, signal }: { request: PageRequest; groups: readonly AlbumGroup[]; signal: AbortSignal },
): Promise<{ items: (Track | Album | null)[]; total: number }> {
  switch (parent.type) {
    case 'ALBUM':
      return catalog.listAlbumTracks(parent.id, request, signal);
    case 'PLAYLIST': {
      const page = await catalog.listPlaylistEntries(parent.id, request, signal);
      return { items: page.items.map((entry) => entry.track), total: page.total };
    }
    case 'ARTIST':
      return catalog.listArtistAlbums(parent.id, { ...request, groups }, signal);
    case 'TRACK':
      return { items: [parent], total: 1 };
  }
}
