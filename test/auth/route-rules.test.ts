import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirementsOfDocument } from '../../src/graphql/field-rules.js';
import { createRouteRules } from '../../src/rest/handle.js';
import { ROUTES } from '../../src/rest-routes.js';
import { internalSchema } from '../../src/schema.js';
import { createKey, withKey } from '../kit/api-keys.js';
import { askText } from '../kit/ask.js';
import { followStream } from '../kit/follow-stream.js';
import { followTasks } from '../kit/follow-tasks.js';
import { sendRaw } from '../kit/raw-request.js';
import { seedPastTasks } from '../kit/seed-tasks.js';
import type { TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';
import { startTwoUsers, type TwoUsers } from './two-users.js';

let world: TwoUsers;
let reader: TestApp;
let adminReader: TestApp;
beforeAll(async () => {
  world = await startTwoUsers();
  const readerOf = async (app: TestApp) =>
    withKey(app, (await createKey(app, { name: 'reads', scopes: ['READ'] })).key);
  reader = await readerOf(world.other);
  adminReader = await readerOf(world.admin);
});
afterAll(() => world.app.stop());

const rulesOf = createRouteRules({
  requirementsOf: (document) => requirementsOfDocument(internalSchema, parse(document)),
});
const rows = ROUTES.flatMap((route) =>
  route.methods.map((method) => ({ method, path: route.path, rules: rulesOf(route), docs: route.docs })),
);
const guarded = rows.filter(({ rules }) => rules.length > 0);
const elevated = guarded.filter(({ rules }) =>
  rules.some((each) => ['DOWNLOAD', 'MANAGE', 'ADMIN'].includes(each)),
);

/** Invalid in every part: whoever may not call a route must not learn it. */
const send = (method: string, path: string, headers: Record<string, string>) =>
  sendRaw(world.app.url, {
    method,
    path: `/api${path.replace(/\{\w+\}/g, 'no%20such%20thing')}?limit=-1&since=never`,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method !== 'GET' && { body: '{"broken' }),
  });

describe('a route', () => {
  it('has a rule, unless it is for signing in', () => {
    expect(guarded.length).toBeGreaterThan(40);
    expect(elevated.length).toBeGreaterThan(20);
  });

  it.each(guarded)('says 401 first, without a token: $method $path', async ({ method, path }) => {
    const { status, headers, text } = await send(method, path, { authorization: '' });
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
    const message = 'Sign in first: send a token or an API key as "Authorization: Bearer …".';
    expect(JSON.parse(text)).toEqual({ error: message, detail: message, auth_enabled: true });
  });

  it.each(elevated)(
    'says 403 first, to a key that may only read: $method $path',
    async ({ method, path }) => {
      const { status, text } = await send(method, path, { authorization: `Bearer ${reader.token}` });
      expect(status).toBe(403);
      expect(text).toContain('Your role, or the scopes of your API key, do not allow this.');
    },
  );

  it('says that a token is invalid or has ended', async () => {
    for (const token of ['nonsense', `${world.owner.token}x`, 'reprise_nonsense']) {
      const { status, headers, text } = await send('GET', '/prgs/list', { authorization: `Bearer ${token}` });
      expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
      expect(text).toMatch(/ is invalid|has ended|not valid|revoked/);
    }
  });

  it('that does not exist is 404 to everybody, and one with another method 405', async () => {
    expect((await send('GET', '/nowhere', { authorization: '' })).status).toBe(404);
    expect((await send('DELETE', '/prgs/list', { authorization: '' })).status).toBe(405);
  });
});

describe('an admin’s key without the scope ADMIN', () => {
  it('is shown nothing of others by GraphQL, although the id is that of the admin', async () => {
    const task = `{ task(id: "${world.ids.track}") { id } tasks { totalCount } }`;
    const [all, own] = await Promise.all([askText(world.admin, task), askText(adminReader, task)]);
    expect(JSON.stringify(all?.data)).toContain(world.ids.track);
    expect(own?.data).toEqual({ task: null, tasks: { totalCount: 0 } });
  });

  it('is sent no first message that the admin’s session is sent at the same moment', async () => {
    const streams = await Promise.all([world.admin, adminReader, world.admin].map(followStream));
    const [all, own] = streams;
    await waitFor(() => all?.messages[0] && own?.messages[0], { what: 'the first messages' });
    expect(all?.messages[0]?.tasks.map(({ task_id }) => task_id)).toContain(world.ids.queued);
    expect(own?.messages[0]).toMatchObject({ tasks: [], task_counts: { queued: 0 } });
    streams.forEach(({ stop }) => stop());
  });

  it('is sent no snapshot or update that the admin’s session is sent, by an equal document', async () => {
    const [marker = ''] = await seedPastTasks(world.app, [{ ownerId: world.adminUser.id }]);
    const [all, own] = [followTasks(world.admin, {}), followTasks(adminReader, {})];
    await waitFor(() => all.updates.length > 2 && own.updates.length > 0, { what: 'the snapshots' });
    await world.touch(world.ids.queued);
    await world.touch(marker);
    const changes = ({ updates }: typeof own) => updates.filter(({ initial }) => !initial);
    await waitFor(() => changes(all).length > 1 && changes(own).length > 0, { what: 'the changes' });
    const idsIn = ({ updates }: typeof own) => new Set(updates.map(({ task }) => task.id));
    expect(idsIn(all)).toContain(`Task:${world.ids.queued}`);
    expect(idsIn(own)).toEqual(new Set([`Task:${marker}`]));
    [all, own].forEach(({ stop }) => stop());
  });
});
