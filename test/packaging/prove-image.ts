/**
 * `npm run image`: builds the image that the Dockerfile describes, without a container engine, and sees that containers of
 * it work: as any user, on a root that cannot be written. Needs root, `unshare` and `mmdebstrap`.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type dockerignore from '@balena/dockerignore';
import { buildImage, run, type Image } from './build-image.js';
import {
  accessOf,
  freePort,
  startContainer,
  until,
  type Container,
  type ContainerOptions,
} from './container.js';
import { parseDockerfile } from './dockerfile.js';

/** Its types say that it has a default export; it has none. */
const ignore = createRequire(import.meta.url)('@balena/dockerignore') as typeof dockerignore.default;

const EX_CONFIG = 78;
const ROOT = '0:0';
const START_MS = 120_000;
const STOP_MS = 30_000;
/** What the whole takes is about 3 GB. */
const ENOUGH_MEMORY = 10 * 2 ** 30;

/** Files that a working copy may have, and no image. */
const PRIVATE_FILES = [
  ...[
    '.env',
    '.env.production',
    'packaging/.env',
    'data/secret.key',
    'secrets/secret_key',
    'downloads/song.mp3',
  ],
  ...['.git/config', 'node_modules/left/index.js', 'reprise-0.0.1.tgz'],
];

/** What git would commit, and private files, as .dockerignore leaves them. */
function makeContext(directory: string): string {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  assert.equal(listed.status, 0, listed.stderr);
  const files = listed.stdout.split('\0').filter((file) => file !== '' && existsSync(file));
  const sent = ignore()
    .add(readFileSync('.dockerignore', 'utf8').split('\n'))
    .filter([...files, ...PRIVATE_FILES]);
  for (const file of sent) {
    mkdirSync(join(directory, dirname(file)), { recursive: true });
    if (existsSync(file)) run('cp', ['--preserve=mode', file, join(directory, file)]);
    else writeFileSync(join(directory, file), 'private\n');
  }
  return directory;
}

