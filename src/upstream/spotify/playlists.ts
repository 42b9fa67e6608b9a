import { LRUCache } from 'lru-cache';
import type { Page, PageRequest, PlaylistEntry } from '../../catalog/catalog-source.js';
import { UpstreamFailedError } from '../../lib/errors.js';
import { ForbiddenBySpotify, type FindRequest, type SpotifyApi } from './api.js';
import type { SpotifyClient } from './client.js';
import { toEntry } from './map.js';
import { entrySchema, playlistSchema, type SpotifyPlaylist } from './schemas.js';

/**
 * Playlists, read as the app where that is enough. Private ones, and to apps in development mode the entries of all,
 * are shown only to the user who owns or shares them.
 */
export interface Playlists {
  find(client: SpotifyClient, id: string, request: FindRequest): Promise<SpotifyPlaylist | null>;
  /** Null when Spotify has no such playlist. Throws UpstreamFailedError for one that is not shown. */
  listEntries(
    client: SpotifyClient,
    id: string,
    request: FindRequest & PageRequest,
  ): Promise<Page<PlaylistEntry> | null>;
}

const REMEMBERED = 1_000;

export function createPlaylists(): Playlists {
  /** Of which the app gets nothing, by connection: the user is asked at once. */
  const hidden = new LRUCache<string, true>({ max: REMEMBERED });
  const readersOf = ({ app, user, access }: SpotifyClient, id: string) => {
    const key = `${access.connection?.id ?? ''} ${id}`;
    const readers = user && hidden.has(key) ? [user] : [app, ...(user ? [user] : [])];
    return { readers, note: (reader: SpotifyApi) => void (reader === user && hidden.set(key, true)) };
  };
  const find: Playlists['find'] = async (client, id, request) => {
    const { readers } = readersOf(client, id);
    const { found, refusal } = await firstOf(readers, (reader) =>
      reader.find(`/playlists/${id}`, playlistSchema, request),
    );
    if (!found && refusal) throw notShown(client, id);
    return found && found.value;
  };
  return {
    find,
    async listEntries(client, id, request) {
      const { readers, note } = readersOf(client, id);
      const { market } = client.access;
      const list = { kind: 'playlist items' as const, ...request };
      const query = { ...request.query, additional_types: 'track,episode' };
      const { found, refusal } = await firstOf(readers, (reader) =>
        reader.list(`/playlists/${id}/items`, entrySchema, { ...list, query }),
      );
      if (found) {
        note(found.reader);
        const { items, total } = found.value;
        return { items: items.map((entry) => toEntry(entry, market)), total };
      }
      // One that is there, and has no entries for us, is not an empty one.
      if (refusal || (await find(client, id, request))) throw notShown(client, id);
      return null;
    },
  };
}

interface First<T> {
  found: { value: T; reader: SpotifyApi } | null;
  refusal: ForbiddenBySpotify | null;
}

async function firstOf<T>(
  readers: readonly SpotifyApi[],
  read: (reader: SpotifyApi) => Promise<T | null>,
): Promise<First<T>> {
  let refusal: ForbiddenBySpotify | null = null;
  for (const reader of readers) {
    try {
      const value = await read(reader);
      if (value !== null) return { found: { value, reader }, refusal: null };
    } catch (thrown) {
      if (!(thrown instanceof ForbiddenBySpotify)) throw thrown;
      refusal = thrown;
    }
  }
  return { found: null, refusal };
}

function notShown({ access: { connection } }: SpotifyClient, id: string): UpstreamFailedError {
  const what = `Spotify does not show the playlist "spotify:${id}" to this server`;
  if (!connection) {
    return new UpstreamFailedError(
      `${what}: only to those who own or share it. If you do, connect your account with the mutation startSpotifyConnection.`,
      { retryable: false },
    );
  }
  const name = JSON.stringify(connection.userName ?? connection.userId);
  return new UpstreamFailedError(
    `${what}: the connected account ${name} neither owns nor shares it. Ask its owner to add that account as a collaborator, or copy its tracks to a playlist of your own.`,
    { retryable: false },
  );
}
