import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askText } from '../kit/ask.js';
import { QUEUE_DOWNLOAD } from '../kit/documents.js';
import { followTasks, type Followed } from '../kit/follow-tasks.js';
import { seedPastTasks } from '../kit/seed-tasks.js';
import { waitFor } from '../kit/wait-for.js';
import { startTwoUsers, type TwoUsers } from './two-users.js';

let world: TwoUsers;
beforeAll(async () => {
  world = await startTwoUsers();
});
afterAll(() => world.app.stop());

describe('over GraphQL, a user is shown nothing of another’s', () => {
  const queries: Record<string, string> = {
    task: 'query ($id: ID!) { task(id: $id) { id } }',
    'task with all around it': `query ($id: ID!) {
      task(id: $id) { id parent { id } children { totalCount nodes { id } } current { id } owner { username } }
    }`,
    'task of a child': 'query ($child: ID!) { task(id: $child) { id parent { id } } }',
    node: 'query ($id: ID!) { node(id: $id) { id } }',
    nodes: 'query ($id: ID!, $child: ID!) { nodes(ids: [$id, $child]) { id } }',
    'node of the user': 'query ($owner: ID!) { node(id: $owner) { id } }',
    tasks: '{ tasks(first: 100) { nodes { id } } }',
    'tasks, children too': '{ tasks(first: 100, filter: { includeChildren: true }) { nodes { id } } }',
    'tasks by ids': 'query ($id: ID!) { tasks(filter: { ids: [$id] }) { nodes { id } } }',
    'tasks by root': 'query ($id: ID!) { tasks(filter: { root: $id }) { nodes { id } } }',
    'tasks by parent': 'query ($id: ID!) { tasks(filter: { parent: $id }) { nodes { id } } }',
    'tasks by owner': 'query ($owner: ID!) { tasks(filter: { owner: $owner }) { nodes { id } } }',
    'tasks by words': '{ tasks(filter: { query: "secret" }) { nodes { id } } }',
    'tasks by error': '{ tasks(filter: { errorCodes: [NO_SOURCE] }) { nodes { id } } }',
    history: '{ history { nodes { id file { path } } } }',
    'history, children too': '{ history(filter: { includeChildren: true }) { nodes { id } } }',
    'history by owner': 'query ($owner: ID!) { history(filter: { owner: $owner }) { nodes { id } } }',
    'history by words': '{ history(filter: { query: "secret" }) { nodes { id } } }',
    'history by status': '{ history(filter: { statuses: [PARTIAL] }) { nodes { id } } }',
  };

  const variables = () => ({
    id: `Task:${world.ids.album}`,
    child: `Task:${world.ids.child}`,
    owner: `User:${world.ownerId}`,
  });
  const shows = (data: unknown) => world.own.some((id) => JSON.stringify(data).includes(id));

  it.each(Object.entries(queries))('by %s', async (_name, query) => {
    const [mine, all, theirs] = await Promise.all(
      [world.owner, world.admin, world.other].map((eyes) => askText(eyes, query, variables())),
    );
    expect([shows(mine?.data), shows(all?.data), shows(theirs?.data)]).toEqual([true, true, false]);
    expect(theirs?.errors).toEqual([]);
  });

  it.each([
    'taskCounts { queued paused failed completed }',
    'tasks(first: 0, filter: { includeChildren: true }) { totalCount }',
    'history(first: 0) { totalCount }',
    'history(first: 0, filter: { query: "secret" }) { totalCount }',
    'historyStats { queuedLastWeek byKindAndStatus { count } made { trackCount sizeBytes } }',
  ])('in the numbers of %s', async (field) => {
    const [mine, all, theirs] = await Promise.all(
      [world.owner, world.admin, world.other].map(async (eyes) =>
        JSON.stringify((await askText(eyes, `{ ${field} }`)).data),
      ),
    );
    expect(mine).toMatch(/[1-9]/);
    expect(all).toMatch(/[1-9]/);
    expect(theirs).not.toMatch(/[1-9]/);
  });

  it('by a duplicate: each may download the same', async () => {
    const input = { item: 'demo:low-tide-radio', type: 'ALBUM' } as const;
    const [first, second] = [
      await world.owner.execute(QUEUE_DOWNLOAD, { input }),
      await world.other.execute(QUEUE_DOWNLOAD, { input }),
    ];
    expect([first, second].map(({ queueDownload }) => queueDownload.__typename)).toEqual([
      'DownloadQueued',
      'DownloadQueued',
    ]);
    const again = await world.other.execute(QUEUE_DOWNLOAD, { input });
    const theirs = second.queueDownload.__typename === 'DownloadQueued' ? second.queueDownload.task.id : '';
    expect(again.queueDownload).toMatchObject({ code: 'DUPLICATE_DOWNLOAD', existingTask: { id: theirs } });
    await world.app.deps.db.task.deleteMany({ where: { itemId: 'demo:low-tide-radio' } });
  });

  it('of the server’s paths, which are for admins', async () => {
    const query = '{ library { fileCount directories problems { totalCount } } }';
    const theirs = await askText(world.other, query);
    expect(theirs.data).toEqual({ library: { fileCount: 0, directories: null, problems: null } });
    expect(theirs.errors.map(({ extensions }) => extensions?.code)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
    expect((await askText(world.admin, query)).data).toEqual({
      library: { fileCount: 0, directories: [], problems: { totalCount: 0 } },
    });
  });
});

describe('over GraphQL, a user cannot change what is another’s', () => {
  const result = '{ __typename ... on Error { code } }';
  const mutations: Record<string, [string, keyof TwoUsers['ids']]> = {
    cancelTask: [`mutation ($id: ID!) { result: cancelTask(id: $id) ${result} }`, 'queued'],
    retryTask: [`mutation ($id: ID!) { result: retryTask(id: $id) ${result} }`, 'failed'],
    pauseTask: [`mutation ($id: ID!) { result: pauseTask(id: $id) ${result} }`, 'queued'],
    resumeTask: [`mutation ($id: ID!) { result: resumeTask(id: $id) ${result} }`, 'paused'],
    prioritizeTask: [
      `mutation ($id: ID!) { result: prioritizeTask(id: $id, priority: 9) ${result} }`,
      'queued',
    ],
    dismissTask: [`mutation ($id: ID!) { result: dismissTask(id: $id) ${result} }`, 'failed'],
  };

  it.each(Object.entries(mutations))('by %s', async (_name, [mutation, which]) => {
    const before = await world.stored();
    const { data, errors } = await askText(world.other, mutation, { id: world.ids[which] });
    expect(errors).toEqual([]);
    expect(data).toEqual({ result: { __typename: 'TaskNotFound', code: 'TASK_NOT_FOUND' } });
    expect(await world.stored()).toEqual(before);
  });

  it.each(['cancelAllTasks', 'pauseAllTasks', 'resumeAllTasks', 'retryAllTasks', 'dismissAllTasks'])(
    'by %s, whatever the filter',
    async (name) => {
      const before = await world.stored();
      const filters = [
        '',
        `(filter: { includeChildren: true, includeDismissed: true })`,
        `(filter: { ids: ${JSON.stringify(Object.values(world.ids))} })`,
        `(filter: { root: "${world.ids.album}" })`,
        `(filter: { parent: "${world.ids.album}" })`,
        `(filter: { owner: "${world.ownerId}" })`,
      ];
      for (const filter of filters) {
        const outcome = `{ __typename ... on Error { code } ${OUTCOMES[name]} }`;
        const { data, errors } = await askText(
          world.other,
          `mutation { result: ${name}${filter} ${outcome} }`,
        );
        expect(errors).toEqual([]);
        expect(data).toMatchObject({ result: { taskCount: 0, sequence: null } });
      }
      expect(await world.stored()).toEqual(before);
    },
  );

  it('but its owner can', async () => {
    const [mutation] = mutations['prioritizeTask'] ?? [''];
    const { data } = await askText(world.owner, mutation, { id: world.ids.queued });
    expect(data).toEqual({ result: { __typename: 'TaskPrioritized' } });
  });
});

const OUTCOMES: Record<string, string> = {
  cancelAllTasks: '... on TasksCancelled { taskCount sequence }',
  pauseAllTasks: '... on TasksPaused { taskCount sequence }',
  resumeAllTasks: '... on TasksResumed { taskCount sequence }',
  retryAllTasks: '... on TasksRetried { taskCount sequence }',
  dismissAllTasks: '... on TasksDismissed { taskCount sequence }',
};

const idsIn = ({ updates }: Followed) => updates.map(({ task }) => task.id.replace('Task:', ''));

describe('over a WebSocket, a user follows nothing of another’s', () => {
  const filters: Record<string, () => object> = {
    'no filter': () => ({}),
    ids: () => ({ filter: { ids: Object.values(world.ids) } }),
    root: () => ({ filter: { root: world.ids.album } }),
    parent: () => ({ filter: { parent: world.ids.album } }),
    owner: () => ({ filter: { owner: world.ownerId } }),
    since: () => ({ since: '0' }),
  };

  it.each(Object.entries(filters))('by %s', async (_name, variables) => {
    const [marker = ''] = await seedPastTasks(world.app, [{ ownerId: world.otherUser.id }]);
    const readers = [world.owner, world.admin, world.other].map((eyes) => followTasks(eyes, variables()));
    const last = followTasks(world.other, { filter: { ids: [marker] } });
    const [mine, all, theirs] = readers;
    if (!mine || !all || !theirs) throw new Error('three readers');
    await waitFor(() => world.app.deps.feed.readerCount() === 4, { what: 'the readers' });
    await waitFor(() => last.updates.length > 0, { what: 'the snapshot of the other user' });
    for (const id of Object.values(world.ids)) await world.touch(id);
    await waitFor(() => [mine, all].every((reader) => idsIn(reader).includes(world.ids.child)), {
      what: 'the update of the child',
    });
    await world.touch(marker);
    await waitFor(() => last.updates.length > 1, { what: 'the update of the marker' });
    expect(idsIn(theirs).filter((id) => world.own.includes(id))).toEqual([]);
    expect(theirs.ended).toBeNull();
    [...readers, last].forEach(({ stop }) => stop());
    await waitFor(() => world.app.deps.feed.readerCount() === 0, { what: 'the readers to be gone' });
  });

  it.each(['ids', 'root'])('to its end, by %s: as if there were no such task', async (name) => {
    const filterOf = (id: string) => ({
      filter: name === 'ids' ? { ids: [id] } : { root: id },
      untilFinished: true,
    });
    const nothing = '01900000-0000-7000-8000-00000000dead';
    const [theirs, unknown] = [
      followTasks(world.other, filterOf(world.ids.queued)),
      followTasks(world.other, filterOf(nothing)),
    ];
    await waitFor(() => theirs.ended && unknown.ended, { what: 'both to be refused' });
    expect(theirs.updates).toEqual([]);
    expect(theirs.ended?.error?.replaceAll(world.ids.queued, '')).toBe(
      unknown.ended?.error?.replaceAll(nothing, ''),
    );
    expect(theirs.ended?.error).toContain('does not exist, or belongs to another user');
  });

  it('counts only what is the reader’s, in equal documents at once', async () => {
    const [marker = ''] = await seedPastTasks(world.app, [
      { ownerId: world.otherUser.id, state: 'RETRYING' },
    ]);
    const query =
      'subscription ($id: ID!) { taskUpdates(filter: { ids: [$id] }) { task { id } counts { paused retrying } } }';
    const [mine, theirs, all] = await Promise.all([
      askText(world.owner, query, { id: world.ids.paused }),
      askText(world.other, query, { id: marker }),
      askText(world.admin, query, { id: marker }),
    ]);
    expect(mine?.data).toMatchObject({ taskUpdates: { counts: { paused: 1, retrying: 0 } } });
    expect(theirs?.data).toMatchObject({ taskUpdates: { counts: { paused: 0, retrying: 1 } } });
    expect(all?.data).toMatchObject({ taskUpdates: { counts: { paused: 1, retrying: 1 } } });
  });
});
