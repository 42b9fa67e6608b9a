import { describe, expect, it, onTestFinished } from 'vitest';
import { createDeferred } from '../../src/lib/async.js';
import { openSpotify, type OpenedSpotify } from '../kit/open-spotify.js';
import { SPOTIFY_APP_SECRETS, SPOTIFY_IDS as IDS, startSpotifyServer } from '../kit/spotify-server.js';
import { waitFor } from '../kit/wait-for.js';

const signal = () => new AbortController().signal;

/** Two processes' worth: each with connections, memory and limits of its own, on one database. */
async function openTwo(options: Parameters<typeof openSpotify>[1] = {}) {
  const server = await startSpotifyServer();
  const first = await openSpotify(server.url, options);
  const second = await openSpotify(server.url, { ...options, database: first.database });
  onTestFinished(async () => {
    await second.close();
    await first.close();
    await server.stop();
  });
  return { server, first, second };
}

const find = ({ catalog }: OpenedSpotify) => catalog.findArtist(IDS.artist, signal());
const times = (count: number, work: () => Promise<unknown>) => Array.from({ length: count }, work);
const messageOf = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (thrown: unknown) => (thrown as Error).message,
  );

describe('the token of the Spotify app', () => {
  it('is requested once by two processes together, and renewed once when it has expired', async () => {
    const { server, first, second } = await openTwo();
    const both = () => Promise.all([...times(10, () => find(first)), ...times(10, () => find(second))]);
    await both();
    expect(server.tokenRequests).toEqual([{ grant_type: 'client_credentials' }]);
    server.expireTokens();
    for (const found of await both()) expect(found).toMatchObject({ name: 'Kelp & Lantern' });
    expect(server.tokenRequests).toHaveLength(2);
    await both();
    expect(server.tokenRequests).toHaveLength(2);
  });

  it('is kept over a restart, encrypted', async () => {
    const { server, first, second } = await openTwo();
    await find(first);
    const again = await openSpotify(server.url, { database: first.database });
    onTestFinished(() => again.close());
    await Promise.all([find(second), find(again)]);
    expect(server.tokenRequests).toHaveLength(1);
    const rows = await first.db.serviceToken.findMany();
    expect(rows.map(({ sealed }) => sealed?.includes('.'))).toContain(true);
    expect(JSON.stringify(rows)).not.toContain(SPOTIFY_APP_SECRETS.clientId);
  });

  it('is renewed before it ends by the clock', async () => {
    let hours = 0;
    const clock = { now: () => new Date(Date.now() + hours * 3_600_000) };
    const { server, first, second } = await openTwo({ clock });
    await find(first);
    hours = 1;
    await Promise.all([find(first), find(second)]);
    expect(server.tokenRequests).toHaveLength(2);
  });

  it('is waited for by all while one process requests it; who leaves does not end it for the others', async () => {
    const { server, first, second } = await openTwo();
    const held = createDeferred<void>();
    server.holdTokens = held.promise;
    const leaving = new AbortController();
    const left = messageOf(first.catalog.findArtist(IDS.artist, leaving.signal));
    await waitFor(() => server.tokenRequests.length === 1, { what: 'the token request' });
    const others = [find(first), find(second)];
    leaving.abort(new Error('left'));
    expect(await left).toBe('left');
    held.resolve();
    for (const found of await Promise.all(others)) expect(found).not.toBeNull();
    expect(server.tokenRequests).toHaveLength(1);
  });

  it('is not requested again and again with a secret that is wrong, and at once with another', async () => {
    const { server, first, second } = await openTwo();
    await first.setApp({ clientSecret: 'wrong-secret-of-the-tests' });
    for (const each of [first, second, first]) {
      expect(await messageOf(find(each))).toBe(
        'Spotify does not accept the client id or the client secret; enter them again with the mutation setSpotifyApp or PUT /api/credentials/spotify_api_config.',
      );
    }
    expect(server.tokenRequests).toHaveLength(1);
    await first.setApp({ clientSecret: SPOTIFY_APP_SECRETS.clientSecret });
    expect(await find(second)).not.toBeNull();
  });

  it('may be missing for a while: the next request asks again', async () => {
    const { server, first } = await openTwo();
    server.refuseTokens = { status: 503, body: '<html>busy</html>' };
    expect(await messageOf(find(first))).toMatch(/^Spotify issued no token \(status 503\)\.$/);
    server.refuseTokens = { status: 200, body: '<html>fine</html>' };
    expect(await messageOf(find(first))).toMatch(/^Spotify issued no token \(status 200\)\.$/);
    server.refuseTokens = null;
    expect(await find(first)).not.toBeNull();
  });

  it('that Spotify never accepts ends in an error, after one renewal', async () => {
    const { server, first } = await openTwo();
    await find(first);
    const reject = (path: string) =>
      server.answerOnce(path, (response) =>
        response.writeHead(401).end('{"error":{"status":401,"message":"no"}}'),
      );
    reject('/artists');
    reject('/artists');
    expect(await messageOf(find(first))).toMatch(/rejects a token that it has just issued/);
    expect(server.tokenRequests).toHaveLength(2);
  });

  it('is taken over from a process that died while it requested it', async () => {
    const { server, first, second } = await openTwo();
    await find(first);
    server.expireTokens();
    await first.db.$executeRaw`
      UPDATE "ServiceToken" SET "renewingUntil" = clock_timestamp() + interval '300 milliseconds'
      WHERE "sealed" IS NOT NULL`;
    expect(await find(second)).not.toBeNull();
    expect(server.tokenRequests).toHaveLength(2);
  });
});
