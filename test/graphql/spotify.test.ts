import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { ask } from '../kit/ask.js';
import { Browser } from '../kit/browser.js';
import {
  SPOTIFY_APP_SECRETS,
  SPOTIFY_IDS as IDS,
  startSpotifyServer,
  type SpotifyServer,
} from '../kit/spotify-server.js';
import { createPerson } from '../kit/sign-in.js';
import { startServer } from '../kit/server-process.js';
import { createToken, requestsTo, startApp, TEST_SECRET_KEY, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';
import { databaseUrlOf } from '../system/join-app.js';

const SEARCH = graphql(`
  query SearchSpotify($catalog: String) {
    search(query: "slow", type: ALBUM, catalog: $catalog) {
      nodes {
        ... on Album {
          id
          title
        }
      }
    }
  }
`);

const ENTRIES = graphql(`
  query SpotifyEntries($id: ID!) {
    playlist(id: $id) {
      title
      items(first: 6) {
        totalCount
        nodes {
          absence
          track {
            id
          }
        }
      }
    }
  }
`);

const SET_APP = graphql(`
  mutation SetAppOfSpotify($input: SpotifyAppInput!) {
    setSpotifyApp(input: $input) {
      __typename
    }
  }
`);

const MINE = graphql(`
  query MySpotify {
    spotifyConnection {
      userId
      userName
      connectedAt
    }
    spotifyPlaylists {
      totalCount
      nodes {
        id
        title
      }
    }
  }
`);

const START = graphql(`
  mutation StartSpotifyConnection {
    startSpotifyConnection {
      __typename
      ... on ProviderRedirect {
        url
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const DISCONNECT = graphql(`
  mutation DisconnectSpotify {
    disconnectSpotify {
      __typename
      ... on Error {
        message
      }
    }
  }
`);

const QUEUE = graphql(`
  mutation QueueFromSpotify($item: String!) {
    queueDownload(input: { item: $item }) {
      ... on DownloadQueued {
        task {
          id
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const CHILDREN = graphql(`
  query ChildrenFromSpotify($id: ID!) {
    task(id: $id) {
      state
      children(first: 100) {
        totalCount
        nodes {
          state
          error {
            code
            message
          }
        }
      }
    }
  }
`);

const STATES = graphql(`
  query StateOfSpotify {
    catalogs {
      name
      state
      account
      setup
      lastError
    }
  }
`);

const FRONTEND = 'http://front.example/music';

let server: SpotifyServer;
let app: TestApp;
beforeAll(async () => {
  server = await startSpotifyServer('new');
  app = await startApp({
    env: { spotifyApiUrl: server.url, spotifyAccountsUrl: server.url, frontendUrl: FRONTEND },
  });
});
afterAll(async () => {
  await app.stop();
  await server.stop();
});

const stateOfSpotify = async () =>
  (await app.execute(STATES)).catalogs.find(({ name }) => name === 'spotify');

const setApp = () => app.execute(SET_APP, { input: SPOTIFY_APP_SECRETS });

describe('the catalog of Spotify', () => {
  it('without an app says which mutation and which route add one, and the default is another catalog', async () => {
    const { errors } = await ask(app, SEARCH, { catalog: 'spotify' });
    expect(errors).toMatchObject([{ code: 'CATALOG_ITEM_NOT_FOUND' }]);
    expect(errors[0]?.message).toContain('setSpotifyApp or PUT /api/credentials/spotify_api_config');
    expect((await app.execute(SEARCH, { catalog: null })).search?.nodes).toEqual([]);
    expect(await stateOfSpotify()).toMatchObject({
      ...{ state: 'DISABLED', account: 'MISSING' },
      setup: expect.stringContaining('setSpotifyApp') as string,
    });
    const started = (await app.execute(START)).startSpotifyConnection;
    expect(started).toMatchObject({ __typename: 'CatalogItemNotFound' });
  });

  it('is the default one once it has an app, as the settings say', async () => {
    await setApp();
    const search = await waitFor(
      async () => {
        const found = (await app.execute(SEARCH, { catalog: null })).search?.nodes ?? [];
        return found.length > 0 ? found : null;
      },
      { what: 'Spotify to be searched' },
    );
    expect(search).toEqual([{ id: `Album:${IDS.album}`, title: 'Slow Weather' }]);
  });

  it('is READY with an app, and FAILING while it gets no token', async () => {
    expect(await stateOfSpotify()).toMatchObject({ state: 'READY', account: 'SET', setup: null });
    const find = () =>
      app.deps.liveCatalogs.get('spotify')?.findArtist(IDS.artist, new AbortController().signal);
    server.expireTokens();
    server.refuseTokens = { status: 500, body: 'out of order' };
    await expect(find()).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect(await stateOfSpotify()).toMatchObject({
      state: 'FAILING',
      lastError: expect.stringContaining('status 500') as string,
    });
    server.refuseTokens = null;
    await find();
    expect(await stateOfSpotify()).toMatchObject({ state: 'READY' });
  });

  it('takes links and URIs of Spotify', async () => {
    const id = IDS.album.replace('spotify:', '');
    const resolve = graphql(`
      query ResolveSpotify($item: String!) {
        resolveItem(item: $item) {
          ... on Album {
            id
          }
        }
      }
    `);
    for (const item of [
      `https://open.spotify.com/intl-de/album/${id}?si=abc`,
      `spotify:album:${id}`,
      `open.spotify.com/album/${id}`,
    ])
      expect((await app.execute(resolve, { item })).resolveItem).toEqual({ id: `Album:${IDS.album}` });
  });
});

const SEARCH_FOR = graphql(`
  query SearchSpotifyFor($query: String!) {
    search(query: $query, type: ALBUM, catalog: "spotify") {
      totalCount
    }
  }
`);

describe('a token that has expired', () => {
  it('is renewed once by two processes that need it at once', async () => {
    await setApp();
    const env = {
      ...{ ROLE: 'api', DATABASE_URL: databaseUrlOf(app), SECRET_KEY: TEST_SECRET_KEY },
      ...{ SPOTIFY_API_URL: server.url, SPOTIFY_ACCOUNTS_URL: server.url },
      ...{ DOWNLOAD_DIR: app.env.downloadDir, DATA_DIR: app.env.dataDir },
    };
    const processes = await Promise.all([startServer(env), startServer(env)]);
    onTestFinished(async () => {
      await Promise.all(processes.map((each) => each.end('SIGKILL')));
    });
    const searchInBoth = (round: string) =>
      Promise.all(
        processes.flatMap(({ pid, execute }) =>
          [1, 2, 3].map((n) => execute(SEARCH_FOR, { query: `${round} ${pid} ${n}` })),
        ),
      );
    await searchInBoth('before');
    const [tokens, requests] = [server.tokenRequests.length, server.requests.length];
    server.expireTokens();
    await searchInBoth('after');
    expect(server.tokenRequests.length - tokens).toBe(1);
    // Those that were refused, by each process at least one, and each of them again.
    expect(server.requests.length - requests).toBeGreaterThanOrEqual(8);
  });
});

interface Caller {
  browser: Browser;
  token: string | undefined;
}

/** The mutation of a browser with our page: its answer, the cookies kept. */
const start = async ({ browser, token }: Caller, { url }: { url: string } = app) => {
  const response = await browser.send(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query: START.toString() }),
  });
  const { data } = (await response.json()) as {
    data: { startSpotifyConnection: { __typename: string; url?: string } } | null;
  };
  return data?.startSpotifyConnection ?? { __typename: 'none' };
};

/** What the frontend gets in the end. */
async function connect(browser: Browser): Promise<Record<string, string>> {
  const { url = '' } = await start({ browser, token: app.token });
  const landing = await browser.visit(url, FRONTEND);
  return Object.fromEntries(landing.url.searchParams);
}

describe('a Spotify account', () => {
  it('is needed for the playlists of a user', async () => {
    await setApp();
    const { errors } = await ask(app, MINE);
    expect(errors[0]?.message).toMatch(
      /^No Spotify account is connected to this server; .*startSpotifyConnection/,
    );
    const found = await ask(app, ENTRIES, { id: IDS.playlist });
    expect(found.errors[0]?.message).toContain(
      'connect your account with the mutation startSpotifyConnection',
    );
    expect((await app.execute(DISCONNECT)).disconnectSpotify.__typename).toBe('CatalogItemNotFound');
  });

  it('is connected by PKCE, and only in the browser that began', async () => {
    const browser = new Browser();
    const { url = '' } = await start({ browser, token: app.token });
    const { searchParams } = new URL(url);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      client_id: SPOTIFY_APP_SECRETS.clientId,
      code_challenge_method: 'S256',
      redirect_uri: `${app.url}/api/auth/spotify/callback`,
      scope: 'playlist-read-private playlist-read-collaborative',
    });
    const { url: callback } = await browser.visit(url, `${app.url}/api/auth/spotify/callback`);
    const elsewhere = await new Browser().visit(callback, FRONTEND);
    expect(elsewhere.url.searchParams.get('error')).toContain('start again');
    const landed = await browser.visit(callback, FRONTEND);
    expect(Object.fromEntries(landed.url.searchParams)).toEqual({ spotify: 'connected' });
    const twice = await browser.visit(callback, FRONTEND);
    expect(twice.url.searchParams.get('error')).toContain('start again');
    const { spotifyConnection } = await app.execute(MINE);
    expect(spotifyConnection).toMatchObject({ userId: 'listener.1', userName: 'Somebody' });
  });

  it('lists its playlists, private ones too, and reads what they have', async () => {
    expect((await app.execute(MINE)).spotifyPlaylists).toEqual({
      totalCount: 2,
      nodes: [
        { id: `Playlist:${IDS.playlist}`, title: 'Low Tide Mix' },
        { id: `Playlist:${IDS.privatePlaylist}`, title: 'Before Breakfast' },
      ],
    });
    const { playlist } = await app.execute(ENTRIES, { id: IDS.playlist });
    expect(playlist?.items.totalCount).toBe(130);
    expect(playlist?.items.nodes.map(({ absence }) => absence)).toEqual([
      null,
      null,
      'LOCAL_FILE',
      'EPISODE',
      'GONE',
      'GONE',
    ]);
    const hidden = await app.execute(ENTRIES, { id: IDS.privatePlaylist });
    expect(hidden.playlist?.items.totalCount).toBe(2);
    const foreign = await ask(app, ENTRIES, { id: IDS.foreignPlaylist });
    expect(foreign.errors[0]?.message).toContain('"Somebody" neither owns nor shares it');
  });

  it('has its refresh token replaced with each renewal, and is encrypted', async () => {
    const before = await app.deps.db.account.findFirstOrThrow({ where: { service: 'spotify_user' } });
    server.expireTokens();
    await app.execute(MINE);
    server.expireTokens();
    await app.execute(MINE);
    const after = await app.deps.db.account.findFirstOrThrow({ where: { service: 'spotify_user' } });
    expect(after.sealed).not.toBe(before.sealed);
    expect(JSON.stringify([before, after])).not.toContain('refresh-');
  });

  it('queues a playlist with each entry that is no track told by its reason', async () => {
    const queued = (await app.execute(QUEUE, { item: IDS.playlist })).queueDownload;
    const id = 'task' in queued ? queued.task.id : '';
    const children = await waitFor(
      async () => {
        const { task } = await app.execute(CHILDREN, { id });
        return task?.children.totalCount === 130 ? task.children.nodes : null;
      },
      { what: 'the children of the playlist' },
    );
    const failed = children.slice(2, 6).map(({ state, error }) => [state, error?.code, error?.message]);
    const code = 'CATALOG_ITEM_NOT_FOUND';
    expect(failed).toEqual([
      [
        'FAILED',
        code,
        'Entry 3 of "Low Tide Mix" is a file on a device of whoever added it, which the catalog does not have.',
      ],
      ['FAILED', code, 'Entry 4 of "Low Tide Mix" is an episode of a show, which cannot be downloaded.'],
      ['FAILED', code, 'Entry 5 of "Low Tide Mix" is no longer in the catalog.'],
      ['FAILED', code, 'Entry 6 of "Low Tide Mix" is no longer in the catalog.'],
    ]);
  });

  it('that has withdrawn its consent says how to connect again', async () => {
    const browser = new Browser();
    expect(await connect(browser)).toEqual({ spotify: 'connected' });
    server.refuseTokens = { status: 400, body: JSON.stringify({ error: 'invalid_grant' }) };
    const { errors } = await ask(app, MINE);
    server.refuseTokens = null;
    expect(errors[0]?.message).toMatch(
      /^The Spotify account "Somebody" no longer lets .*startSpotifyConnection\.$/,
    );
    expect(await connect(browser)).toEqual({ spotify: 'connected' });
    expect((await ask(app, MINE)).errors).toEqual([]);
  });

  it('that refuses to connect, or whose code is not accepted, changes nothing', async () => {
    const browser = new Browser();
    const { url = '' } = await start({ browser, token: app.token });
    const { url: callback } = await browser.visit(url, `${app.url}/api/auth/spotify/callback`);
    callback.searchParams.set('code', 'of somebody else');
    expect((await browser.visit(callback, FRONTEND)).url.searchParams.get('error')).toContain(
      'connect again',
    );
    const again = await start({ browser, token: app.token });
    const denied = new URL(`${app.url}/api/auth/spotify/callback?error=access_denied`);
    denied.searchParams.set('state', new URL(again.url ?? '').searchParams.get('state') ?? '');
    const landed = (await browser.visit(denied, FRONTEND)).url.searchParams.get('error');
    expect(landed).toContain('did not let you connect');
    expect((await app.execute(MINE)).spotifyConnection?.userId).toBe('listener.1');
  });

  it('is disconnected, and its token is gone', async () => {
    expect((await app.execute(DISCONNECT)).disconnectSpotify.__typename).toBe('SpotifyDisconnected');
    expect(await app.deps.db.account.count({ where: { service: 'spotify_user' } })).toBe(0);
    expect(await app.deps.db.serviceToken.count({ where: { id: { startsWith: 'spotify user' } } })).toBe(0);
    expect((await ask(app, MINE)).errors[0]?.message).toMatch(/^No Spotify account/);
    const audit = await app.deps.db.auditEntry.findMany({ where: { action: { startsWith: 'SPOTIFY' } } });
    expect(audit.map(({ action }) => action)).toContain('SPOTIFY_DISCONNECTED');
  });
});

describe('with authentication on', () => {
  it('an account is connected only by an admin, and only while the session lasts', async () => {
    const urls = { spotifyApiUrl: server.url, spotifyAccountsUrl: server.url, frontendUrl: FRONTEND };
    const own = await startApp({ env: { ...urls, authEnabled: true, role: 'api' } });
    onTestFinished(() => own.stop());
    const [admin, user] = [await createPerson(own, { role: 'ADMIN' }), await createPerson(own)];
    const token = await createToken(own, admin);
    await requestsTo({ url: own.url, token }).execute(SET_APP, { input: SPOTIFY_APP_SECRETS });
    const land = async (url: string, browser: Browser) =>
      Object.fromEntries((await browser.visit(url, FRONTEND)).url.searchParams);

    const others = { browser: new Browser(), token: await createToken(own, user) };
    expect((await start(others, own)).__typename).toBe('Forbidden');
    const browser = new Browser();
    const first = await start({ browser, token }, own);
    await own.deps.db.user.update({ where: { id: admin.id }, data: { role: 'USER' } });
    expect((await land(first.url ?? '', browser))['error']).toContain('do not allow this');
    await own.deps.db.user.update({ where: { id: admin.id }, data: { role: 'ADMIN' } });
    const second = await start({ browser, token }, own);
    await own.deps.db.session.deleteMany({ where: { userId: admin.id } });
    expect((await land(second.url ?? '', browser))['error']).toContain('signed out');
    const again = await createToken(own, admin);
    const third = await start({ browser, token: again }, own);
    expect(await land(third.url ?? '', browser)).toEqual({ spotify: 'connected' });
  });
});
