import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followStream } from '../kit/follow-stream.js';
import { seedPastTasks } from '../kit/seed-tasks.js';
import { waitFor } from '../kit/wait-for.js';
import { startTwoUsers, type TwoUsers } from './two-users.js';

let world: TwoUsers;
beforeAll(async () => {
  world = await startTwoUsers();
});
afterAll(() => world.app.stop());

describe('over REST, what is another’s is unknown', () => {
  const routes: [string, string, keyof TwoUsers['ids']][] = [
    ['GET', '/prgs/{id}', 'track'],
    ['GET', '/history/{id}', 'track'],
    ['GET', '/history/{id}/children', 'album'],
    ['POST', '/prgs/cancel/{id}', 'queued'],
    ['POST', '/prgs/pause/{id}', 'queued'],
    ['POST', '/prgs/resume/{id}', 'paused'],
    ['POST', '/prgs/retry/{id}', 'failed'],
    ['DELETE', '/prgs/delete/{id}', 'failed'],
    ['GET', '/track/download/cancel?task_id={id}', 'queued'],
    ['POST', '/album/download/cancel?task_id={id}', 'queued'],
    ['GET', '/playlist/download/cancel?task_id={id}', 'queued'],
    ['GET', '/artist/download/cancel?task_id={id}', 'queued'],
  ];

  it.each(routes)('%s %s', async (method, path, which) => {
    const before = await world.stored();
    const nothing = '01900000-0000-7000-8000-00000000dead';
    const [theirs, unknown] = await Promise.all(
      [world.ids[which], nothing].map((id) => world.other.rest(method, path.replace('{id}', id))),
    );
    expect(theirs?.status).toBe(404);
    expect(JSON.stringify(theirs?.body).replaceAll(world.ids[which], '')).toBe(
      JSON.stringify(unknown?.body).replaceAll(nothing, ''),
    );
    expect(await world.stored()).toEqual(before);
    if (method === 'GET' && !path.includes('cancel')) {
      expect((await world.owner.rest(method, path.replace('{id}', world.ids[which]))).status).toBe(200);
    }
  });

  it.each([
    ...['/prgs/list?limit=100', '/prgs/updates?limit=100', '/prgs/updates?since=1'],
    ...['/history', '/history/recent', '/history/failed', '/history/search?q=secret'],
  ])('GET %s', async (path) => {
    const [mine, all, theirs] = await Promise.all(
      [world.owner, world.admin, world.other].map(async (eyes) =>
        JSON.stringify((await eyes.rest('GET', path)).body),
      ),
    );
    const shows = (text: string | undefined) => world.own.some((id) => text?.includes(id));
    expect([shows(mine), shows(all), shows(theirs)]).toEqual([true, true, false]);
  });

  it('POST /prgs/cancel/all', async () => {
    const before = await world.stored();
    await world.app.deps.db.task.deleteMany({ where: { ownerId: world.otherUser.id } });
    expect((await world.other.rest('POST', '/prgs/cancel/all', {})).body).toMatchObject({
      cancelled_count: 0,
    });
    expect(await world.stored()).toEqual(before);
  });

  it('GET /prgs/stream, in first messages at the same moment and in changes', async () => {
    const [marker = ''] = await seedPastTasks(world.app, [{ ownerId: world.otherUser.id }]);
    const [mine, theirs, all] = await Promise.all(
      [world.owner, world.other, world.admin].map((eyes) => followStream(eyes)),
    );
    if (!mine || !theirs || !all) throw new Error('three streams');
    const seenBy = ({ messages }: { messages: { tasks: { task_id: string }[] }[] }) =>
      messages.flatMap(({ tasks }) => tasks.map(({ task_id }) => task_id));
    await waitFor(() => [mine, theirs, all].every(({ messages }) => messages.length > 0), {
      what: 'the first messages',
    });
    expect(seenBy(mine)).toContain(world.ids.queued);
    expect(seenBy(all)).toEqual(expect.arrayContaining([world.ids.queued, marker]));
    expect(theirs.messages[0]).toMatchObject({ tasks: [{ task_id: marker }], task_counts: { queued: 1 } });
    await world.touch(world.ids.queued);
    await waitFor(() => seenBy(mine).filter((id) => id === world.ids.queued).length > 1, {
      what: 'the change',
    });
    await world.touch(marker);
    await waitFor(() => seenBy(theirs).length > 1, { what: 'the change of the marker' });
    expect(new Set(seenBy(theirs))).toEqual(new Set([marker]));
    [mine, theirs, all].forEach(({ stop }) => stop());
  });
});
