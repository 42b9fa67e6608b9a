import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';

/** What PostgreSQL writes of itself into its data directory (postmaster.pid), and we rely on. */
export interface PidFile {
  pid: number;
  port: number;
  /** Empty where it listens on TCP. */
  socketDirectory: string;
  ready: boolean;
}

/** Null when there is none, or none that is whole. */
export function readPidFile(cluster: string): PidFile | null {
  const text = readText(join(cluster, 'postmaster.pid'));
  const [pid, , , port, socketDirectory, , , status] = text?.split('\n').map((line) => line.trim()) ?? [];
  if (!pid || !(Number(pid) > 0)) return null;
  return {
    pid: Number(pid),
    port: Number(port ?? 0),
    socketDirectory: socketDirectory ?? '',
    ready: status === 'ready',
  };
}

/** A directory's PostgreSQL, recognised by the place it works in or the mark on its command line. */
export interface Cluster {
  directory: string;
  mark: string;
}

/**
 * Whose is the process that postmaster.pid names? After a crash its number may belong to any program.
 * `unknown`: a PostgreSQL, and we may not see of which directory. Then nothing may be touched.
 */
export function ownerOf(
  pid: number,
  cluster: Cluster,
): 'nobody' | 'our postgres' | 'another program' | 'unknown' {
  if (!isRunning(pid)) return 'nobody';
  const command = commandOf(pid);
  if (!basename(command.split(/[\0\s]/)[0] ?? '').startsWith('postgres')) return 'another program';
  if (command.includes(cluster.mark)) return 'our postgres';
  const directory = workingDirectoryOf(pid);
  if (!directory) return 'unknown';
  return isSame(directory, cluster.directory) ? 'our postgres' : 'another program';
}

/** A zombie counts as ended: where nobody reaps orphans (some containers) it stays for ever. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !/^\d+ \(.*\) [ZX]/s.test(readText(`/proc/${pid}/stat`) ?? '');
}

function commandOf(pid: number): string {
  if (process.platform === 'linux') return readText(`/proc/${pid}/cmdline`) ?? '';
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/**
 * PostgreSQL works in its data directory; the link holds even when that has been moved. In a container root may
 * not be allowed to read it (no CAP_SYS_PTRACE): hence the mark.
 */
function workingDirectoryOf(pid: number): string | null {
  const link = `/proc/${pid}/cwd`;
  try {
    readlinkSync(link);
    return link;
  } catch {
    return null;
  }
}

function isSame(a: string, b: string): boolean {
  const [first, second] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false, bigint: true }));
  return !!first && !!second && first.ino === second.ino && first.dev === second.dev;
}

/**
 * PostgreSQL will not start while a lock file names a living process, whatever that is. The file is not removed:
 * it also says which shared memory the last server used, and PostgreSQL checks that no survivor still has it.
 * It takes a file that names its own parent for stale, so our pid goes in. The file is moved aside first and
 * looked at again, because a server may have started since it was judged.
 */
export function disownLockFile(path: string, judgedPid: number): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // It is gone, which is as good.
  }
  const text = readText(aside) ?? '';
  if (parseInt(text, 10) === judgedPid) {
    const owner = statSync(aside);
    writeFileSync(aside, text.replace(/^\s*\d+/, String(process.pid)), { mode: owner.mode });
  }
  try {
    linkSync(aside, path);
  } catch {
    // A server that started in between has made its own.
  }
  rmSync(aside, { force: true });
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
