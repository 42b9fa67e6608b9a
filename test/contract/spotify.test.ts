import { afterAll, beforeAll, describe } from 'vitest';
import { openSpotify, type OpenedSpotify } from '../kit/open-spotify.js';
import { SPOTIFY_IDS as IDS, startSpotifyServer, type SpotifyServer } from '../kit/spotify-server.js';
import { describeCatalogSource } from './catalog-source.js';

describe.each(['old', 'new'] as const)('with a client id of the %s kind', (kind) => {
  let server: SpotifyServer;
  let opened: OpenedSpotify;
  beforeAll(async () => {
    server = await startSpotifyServer(kind);
    opened = await openSpotify(server.url);
  });
  afterAll(async () => {
    await opened.close();
    await server.stop();
  });

  describeCatalogSource('Spotify', () => ({
    catalog: opened.catalog,
    words: { TRACK: 'slow', ALBUM: 'e', PLAYLIST: 'tide', ARTIST: 'a', SHOW: 'dock', EPISODE: 'week' },
    track: IDS.track,
    album: IDS.album,
    // An app in development mode needs a user for what a playlist has.
    playlist: kind === 'old' ? IDS.playlist : null,
    artist: IDS.artist,
    show: IDS.show,
    episode: IDS.episode,
    missing: IDS.missing,
  }));
});
