import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AudioSource } from '../../src/catalog/audio-source.js';
import type { Track } from '../../src/catalog/catalog-item.js';
import { createDemoCatalog } from '../../src/upstream/demo/catalog.js';
import { createTestMedia, createWorkspace, makeAudio, never } from '../kit/audio.js';
import { makeAlbum, makeTrack } from '../kit/catalog-items.js';
import { listTree } from '../kit/disk-tree.js';
import { createFileSource, type FileSource } from '../kit/file-source.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource, type SteeredSource } from '../kit/steered-source.js';
import { ended } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';
import { joinApp } from '../system/join-app.js';

const VICTIM = 'Not music, and not yours.';

let workspace: Awaited<ReturnType<typeof createWorkspace>>;
let source: FileSource;
/** Runs when the source is asked for the audio. */
let beforeOpen: () => Promise<void>;
let steered: SteeredSource;
let api: TestApp;
let root: string;
const incoming = (...names: string[]) => join(root, '.incoming', ...names);

beforeEach(async () => {
  workspace = await createWorkspace();
  root = workspace.file('downloads');
  await mkdir(root);
  source = createFileSource();
  beforeOpen = () => Promise.resolve();
  steered = createSteeredSource();
  api = await startApp({ env: { role: 'api', downloadDir: root } });
});
afterEach(async () => {
  await api?.stop();
  await workspace?.remove();
});

/** The server's working half, with a start of its own. */
const startWorker = () =>
  joinApp(api, {
    env: { role: 'worker' },
    overrides: { sources: [steered, watched()] },
  });

function watched(): AudioSource {
  return {
    ...source,
    async open(...call) {
      await beforeOpen();
      return source.open(...call);
    },
  };
}

async function withWorker<T>(use: () => Promise<T>): Promise<T> {
  const worker = await startWorker();
  try {
    return await use();
  } finally {
    await worker.stop();
  }
}

/** Queues a track of two seconds, which the source streams; the id of its task. */
async function queueTrack(own: Partial<Track> = {}): Promise<string> {
  const item = makeTrack('demo:own', { title: 'T1', durationMs: 2_000, ...own });
  const path = workspace.file('source.flac');
  await makeAudio(await createTestMedia(), path);
  source.offer(item.id, path);
  const [id = ''] = await seedTasks(api, [
    { itemId: item.id, item: JSON.parse(JSON.stringify(item)) as object },
  ]);
  return id;
}

const endOf = (id: string) => ended(api, `Task:${id}`);

async function writeVictim(name: string): Promise<string> {
  const path = workspace.file(name);
  await writeFile(path, VICTIM);
  return path;
}

describe('music by an artist called like the folder of unfinished files', () => {
  it('survives a restart, and can be seen', async () => {
    const artists = [{ id: 'demo:x', name: '.incoming' }];
    const id = await queueTrack({ artists, album: makeAlbum('demo:alb', { title: '.Alb', artists }) });
    const task = await withWorker(() => endOf(id));
    expect(task).toMatchObject({ state: 'COMPLETED' });
    await withWorker(() => Promise.resolve());
    expect(task.file?.path).toBe(join(root, 'incoming', 'Alb', '000. T1.flac'));
    expect((await stat(task.file?.path ?? '')).size).toBe(task.file?.sizeBytes);
  });
});

