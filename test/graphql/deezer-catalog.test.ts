import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { AudioSource } from '../../src/catalog/audio-source.js';
import type { Track } from '../../src/catalog/catalog-item.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { DEEZER_IDS as IDS, startDeezerServer, type DeezerServer } from '../kit/deezer-server.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';
import { joinApp } from '../system/join-app.js';

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

const WAITING_TASK = graphql(`
  query WaitingTask($id: ID!) {
    task(id: $id) {
      state
      retryAt
      error {
        code
        message
        retryable
      }
    }
  }
`);

const LIVE_TASK = graphql(`
  subscription LiveWaitingTask($id: ID!) {
    taskUpdates(filter: { ids: [$id] }) {
      task {
        state
        retryAt
        error {
          code
          message
          retryable
        }
      }
    }
  }
`);

const STATUSES = graphql(`
  query CatalogsAndSources {
    catalogs {
      ...StatusFields
    }
    sources {
      ...StatusFields
    }
  }
  fragment StatusFields on SourceStatus {
    name
    enabled
    healthy
    state
    account
    setup
    limitedUntil
    lastSuccessAt
    lastErrorAt
    lastError
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

  it('has tasks wait as long as Deezer says, which GraphQL, REST and live updates show', async () => {
    server.answerOnce('/playlist/9001/tracks', (response) =>
      response.writeHead(429, { 'retry-after': '3600' }).end(),
    );
    const { queueDownload } = await app.execute(QUEUE, { item: `Playlist:${IDS.playlist}` });
    const id = ('task' in queueDownload && queueDownload.task.id) || '';
    const task = await waitFor(
      async () => {
        const found = (await app.execute(WAITING_TASK, { id })).task;
        return found?.state === 'RETRYING' ? found : null;
      },
      { what: 'the task to be RETRYING' },
    );
    expect(task.error).toMatchObject({ code: 'UPSTREAM_LIMITED', retryable: true });
    expect(isAnHour(secondsUntil(task.retryAt))).toBe(true);
    for await (const { taskUpdates: live } of app.subscribe(LIVE_TASK, { id })) {
      expect(live.task).toEqual(task);
      break;
    }
    const { body } = await app.rest('GET', `/prgs/${id.replace('Task:', '')}`);
    const line = (body as { last_line: { status_info: Record<string, unknown> } }).last_line;
    expect(line.status_info).toMatchObject({ status: 'retrying', error: task.error?.message });
    expect(isAnHour(Number(line.status_info['seconds_left']))).toBe(true);
  });

  it('is shown as limited meanwhile, with what it said and when it last answered', async () => {
    const { catalogs, sources } = await app.execute(STATUSES);
    const [demo, deezer] = catalogs;
    expect(demo).toEqual({ ...READY, name: 'demo' });
    expect(deezer).toMatchObject({
      name: 'deezer',
      enabled: true,
      healthy: false,
      state: 'LIMITED',
      account: 'NOT_NEEDED',
      lastError: 'Deezer limits requests.',
    });
    expect(isAnHour(secondsUntil(deezer?.limitedUntil ?? null))).toBe(true);
    const [success = 0, error = 0] = [deezer?.lastSuccessAt, deezer?.lastErrorAt].map((time) =>
      time ? Date.parse(time) : 0,
    );
    expect(success).toBeGreaterThan(0);
    expect(error).toBeGreaterThanOrEqual(success);
    expect(catalogs.slice(2)).toEqual([
      { ...DISABLED, name: 'library', setup: expect.stringContaining('LIBRARY_DIRS') as string },
      { ...DISABLED, name: 'subsonic', setup: expect.stringContaining('SUBSONIC_URL') as string },
      {
        ...DISABLED,
        name: 'internet-archive',
        setup: expect.stringContaining('INTERNET_ARCHIVE_COLLECTIONS') as string,
      },
      {
        ...DISABLED,
        name: 'spotify',
        account: 'MISSING',
        setup: expect.stringContaining('setSpotifyApp') as string,
      },
      { ...DISABLED, name: 'musicbrainz', setup: expect.stringContaining('musicBrainz') as string },
    ]);
    expect(sources.map(({ name, state }) => [name, state])).toEqual([
      ['listening', 'READY'],
      ['demo', 'READY'],
      ['library', 'DISABLED'],
      ['subsonic', 'DISABLED'],
      ['internet-archive', 'DISABLED'],
    ]);
    const { body } = await app.rest('GET', '/config/check');
    const check = body as { catalogs: object[]; sources: object[] };
    expect(check.catalogs[1]).toEqual({
      ...{ name: 'deezer', enabled: true, state: 'limited', account: 'not_needed', setup: null },
      limited_until: deezer?.limitedUntil,
      last_success_at: deezer?.lastSuccessAt,
      last_error_at: deezer?.lastErrorAt,
      last_error: deezer?.lastError,
    });
    expect(check.sources).toHaveLength(5);
  });

  it('goes on with what does not need Deezer, and requests nothing from it', async () => {
    const before = server.requests.length;
    const find = app.deps.catalogs.get('deezer')?.findTrack('deezer:7005400', new AbortController().signal);
    await expect(find).rejects.toMatchObject({ code: 'UPSTREAM_LIMITED' });
    const { search } = await app.execute(SEARCH_DEMO);
    expect(search?.nodes.length).toBeGreaterThan(0);
    const { queueDownload } = await app.execute(QUEUE, { item: 'demo:night-ferry-1-01' });
    const id = ('task' in queueDownload && queueDownload.task.id) || '';
    await waitFor(async () => (await app.execute(WAITING_TASK, { id })).task?.state === 'COMPLETED', {
      what: 'the track of the demo',
    });
    expect(server.requests).toHaveLength(before);
  });
});

describe('an installation without CATALOG', () => {
  const openWith = (catalog: TestApp['env']['catalog']) =>
    startApp({ env: { role: 'api', catalog, deezerApiUrl: 'http://127.0.0.1:1' } });

  it('uses Deezer if it is new, and says what is wrong where there is no network', async () => {
    const own = await openWith(null);
    onTestFinished(() => own.stop());
    expect(own.deps.defaultCatalog()).toBe('deezer');
    await expect(own.execute(SEARCH, { query: 'slow' })).rejects.toThrow(
      /Deezer failed: 127\.0\.0\.1:1 is not reachable: connect ECONNREFUSED.*UPSTREAM_FAILED/s,
    );
    expect((await own.execute(SEARCH_DEMO)).search?.nodes.length).toBeGreaterThan(0);
    const { catalogs } = await own.execute(STATUSES);
    expect(catalogs.find(({ name }) => name === 'deezer')).toMatchObject({
      ...{ enabled: true, healthy: false, state: 'FAILING', lastSuccessAt: null },
      lastError: expect.stringContaining('is not reachable') as string,
    });
  });

  it('keeps the demo if it was used before that was so, and then requests nothing from Deezer', async () => {
    const own = await openWith('demo');
    onTestFinished(() => own.stop());
    await own.deps.db.installation.updateMany({ data: { catalog: 'demo' } });
    const later = await joinApp(own, { env: { role: 'api', catalog: null } });
    onTestFinished(() => later.stop());
    expect(later.deps.defaultCatalog()).toBe('demo');
    const { catalogs } = await later.execute(STATUSES);
    expect(catalogs.find(({ name }) => name === 'deezer')).toMatchObject({
      enabled: false,
      setup: expect.stringContaining('CATALOG') as string,
    });
  });
});

const secondsUntil = (time: string | null) => (Date.parse(time ?? '') - Date.now()) / 1_000;
const isAnHour = (seconds: number) => seconds > 3_000 && seconds <= 3_600;

const UNUSED = {
  account: 'NOT_NEEDED',
  limitedUntil: null,
  lastSuccessAt: null,
  lastErrorAt: null,
  lastError: null,
};
const READY = { ...UNUSED, enabled: true, healthy: true, state: 'READY', setup: null };
const DISABLED = { ...UNUSED, enabled: false, healthy: false, state: 'DISABLED' };
