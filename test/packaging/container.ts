import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { run, type Image } from './build-image.js';

export interface ContainerOptions {
  /** Where its own files are. */
  scratch: string;
  /** `uid:gid` in place of that of the image. */
  user?: string;
  env?: Readonly<Record<string, string>>;
  /** Directories by their path in the container; those of VOLUME that are not named are new. */
  volumes?: Readonly<Record<string, string>>;
  /** By default none, as with `--cap-drop ALL`. */
  capabilities?: readonly string[];
}

export interface Container {
  /** The id of its process 1 on this machine. */
  pid: number;
  volumes: Readonly<Record<string, string>>;
  /** What it has printed so far. */
  output(): string;
  /** As `docker exec` does. */
  exec(command: readonly string[]): { status: number | null; output: string };
  /** The states of its processes, as /proc has them. */
  states(): string[];
  /** Sends the signal that the image names, and waits for the end; null when it takes longer. */
  stop(limitMs: number): Promise<number | null>;
  ended: Promise<number | null>;
}

/** A container of the image on a root that cannot be written, with no_new_privs: once it has begun. */
export async function startContainer({ root, config }: Image, options: ContainerOptions): Promise<Container> {
  const { scratch, user = config.user, env = {}, capabilities = [] } = options;
  const volumes = { ...makeVolumes(root, config.volumes, scratch), ...options.volumes };
  const variables = Object.entries({ ...config.env, HOME: '/', ...env });
  const start = ['env', '-i', '-C', config.workdir, ...variables.map(([name, value]) => `${name}=${value}`)];
  const privileges = privilegesOf(user, capabilities);
  const command = [...privileges, ...start, ...config.entrypoint, ...config.command];
  const script = mountScript({ root, view: join(scratch, 'root'), volumes });
  mkdirSync(join(scratch, 'root'), { recursive: true });
  const isolated = ['--mount', '--pid', '--ipc', '--fork', '--kill-child', 'sh', '-c', script, 'sh'];
  const child = spawn('unshare', [...isolated, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = collect(child);
  const ended = once(child, 'close').then(([status]) => status as number | null);
  const pid = () => processOneOf(child) ?? fail();
  await until('the container begins', BEGIN_MS, () => processOneOf(child) ?? child.exitCode);
  return {
    volumes,
    ended,
    get pid() {
      return pid();
    },
    output: () => printed.join(''),
    exec: (called) => runBeside(pid(), [...privileges, ...start, ...called]),
    states: () => statesBeside(pid()),
    async stop(limitMs) {
      process.kill(pid(), config.stopSignal);
      const limit = new Promise<null>((resolve) => setTimeout(() => resolve(null), limitMs).unref());
      const status = await Promise.race([ended, limit]);
      if (status === null) child.kill('SIGKILL');
      return status;
    },
  };
}

/** A new named volume takes over owner and mode of the directory in the image. */
function makeVolumes(root: string, paths: readonly string[], scratch: string): Record<string, string> {
  const made = paths.map((path) => {
    const volume = join(scratch, path);
    mkdirSync(volume, { recursive: true });
    run('chown', [`--reference=${join(root, path)}`, volume]);
    run('chmod', [`--reference=${join(root, path)}`, volume]);
    return [path, volume] as const;
  });
  return Object.fromEntries(made);
}

function privilegesOf(user: string, capabilities: readonly string[]): string[] {
  const [uid = '', gid = ''] = user.split(':');
  const bounding = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  const ids = ['--reuid', uid, '--regid', gid, '--clear-groups'];
  return ['setpriv', ...ids, '--no-new-privs', '--inh-caps=-all', `--bounding-set=${bounding}`, '--'];
}

interface View {
  root: string;
  view: string;
  volumes: Readonly<Record<string, string>>;
}

/** What Docker mounts with `--read-only --tmpfs /tmp`. Ends by running its arguments there. */
function mountScript({ root, view, volumes }: View): string {
  const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
  return [
    'set -e',
    `mount --bind '${root}' '${view}'`,
    `mount -o remount,ro,bind '${view}'`,
    `mount -t proc proc '${view}/proc'`,
    `mount -t tmpfs -o mode=755 dev '${view}/dev'`,
    ...devices.map(
      (name) => `touch '${view}/dev/${name}' && mount --bind /dev/${name} '${view}/dev/${name}'`,
    ),
    `mkdir '${view}/dev/shm' && mount -t tmpfs -o mode=1777,size=64m shm '${view}/dev/shm'`,
    `ln -s /proc/self/fd '${view}/dev/fd'`,
    `mount -t tmpfs -o mode=1777,noexec,nosuid,nodev tmp '${view}/tmp'`,
    ...Object.entries(volumes).map(([path, from]) => `mount --bind '${from}' '${view}${path}'`),
    `exec chroot '${view}' "$@"`,
  ].join('\n');
}

function collect(child: ChildProcess): string[] {
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  }
  return printed;
}

/** The child of unshare. */
function processOneOf({ pid = 0, exitCode, signalCode }: ChildProcess): number | null {
  if (exitCode !== null || signalCode !== null) return null;
  const [id = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return id === '' ? null : Number(id);
}

function fail(): never {
  throw new Error('The container has ended.');
}

const BEGIN_MS = 30_000;

function runBeside(pid: number, command: readonly string[]): { status: number | null; output: string } {
  const spaces = ['--target', String(pid), '--mount', '--pid', '--ipc', '--root'];
  const { status, stdout, stderr } = spawnSync('nsenter', [...spaces, ...command], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

function statesBeside(pid: number): string[] {
  const { output } = runBeside(pid, ['sh', '-c', "grep -H '^State' /proc/[0-9]*/status"]);
  return output.trim().split('\n');
}

/** `uid:gid mode` of a file. */
export function accessOf(path: string): string {
  const { uid, gid, mode } = statSync(path);
  return `${uid}:${gid} ${(mode & 0o7777).toString(8)}`;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function until<T>(
  what: string,
  limitMs: number,
  check: () => T | null | Promise<T | null>,
): Promise<T> {
  for (const end = performance.now() + limitMs; performance.now() < end; await pause(100)) {
    const found = await check();
    if (found !== null) return found;
  }
  throw new Error(`${what}: not within ${limitMs} ms`);
}
