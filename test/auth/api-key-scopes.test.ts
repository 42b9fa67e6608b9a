import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type { ApiScope, TypedDocumentString } from '../../src/generated/documents/graphql.js';
import { createKey, withKey } from '../kit/api-keys.js';
import { ask } from '../kit/ask.js';
import { createUser, signedIn } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const READS = graphql(`
  query KeyReads {
    tasks(first: 1) {
      totalCount
    }
  }
`);

const DOWNLOADS = graphql(`
  mutation KeyDownloads {
    queueDownload(input: { item: "demo:night-ferry-1-05" }) {
      __typename
    }
  }
`);

const MANAGES = graphql(`
  mutation KeyManages {
    cancelAllTasks {
      __typename
    }
  }
`);

const ADMINISTERS = graphql(`
  query KeyAdministers {
    auditLog(first: 1) {
      totalCount
    }
  }
`);

const FOLLOWS = graphql(`
  subscription KeyFollows {
    settingsUpdates {
      sequence
    }
  }
`);

const DOCUMENTS: Record<ApiScope, TypedDocumentString<unknown, Record<string, never>>> = {
  READ: READS,
  DOWNLOAD: DOWNLOADS,
  MANAGE: MANAGES,
  ADMIN: ADMINISTERS,
};

const ROUTES = {
  READ: ['GET', '/prgs/list'],
  DOWNLOAD: ['GET', '/track/download/demo:night-ferry-1-05'],
  MANAGE: ['POST', '/prgs/cancel/all'],
  ADMIN: ['POST', '/config'],
} as const;

const SCOPES: readonly ApiScope[] = ['READ', 'DOWNLOAD', 'MANAGE', 'ADMIN'];

let app: TestApp;
let user: TestApp;
let admin: TestApp;

beforeAll(async () => {
  app = await startApp({ env: { authEnabled: true, role: 'api' } });
  user = await signedIn(app, await createUser(app));
  admin = await signedIn(app, await createUser(app, 'ADMIN'));
});
afterAll(() => app.stop());

/** Everything else must have been refused for want of a scope. */
async function allowedByGraphql(caller: TestApp): Promise<ApiScope[]> {
  const answers = await Promise.all(
    SCOPES.map(async (scope) => ({ scope, ...(await ask(caller, DOCUMENTS[scope])) })),
  );
  const refused = answers.filter(({ errors }) => errors.length > 0);
  expect(refused.flatMap(({ errors }) => errors.map(({ code }) => code))).toEqual(
    refused.map(() => 'FORBIDDEN'),
  );
  return answers.filter(({ errors }) => errors.length === 0).map(({ scope }) => scope);
}

async function allowedByRest(caller: TestApp): Promise<ApiScope[]> {
  const answers = await Promise.all(
    SCOPES.map(async (scope) => {
      const [method, path] = ROUTES[scope];
      return { scope, ...(await caller.rest(method, path, method === 'POST' ? {} : undefined)) };
    }),
  );
  const allowed = answers.filter(({ status }) => status !== 403);
  // 409: it is queued already.
  expect([200, 202, 409]).toEqual(expect.arrayContaining(allowed.map(({ status }) => status)));
  return allowed.map(({ scope }) => scope);
}

async function allowedByWebSocket(caller: TestApp): Promise<ApiScope[]> {
  const tries = SCOPES.map(async (scope) => {
    try {
      for await (const data of caller.subscribe(DOCUMENTS[scope])) expect(data).toBeTruthy();
      return [scope];
    } catch (thrown) {
      expect(String(thrown)).toContain('FORBIDDEN');
      return [];
    }
  });
  return (await Promise.all(tries)).flat();
}

async function mayFollow(caller: TestApp): Promise<boolean> {
  try {
    const { done } = await caller.subscribe(FOLLOWS).next();
    return done === false;
  } catch (thrown) {
    expect(String(thrown)).toContain('FORBIDDEN');
    return false;
  }
}

describe('an API key', () => {
  it.each<{ of: 'user' | 'admin'; scopes: ApiScope[]; allows: ApiScope[] }>([
    { of: 'user', scopes: ['READ'], allows: ['READ'] },
    { of: 'user', scopes: ['DOWNLOAD'], allows: ['DOWNLOAD'] },
    { of: 'user', scopes: ['MANAGE'], allows: ['MANAGE'] },
    { of: 'user', scopes: ['READ', 'DOWNLOAD', 'MANAGE'], allows: ['READ', 'DOWNLOAD', 'MANAGE'] },
    { of: 'admin', scopes: ['READ', 'MANAGE'], allows: ['READ', 'MANAGE'] },
    { of: 'admin', scopes: ['ADMIN'], allows: ['READ', 'DOWNLOAD', 'MANAGE', 'ADMIN'] },
  ])('of a $of with $scopes allows $allows, over each transport', async ({ of, scopes, allows }) => {
    const owner = of === 'admin' ? admin : user;
    const { key } = await createKey(owner, { name: `${of} ${scopes.join()}`, scopes });
    const caller = withKey(app, key);
    expect(await allowedByGraphql(caller)).toEqual(allows);
    expect(await allowedByRest(caller)).toEqual(allows);
    expect(await allowedByWebSocket(caller)).toEqual(allows);
    expect(await mayFollow(caller)).toBe(allows.includes('READ'));
  });

  it('shows an admin no more than their own tasks without the scope ADMIN', async () => {
    const other = await createUser(app);
    await signedIn(app, other).then((caller) => caller.execute(DOWNLOADS));
    const [all, own] = await Promise.all(
      (['ADMIN', 'READ'] as const).map(async (scope) => {
        const { key } = await createKey(admin, { name: `sees by ${scope}`, scopes: [scope] });
        return (await withKey(app, key).execute(READS)).tasks.totalCount;
      }),
    );
    const { db } = app.deps;
    expect(all).toBe(await db.task.count({ where: { parentId: null } }));
    expect(own).toBeLessThan(all ?? 0);
  });

  it('loses the scope ADMIN as soon as its owner is no admin', async () => {
    const owner = await createUser(app, 'ADMIN');
    const session = await signedIn(app, owner);
    const { key } = await createKey(session, { name: 'all', scopes: ['ADMIN'] });
    const mixed = await createKey(session, { name: 'both', scopes: ['ADMIN', 'READ'] });
    expect(await allowedByGraphql(withKey(app, key))).toEqual(SCOPES);
    await app.deps.db.user.update({ where: { id: owner.id }, data: { role: 'USER' } });
    expect(await allowedByGraphql(withKey(app, key))).toEqual([]);
    expect(await allowedByRest(withKey(app, key))).toEqual([]);
    expect(await allowedByGraphql(withKey(app, mixed.key))).toEqual(['READ']);
  });
});
