import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { listFiles, listTree } from '../kit/disk-tree.js';
import { createFaultyDisk, hasCompiler, type FaultyDisk } from '../kit/faulty-disk.js';
import { startServer, type ServerProcess } from '../kit/server-process.js';
import { canMount, mountAt } from '../kit/small-disk.js';
import { startApp } from '../kit/start-app.js';
import { ended, inState, queue, type SeenTask } from '../kit/story.js';
import { spawnWorker } from './join-app.js';

const FOLDER = 'Saltglass Choir/Night Ferry';
let root: string;
let downloads: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'reprise-strange-'));
  downloads = join(root, 'downloads');
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe.skipIf(!hasCompiler())(
  'a disk with other habits (needs gcc, for a shim before the C library)',
  () => {
    let server: ServerProcess;
    let disk: FaultyDisk;
    let database: TestDatabase;
    let home: string;
    let next = 1;

    beforeAll(async () => {
      home = await mkdtemp(join(tmpdir(), 'reprise-habits-'));
      disk = createFaultyDisk(home);
      database = await createTestDatabase();
      const own = { DATABASE_URL: database.url, DOWNLOAD_DIR: home, DATA_DIR: join(home, 'data') };
      server = await startServer({ ...disk.env, ...own });
    });
    afterAll(async () => {
      await server?.end('SIGTERM');
      await database?.drop();
      disk?.remove();
      await rm(home, { recursive: true, force: true });
    });
    afterEach(() => disk.fail({}));

    /** The end of a track in a folder of its own. */
    async function download(): Promise<SeenTask> {
      const number = next++;
      const options = { customDirFormat: `Folder ${number}/%album%` };
      return ended(server, await queue(server, { item: `demo:night-ferry-1-0${1 + (number % 6)}`, options }));
    }

    it.each([
      ['flushes only handles that are open for writing', { 'fsync-read-only': 'EACCES' }],
      ['flushes nothing', { fsync: 'EINVAL' }],
      ['has no hard links', { link: 'EOPNOTSUPP' }],
      ['forbids hard links', { link: 'EPERM' }],
      ['does not know hard links', { link: 'ENOSYS' }],
      ['has neither hard links nor a flush', { link: 'EINVAL', fsync: 'ENOSYS' }],
    ] as const)('%s: the track completes at its first try', async (_habit, faults) => {
      disk.fail(faults);
      const task = await download();
      expect(task).toMatchObject({ state: 'COMPLETED', attempt: 1, error: null });
      expect(await listFiles(home)).toContain(task.file?.path);
      const left = await listTree(home);
      expect(left.filter((name) => /\.incoming\/|\.reprise/.test(name))).toEqual([]);
    });

    it.each([
      ['link', 'EIO', 'TARGET_NOT_WRITABLE', 'input/output error'],
      ['link', 'ESTALE', 'TARGET_NOT_WRITABLE', 'mount it again'],
      ['link', 'EDQUOT', 'DISK_FULL', 'no space left'],
      ['link', 'ENAMETOOLONG', 'INVALID_FILE_NAME', 'shorten "customDirFormat"'],
      ['open-new', 'ENODEV', 'TARGET_NOT_WRITABLE', 'mount it again'],
      ['open-new', 'EINVAL', 'INVALID_FILE_NAME', 'does not allow the name'],
      ['mkdir', 'EROFS', 'TARGET_NOT_WRITABLE', 'read-only'],
      ['fsync', 'EIO', 'TARGET_NOT_WRITABLE', 'input/output error'],
      ['fsync', 'EDQUOT', 'DISK_FULL', 'no space left'],
    ] as const)('that answers %s with %s is one disk error in words', async (call, code, expected, words) => {
      const before = await listFiles(home);
      disk.fail({ [call]: code });
      const task = await download();
      expect(task).toMatchObject({
        state: 'FAILED',
        attempt: 1,
        error: { code: expected, retryable: false },
      });
      expect(task.error?.message).toContain(words);
      expect(task.error?.message).toContain(`(${code})`);
      if (expected !== 'INVALID_FILE_NAME') expect(task.error?.message).toContain(`"${home}"`);
      expect(await listFiles(home)).toEqual(before);
    });

    it('that takes 143 bytes a name gets shorter names, whole letters, extensions and no two alike', async () => {
      disk.fail({ 'long-name': 'ENAMETOOLONG' });
      const long = 'ü'.repeat(90);
      const options = { customDirFormat: `Short/${long}%album%`, customTrackFormat: `${long}%music%` };
      const items = ['01', '02', '03'].map((number) => `demo:night-ferry-1-${number}`);
      const ids = [];
      for (const item of items) ids.push(await queue(server, { item, options }));
      const tasks = await Promise.all(ids.map((id) => ended(server, id)));
      for (const task of tasks) expect(task).toMatchObject({ state: 'COMPLETED', attempt: 1, error: null });
      const paths = await listFiles(join(home, 'Short'));
      expect(paths.sort()).toEqual(
        expect.arrayContaining(tasks.map(({ file }) => file?.path ?? '').sort()) as string[],
      );
      const names = tasks.map(({ file }) => (file?.path ?? '').slice(home.length + 1));
      expect(new Set(names).size).toBe(3);
      for (const name of names) expect(name).toMatch(/^Short\/ü{60}\/ü{60}(?: \(\d\))?\.\w+$/);
    });

    it('without hard links never replaces a file, also when several tracks want one name at once', async () => {
      disk.fail({ link: 'EOPNOTSUPP' });
      const options = { customDirFormat: 'Same', customTrackFormat: '%artist%' };
      await mkdir(join(home, 'Same'));
      await writeFile(join(home, 'Same', 'Saltglass Choir.flac'), 'mine');
      const items = ['01', '02', '03', '04', '05', '06'].map((number) => `demo:night-ferry-1-${number}`);
      const ids = [];
      for (const item of items) {
        ids.push(await queue(server, { item, options: { ...options, format: 'FLAC' } }));
      }
      const tasks = await Promise.all(ids.map((id) => ended(server, id)));
      expect(tasks.map(({ state }) => state)).toEqual(items.map(() => 'COMPLETED'));
      expect(new Set(tasks.map(({ file }) => file?.path)).size).toBe(items.length);
      expect(await readFile(join(home, 'Same', 'Saltglass Choir.flac'), 'utf8')).toBe('mine');
      expect(await listFiles(join(home, 'Same'))).toHaveLength(items.length + 1);
    });

    it('without hard links loses nothing to a worker that is killed beside the place, and keeps nothing of it', async () => {
      const own = await createTestDatabase();
      const env = { ...disk.env, DATABASE_URL: own.url, DOWNLOAD_DIR: home, DATA_DIR: join(home, 'data') };
      const options = { customDirFormat: 'Killed/%album%' };
      const first = await startServer(env);
      disk.fail({ link: 'EOPNOTSUPP', 'link-beside': 'SIGKILL' });
      const id = await queue(first, { item: 'demo:night-ferry-1-01', options });
      expect((await first.ended).signal).toBe('SIGKILL');
      const left = await listTree(join(home, 'Killed'));
      expect(left.filter((name) => !/^Night Ferry(\/\.reprise\.[^/]+\.made)?$/.test(name))).toEqual([]);
      expect(left).toHaveLength(2);
      disk.fail({ link: 'EOPNOTSUPP' });
      const second = await startServer(env);
      const task = await ended(second, id, 60_000);
      expect(task).toMatchObject({ state: 'COMPLETED', attempt: 2 });
      expect(await listFiles(join(home, 'Killed'))).toEqual([task.file?.path]);
      expect((await listTree(join(home, 'Killed'))).filter((name) => name.includes('.reprise'))).toEqual([]);
      await second.end('SIGTERM');
      await own.drop();
    });
  },
);

