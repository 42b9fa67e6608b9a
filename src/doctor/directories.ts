import { randomUUID } from 'node:crypto';
import { access, constants, link, mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeFreeSpace, nearestExisting } from '../downloads/target-file.js';
import type { Env } from '../env.js';
import { describeDiskError } from '../lib/disk-errors.js';
import { messageOf, systemCodeOf } from '../lib/errors.js';
import { openNewFile } from '../lib/plain-file.js';
import { isWritable } from '../settings/download-path.js';
import { check, failed, ok, warning, type Finding } from './finding.js';

export async function checkDirectories(env: Env): Promise<Finding[]> {
  const writes = env.role !== 'api';
  const downloads = env.downloadRoots.map((directory) => {
    const name = directory === env.downloadDir ? 'DOWNLOAD_DIR' : 'DOWNLOAD_ROOTS';
    return check(name, () => checkTarget(name, directory, writes));
  });
  const library = env.libraryDirs.map((directory) => check('LIBRARY_DIRS', () => checkLibrary(directory)));
  // With both elsewhere nothing is kept there.
  const keepsData = env.database.kind === 'embedded' || env.secretKey === null;
  const data = keepsData ? [check('DATA_DIR', () => checkTarget('DATA_DIR', env.dataDir, true))] : [];
  const found = await Promise.all([...data, ...downloads, ...library]);
  const page =
    env.uiDir === null ? [] : [ok('UI_DIR', `"${env.uiDir}" has a client, which is served at "/".`)];
  return [...found.flat(), ...page];
}

async function checkTarget(name: string, directory: string, writes: boolean): Promise<Finding[]> {
  const isMade = await stat(directory).then(
    (found) => found.isDirectory(),
    (thrown: unknown) => {
      if (systemCodeOf(thrown) === 'ENOENT') return false;
      throw explain(thrown, directory);
    },
  );
  if (!isMade) return [await checkMissing(name, directory)];
  const { ok: hasSpace, detail } = await describeFreeSpace(directory);
  const space = hasSpace ? [] : [warning(name, `"${directory}" has only ${detail}; make room on its disk.`)];
  if (!writes) return [ok(name, `"${directory}" is there; this role only reads it (${detail}).`), ...space];
  return [await tryDisk(name, directory, detail), ...space];
}

/** Made when it is first needed, unless what leads to it is closed, or a link to nowhere. */
async function checkMissing(name: string, directory: string): Promise<Finding> {
  const above = await nearestExisting(directory);
  if (above === directory)
    return failed(
      name,
      `"${directory}" is a link that leads nowhere; mount what it leads to, or remove the link.`,
    );
  if (await isWritable(directory))
    return ok(name, `"${directory}" is not there yet; it is made when it is needed.`);
  return failed(
    name,
    `"${directory}" cannot be made by ${user()} in "${above}"; make it, and give it to that user.`,
  );
}

const user = () => `uid ${process.geteuid?.() ?? 'of this process'}`;

/** What a download needs of a disk, with a file of its own. What is refused has another way unless it is said here. */
async function tryDisk(name: string, directory: string, space: string): Promise<Finding> {
  const base = join(directory, `.reprise-doctor-${randomUUID()}`);
  const paths = [`${base}.a`, `${base}.b`, `${base}.c`] as const;
  const refused: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>) => {
    await work().catch((thrown: unknown) =>
      refused.push(`${what} (${systemCodeOf(thrown) ?? messageOf(thrown)})`),
    );
  };
  try {
    const handle = await openNewFile(paths[0]);
    try {
      await handle.writeFile('probe');
      await attempt('flushing', () => handle.sync());
    } finally {
      await handle.close();
    }
    await attempt('hard links', () => link(paths[0], paths[1]));
    await rename(paths[0], paths[2]);
    if (!(await keepsModes(base))) refused.push('modes of folders');
  } catch (thrown) {
    throw explain(thrown, directory);
  } finally {
    for (const path of paths) await rm(path, { force: true });
  }
  return describeDisk(name, { directory, space, refused });
}

async function keepsModes(path: string): Promise<boolean> {
  if (process.platform === 'win32') return true;
  await mkdir(path, { mode: 0o700 });
  try {
    return ((await stat(path)).mode & 0o077) === 0;
  } finally {
    await rmdir(path);
  }
}

function describeDisk(
  name: string,
  { directory, space, refused }: { directory: string; space: string; refused: readonly string[] },
): Finding {
  if (refused.length === 0) return ok(name, `"${directory}" can be written (${space}).`);
  const missing = `its file system refuses ${refused.join(', ')}`;
  if (name === 'DATA_DIR')
    return warning(
      name,
      `"${directory}" can be written, but ${missing}: keep databases and keys on a local disk.`,
    );
  return warning(
    name,
    `"${directory}" can be written, but ${missing}: downloads work, and files are placed another way.`,
  );
}

function explain(thrown: unknown, directory: string): Error {
  const known = describeDiskError(thrown, directory);
  const message = known?.message.replace('The download directory', 'The directory') ?? messageOf(thrown);
  return new Error(`${message} Reprise runs as ${user()}.`, { cause: thrown });
}

async function checkLibrary(directory: string): Promise<Finding> {
  const name = 'LIBRARY_DIRS';
  try {
    await access(directory, constants.R_OK | constants.X_OK);
    const entries = await readdir(directory);
    if (entries.length === 0)
      return warning(name, `"${directory}" is empty; what was known of it is kept. Is its disk mounted?`);
    return ok(name, `"${directory}" can be read.`);
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    if (code === 'ENOENT')
      return warning(
        name,
        `"${directory}" is missing; Reprise starts without it. Mount its disk, or correct the path.`,
      );
    return failed(
      name,
      `"${directory}" cannot be read by ${user()} (${code ?? messageOf(thrown)}); change its owner or mode.`,
    );
  }
}
