import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createApiKey } from '../../src/sign-in/api-keys.js';
import { hashPassword } from '../../src/auth/passwords.js';
import { lockOut } from '../../src/auth/user-store.js';
import { deleteUsersJob } from '../../src/users/delete-user.job.js';
import { SIGN_IN_DELAYS } from '../../src/sign-in/sign-in-limits.js';
import { SYSTEM_VIEWER, viewerOf, type UserRole, type Viewer } from '../../src/auth/viewer.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { createKey, withKey } from '../kit/api-keys.js';
import { createContextRequest } from '../kit/context-request.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { QUEUE_DOWNLOAD, TASK } from '../kit/documents.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { createUser, serveWith, signedIn } from '../kit/serve-as.js';
import { requestsTo, startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { waitFor } from '../kit/wait-for.js';

const USERS = graphql(`
  query Users($first: Int!, $after: String) {
    users(first: $first, after: $after) {
      totalCount
      nodes {
        id
        username
        role
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

const SET_ROLE = graphql(`
  mutation SetRole($user: String!, $role: UserRole!) {
    setUserRole(user: $user, role: $role) {
      __typename
      ... on UserRoleSet {
        user {
          role
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const DELETE = graphql(`
  mutation Delete($user: String!) {
    deleteUser(user: $user) {
      __typename
      ... on Error {
        code
        message
      }
    }
  }
`);

const RESET = graphql(`
  mutation Reset($user: String!) {
    resetPassword(user: $user, newPassword: "quite another secret") {
      __typename
    }
  }
`);

const CHANGE = graphql(`
  mutation Change($currentPassword: String!, $newPassword: String!) {
    changePassword(currentPassword: $currentPassword, newPassword: $newPassword) {
      __typename
      ... on Error {
        code
      }
    }
  }
`);

const VIEWER = graphql(`
  query ViewerName {
    viewer {
      username
    }
  }
`);

const NODE = graphql(`
  query UserNode($id: ID!) {
    node(id: $id) {
      id
      ... on User {
        username
        email
        lastSignInAt
        hasPassword
        providers
      }
    }
  }
`);

const PASSWORD = 'correct horse battery';

/** Two processes' worth of apps on one database. */
let database: TestDatabase;
let app: TestApp;
let other: TestApp;
let passwordHash: string;
const source = createSteeredSource();
beforeAll(async () => {
  passwordHash = await hashPassword(PASSWORD);
  database = await createTestDatabase();
  const env = { authEnabled: true };
  // Longer than the test takes on any machine.
  const signInDelays = { ...SIGN_IN_DELAYS, firstMs: 600_000 };
  app = await startApp({ env, database, overrides: { sources: [source], signInDelays } });
  other = await startApp({ env: { ...env, role: 'api' }, database });
});
afterAll(async () => {
  source.releaseAll();
  await Promise.all([app.stop(), other.stop()]);
  await database.drop();
});

/** Somebody with a password, and the app as it is to them. */
async function signUp(role: UserRole = 'USER'): Promise<{ viewer: Viewer; own: TestApp }> {
  const viewer = await createUser(app, role);
  await app.deps.db.user.update({ where: { id: viewer.id }, data: { passwordHash, email: 'x@example.org' } });
  return { viewer, own: await signedIn(app, viewer) };
}

const nameOf = async (asked: TestApp) => (await asked.execute(VIEWER)).viewer?.username ?? null;
/** Null for one who is deleted. */
const roleOf = async ({ id }: Viewer) =>
  (await app.deps.db.user.findFirst({ where: { id, deletedAt: null } }))?.role ?? null;

async function namesFrom(asked: TestApp, after: string | null): Promise<string[]> {
  const { users } = await asked.execute(USERS, { first: 2, after });
  const { hasNextPage, endCursor } = users.pageInfo;
  return [
    ...users.nodes.map(({ username }) => username),
    ...(hasNextPage ? await namesFrom(asked, endCursor) : []),
  ];
}

async function auditOf(username: string): Promise<string[]> {
  const entries = await app.deps.db.auditEntry.findMany({
    where: { target: username },
    orderBy: { id: 'asc' },
  });
  return entries.map(({ action, username: by }) => `${action} by ${by}`);
}

describe('users', () => {
  it('are listed for admins, page by page, without the user system', async () => {
    const { own, viewer } = await signUp('ADMIN');
    const names = await namesFrom(own, null);
    expect(names).toContain(viewer.username);
    expect(names).not.toContain('system');
    expect(new Set(names).size).toBe((await own.execute(USERS, { first: 0 })).users.totalCount);
    expect(names).toHaveLength(new Set(names).size);
  });

  it('see themselves, and nobody else by any id', async () => {
    const [mine, theirs] = [await signUp(), await signUp()];
    const find = async (asked: TestApp, { id }: { id: string }) =>
      (await asked.execute(NODE, { id: `User:${id}` })).node;
    expect(await find(mine.own, mine.viewer)).toMatchObject({
      email: 'x@example.org',
      hasPassword: true,
      providers: [],
    });
    expect(await find(mine.own, theirs.viewer)).toBeNull();
    expect(await find(mine.own, SYSTEM_VIEWER)).toBeNull();
    await expect(mine.own.execute(USERS, { first: 20 })).rejects.toThrow('FORBIDDEN');
    const { own } = await signUp('ADMIN');
    expect(await find(own, theirs.viewer)).toMatchObject({ username: theirs.viewer.username });
  });

  it('named like the id of another are not taken for that one', async () => {
    const { own } = await signUp('ADMIN');
    const { viewer } = await signUp();
    const { id } = await app.deps.db.user.create({ data: { username: viewer.id, usernameKey: viewer.id } });
    expect(await own.execute(DELETE, { user: viewer.id })).toMatchObject({
      deleteUser: { __typename: 'UserDeleted' },
    });
    expect(await app.deps.db.user.count({ where: { id, deletedAt: null } })).toBe(0);
    expect(await own.execute(DELETE, { user: `User:${viewer.id}` })).toMatchObject({
      deleteUser: { __typename: 'UserDeleted' },
    });
    expect(await roleOf(viewer)).toBeNull();
  });

  it.each(['system', `User:${SYSTEM_VIEWER.id}`, `User:${randomUUID()}`, 'nobody'])(
    'are not found by %s',
    async (user) => {
      const { own } = await signUp('ADMIN');
      const notFound = { __typename: 'UserNotFound' };
      expect((await own.execute(DELETE, { user })).deleteUser).toMatchObject(notFound);
      expect((await own.execute(SET_ROLE, { user, role: 'USER' })).setUserRole).toMatchObject(notFound);
      expect((await own.execute(RESET, { user })).resetPassword).toMatchObject(notFound);
    },
  );
});

describe('a role', () => {
  it('takes effect at once for who is signed in, also in another process', async () => {
    const admin = await signUp('ADMIN');
    const { viewer, own } = await signUp();
    const elsewhere = await signedIn(other, viewer);
    await expect(own.execute(USERS, { first: 20 })).rejects.toThrow('FORBIDDEN');
    await admin.own.execute(SET_ROLE, { user: viewer.username, role: 'ADMIN' });
    expect((await own.execute(USERS, { first: 20 })).users.totalCount).toBeGreaterThan(1);
    expect((await elsewhere.execute(USERS, { first: 20 })).users.totalCount).toBeGreaterThan(1);
    await admin.own.execute(SET_ROLE, { user: viewer.username, role: 'USER' });
    await expect(elsewhere.execute(USERS, { first: 20 })).rejects.toThrow('FORBIDDEN');
    expect(await auditOf(viewer.username)).toEqual(
      Array.from({ length: 2 }, () => `USER_ROLE_CHANGED by ${admin.viewer.username}`),
    );
  });

  it('of one’s own cannot be changed', async () => {
    const { viewer, own } = await signUp('ADMIN');
    for (const user of [viewer.username, viewer.username.toUpperCase(), `User:${viewer.id}`]) {
      const { setUserRole } = await own.execute(SET_ROLE, { user, role: 'USER' });
      expect(setUserRole).toMatchObject({ __typename: 'OwnUser', code: 'OWN_USER' });
      expect((await own.execute(DELETE, { user })).deleteUser).toMatchObject({ __typename: 'OwnUser' });
    }
    expect(await roleOf(viewer)).toBe('ADMIN');
  });

  it('is not changed by an API key, which would make ways in that outlive it', async () => {
    const { viewer, own } = await signUp('ADMIN');
    const { key } = await createKey(own, { name: 'script', scopes: ['ADMIN'], days: 1 });
    const byKey = withKey(app, key);
    const { viewer: victim } = await signUp();
    const user = victim.username;
    const forbidden = { __typename: 'Forbidden' };
    expect((await byKey.execute(SET_ROLE, { user, role: 'ADMIN' })).setUserRole).toMatchObject(forbidden);
    expect((await byKey.execute(DELETE, { user })).deleteUser).toMatchObject(forbidden);
    for (const whose of [user, viewer.username])
      expect((await byKey.execute(RESET, { user: whose })).resetPassword).toMatchObject(forbidden);
    const created = await byKey.rest('POST', '/auth/users/create', {
      username: 'a.way.in',
      password: PASSWORD,
    });
    expect(created.status).toBe(403);
    expect(await app.deps.db.user.count({ where: { usernameKey: 'a.way.in' } })).toBe(0);
    expect([await roleOf(victim), await nameOf(own)]).toEqual(['USER', viewer.username]);
  });

  it('comes with a password that only its owner changes', async () => {
    const { viewer, own } = await signUp('ADMIN');
    const { resetPassword } = await own.execute(RESET, { user: viewer.username });
    expect(resetPassword).toMatchObject({ __typename: 'OwnUser' });
    expect(await nameOf(own)).toBe(viewer.username);
  });

  it('is not changed by who was an admin when the request began', async () => {
    const { viewer } = await signUp('ADMIN');
    const late = await serveWith(app, { viewer });
    onTestFinished(() => late.stop());
    const admin = await signUp('ADMIN');
    await admin.own.execute(SET_ROLE, { user: viewer.username, role: 'USER' });
    const victim = await signUp();
    const user = victim.viewer.username;
    const forbidden = { __typename: 'Forbidden' };
    expect((await late.execute(SET_ROLE, { user, role: 'ADMIN' })).setUserRole).toMatchObject(forbidden);
    expect((await late.execute(DELETE, { user })).deleteUser).toMatchObject(forbidden);
    expect((await late.execute(RESET, { user })).resetPassword).toMatchObject(forbidden);
    expect(await roleOf(victim.viewer)).toBe('USER');
    expect(await nameOf(victim.own)).toBe(victim.viewer.username);
  });
});

describe('two admins who are the only ones', () => {
  /** Tokens in two processes, so that neither request waits for the other but in the database. */
  async function onlyTwo() {
    await app.deps.db.user.updateMany({ where: { id: { not: SYSTEM_VIEWER.id } }, data: { role: 'USER' } });
    const [one, two] = [await createUser(app, 'ADMIN'), await createUser(app, 'ADMIN')];
    return { one, two, asOne: await signedIn(app, one), asTwo: await signedIn(other, two) };
  }

  it.each([1, 2, 3, 4])('demote each other at once: one remains (%i)', async () => {
    const { one, two, asOne, asTwo } = await onlyTwo();
    const results = await Promise.allSettled([
      asOne.execute(SET_ROLE, { user: two.username, role: 'USER' }),
      asTwo.execute(SET_ROLE, { user: one.username, role: 'USER' }),
    ]);
    expect([await roleOf(one), await roleOf(two)].sort()).toEqual(['ADMIN', 'USER']);
    const done = results.filter((each) => JSON.stringify(each).includes('UserRoleSet'));
    expect(done).toHaveLength(1);
  });

  it.each([1, 2, 3, 4])('delete each other at once: one remains (%i)', async () => {
    const { one, two, asOne, asTwo } = await onlyTwo();
    await Promise.allSettled([
      asOne.execute(DELETE, { user: two.username }),
      asTwo.execute(DELETE, { user: one.username }),
    ]);
    expect([await roleOf(one), await roleOf(two)].filter((role) => role === 'ADMIN')).toHaveLength(1);
  });

  it('become one, whom nobody can demote, whatever the user system is', async () => {
    const { one, two, asOne } = await onlyTwo();
    await asOne.execute(SET_ROLE, { user: two.username, role: 'USER' });
    expect(await roleOf(SYSTEM_VIEWER)).toBe('ADMIN');
    const late = await serveWith(app, { viewer: viewerOf({ ...two, role: 'ADMIN' }) });
    onTestFinished(() => late.stop());
    const { setUserRole } = await late.execute(SET_ROLE, { user: one.username, role: 'USER' });
    expect(setUserRole).toMatchObject({ __typename: 'LastAdmin', code: 'LAST_ADMIN' });
    const { deleteUser } = await late.execute(DELETE, { user: one.username });
    expect(deleteUser).toMatchObject({ __typename: 'LastAdmin' });
    expect(await roleOf(one)).toBe('ADMIN');
  });
});

/** The app as it is to a script of this user. */
async function scriptOf(viewer: Viewer): Promise<TestApp> {
  const request = createContextRequest();
  const actor = { viewer, request, access: { credential: { kind: 'session' as const, id: randomUUID() } } };
  const { key } = await createApiKey(app.deps, actor, { name: 'script', scopes: ['READ', 'MANAGE'] });
  return { ...app, ...requestsTo({ url: app.url, token: key }) };
}

describe('a changed password', () => {
  it('ends all other sessions, in every process, and keeps API keys', async () => {
    const { viewer, own } = await signUp();
    const [second, third] = [await signedIn(app, viewer), await signedIn(other, viewer)];
    const script = await scriptOf(viewer);
    expect(await nameOf(third)).toBe(viewer.username);
    const { changePassword } = await own.execute(CHANGE, {
      currentPassword: PASSWORD,
      newPassword: 'another secret',
    });
    expect(changePassword).toEqual({ __typename: 'PasswordChanged' });
    expect(await nameOf(own)).toBe(viewer.username);
    expect([await nameOf(second), await nameOf(third)]).toEqual([null, null]);
    expect(await nameOf(script)).toBe(viewer.username);
    expect(await auditOf(viewer.username)).toEqual([`PASSWORD_CHANGED by ${viewer.username}`]);
  });

  it('of two at once is one: the other no longer knows the current one', async () => {
    const { own } = await signUp();
    const results = await Promise.all(
      ['first new secret', 'second new secret'].map((newPassword) =>
        own.execute(CHANGE, { currentPassword: PASSWORD, newPassword }),
      ),
    );
    expect(results.map(({ changePassword }) => changePassword.__typename).sort()).toEqual([
      'PasswordChanged',
      'WrongPassword',
    ]);
  });

  it('cannot be guessed for long by who has found a session', async () => {
    const { viewer, own } = await signUp();
    const guess = async (currentPassword: string) =>
      (await own.execute(CHANGE, { currentPassword, newPassword: 'another secret' })).changePassword;
    for (let n = 1; n <= 5; n++) expect(await guess(`guess ${n}`)).toMatchObject({ code: 'WRONG_PASSWORD' });
    for (const typed of ['guess 6', PASSWORD]) {
      expect(await guess(typed)).toMatchObject({ code: 'TOO_MANY_SIGN_INS' });
    }
    expect(await nameOf(own)).toBe(viewer.username);
  });

  it('is refused to an API key, and to who has none or knows another', async () => {
    const { viewer, own } = await signUp();
    const script = await scriptOf(viewer);
    const byKey = await script.execute(CHANGE, { currentPassword: PASSWORD, newPassword: 'another secret' });
    expect(byKey.changePassword).toMatchObject({ code: 'FORBIDDEN' });
    const wrong = await own.execute(CHANGE, { currentPassword: 'guess', newPassword: 'another secret' });
    expect(wrong.changePassword).toMatchObject({ code: 'WRONG_PASSWORD' });
    await app.deps.db.user.update({ where: { id: viewer.id }, data: { passwordHash: null } });
    const none = await own.execute(CHANGE, { currentPassword: '', newPassword: 'another secret' });
    expect(none.changePassword).toMatchObject({ code: 'NO_PASSWORD' });
  });
});

describe('a reset password', () => {
  it('ends all sessions and API keys of the user, and nobody else’s', async () => {
    const admin = await signUp('ADMIN');
    const { viewer, own } = await signUp();
    const bystander = await signUp();
    const script = await scriptOf(viewer);
    expect(await nameOf(script)).toBe(viewer.username);
    const elsewhere = await signedIn(other, viewer);
    await admin.own.execute(RESET, { user: viewer.username });
    expect([await nameOf(own), await nameOf(elsewhere), await nameOf(script)]).toEqual([null, null, null]);
    expect(await nameOf(bystander.own)).toBe(bystander.viewer.username);
    expect(await nameOf(admin.own)).toBe(admin.viewer.username);
    expect(await auditOf(viewer.username)).toEqual([`PASSWORD_RESET by ${admin.viewer.username}`]);
  });
});

const isGone = (viewer: { id: string }) => async () =>
  (await app.deps.db.user.count({ where: { id: viewer.id } })) === 0;

describe('a deleted user', () => {
  it('is gone at once: sessions, keys, running downloads and history, but not the files', async () => {
    const admin = await signUp('ADMIN');
    const { viewer, own } = await signUp();
    const elsewhere = await signedIn(other, viewer);
    const done = await own.execute(QUEUE_DOWNLOAD, { input: { item: 'demo:night-ferry-1-01' } });
    const doneId = done.queueDownload.__typename === 'DownloadQueued' ? done.queueDownload.task.id : '';
    const file = await waitFor(async () => (await own.execute(TASK, { id: doneId })).task?.file, {
      what: 'a file',
    });
    source.hold('demo:night-ferry-1-02');
    await own.execute(QUEUE_DOWNLOAD, { input: { item: 'demo:night-ferry-1-02' } });
    await waitFor(() => source.waiting.size === 1, { what: 'the second download to run' });
    const [theirs = ''] = await seedTasks(app, [{ ownerId: admin.viewer.id, state: 'COMPLETED' }]);

    const { deleteUser } = await admin.own.execute(DELETE, { user: viewer.username });
    expect(deleteUser).toEqual({ __typename: 'UserDeleted' });
    await waitFor(() => source.waiting.size === 0, { what: 'the second download to stop' });
    expect([await nameOf(own), await nameOf(elsewhere)]).toEqual([null, null]);
    await waitFor(isGone(viewer), { what: 'the user to be gone' });
    expect(await app.deps.db.task.count({ where: { ownerId: viewer.id } })).toBe(0);
    expect(await app.deps.db.session.count({ where: { userId: viewer.id } })).toBe(0);
    expect(await app.deps.db.task.count({ where: { id: theirs } })).toBe(1);
    expect(existsSync(file.path)).toBe(true);
    expect(await auditOf(viewer.username)).toEqual([`USER_DELETED by ${admin.viewer.username}`]);
  });

  it('leaves a free name, and nobody but the job that finishes finds what is left', async () => {
    const admin = await signUp('ADMIN');
    const { viewer } = await signUp();
    const { username } = viewer;
    await admin.own.execute(DELETE, { user: username });
    expect((await admin.own.execute(DELETE, { user: username })).deleteUser).toMatchObject({
      __typename: 'UserNotFound',
    });
    const again = await admin.own.rest('POST', '/auth/users/create', { username, password: PASSWORD });
    expect(again.status).toBe(200);
    await waitFor(isGone(viewer), { what: 'the user to be gone' });
    expect(await app.deps.db.user.count({ where: { username } })).toBe(1);
  });

  it('is finished by the next process when the first has died', async () => {
    const { viewer } = await signUp();
    await seedTasks(app, [{ ownerId: viewer.id, state: 'COMPLETED' }]);
    // What a process leaves that dies right after the answer.
    await app.deps.db.$transaction((tx) => lockOut(tx, viewer.id, new Date()));
    await deleteUsersJob.run(app.deps, {}, { signal: new AbortController().signal });
    expect(await isGone(viewer)()).toBe(true);
  });

  it('who cannot be deleted yet holds up nobody else, and is deleted later', async () => {
    const { db } = app.deps;
    const [stuck, next] = [(await signUp()).viewer, (await signUp()).viewer];
    await db.$executeRawUnsafe(`
      CREATE FUNCTION refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = '53100'; END $$`);
    await db.$executeRawUnsafe(`
      CREATE TRIGGER refuse_deletion BEFORE DELETE ON "User"
        FOR EACH ROW WHEN (OLD."id" = '${stuck.id}') EXECUTE FUNCTION refuse_deletion()`);
    for (const [at, { id }] of [stuck, next].entries()) {
      await db.$transaction((tx) => lockOut(tx, id, new Date(at)));
    }
    const run = () => deleteUsersJob.run(app.deps, {}, { signal: new AbortController().signal });
    await run();
    expect([await isGone(stuck)(), await isGone(next)()]).toEqual([false, true]);
    await db.$executeRawUnsafe('DROP FUNCTION refuse_deletion CASCADE');
    await run();
    expect(await isGone(stuck)()).toBe(true);
  });

  it('can be deleted by two admins at once', async () => {
    const admin = await signUp('ADMIN');
    const { viewer } = await signUp();
    const [root = ''] = await seedTasks(app, [
      { ownerId: viewer.id, kind: 'ALBUM', state: 'COMPLETED', total: 2 },
    ]);
    await seedTasks(app, [
      { ownerId: viewer.id, parentId: root, position: 0, state: 'COMPLETED' },
      { ownerId: viewer.id, parentId: root, position: 1, state: 'COMPLETED' },
    ]);
    const results = await Promise.all(
      Array.from({ length: 4 }, () => admin.own.execute(DELETE, { user: viewer.username })),
    );
    const names = results.map(({ deleteUser }) => deleteUser.__typename);
    expect(names).toContain('UserDeleted');
    expect(names.filter((name) => !['UserDeleted', 'UserNotFound'].includes(name))).toEqual([]);
    await waitFor(isGone(viewer), { what: 'the user to be gone' });
    expect(await app.deps.db.task.count({ where: { ownerId: viewer.id } })).toBe(0);
  });
});