describe.skipIf(!(await canMount()))(
  'a mount below the download directory (needs root that may mount)',
  () => {
    it('takes tracks at their first try, whole, and never replaces a file', async () => {
      const artist = join(downloads, 'Saltglass Choir');
      await mkdir(artist, { recursive: true });
      const mounted = await mountAt(artist);
      try {
        const app = await startApp({ env: { downloadDir: downloads } });
        try {
          const first = await ended(app, await queue(app, { item: 'demo:night-ferry-1-01' }));
          expect(first).toMatchObject({ state: 'COMPLETED', attempt: 1, error: null });
          const path = first.file?.path ?? '';
          await writeFile(path, 'mine');
          const second = await ended(app, await queue(app, { item: 'demo:night-ferry-1-01' }));
          expect(second).toMatchObject({ state: 'COMPLETED', attempt: 1 });
          expect(await readFile(path, 'utf8')).toBe('mine');
          const files = await listTree(join(downloads, FOLDER));
          expect(files.filter((name) => name.startsWith('.'))).toEqual([]);
          expect(await listFiles(join(downloads, FOLDER))).toEqual([second.file?.path, path].sort());
        } finally {
          await app.stop();
        }
      } finally {
        await mounted.remove();
      }
    });

    it('that is too small fails the task with DISK_FULL, and leaves nothing', async () => {
      const artist = join(downloads, 'Saltglass Choir');
      await mkdir(artist, { recursive: true });
      const mounted = await mountAt(artist, 'size=65536');
      try {
        const app = await startApp({ env: { downloadDir: downloads } });
        try {
          const task = await ended(app, await queue(app, { item: 'demo:night-ferry-1-09' }));
          expect(task).toMatchObject({ state: 'FAILED', attempt: 1, error: { code: 'DISK_FULL' } });
          expect(await listTree(artist)).toEqual([]);
        } finally {
          await app.stop();
        }
      } finally {
        await mounted.remove();
      }
    });
  },
);

