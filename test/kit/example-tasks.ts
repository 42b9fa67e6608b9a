import { createAccount } from '../../src/accounts/change-accounts.js';
import { hashPassword } from '../../src/auth/passwords.js';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { titleOf } from '../../src/catalog/catalog-item.js';
import { EXAMPLE_TASKS } from '../../src/rest/example-tasks.js';
import { toSearchText } from '../../src/tasks/new-task.js';
import { createDemoCatalog } from '../../src/upstream/demo/catalog.js';
import { never } from './audio.js';
import { createContextRequest } from './context-request.js';
import { seedTasks } from './seed-tasks.js';
import type { TestApp } from './start-app.js';

const BEGUN = new Date('2026-02-01T10:00:00.000Z');
const ENDED = new Date('2026-02-01T10:05:00.000Z');

/** What the documented examples about watches need: watching is on, and everyone watches a playlist and an artist. */
async function seedExampleWatches(app: TestApp): Promise<void> {
  const { db } = app.deps;
  await db.watch.deleteMany();
  await db.settingsVersion.create({ data: { section: 'WATCHES', document: { enabled: true } } });
  await app.deps.reloadSettings();
  const demo = createDemoCatalog();
  const playlist = await demo.findPlaylist('demo:first-watch', never);
  const artist = await demo.findArtist('demo:saltglass-choir', never);
  const owners = await db.user.findMany({ select: { id: true } });
  for (const [item, member] of [
    [playlist, 'demo:night-ferry-1-01'],
    [artist, 'demo:night-ferry'],
  ] as const) {
    if (!item) throw new Error('the demo lacks an example');
    for (const { id: ownerId } of owners) {
      await db.watch.create({
        data: {
          ...{ kind: item.type, ownerId, itemId: item.id, title: titleOf(item), item },
          ...{ downloadExisting: false, downloadNew: true },
          members: { create: { itemId: member, title: 'Member', positions: [0], origin: 'FIRST' } },
        },
      });
    }
  }
}

/** The tasks, watches and accounts that the documented examples are about, as new, and no others. */
export async function seedExampleTasks(app: TestApp): Promise<void> {
  await app.deps.db.task.deleteMany();
  await seedExampleWatches(app);
  await seedExampleAccounts(app);
  const { queued, paused, failed, finishedAlbum, queuedArtist } = EXAMPLE_TASKS;
  const ended = { startedAt: BEGUN, finishedAt: ENDED };
  const noSource = { errorCode: 'NO_SOURCE', errorMessage: 'Nobody has it.', errorRetryable: false };
  await seedTasks(app, [
    { id: queued },
    { id: paused, state: 'PAUSED' },
    { id: failed, state: 'FAILED', ...ended, ...noSource },
    { id: queuedArtist, kind: 'ARTIST', itemId: 'demo:saltglass-choir' },
    {
      ...{
        id: finishedAlbum,
        kind: 'ALBUM',
        itemId: 'demo:night-ferry',
        title: 'Night Ferry',
        state: 'COMPLETED',
      },
      ...{
        artists: ['Saltglass Choir'],
        total: 2,
        succeeded: 1,
        failed: 1,
        expandedAt: BEGUN,
        progress: 100,
      },
      ...{ searchText: toSearchText(['Night Ferry', 'Saltglass Choir']), ...ended },
    },
  ]);
  const file = {
    ...{ filePath: '/music/Night Ferry/001.mp3', fileFormat: 'MP3', fileBitrateKbps: 320 },
    ...{ fileSizeBytes: 4_000_000n, fileDurationMs: 1_000, fileSource: 'demo', fileLicence: 'CC0' },
  };
  const part = { parentId: finishedAlbum, album: 'Night Ferry', ...ended };
  await seedTasks(app, [
    { ...part, position: 0, state: 'COMPLETED', ...file },
    { ...part, position: 1, state: 'FAILED', ...noSource },
  ]);
}

let examplePassword: Promise<string> | undefined;

/** The users that the documented examples are about, as new, beside the ones who are there; no others with their names. */
export async function seedExampleUsers(app: TestApp): Promise<void> {
  examplePassword ??= hashPassword('quite a secret');
  const { user, identity } = app.deps.db;
  await user.deleteMany({ where: { usernameKey: { in: ['ana', 'ben'] } } });
  const passwordHash = await examplePassword;
  await user.updateMany({ where: { id: { not: SYSTEM_VIEWER.id } }, data: { passwordHash } });
  await user.create({ data: { username: 'ana', usernameKey: 'ana', passwordHash } });
  const people = await user.findMany({ where: { id: { not: SYSTEM_VIEWER.id } }, select: { id: true } });
  const linked = people.map(({ id }) => ({ userId: id, provider: 'google', subject: `subject of ${id}` }));
  await identity.createMany({ data: linked, skipDuplicates: true });
}

async function seedExampleAccounts(app: TestApp): Promise<void> {
  await app.deps.db.account.deleteMany();
  const actor = { viewer: SYSTEM_VIEWER, request: createContextRequest() };
  const registered = { clientId: '5f1c0e2b7d9a4e33', clientSecret: '0b7e94d2c6a15f38' };
  await createAccount(app.deps, actor, {
    service: 'spotify',
    name: 'main',
    region: 'DE',
    secrets: registered,
  });
  const session = { arl: '9c41d07be52f8a6390' };
  await createAccount(app.deps, actor, { service: 'deezer', name: 'main', region: null, secrets: session });
}
