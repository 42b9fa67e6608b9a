import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';

export interface PidFile {
  pid: number;
  port: number;
  socketDirectory: string;
  ready: boolean;
}

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

/** By its working directory, or by the cluster name on its command line. */
export interface Cluster {
  directory: string;
  name: string;
}

/** Any program may have the pid after a crash. `unknown`: a PostgreSQL whose directory we may not read. */
export function ownerOf(
  pid: number,
  cluster: Cluster,
): 'nobody' | 'our postgres' | 'another program' | 'unknown' {
  if (!isRunning(pid)) return 'nobody';
  const command = commandOf(pid);
  if (!basename(command.split(/[\0\s]/)[0] ?? '').startsWith('postgres')) return 'another program';
  if (command.includes(cluster.name)) return 'our postgres';
  const directory = workingDirectoryOf(pid);
  if (!directory) return 'unknown';
  return isSame(directory, cluster.directory) ? 'our postgres' : 'another program';
}

/** A zombie counts as ended: in containers that do not reap orphans it stays for ever. */
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

/** The link survives a move. Root in a container may lack CAP_SYS_PTRACE, hence the cluster name. */
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
 * PostgreSQL does not start while a lock file names a living process, unless it is its own parent: our pid
 * goes in. The file stays, because it names the shared memory that a survivor may use. It is moved aside and
 * read again: a server may have started since it was judged.
 */
export function disownLockFile(path: string, judgedPid: number): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const text = readText(aside) ?? '';
  if (parseInt(text, 10) === judgedPid) {
    const owner = statSync(aside);
    writeFileSync(aside, text.replace(/^\s*\d+/, String(process.pid)), { mode: owner.mode });
  }
  try {
    linkSync(aside, path);
  } catch {
    // A server that has started since created its own.
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
