import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { spyOnQueries } from '../kit/spy-on-queries.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import {
  CHECK_ALL,
  CHECK_PLAYLISTS,
  CHECK_WATCH,
  MARK_KNOWN,
  seen,
  tryWatch,
  turnOnWatching,
  updateWatch,
  watch,
} from '../kit/watches.js';

const ITEMS = graphql(`
  query WatchedItems {
    playlist(id: "demo:first-watch") {
      watch {
        id
      }
      items(first: 1) {
        nodes {
          track {
            isLocallyKnown
          }
        }
      }
    }
    artist(id: "demo:saltglass-choir") {
      watch {
        id
        item {
          ... on Artist {
            name
          }
        }
        owner {
          username
        }
        active
        albumGroups
        expiresAt
      }
      albums(first: 1) {
        nodes {
          isLocallyKnown
        }
      }
    }
  }
`);

const WATCHES = graphql(`
  query ListWatches($kind: WatchKind, $first: Int, $after: String) {
    watches(kind: $kind, first: $first, after: $after) {
      totalCount
      nodes {
        title
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

const FIND = graphql(`
  query FindWatch($id: ID!, $kind: WatchKind) {
    watch(id: $id, kind: $kind) {
      id
    }
  }
`);

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

describe('watches', () => {
  it('are shown by what they follow, as unknown until something is known', async () => {
    expect(await app.execute(ITEMS)).toMatchObject({
      playlist: { watch: null, items: { nodes: [{ track: { isLocallyKnown: null } }] } },
      artist: { watch: null, albums: { nodes: [{ isLocallyKnown: null }] } },
    });
    const playlist = await watch(app, { item: 'demo:first-watch' });
    const artist = await watch(app, {
      item: 'Artist:demo:saltglass-choir',
      albumGroups: ['SINGLE'],
      expiresAt: '2100-01-01T00:00:00.000Z',
    });
    await app.deps.db.watchMember.create({
      data: {
        watchId: playlist.id.replace('Watch:', ''),
        ...{ itemId: 'demo:night-ferry-1-01', title: '', positions: [0], origin: 'FIRST' },
      },
    });
    const items = ['demo:night-ferry-1-01'];
    expect((await app.execute(MARK_KNOWN, { id: playlist.id, items })).result).toMatchObject({ count: 1 });
    expect(await app.execute(ITEMS)).toMatchObject({
      playlist: { watch: { id: playlist.id }, items: { nodes: [{ track: { isLocallyKnown: true } }] } },
      artist: {
        watch: {
          ...{ id: artist.id, item: { name: 'Saltglass Choir' }, owner: { username: 'system' } },
          // Watching is off.
          ...{ active: false, albumGroups: ['SINGLE'], expiresAt: '2100-01-01T00:00:00.000Z' },
        },
      },
    });
  });

  it('are found by any form of an id, and listed by kind and page', async () => {
    const { id } = await watch(app, { item: 'demo:first-watch' });
    const find = async (form: string, kind: 'PLAYLIST' | 'ARTIST' | null = null) =>
      (await app.execute(FIND, { id: form, kind })).watch?.id;
    for (const form of [id, id.replace('Watch:', ''), 'demo:first-watch', 'Playlist:demo:first-watch']) {
      expect(await find(form), form).toBe(id);
    }
    expect(await find('demo:first-watch', 'ARTIST')).toBeUndefined();
    const { watches } = await app.execute(WATCHES, { first: 1 });
    expect(watches).toMatchObject({ totalCount: 2, pageInfo: { hasNextPage: true } });
    const next = await app.execute(WATCHES, { first: 1, after: watches.pageInfo.endCursor });
    expect(new Set([...watches.nodes, ...next.watches.nodes].map(({ title }) => title)).size).toBe(2);
    expect((await app.execute(WATCHES, { kind: 'ARTIST' })).watches.nodes).toEqual([
      { title: 'Saltglass Choir' },
    ]);
  });

  it('can be paused, and are not checked while watching is off', async () => {
    const { id } = await watch(app, { item: 'demo:first-watch' });
    for (const refused of [
      (await app.execute(CHECK_WATCH, { id })).checkWatch,
      (await app.execute(CHECK_ALL)).checkAllWatches,
    ]) {
      expect(refused).toMatchObject({ code: 'WATCHING_DISABLED' });
    }
    expect(await app.deps.db.task.count()).toBe(0);
    await turnOnWatching(app);
    await updateWatch(app, { id, paused: true });
    expect((await seen(app, id)).paused).toBe(true);
    const all = (await app.execute(CHECK_ALL)).checkAllWatches;
    expect(all.__typename === 'ChecksQueued' && all.tasks).toHaveLength(1);
    await updateWatch(app, { id, paused: false });
    const again = (await app.execute(CHECK_PLAYLISTS)).checkAllWatches;
    expect(again.__typename === 'ChecksQueued' && again.tasks).toHaveLength(1);
  });

  it('refuse options and ids that are invalid', async () => {
    expect(
      await tryWatch(app, { item: 'demo:saltglass-choir', albumGroups: ['ALBUM', 'ALBUM'] }),
    ).toMatchObject({
      code: 'INVALID_INPUT',
    });
    expect(await tryWatch(app, { item: 'demo:night-ferry', kind: 'PLAYLIST' })).toMatchObject({
      code: 'CATALOG_ITEM_NOT_FOUND',
    });
    expect(await tryWatch(app, { item: 'Album:demo:night-ferry' })).toMatchObject({ code: 'INVALID_ITEM' });
    const items = Array.from({ length: 1_000 }, () => '..');
    const marked = await app.execute(MARK_KNOWN, { id: 'demo:first-watch', items });
    expect(marked.result).toMatchObject({ code: 'INVALID_ITEM' });
  });

  it('are checked by the hundred with few statements, each once', async () => {
    const many = await startApp({ env: { role: 'api' } });
    onTestFinished(() => many.stop());
    await turnOnWatching(many);
    const { id } = await watch(many, { item: 'demo:first-watch' });
    await many.deps.db.$executeRaw`
      INSERT INTO "Watch" ("id", "kind", "ownerId", "itemId", "title", "item", "downloadExisting", "downloadNew")
      SELECT gen_random_uuid(), "kind", "ownerId", 'demo:list-' || n, "title", "item", false, true
      FROM "Watch", generate_series(1, 299) AS n`;
    const { checkTask } = await seen(many, id);
    const checkAll = async () => {
      const { checkAllWatches } = await many.execute(CHECK_ALL);
      if (checkAllWatches.__typename !== 'ChecksQueued') expect.fail(JSON.stringify(checkAllWatches));
      return checkAllWatches.tasks.map((task) => task.id);
    };
    const count = spyOnQueries(many.deps);
    const both = await Promise.all([checkAll(), checkAll()]);
    expect(count()).toBeLessThan(30);
    expect(new Set(both[0]).size).toBe(300);
    expect(new Set(both[1])).toEqual(new Set(both[0]));
    expect(both[0]).toContain(checkTask?.id);
    expect(await many.deps.db.task.count()).toBe(300);
    expect(await many.deps.db.watch.count({ where: { checkTaskId: null } })).toBe(0);
  });
});
