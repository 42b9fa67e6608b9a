import { inTransaction, type Db } from '../database/prisma.js';
import { sizeOf } from '../downloads/target-file.js';
import { findTrashPath, findTrashRoot, moveToTrash } from '../downloads/trash.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import {
  endLeaving,
  findMember,
  forgetFile,
  isBeingDownloaded,
  isFileWanted,
  isInAnotherList,
  markGone,
  planMove,
  recordMove,
  type LeavingMember,
} from './leaving-store.js';
import { noteFiles, type WatchFile } from '../watches/watch-file-store.js';
import { lockWatch, readWatch } from '../watches/watch-store.js';

type TrashDeps = Pick<Platform & SettingsDeps, 'db' | 'env' | 'settings' | 'log'>;

interface PlannedMove extends WatchFile {
  root: string;
  trashPath: string;
}

/**
 * Moves the files of an item that left its list to the trash. First the plan is stored, then the files are moved, then
 * that is recorded: a process that is killed, or stops, between two of these is made up for by the next run.
 */
export async function trashFiles(
  deps: TrashDeps,
  leaving: LeavingMember,
  signal: AbortSignal,
): Promise<void> {
  const moves = await inTransaction(deps.db, (tx) => planMoves(deps, tx, leaving));
  for (const move of moves) {
    if (signal.aborted) return;
    await finishMove(deps, move);
  }
  if (moves.length === 0) return;
  const watch = await readWatch(deps.db, leaving.watchId);
  if (watch) await inTransaction(deps.db, (tx) => markGone(tx, watch, leaving));
}

/** Under the lock of the watch: a check that finds the item in the list again waits. */
async function planMoves(deps: TrashDeps, tx: Db, leaving: LeavingMember): Promise<PlannedMove[]> {
  const watch = await lockWatch(tx, leaving.watchId);
  if (!watch) return [];
  await noteFiles(tx, watch.id, leaving.itemId);
  const member = await findMember(tx, leaving);
  if (!member) return [];
  const leaves = member.leavesAt !== null && watch.removeFiles;
  if (leaves && (await isBeingDownloaded(tx, watch, leaving))) return [];
  const isKept = !leaves || (await isInAnotherList(tx, watch, leaving));
  const planned: PlannedMove[] = [];
  for (const file of member.files) {
    const root = findTrashRoot(deps, file.path);
    if (root === null) continue;
    const trashPath = file.trashPath ?? (isKept ? null : await planFile(deps, tx, { file, root }));
    if (trashPath !== null) planned.push({ ...file, root, trashPath });
  }
  if (planned.length === 0) await endLeaving(tx, leaving);
  return planned;
}

/**
 * Where the file goes; null for what is not surely the watch's own work, as it was made, and of no use to anybody else.
 */
async function planFile(
  deps: TrashDeps,
  tx: Db,
  { file, root }: { file: WatchFile; root: string },
): Promise<string | null> {
  if (!file.made) return null;
  const size = await sizeOf(file.path);
  if (size === null || BigInt(size) !== file.sizeBytes) {
    deps.log.info(
      { watchId: file.watchId, path: file.path },
      'file changed since it was made, left in place',
    );
    return null;
  }
  if (await isFileWanted(tx, file.path)) return null;
  const trashPath = await findTrashPath(root, file.path);
  await planMove(tx, file, trashPath);
  return trashPath;
}

async function finishMove(deps: TrashDeps, { root, trashPath, ...file }: PlannedMove): Promise<void> {
  const { watchId, path } = file;
  deps.log.debug({ watchId, path, trashPath }, 'moving a file to the trash');
  const result = await moveToTrash({ root, path, target: trashPath });
  if (result === 'TAKEN') {
    const next = await findTrashPath(root, path);
    await planMove(deps.db, file, next);
    return finishMove(deps, { ...file, root, trashPath: next });
  }
  await inTransaction(deps.db, (tx) =>
    result === 'MOVED' ? recordMove(tx, file, trashPath) : forgetFile(tx, file),
  );
  if (result === 'MOVED') deps.log.info({ watchId, path, trashPath }, 'file moved to the trash');
}
