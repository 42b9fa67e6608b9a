import { randomBytes, randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rm, rmdir, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCodeOf } from '../lib/errors.js';
import { openNewFile } from '../lib/plain-file.js';
import { TargetNotWritableError } from '../media/errors.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { INCOMING_DIRECTORY } from '../settings/path-rules.js';
import { listDownloadPaths } from '../tasks/task-file-store.js';
import { findTasksByIds } from '../tasks/task-store.js';
import type { Task } from '../tasks/task.js';
import { besidePath } from './move-into-place.js';
import { explainDiskError, makeDirectory } from './target-file.js';

/** On the target's file system, hidden from players, easy to sweep. */
export function incomingDirectory(root: string): string {
  return join(root, INCOMING_DIRECTORY);
}

type Attempt = Pick<Task, 'id' | 'attempt'>;

interface WorkFiles {
  directory: string;
  received: string;
  made: string;
  cover: string;
}

/** Made when it is first needed: a track that is skipped writes nothing. */
export interface WorkFolder {
  open(): Promise<WorkFiles>;
}

export function createWorkFolder(root: string, attempt: Attempt): WorkFolder {
  let opened: Promise<WorkFiles> | undefined;
  return { open: () => (opened ??= makeWorkFiles(root, attempt)) };
}

/** Of the attempt's own: a worker suspended beyond its lease must not write into its successor's file. */
async function makeWorkFiles(root: string, { id, attempt }: Attempt): Promise<WorkFiles> {
  const incoming = await openIncoming(root);
  const directory = join(incoming, `${id}.${attempt}.${randomBytes(16).toString('hex')}`);
  await mkdir(directory, PRIVATE);
  await provePrivate(incoming);
  await provePrivate(directory);
  const path = (name: WorkFileName) => join(directory, name);
  return { directory, received: path('source'), made: path('made'), cover: path('cover') };
}

const PRIVATE = { mode: 0o700 };

async function openIncoming(root: string): Promise<string> {
  const directory = incomingDirectory(root);
  await makeDirectory(root);
  try {
    await mkdir(directory, PRIVATE);
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'EEXIST') throw thrown;
  }
  await provePrivate(directory);
  return directory;
}

/** Whoever else could write in it could have us, or ffmpeg, write through a link. Corrects the mode. */
async function provePrivate(directory: string): Promise<void> {
  if (!(await lstat(directory)).isDirectory()) throw refusal(directory, NOT_A_FOLDER);
  const ourId = process.geteuid?.();
  if (ourId === undefined) return; // Windows, where the folder above decides.
  const handle = await openDirectory(directory);
  const isOurs = async () => {
    const { uid, mode } = await handle.stat();
    return uid === ourId && (mode & OTHERS_RIGHTS) === 0;
  };
  try {
    if (await isOurs()) return;
    // Whether it helped is seen next.
    await handle.chmod(PRIVATE.mode).catch(() => undefined);
    if ((await isOurs()) || (await keepsNoOwners(directory, await handle.stat()))) return;
  } finally {
    await handle.close();
  }
  throw refusal(directory, NOT_OURS);
}

const OTHERS_RIGHTS = 0o077;
const NOT_A_FOLDER = 'is a link or a file. Remove it: Reprise makes a folder there.';
const NOT_OURS = 'must belong to the user that runs Reprise and to nobody else (mode 0700). Remove it.';

