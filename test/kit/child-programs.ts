import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { inject } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What tests run in a process of its own, to kill it or to see it end. */
const PROGRAMS = {
  server: 'src/main.ts',
  'tag-worker': 'src/library/tag-worker.ts',
  'picture-worker': 'src/covers/picture-worker.ts',
  'tag-writer-process': 'src/media/tag-writer-process.ts',
  'deezer-child': 'test/system/deezer-child.ts',
  'embedded-process': 'test/fixtures/embedded-process.ts',
  'expanding-child': 'test/system/expanding-child.ts',
  'recurring-child': 'test/jobs/recurring-child.ts',
  'watched-server': 'test/fixtures/watched-server.ts',
  'watching-child': 'test/system/watching-child.ts',
  'worker-child': 'test/system/worker-child.ts',
};

/**
 * Bundles the programs once a run: through tsx each start takes two seconds more of CPU time. The directory is two
 * levels below the package's root, as dist/database is: that is where the program looks for its migrations.
 */
export async function buildChildPrograms(): Promise<string> {
  const directory = mkdtempSync(join(ROOT, 'node_modules', '.reprise-test-'));
  // Some run as another user.
  chmodSync(directory, 0o755);
  await build({
    absWorkingDir: ROOT,
    entryPoints: PROGRAMS,
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
  return directory;
}

export function spawnProgram(
  program: keyof typeof PROGRAMS,
  args: string[],
  { passwd, ...options }: SpawnOptions & { passwd?: string | undefined },
): ChildProcess {
  const command = [process.execPath, join(inject('childPrograms'), `${program}.mjs`), ...args] as const;
  const [file, ...rest] = passwd === undefined ? command : withUsers(passwd, command);
  return spawn(file, rest, options);
}

/** Only the program sees the file as /etc/passwd. For root. */
function withUsers(passwd: string, command: readonly string[]): readonly [string, ...string[]] {
  const mountAndRun = 'mount --bind "$0" /etc/passwd && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', mountAndRun, passwd, ...command];
}

/** Whether a program can be given users of its own: in a container root may not mount. */
export function canGiveUsers(): boolean {
  return spawnSync('unshare', ['--mount', 'mount', '--bind', '/etc/passwd', '/etc/passwd']).status === 0;
}

/**
 * What the environment of a program has in addition when its own clock is wrong. Only what its code reads: timers and `performance` go on as
 * they do when somebody sets a machine's clock.
 */
export function withClockAhead(ms: number): NodeJS.ProcessEnv {
  const shim = `const True = Date; const aheadMs = ${ms};
    globalThis.Date = class Date extends True {
      constructor(...parts) { parts.length ? super(...parts) : super(True.now() + aheadMs); }
      static now() { return True.now() + aheadMs; }
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shim)}` };
}

/** Calls back with each line that the program writes to its standard output. */
export function onLine({ stdout }: ChildProcess, listener: (line: string) => void): void {
  if (stdout) createInterface({ input: stdout }).on('line', listener);
}
