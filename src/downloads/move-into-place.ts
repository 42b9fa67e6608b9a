import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { link, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { systemCodeOf } from '../lib/errors.js';
import { flush, flushDirectory, flushFile, isPlainFile, openNewFile } from '../lib/plain-file.js';
import { TargetNotWritableError } from '../media/errors.js';
import { WAITING_PREFIX } from '../settings/path-rules.js';
import { exists } from './target-file.js';

/** By file systems without hard links (exFAT, many shares), by one that has no more, and to another disk. */
const LINK_REFUSED = new Set('EPERM EACCES EINVAL ENOTSUP EOPNOTSUPP ENOSYS EMLINK EXDEV'.split(' '));

/** Never replaces a file; false when the name or the folder was lost to another task. A plain file, or nothing. */
export async function moveIntoPlace(finished: string, target: string): Promise<boolean> {
  if (!(await isPlainFile(finished))) {
    throw new TargetNotWritableError('The unfinished file was exchanged for a link, and was not used.');
  }
  await flushFile(finished);
  const linked = await linkUnlessTaken(finished, target, { mayBeGone: true });
  if (linked === 'taken') return false;
  if (linked === 'refused' && !(await placeFromBeside(finished, target))) return false;
  await rm(finished, { force: true });
  await flushDirectory(dirname(target));
  return true;
}

/** Replaces a file, whole or not at all. */
export async function moveOver(finished: string, target: string): Promise<void> {
  const beside = await bringBeside(finished, target);
  try {
    await rename(beside, target);
  } finally {
    await rm(beside, { force: true });
  }
  await flushDirectory(dirname(target));
}

/** Where a file waits in the folder that it is moved into: hidden, and named for the attempt, so that it can be swept. */
export function besidePath(finished: string, folder: string): string {
  return join(folder, `${WAITING_PREFIX}${basename(dirname(finished))}.${basename(finished)}`);
}

async function linkUnlessTaken(
  from: string,
  target: string,
  { mayBeGone }: { mayBeGone: boolean },
): Promise<'linked' | 'taken' | 'refused'> {
  try {
    await link(from, target);
    return 'linked';
  } catch (thrown) {
    const code = systemCodeOf(thrown) ?? '';
    if (code === 'EEXIST') return 'taken';
    // Another task that failed has just removed the folder, which was empty.
    if (mayBeGone && code === 'ENOENT' && (await exists(from))) return 'taken';
    if (LINK_REFUSED.has(code)) return 'refused';
    throw thrown;
  }
}

/** So that the last step stays in one folder, which is on one disk. `finished` is there again unless it was placed. */
async function placeFromBeside(finished: string, target: string): Promise<boolean> {
  if (await exists(target)) return false;
  const beside = await bringBeside(finished, target);
  let isPlaced = false;
  try {
    // Where the folder is on a disk of its own, that one may have links.
    const linked = await linkUnlessTaken(beside, target, { mayBeGone: false });
    isPlaced = linked === 'refused' ? await renameUnlessTaken(beside, target) : linked === 'linked';
    return isPlaced;
  } finally {
    if (!isPlaced && !(await exists(finished))) await rename(beside, finished);
    await rm(beside, { force: true });
  }
}

async function bringBeside(finished: string, target: string): Promise<string> {
  const beside = besidePath(finished, dirname(target));
  try {
    await rename(finished, beside);
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'EXDEV') throw thrown;
    await copyFlushed(finished, beside);
  }
  return beside;
}

async function copyFlushed(from: string, to: string): Promise<void> {
  const handle = await openNewFile(to);
  try {
    const chunks: AsyncIterable<Buffer> = createReadStream(from);
    for await (const chunk of chunks) await handle.appendFile(chunk);
    await flush(handle);
  } catch (thrown) {
    await rm(to, { force: true });
    throw thrown;
  } finally {
    await handle.close();
  }
}

/**
 * Node has no rename that fails for a taken name, but `mv -n` of Linux is one, in one step wherever the kernel can.
 * Elsewhere nothing but the moment between two calls is left to another program.
 */
async function renameUnlessTaken(from: string, target: string): Promise<boolean> {
  await promisify(execFile)('mv', ['-n', '-T', '--', from, target]).catch(() => undefined);
  if (!(await exists(from))) return true;
  if (await exists(target)) return false;
  await rename(from, target);
  return true;
}
