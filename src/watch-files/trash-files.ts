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
  if (member.leavesAt !== null && watch.removeFiles) {
    if (await isBeingDownloaded(tx, watch, leaving)) return [];
    const isKept = await isInAnotherList(tx, watch, leaving);
    for (const file of isKept ? [] : member.files) await planFile(deps, tx, file);
  }
  const planned = (await findMember(tx, leaving))?.files.flatMap((file) => withRoot(deps, file)) ?? [];
  if (planned.length === 0) await endLeaving(tx, leaving);
  return planned;
}

function withRoot(deps: TrashDeps, file: WatchFile): PlannedMove[] {
  const root = findTrashRoot(deps, file.path);
  return root !== null && file.trashPath !== null ? [{ ...file, root, trashPath: file.trashPath }] : [];
}

/** Nothing that is not surely the watch's own work, as it was made, and of no use to anybody else. */
async function planFile(deps: TrashDeps, tx: Db, file: WatchFile): Promise<void> {
  const root = findTrashRoot(deps, file.path);
  if (!file.made || file.trashPath !== null || root === null) return;
  const size = await sizeOf(file.path);
  if (size === null || BigInt(size) !== file.sizeBytes) {
    deps.log.info(
      { watchId: file.watchId, path: file.path },
      'file changed since it was made, left in place',
    );
    return;
  }
  if (await isFileWanted(tx, file.path)) return;
  await planMove(tx, file, await findTrashPath(root, file.path));
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