function checkImage({ root }: Image, context: string): void {
  const sent = PRIVATE_FILES.filter((file) => existsSync(join(context, file)));
  assert.deepEqual(sent, [], '.dockerignore lets private files into the image');
  const modules = join(root, 'opt/reprise/node_modules');
  const unneeded = ['typescript', 'vitest', 'prisma', '@ffmpeg-installer/linux-x64'];
  assert.ok(existsSync(join(modules, 'graphql')));
  assert.deepEqual(
    unneeded.filter((name) => existsSync(join(modules, name))),
    [],
  );
  const writable = spawnSync('find', ['/opt/reprise', '-perm', '/022', '-not', '-type', 'l'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(writable.stdout, '', 'everyone may write files of the program');
}

interface Story extends ContainerOptions {
  item: string;
  /** `uid:gid` that all files have to have. */
  owner: string;
  modes: { file: string; folder: string };
}

/** From the start to the stop; returns its volumes. */
async function runStory(
  image: Image,
  { item, owner, modes, ...options }: Story,
): Promise<Container['volumes']> {
  const port = await freePort();
  const container = await startContainer(image, { ...options, env: { ...options.env, PORT: String(port) } });
  try {
    await untilHealthy(image, container);
    if (options.user !== ROOT) checkDoctor(container);
    const path = await download(`http://127.0.0.1:${port}`, item);
    checkFiles(container, { path, owner, modes });
    assert.deepEqual(
      container.states().filter((state) => /State:\tZ/.test(state)),
      [],
      'dead processes are left',
    );
    assert.equal(await container.stop(STOP_MS), 0, 'it does not stop in order');
    const data = container.volumes['/data'] ?? '';
    assert.ok(existsSync(join(data, 'postgres/PG_VERSION')));
    assert.ok(!existsSync(join(data, 'postgres/postmaster.pid')), 'PostgreSQL was not stopped in order');
    return container.volumes;
  } catch (error) {
    process.stderr.write(`${container.output()}\n`);
    await container.stop(1_000).catch(() => undefined);
    throw error;
  }
}

async function untilHealthy({ config }: Image, container: Container): Promise<void> {
  await until('HEALTHCHECK succeeds', START_MS, () => {
    return container.exec(config.healthcheck).status === 0 ? true : null;
  });
  const elsewhere = container.exec(['env', 'PORT=1', ...config.healthcheck]);
  assert.equal(elsewhere.status, 1, 'HEALTHCHECK succeeds where nothing answers');
  assert.match(elsewhere.output, /ECONNREFUSED/);
}

function checkDoctor(container: Container): void {
  const { status, output } = container.exec(['reprise', 'doctor']);
  assert.equal(status, 0, output);
  assert.match(output, /Reprise has what it needs\./);
}

/** The path of the file in the container. */
async function download(url: string, item: string): Promise<string> {
  const execute = async (query: string) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    return (await response.json()) as { data: Record<string, Task & { task?: { id: string } }> };
  };
  const queued = await execute(
    `mutation { queueDownload(input: { item: "${item}" }) { ... on DownloadQueued { task { id } } } }`,
  );
  const id = queued.data['queueDownload']?.task?.id ?? '';
  const state = `{ task(id: "${id}") { state error { message } file { path } } }`;
  const task = await until('the download ends', START_MS, async () => {
    const found = (await execute(state)).data['task'];
    return found && ['COMPLETED', 'FAILED'].includes(found.state) ? found : null;
  });
  assert.equal(task.state, 'COMPLETED', task.error?.message);
  return task.file?.path ?? '';
}

interface Task {
  state: string;
  error: { message: string } | null;
  file: { path: string } | null;
}

function checkFiles(
  container: Container,
  { path, owner, modes }: { path: string } & Pick<Story, 'owner' | 'modes'>,
): void {
  assert.match(path, /^\/downloads\/./);
  const file = join(container.volumes['/downloads'] ?? '', path.replace(/^\/downloads\//, ''));
  assert.equal(accessOf(file), `${owner} ${modes.file}`);
  assert.equal(accessOf(dirname(file)), `${owner} ${modes.folder}`);
  const data = container.volumes['/data'] ?? '';
  assert.equal(accessOf(join(data, 'postgres')), `${owner} 700`);
  const foreign = spawnSync('find', [data, '-mindepth', '1', '!', '-user', owner.split(':')[0] ?? ''], {
    encoding: 'utf8',
  });
  assert.equal(foreign.stdout, '', 'files of another user are left in /data');
}

/** Ends before anything is started, with one line. */
async function checkRefusal(image: Image, options: ContainerOptions, message: RegExp): Promise<void> {
  const container = await startContainer(image, options);
  assert.equal(await container.ended, EX_CONFIG, container.output());
  assert.match(container.output(), message);
  assert.equal(container.output().trim().split('\n').length, 1);
}

async function prove(scratch: string): Promise<void> {
  // Ten thousands of small files are written, and removed at the end: minutes on a busy disk.
  if (process.availableMemory() > ENOUGH_MEMORY)
    run('mount', ['-t', 'tmpfs', '-o', 'size=6g', 'tmpfs', scratch]);
  const say = (line: string) =>
    process.stdout.write(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${line}\n`);
  const directory = (name: string) => {
    mkdirSync(join(scratch, name));
    return join(scratch, name);
  };
  const context = makeContext(directory('context'));
  const image = buildImage(parseDockerfile(readFileSync('Dockerfile', 'utf8')), { context, scratch });
  checkImage(image, context);
  say('the image is built, and holds what it needs');
  const usual = { file: '644', folder: '755' };
  const volumes = await runStory(image, {
    scratch: directory('usual'),
    item: 'demo:night-ferry-1-01',
    owner: '1000:1000',
    modes: usual,
  });
  say('a container works as the user of the image');
  await runStory(image, {
    scratch: directory('stranger'),
    user: '12345:0',
    item: 'demo:night-ferry-1-02',
    owner: '12345:0',
    modes: usual,
  });
  say('a container works as a user without a name');
  const { '/data': data = '' } = volumes;
  await runStory(image, {
    scratch: directory('puid'),
    user: ROOT,
    capabilities: ['chown', 'dac_override', 'setgid', 'setuid'],
    env: { PUID: '99', PGID: '100', UMASK: '002' },
    volumes: { '/data': data, '/downloads': directory('music') },
    item: 'demo:night-ferry-1-03',
    owner: '99:100',
    modes: { file: '664', folder: '775' },
  });
  say('a container takes PUID, PGID and UMASK, and data that another user made');
  await checkRefusal(
    image,
    { scratch: directory('r1'), env: { PUID: '99' } },
    /^PUID and PGID need a container .*"user: 99:99"/,
  );
  await checkRefusal(image, { scratch: directory('r2'), env: { UMASK: '9' } }, /^UMASK: "9" is invalid/);
  await checkRefusal(image, { scratch: directory('r3'), env: { PUID: 'me' } }, /^PUID: "me" is invalid/);
  await checkRefusal(image, { scratch: directory('r4'), user: ROOT }, /^Root may not become uid 1000 here/);
  await checkRefusal(
    image,
    { scratch: directory('r5'), env: { ROLE: 'api' } },
    /^ROLE: "api" requires DATABASE_URL/,
  );
  say('a container that cannot work says why, in one line');
}

function findObstacle(): string | null {
  if (process.getuid?.() !== 0) return 'it needs root';
  if (spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status !== 0)
    return 'unshare does not work here';
  return spawnSync('mmdebstrap', ['--version']).status === 0 ? null : 'mmdebstrap is not installed';
}

/** In a mount namespace of its own, so that no mount is left, however it ends. */
function proveApart(): number {
  const scratch = mkdtempSync(join(tmpdir(), 'reprise-image-'));
  try {
    const again = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), scratch];
    return spawnSync('unshare', ['--mount', ...again], { stdio: 'inherit' }).status ?? 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const [, , scratch] = process.argv;
const obstacle = scratch === undefined ? findObstacle() : null;
if (obstacle !== null) process.stdout.write(`The image is not proven: ${obstacle}.\n`);
else if (scratch === undefined) process.exitCode = proveApart();
else await prove(scratch);