/** Links are not followed, and what the handle says is not of another folder a moment later. */
async function openDirectory(directory: string): Promise<FileHandle> {
  try {
    return await open(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (thrown) {
    const isReplaced = ['ELOOP', 'ENOTDIR'].includes(systemCodeOf(thrown) ?? '');
    throw isReplaced ? refusal(directory, NOT_A_FOLDER) : thrown;
  }
}

/** exFAT and many network shares show one owner and one mode for all files: a new one is then like the folder. */
async function keepsNoOwners(directory: string, { uid, mode }: Stats): Promise<boolean> {
  const path = join(directory, `probe.${randomUUID()}`);
  const handle = await openNewFile(path, 0o600).catch(() => null);
  if (handle === null) return false;
  try {
    const made = await handle.stat();
    return made.uid === uid && ((mode & OTHERS_RIGHTS) === 0 || (made.mode & OTHERS_RIGHTS) !== 0);
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
}

function refusal(directory: string, problem: string): TargetNotWritableError {
  return new TargetNotWritableError(`"${directory}", where unfinished files are kept, ${problem}`);
}

/** For one small file that is to be moved into place. */
export async function newUnfinishedFile(root: string): Promise<string> {
  return join(await openIncoming(root), `playlist.${randomUUID()}`);
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const WORK_FOLDER = new RegExp(`^(${UUID})\\.(\\d+)\\.[0-9a-f]{32}$`);
const WORK_FILES = ['source', 'made', 'cover'] as const;
type WorkFileName = (typeof WORK_FILES)[number];
/** Those of tasks as version 0.1 named them. */
const LOOSE_FILE = new RegExp(`^(?:(${UUID})\\.(?:source|made|cover)\\.\\d+|(?:playlist|probe)\\.${UUID})$`);

interface Leftover {
  name: string;
  taskId: string | null;
  attempt: number;
  isFolder: boolean;
}

/** Only what is named as we name it and is a plain file, or a folder and no link. */
async function listLeftovers(directory: string): Promise<Leftover[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries.flatMap((entry): Leftover[] => {
    const { name } = entry;
    const folder = entry.isDirectory() ? WORK_FOLDER.exec(name) : null;
    if (folder) return [{ name, taskId: folder[1] ?? '', attempt: Number(folder[2]), isFolder: true }];
    const file = entry.isFile() ? LOOSE_FILE.exec(name) : null;
    return file ? [{ name, taskId: file[1] ?? null, attempt: 0, isFolder: false }] : [];
  });
}

/** False where a folder has something else in it, which stays. */
async function removeLeftover(
  directory: string,
  { name, isFolder }: Leftover,
  plannedPath: string | null = null,
): Promise<boolean> {
  const path = join(directory, name);
  try {
    if (plannedPath) await removeBeside(path, dirname(plannedPath));
    if (isFolder) await removeWorkFolder(path);
    else await rm(path, { force: true });
    return true;
  } catch (thrown) {
    const code = systemCodeOf(thrown) ?? '';
    // Another worker may have removed it.
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(code)) throw thrown;
    return code === 'ENOENT';
  }
}

async function removeWorkFolder(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true });
  const ours = entries.filter((entry) => entry.isFile() && WORK_FILES.some((known) => known === entry.name));
  await Promise.all(ours.map((entry) => rm(join(path, entry.name), { force: true })));
  await rmdir(path);
}

/** What a worker that was killed had already brought beside its place. */
async function removeBeside(workFolder: string, targetFolder: string): Promise<void> {
  const paths = WORK_FILES.map((name) => besidePath(join(workFolder, name), targetFolder));
  await Promise.all(paths.map((path) => rm(path, { force: true })));
}

/** `filePath`: where an earlier attempt wanted to put the file. */
export async function removeUnfinished(
  root: string,
  { id, attempt, filePath }: Attempt & Pick<Task, 'filePath'>,
): Promise<void> {
  const directory = await findIncoming(root);
  if (directory === null) return;
  const leftovers = await listLeftovers(directory);
  const own = leftovers.filter((each) => each.taskId === id && each.isFolder && each.attempt <= attempt);
  await Promise.all(own.map((each) => removeLeftover(directory, each, filePath)));
}

/** Null where nothing was ever written. */
async function findIncoming(root: string): Promise<string | null> {
  const directory = incomingDirectory(root);
  try {
    await provePrivate(directory);
    return directory;
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCodeOf(thrown) ?? '')) return null;
    throw thrown;
  }
}

export async function sweepUnfinishedFiles(
  deps: Pick<Platform & SettingsDeps, 'db' | 'env' | 'log' | 'settings'>,
): Promise<void> {
  const chosen = await listDownloadPaths(deps.db);
  const roots = new Set([deps.env.downloadDir, deps.settings().downloadPath, ...chosen]);
  for (const root of roots) {
    try {
      await sweep(deps, root);
    } catch (err) {
      deps.log.warn({ err, directory: incomingDirectory(root) }, 'could not remove unfinished files');
    }
  }
}

async function sweep({ db, log }: Pick<Platform, 'db' | 'log'>, root: string): Promise<void> {
  const directory = await findIncoming(root);
  if (directory === null) return;
  const leftovers = await listLeftovers(directory);
  const ids = new Set(leftovers.flatMap(({ taskId }) => taskId ?? []));
  const tasks = await findTasksByIds(db, [...ids]);
  const running = new Set(tasks.filter(({ state }) => state === 'RUNNING').map(({ id }) => id));
  const abandoned = leftovers.filter(({ taskId }) => taskId === null || !running.has(taskId));
  const planned = new Map(tasks.map(({ id, filePath }) => [id, filePath]));
  let removed = 0;
  for (const leftover of abandoned) {
    const plannedPath = planned.get(leftover.taskId ?? '');
    if (await removeLeftover(directory, leftover, plannedPath)) removed += 1;
  }
  if (removed > 0) log.info({ removed }, 'unfinished files removed');
}

/** Null when a file can be made, with all that downloads need: neither owner nor mode of a share says so. */
export async function findWriteProblem(root: string): Promise<unknown> {
  try {
    const path = join(await openIncoming(root), `probe.${randomUUID()}`);
    await (await openNewFile(path)).close();
    await rm(path, { force: true });
    return null;
  } catch (thrown) {
    return explainDiskError(thrown, root);
  }
}
