import type { Viewer } from '../../src/auth/viewer.js';
import { seedPastTasks } from '../kit/seed-tasks.js';
import { createUser, signedIn } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';

/**
 * Two users and an admin, each with a token, and tasks of one of the users. What shows a task to its owner shows it to
 * the admin too, so that a test sees that the other user could have been shown it.
 */
export interface TwoUsers {
  app: TestApp;
  owner: TestApp;
  ownerId: string;
  other: TestApp;
  otherUser: Viewer;
  admin: TestApp;
  adminUser: Viewer;
  /** Of the owner. */
  ids: Record<'album' | 'child' | 'track' | 'failed' | 'queued' | 'paused', string>;
  /** Of the owner's tasks, and of the owner. */
  own: string[];
  /** The owner's tasks as they are, so that a test can say that nothing has changed. */
  stored(): Promise<object[]>;
  /** Makes an update of a task. */
  touch(id: string): Promise<unknown>;
}

const done = {
  startedAt: new Date('2026-01-01T00:00:00Z'),
  finishedAt: new Date('2026-01-01T00:01:00Z'),
};

export async function startTwoUsers(): Promise<TwoUsers> {
  const app = await startApp({ env: { role: 'api', authEnabled: true } });
  const users = [await createUser(app), await createUser(app), await createUser(app, 'ADMIN')] as const;
  const [{ id: ownerId }, otherUser, adminUser] = users;
  const ids = await seedOwned(app, ownerId);
  const { task } = app.deps.db;
  return {
    ...{ app, ownerId, otherUser, adminUser, ids },
    owner: await signedIn(app, users[0]),
    other: await signedIn(app, otherUser),
    admin: await signedIn(app, adminUser),
    own: [...Object.values(ids), ownerId],
    stored: () => task.findMany({ where: { ownerId }, orderBy: { id: 'asc' } }),
    touch: (id) => task.update({ where: { id }, data: { progress: Math.random() * 100 } }),
  };
}

async function seedOwned(app: TestApp, ownerId: string): Promise<TwoUsers['ids']> {
  const mine = { ownerId, searchText: ' secret' };
  const [album = '', track = '', failed = '', queued = '', paused = ''] = await seedPastTasks(app, [
    { ...mine, ...done, kind: 'ALBUM', state: 'COMPLETED', total: 2, succeeded: 1, failed: 1 },
    { ...mine, ...done, state: 'COMPLETED', filePath: '/music/secret.flac', fileSizeBytes: 1_000n },
    { ...mine, ...done, state: 'FAILED', errorCode: 'NO_SOURCE' },
    { ...mine, state: 'QUEUED' },
    { ...mine, state: 'PAUSED' },
  ]);
  const [child = ''] = await seedPastTasks(app, [
    { ...mine, ...done, parentId: album, position: 0, state: 'FAILED' },
    { ...mine, ...done, parentId: album, position: 1, state: 'SKIPPED', duplicateOfId: track },
  ]);
  return { album, child, track, failed, queued, paused };
}