describe('the folder of unfinished files', () => {
  const folderName = () => `${randomUUID()}.1.${randomBytes(16).toString('hex')}`;

  it('loses at a start what Reprise left there, and nothing else', async () => {
    const outside = workspace.file('outside');
    await mkdir(outside);
    await writeFile(join(outside, 'made'), VICTIM);
    const [abandoned, shared, link] = [folderName(), folderName(), folderName()];
    for (const name of [abandoned, shared, 'An Artist']) await mkdir(incoming(name), { recursive: true });
    const linkedFile = `${randomUUID()}.made.1`;
    const foreign = ['An Artist/song.mp3', 'notes.txt', `${randomUUID()}.source.x`, `${shared}/song.mp3`];
    const ours = [`${randomUUID()}.source.1`, `playlist.${randomUUID()}`, `${abandoned}/made`];
    for (const name of [...foreign, ...ours, `${shared}/source`]) await writeFile(incoming(name), VICTIM);
    await symlink(join(outside, 'made'), incoming(linkedFile));
    await symlink(outside, incoming(link));

    await withWorker(() => Promise.resolve());

    const left = [...foreign, 'An Artist', shared, linkedFile, link];
    expect(await listTree(incoming())).toEqual(left.sort());
    expect(await readFile(join(outside, 'made'), 'utf8')).toBe(VICTIM);
  });

  it('is not swept, nor used, when it is a link to another directory', async () => {
    const outside = workspace.file('outside');
    await mkdir(outside);
    const theirs = `${randomUUID()}.source.1`;
    await writeFile(join(outside, theirs), VICTIM);
    await symlink(outside, incoming());
    const id = await queueTrack();
    const task = await withWorker(() => endOf(id));
    expect(task).toMatchObject({ state: 'FAILED', attempt: 1, file: null });
    expect(task.error).toMatchObject({ code: 'TARGET_NOT_WRITABLE', retryable: false });
    expect(task.error?.message).toMatch(/\.incoming", .+ is a link or a file\. Remove it/);
    expect(await readdir(outside)).toEqual([theirs]);
  });

  it('is closed to others before it is used', async () => {
    await mkdir(incoming());
    await chmod(incoming(), 0o777);
    const id = await queueTrack();
    expect(await withWorker(() => endOf(id))).toMatchObject({ state: 'COMPLETED' });
    expect((await stat(incoming())).mode & 0o777).toBe(0o700);
    expect(await readdir(incoming())).toEqual([]);
  });

  it.skipIf(process.geteuid?.() !== 0)('is refused when it belongs to another user', async () => {
    await mkdir(incoming());
    await chown(incoming(), 65_534, 65_534);
    const id = await queueTrack();
    const task = await withWorker(() => endOf(id));
    expect(task).toMatchObject({ state: 'FAILED', attempt: 1, error: { code: 'TARGET_NOT_WRITABLE' } });
    expect(task.error?.message).toMatch(/must belong to the user that runs Reprise/);
    expect(await readdir(incoming())).toEqual([]);
  });

  it('has a private folder for each attempt, which is gone after it', async () => {
    const id = await queueTrack();
    let seen: { folders: string[]; modes: number[] } | null = null;
    const task = await withWorker(async () => {
      beforeOpen = async () => {
        const folders = await readdir(incoming());
        const modes = await Promise.all(
          folders.map(async (name) => (await stat(incoming(name))).mode & 0o777),
        );
        seen = { folders, modes };
      };
      return endOf(id);
    });
    expect(task).toMatchObject({ state: 'COMPLETED' });
    const name = expect.stringMatching(new RegExp(`^${id}\\.1\\.[0-9a-f]{32}$`)) as string;
    expect(seen).toEqual({ folders: [name], modes: [0o700] });
    expect(await readdir(incoming())).toEqual([]);
  });
});

describe('links planted under the names of unfinished files', () => {
  it('are neither written through nor placed when they come while the task waits', async () => {
    const id = await queueTrack({ id: 'demo:held' });
    const [first, second] = [await writeVictim('first'), await writeVictim('second')];
    steered.hold('demo:held');
    const task = await withWorker(async () => {
      await waitFor(() => steered.waiting.has('demo:held'), { what: 'the source to be asked' });
      await mkdir(incoming(), { recursive: true });
      await symlink(first, incoming(`${id}.made.1`));
      await symlink(second, incoming(`${id}.source.1`));
      steered.releaseAll();
      return endOf(id);
    });
    expect(task).toMatchObject({ state: 'COMPLETED' });
    const placed = await lstat(task.file?.path ?? '');
    expect({ isFile: placed.isFile(), names: placed.nlink }).toEqual({ isFile: true, names: 1 });
    expect(await readFile(first, 'utf8')).toBe(VICTIM);
    expect(await readFile(second, 'utf8')).toBe(VICTIM);
  });

  it('end the task when they come into the folder of its attempt', async () => {
    const id = await queueTrack();
    const victim = await writeVictim('victim');
    beforeOpen = async () => {
      const [folder = ''] = await readdir(incoming());
      await symlink(victim, incoming(folder, 'made'));
    };
    const task = await withWorker(() => endOf(id));
    expect(task).toMatchObject({ state: 'FAILED', attempt: 1, error: { code: 'TARGET_NOT_WRITABLE' } });
    expect(await readFile(victim, 'utf8')).toBe(VICTIM);
  });
});

describe('the cover of a track that was in place before the worker died', () => {
  it('is not written where its folder has become a link that leads out', async () => {
    const outside = workspace.file('outside');
    await mkdir(outside);
    await writeFile(join(outside, 'a.flac'), VICTIM);
    await symlink(outside, join(root, 'Album'));
    const item = await createDemoCatalog().findTrack('demo:night-ferry-1-01', never);
    const file = { filePath: join(root, 'Album', 'a.flac'), fileSizeBytes: BigInt(VICTIM.length) };
    const [id = ''] = await seedTasks(api, [
      { ...file, attempt: 1, itemId: item?.id ?? '', item: JSON.parse(JSON.stringify(item)) as object },
    ]);
    expect(await withWorker(() => endOf(id))).toMatchObject({ state: 'COMPLETED', attempt: 2 });
    expect(await readdir(outside)).toEqual(['a.flac']);
  });
});

describe('a name that the disk does not allow', () => {
  it('fails the task at the first attempt, with a code of its own', async () => {
    // Linux takes 4,096 bytes: enough for an unfinished file here, too few for the folders of the track, however short.
    const depth = Array.from({ length: 19 }, (_, level) => `${level}`.padEnd(205, 'x')).join('/');
    root = join(root, depth);
    await mkdir(root, { recursive: true });
    const id = await queueTrack({
      title: 'T'.repeat(190),
      album: makeAlbum('demo:alb', {
        title: 'A'.repeat(190),
        artists: [{ id: 'demo:long', name: 'L'.repeat(190) }],
      }),
    });
    const worker = await joinApp(api, {
      env: { role: 'worker', downloadDir: root, downloadRoots: [root] },
      overrides: { sources: [source] },
    });
    const task = await endOf(id).finally(() => worker.stop());
    expect(task).toMatchObject({ state: 'FAILED', attempt: 1, file: null });
    expect(task.error).toMatchObject({ code: 'INVALID_FILE_NAME', retryable: false });
    expect(task.error?.message).toMatch(/does not allow the name or path .+ENAMETOOLONG.+customDirFormat/);
    expect(await readdir(incoming())).toEqual([]);
  });
});
