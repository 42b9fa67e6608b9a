import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WatchUpdatesSubscription } from '../../src/generated/documents/graphql.js';
import { askText } from '../kit/ask.js';
import { followUpdates } from '../kit/follow-tasks.js';
import { deleteUsersJob } from '../../src/users/delete-user.job.js';
import { waitFor } from '../kit/wait-for.js';
import { check, tryWatch, turnOnWatching, updateWatch, watch, WATCH_UPDATES } from '../kit/watches.js';
import { startTwoUsers, type TwoUsers } from './two-users.js';

const PLAYLIST = 'demo:first-watch';
const ARTIST = 'demo:saltglass-choir';
const TRACK = 'demo:night-ferry-1-01';
const ALBUM = 'demo:night-ferry';
/** Has the form of an id, and nothing has it. */
const NOTHING = '01900000-0000-7000-8000-00000000dead';

let world: TwoUsers;
/** Of the owner. */
let ids: Record<'playlist' | 'artist', string>;
/** Of the other user. */
let marker: string;

beforeAll(async () => {
  world = await startTwoUsers();
  const playlist = await watch(world.owner, { item: PLAYLIST });
  const artist = await watch(world.owner, { item: ARTIST });
  ids = { playlist: bare(playlist.id), artist: bare(artist.id) };
  const known = { title: '', origin: 'FIRST', state: 'KNOWN' } as const;
  const member = { ...known, positions: [0] };
  await world.app.deps.db.watchMember.createMany({
    data: [
      { ...member, watchId: ids.playlist, itemId: TRACK },
      { ...member, watchId: ids.artist, itemId: ALBUM },
    ],
  });
  marker = bare((await watch(world.other, { item: 'demo:ten-thousand' })).id);
  await turnOnWatching(world.admin);
});
afterAll(() => world.app.stop());

function bare(id: string): string {
  return id.replace('Watch:', '');
}

/** The owner's watches, members and tasks as they are. */
async function stored() {
  const { db } = world.app.deps;
  const where = { ownerId: world.ownerId };
  return {
    watches: await db.watch.findMany({ where, orderBy: { id: 'asc' }, include: { members: true } }),
    tasks: await world.stored(),
  };
}

const shows = (data: unknown) => Object.values(ids).some((id) => JSON.stringify(data).includes(id));
const variables = () => ({ id: `Watch:${ids.playlist}`, plain: ids.artist });

describe('over GraphQL, a user is shown no watch of another', () => {
  it.each([
    'query ($id: ID!) { watch(id: $id) { id title owner { username } counts { total } } }',
    'query ($plain: ID!) { watch(id: $plain) { id } }',
    'query ($id: ID!) { node(id: $id) { id } }',
    'query ($id: ID!) { nodes(ids: [$id]) { id } }',
    '{ watches { nodes { id } } }',
    '{ watches(kind: ARTIST) { nodes { id } } }',
  ])('by %s', async (query) => {
    const [mine, all, theirs] = await Promise.all(
      [world.owner, world.admin, world.other].map((eyes) => askText(eyes, query, variables())),
    );
    expect([shows(mine?.data), shows(all?.data), shows(theirs?.data)]).toEqual([true, true, false]);
    expect(theirs?.errors).toEqual([]);
  });

  it.each([
    `{ watch(id: "${PLAYLIST}") { id } }`,
    `{ watch(id: "${ARTIST}", kind: ARTIST) { id } }`,
    `{ playlist(id: "${PLAYLIST}") { watch { id } } }`,
    `{ artist(id: "${ARTIST}") { watch { id } } }`,
  ])('by what it follows, which means one’s own: %s', async (query) => {
    const [mine, all, theirs] = await Promise.all(
      [world.owner, world.admin, world.other].map((eyes) => askText(eyes, query)),
    );
    expect([shows(mine?.data), shows(all?.data), shows(theirs?.data)]).toEqual([true, false, false]);
    expect(theirs?.errors).toEqual([]);
  });

  it.each([
    ['track', TRACK],
    ['album', ALBUM],
  ])('by a %s that the other one has', async (name, id) => {
    const query = `{ item: ${name}(id: "${id}") { isLocallyKnown } }`;
    const [mine, theirs] = await Promise.all([world.owner, world.other].map((eyes) => askText(eyes, query)));
    expect(mine?.data).toEqual({ item: { isLocallyKnown: true } });
    expect(theirs?.data).toEqual({ item: { isLocallyKnown: null } });
  });

  it('in numbers', async () => {
    const query = '{ watches(first: 0, kind: ARTIST) { totalCount } }';
    const [mine, all, theirs] = await Promise.all(
      [world.owner, world.admin, world.other].map((eyes) => askText(eyes, query)),
    );
    const none = { watches: { totalCount: 0 } };
    const one = { watches: { totalCount: 1 } };
    expect([mine?.data, all?.data, theirs?.data]).toEqual([one, one, none]);
  });
});