describe('a download directory that is a link to nowhere', () => {
  it('fails tasks at once, is not ready, and is named in each message', async () => {
    await symlink(join(root, 'nowhere'), downloads);
    const app = await startApp({ env: { downloadDir: downloads } });
    try {
      const task = await ended(app, await queue(app, { item: 'demo:night-ferry-1-01' }));
      expect(task).toMatchObject({ state: 'FAILED', attempt: 1, error: { code: 'TARGET_NOT_WRITABLE' } });
      expect(task.error?.message).toContain(`"${downloads}" cannot be written (ENOENT)`);
      const ready = await fetch(`${app.url}/readyz`);
      const { checks } = (await ready.json()) as { checks: { disk: { ok: boolean; detail: string } } };
      expect(ready.status).toBe(503);
      expect(checks.disk).toEqual({ ok: false, detail: task.error?.message });
      const check = await app.rest('GET', '/config/check');
      expect(JSON.stringify(check.body)).not.toContain('DOWNLOAD_ROOTS');
      expect(JSON.stringify(check.body)).toContain('leads nowhere');
    } finally {
      await app.stop();
    }
  });
});

describe.runIf(existsSync('/proc/self/limits'))('a worker that may open no more files', () => {
  it('puts its track off in plain words, and completes it when it may', async () => {
    const app = await startApp({ env: { downloadDir: downloads, role: 'api' } });
    const worker = spawnWorker(app, 'worker-child', { DEADLY: 'demo:nothing', LEASE_MS: '60000' });
    const allow = (files: number) =>
      execFileSync('prlimit', ['--pid', String(worker.pid), `--nofile=${files}:`]);
    try {
      const first = await queue(app, { item: 'demo:night-ferry-1-01' });
      expect(await ended(app, first, 60_000)).toMatchObject({ state: 'COMPLETED' });
      allow(3);
      const id = await queue(app, { item: 'demo:night-ferry-1-02' });
      const task = await inState(app, id, 'RETRYING', 60_000);
      expect(task.error?.code).toBe('TARGET_NOT_WRITABLE');
      expect(task.error?.message).toMatch(/^Reprise has too many files open \(EMFILE\); raise the limit/);
      allow(1_024);
      expect(await ended(app, id, 60_000)).toMatchObject({ state: 'COMPLETED', error: null });
    } finally {
      await app.stop();
    }
  });
});
