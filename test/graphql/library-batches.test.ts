import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toLibraryFile } from '../../src/library/library-file.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { spyOnQueries } from '../kit/spy-on-queries.js';
import { searchOf } from '../kit/ask.js';
import { indexFiles } from '../kit/library.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const NOW = new Date('2026-01-02T03:04:05.678Z');
const TRACKS = 50;

let app: TestApp;

beforeAll(async () => {
  // Not scanned: nothing works in this role. Records as a scan would have written them are all that is needed.
  app = await startApp({ env: { role: 'api', libraryDirs: [tmpdir()], catalog: 'library' } });
  await indexFiles(
    app.deps.db,
    Array.from({ length: TRACKS }, (_, at) => toRecord(at)),
  );
});
afterAll(() => app.stop());

/** Each of another artist's album, with a guest. */
function toRecord(at: number) {
  const fileName = `${at}.flac`;
  const found = { path: `/music/${fileName}`, folders: [], fileName, sizeBytes: 1n, modifiedAt: NOW };
  const nothing = { isrc: null, upc: null, date: null, label: null, copyright: null, licence: null };
  const numbers = { trackNumber: 1, trackTotal: null, discNumber: null, discTotal: null };
  const tags = {
    title: `Song ${at}`,
    artists: [`Artist ${at}`, `Guest ${at}`],
    albumArtist: `Artist ${at}`,
    album: `Album ${at}`,
    compilation: false,
    genres: [],
  };
  const sound = { codec: 'flac', bitrateKbps: null, durationMs: 200_000 };
  return toLibraryFile(found, { ...nothing, ...numbers, ...tags, ...sound }, NOW);
}

const PAGE = graphql(`
  query PageOfLibrary($first: Int!) {
    search(query: "song", first: $first) {
      totalCount
      edges {
        node {
          ... on Track {
            title
            artists {
              name
              artist {
                id
                name
              }
            }
            album {
              id
              title
              artists {
                artist {
                  name
                }
              }
            }
          }
        }
      }
    }
  }
`);

describe('a page of the owner’s own tracks', () => {
  it('needs as few queries for 50 tracks with artists and albums as for one', async () => {
    const counts: number[] = [];
    for (const first of [1, TRACKS]) {
      const queries = spyOnQueries(app.deps);
      const search = searchOf(await app.execute(PAGE, { first }));
      counts.push(queries());
      expect(search.edges).toHaveLength(first);
      for (const { node } of search.edges) {
        if (!('artists' in node)) throw new Error('no track');
        expect(node.artists.map(({ name, artist }) => artist?.name === name)).toEqual([true, true]);
        expect(node.album?.artists).toEqual([{ artist: { name: node.artists[0]?.name } }]);
      }
    }
    const [one = 0, fifty = 0] = counts;
    expect(fifty).toBe(one);
    // The tracks, how many there are, their albums, all artists.
    expect(fifty).toBe(4);
  });

  it.each(['/search?q=song&limit=50', '/album/info?limit=50&id=', '/artist/info?limit=50&id='])(
    'needs at most four queries for GET %s',
    async (path) => {
      const search = searchOf(await app.execute(PAGE, { first: 1 }));
      const [node] = search.edges.map((edge) => edge.node);
      if (!node || !('artists' in node)) throw new Error('no track');
      const id = path.startsWith('/album') ? node.album?.id : node.artists[0]?.artist?.id;
      const queries = spyOnQueries(app.deps);
      const { status } = await app.rest('GET', path.endsWith('=') ? `${path}${id}` : path);
      expect({ status, few: queries() <= 4 }).toEqual({ status: 200, few: true });
    },
  );
});
