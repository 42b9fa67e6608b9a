import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AudioSource } from '../../src/catalog/audio-source.js';
import type { Track } from '../../src/catalog/catalog-item.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { DEEZER_IDS as IDS, startDeezerServer, type DeezerServer } from '../kit/deezer-server.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';

const SEARCH = graphql(`
  query SearchDeezerCatalog($query: String!) {
    search(query: $query, type: TRACK, first: 3) {
      totalCount
      nodes {
        ... on Track {
          id
          title
          catalog
          available
        }
      }
    }
  }
`);

const SEARCH_DEMO = graphql(`
  query SearchDemoMeanwhile {
    search(query: "night", catalog: "demo", first: 1) {
      nodes {
        __typename
      }
    }
  }
`);

const ALBUM = graphql(`
  query AlbumOfDeezer($id: ID!) {
    album(id: $id) {
      title
      trackCount
      tracks(first: 3) {
        nodes {
          isrc
          available
        }
      }
    }
  }
`);

const QUEUE = graphql(`
  mutation QueueFromDeezer($item: String!) {
    queueDownload(input: { item: $item }) {
      ... on DownloadQueued {
        task {
          id
        }
      }
    }
  }
`);

let server: DeezerServer;
let app: TestApp;
/** What the source was asked for: it has none of it. */
const wanted: Track[] = [];
const source: AudioSource = {
  name: 'listening',
  find: (track) => {
    wanted.push(track);
    return Promise.resolve(null);
  },
  open: () => Promise.reject(new Error('nothing was found')),
};

beforeAll(async () => {
  server = await startDeezerServer();
  app = await startApp({
    env: { catalog: 'deezer', deezerApiUrl: server.url },
    overrides: { sources: [source] },
  });
});
afterAll(async () => {
  await app.stop();
  await server.stop();
});

describe('CATALOG=deezer', () => {
  it('answers searches, and says what is not offered in its country', async () => {
    const { search } = await app.execute(SEARCH, { query: 'slow' });
    expect(search).toEqual({
      totalCount: 6,
      nodes: [
        { id: 'Track:deezer:7001001', title: 'Slow Weather, 1', catalog: 'deezer', available: true },
        { id: 'Track:deezer:7001002', title: 'Slow Weather, 2', catalog: 'deezer', available: true },
        { id: 'Track:deezer:7001003', title: 'Slow Weather, 3', catalog: 'deezer', available: false },
      ],
    });
  });

  it('shows items by bare id', async () => {
    const { album } = await app.execute(ALBUM, { id: '7001' });
    expect(album).toMatchObject({
      title: 'Slow Weather',
      trackCount: 6,
      tracks: { nodes: [{ isrc: 'XXKEL7001001', available: true }, {}, { available: false }] },
    });
  });

  it('asks sources for a track with all that finds it, though its list left that out', async () => {
    await app.execute(QUEUE, { item: `Playlist:${IDS.shortPlaylist}` });
    const track = await waitFor(() => wanted.find(({ id }) => id === IDS.track), {
      what: 'the source to be asked',
    });
    expect(track).toMatchObject({
      isrc: 'XXKEL7001001',
      trackNumber: 1,
      album: { trackTotal: 6, discTotal: 2, label: 'Breakwater' },
    });
    expect(track.artists).toHaveLength(2);
  });

  it('has tasks wait as long as Deezer says, and goes on with what does not need it', async () => {
    server.answerOnce('/playlist/9001/tracks', (response) =>
      response.writeHead(429, { 'retry-after': '3600' }).end(),
    );
    const { queueDownload } = await app.execute(QUEUE, { item: `Playlist:${IDS.playlist}` });
    const id = ('task' in queueDownload && queueDownload.task.id.replace('Task:', '')) || '';
    const read = () => app.deps.db.task.findUniqueOrThrow({ where: { id } });
    const task = await waitFor(async () => ((await read()).state === 'RETRYING' ? read() : null), {
      what: 'the task to be RETRYING',
    });
    const seconds = ((task.retryAt?.getTime() ?? 0) - Date.now()) / 1_000;
    expect(seconds).toBeGreaterThan(3_000);
    expect(seconds).toBeLessThan(3_700);
    const before = server.requests.length;
    const find = app.deps.catalogs.get('deezer')?.findTrack('deezer:7005400', new AbortController().signal);
    await expect(find).rejects.toMatchObject({ code: 'UPSTREAM_LIMITED' });
    expect(server.requests).toHaveLength(before);
    const { search } = await app.execute(SEARCH_DEMO);
    expect(search?.nodes.length).toBeGreaterThan(0);
  });
});