describe('over GraphQL, a user cannot change a watch of another', () => {
  const result = '{ __typename ... on Error { code } }';
  const mutations: Record<string, string> = {
    unwatch: `mutation ($id: ID!) { result: unwatch(id: $id) ${result} }`,
    updateWatch: `mutation ($id: ID!) { result: updateWatch(input: { id: $id, paused: true }) ${result} }`,
    checkWatch: `mutation ($id: ID!) { result: checkWatch(id: $id) ${result} }`,
    markKnown: `mutation ($id: ID!) { result: markKnown(id: $id, items: ["${TRACK}"]) ${result} }`,
    markMissing: `mutation ($id: ID!) { result: markMissing(id: $id, items: ["${TRACK}"]) ${result} }`,
  };

  it.each(Object.entries(mutations))('by %s', async (_name, mutation) => {
    const before = await stored();
    for (const id of [`Watch:${ids.playlist}`, ids.playlist, PLAYLIST]) {
      const { data, errors } = await askText(world.other, mutation, { id });
      expect(errors).toEqual([]);
      expect(data, id).toEqual({ result: { __typename: 'WatchNotFound', code: 'WATCH_NOT_FOUND' } });
    }
    expect(await stored()).toEqual(before);
  });

  it('by watching the same, which makes one’s own', async () => {
    const before = await stored();
    const own = await tryWatch(world.other, { item: PLAYLIST, downloadExisting: true });
    expect(own).toMatchObject({ added: true });
    await askText(world.other, mutations['unwatch'] ?? '', { id: PLAYLIST });
    expect(await stored()).toEqual(before);
  });

  it('by checking all, not even an admin', async () => {
    const before = await stored();
    const query = 'mutation { checkAllWatches { ... on ChecksQueued { tasks { owner { id } } } } }';
    const [theirs, all] = [await askText(world.other, query), await askText(world.admin, query)];
    expect(theirs.data).toEqual({
      checkAllWatches: { tasks: [{ owner: { id: `User:${world.otherUser.id}` } }] },
    });
    expect(all.data).toEqual({ checkAllWatches: { tasks: [] } });
    expect(await stored()).toEqual(before);
  });

  it('but its owner can, and an admin by its id', async () => {
    for (const eyes of [world.owner, world.admin]) {
      const { data } = await askText(eyes, mutations['markKnown'] ?? '', { id: ids.playlist });
      expect(data).toEqual({ result: { __typename: 'MembersMarked' } });
    }
  });
});

describe('over REST, a watch of another is unknown', () => {
  const routes = ['playlist', 'artist'].flatMap((name): [string, string, object | undefined][] => {
    const [members, key, member] =
      name === 'playlist' ? ['tracks', 'track_ids', TRACK] : ['albums', 'album_ids', ALBUM];
    return [
      ['GET', `/${name}/watch/{id}/status`, undefined],
      ['DELETE', `/${name}/watch/{id}`, undefined],
      ['POST', `/${name}/watch/{id}/${members}`, { [key]: [member] }],
      ['DELETE', `/${name}/watch/{id}/${members}`, { [key]: [member] }],
      ['POST', `/${name}/watch/trigger_check/{id}`, undefined],
    ];
  });

  it.each(routes)('%s %s', async (method, path, body) => {
    const before = await stored();
    const [own, item] = path.startsWith('/playlist') ? [ids.playlist, PLAYLIST] : [ids.artist, ARTIST];
    const send = async (id: string) => {
      const { status, body: got } = await world.other.rest(method, path.replace('{id}', id), body);
      return { status, text: JSON.stringify(got).replaceAll(id, '') };
    };
    const unknown = await send(NOTHING);
    expect(unknown.status).toBe(method === 'GET' ? 200 : 404);
    expect([await send(own), (await send(item)).status]).toEqual([unknown, unknown.status]);
    if (method === 'GET') {
      expect(unknown.text).toBe('{"is_watched":false}');
      const mine = await world.owner.rest(method, path.replace('{id}', item));
      expect(mine.body).toMatchObject({ is_watched: true });
    }
    expect(await stored()).toEqual(before);
  });

  it.each(['/playlist/watch/list', '/artist/watch/list'])('GET %s, not even to an admin', async (path) => {
    const item = path.startsWith('/playlist') ? PLAYLIST : ARTIST;
    const [mine, all, theirs] = await Promise.all(
      [world.owner, world.admin, world.other].map(async (eyes) =>
        JSON.stringify((await eyes.rest('GET', path)).body).includes(item),
      ),
    );
    expect([mine, all, theirs]).toEqual([true, false, false]);
  });
});

describe('watchUpdates', () => {
  it.each([[{}], [{ since: '0' }]])('with %j shows no watch of another', async (given) => {
    const readers = [world.owner, world.admin, world.other].map((eyes) =>
      followUpdates(eyes, {
        document: WATCH_UPDATES,
        variables: given,
        updateOf: ({ watchUpdates: { initial, removed, watch: shown } }: WatchUpdatesSubscription) => ({
          initial,
          removed,
          id: bare(shown.id),
        }),
      }),
    );
    // Without those that were removed before.
    const idsOf = ({ updates }: (typeof readers)[number]) =>
      updates.flatMap(({ id, removed }) => (removed ? [] : [id]));
    const [mine, all, theirs] = readers;
    if (!mine || !all || !theirs) throw new Error('three readers');
    await waitFor(() => readers.every(({ updates }) => updates.length > 0), { what: 'the first updates' });
    for (const paused of [true, false]) await updateWatch(world.owner, { id: ids.artist, paused });
    const isChange = (id: string) => (update: { initial: boolean; id: string }) =>
      !update.initial && update.id === id;
    await waitFor(() => [mine, all].every(({ updates }) => updates.some(isChange(ids.artist))), {
      what: 'the change, for its owner and an admin',
    });
    await updateWatch(world.other, { id: marker, paused: false });
    await waitFor(() => [all, theirs].every(({ updates }) => updates.some(isChange(marker))), {
      what: 'the change of the marker',
    });
    expect(new Set(idsOf(theirs))).toEqual(new Set([marker]));
    expect(mine.updates.map(({ id }) => id)).not.toContain(marker);
    expect(theirs.ended).toBeNull();
    const { id: own } = await watch(world.owner, { item: 'demo:dog-watch' });
    await askText(world.owner, 'mutation ($id: ID!) { unwatch(id: $id) { __typename } }', { id: own });
    const isRemoval = ({ id, removed }: { id: string; removed: boolean }) => removed && id === bare(own);
    await waitFor(() => [mine, all].every(({ updates }) => updates.some(isRemoval)), {
      what: 'the removal, for its owner and an admin',
    });
    await updateWatch(world.other, { id: marker, paused: true });
    await waitFor(() => theirs.updates.filter(isChange(marker)).length > 1, { what: 'the marker again' });
    expect(theirs.updates.map(({ id }) => id)).not.toContain(bare(own));
    expect(new Set(idsOf(theirs))).toEqual(new Set([marker]));
    readers.forEach(({ stop }) => stop());
    await waitFor(() => world.app.deps.watchFeed.readerCount() === 0, { what: 'the readers to be gone' });
  });
});

describe('the watches of a deleted user', () => {
  it('go with their checks, and those of others stay', async () => {
    const { watch: watches, task } = world.app.deps.db;
    await check(world.owner, ids.playlist);
    const query = 'mutation ($user: String!) { deleteUser(user: $user) { __typename } }';
    const { data } = await askText(world.admin, query, { user: `User:${world.ownerId}` });
    expect(data).toEqual({ deleteUser: { __typename: 'UserDeleted' } });
    await deleteUsersJob.run(world.app.deps, {}, { signal: new AbortController().signal });
    expect(await watches.findMany({ select: { id: true } })).toEqual([{ id: marker }]);
    expect(await task.count({ where: { ownerId: world.ownerId } })).toBe(0);
  });
});
