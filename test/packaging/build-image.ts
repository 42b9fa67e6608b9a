import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { configOf, expand, type ImageConfig, type Stage, type Step } from './dockerfile.js';

/* Runs the steps of a Dockerfile as root in directories, where there is no container engine. Its mounts end with the
   mount namespace that this runs in. */

export interface Image {
  root: string;
  config: ImageConfig;
}

interface BuildOptions {
  /** What COPY copies from. */
  context: string;
  scratch: string;
}

/** Where npm keeps its downloads in an image. */
const NPM_CACHE = '/root/.npm';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function buildImage(stages: readonly Stage[], { context, scratch }: BuildOptions): Image {
  const bases = new Map<string, string>();
  const roots: Record<string, string> = {};
  const caches = join(scratch, 'caches');
  mountNpmCache(join(caches, NPM_CACHE), join(scratch, 'npm-cache'));
  for (const [at, stage] of stages.entries()) {
    const base = bases.get(stage.image) ?? makeBase(stage.image, join(scratch, `base-${bases.size}`));
    bases.set(stage.image, base);
    const root = mountCopy(base, join(scratch, `stage-${at}`));
    runSteps(stage, { root, sources: { ...roots, '': context }, caches });
    roots[stage.name ?? String(at)] = root;
  }
  const last = stages.at(-1);
  if (!last) throw new Error('The Dockerfile has no stage.');
  const config = configOf(last);
  return { root: roots[last.name ?? String(stages.length - 1)] ?? '', config: withPath(config) };
}

const withPath = (config: ImageConfig): ImageConfig => ({ ...config, env: { PATH, ...config.env } });

/** Prints what failed: it is read in the output of CI. */
export function run(file: string, args: readonly string[], env?: NodeJS.ProcessEnv): void {
  const { status, error } = spawnSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
  if (status !== 0) {
    throw new Error(
      `${file} ${args.join(' ').slice(0, 300)} failed: ${error?.message ?? `status ${status}`}`,
    );
  }
}

/**
 * Stands in for Docker's official image `node:<major>-<suite>-slim`: the same Debian from its mirror, with the same Node
 * and npm from npm, and its user `node`.
 */
function makeBase(image: string, root: string): string {
  const [, major, suite] = /^node:(\d+)-([a-z]+)-slim$/.exec(image) ?? [];
  if (major === undefined || suite === undefined) throw new Error(`There is no stand-in for "${image}".`);
  const node = `node-linux-${process.arch}`;
  const quick = ['--dpkgopt=force-unsafe-io', '--aptopt=Acquire::Languages "none"'];
  run('mmdebstrap', ['--quiet', '--variant=minbase', ...quick, suite, root]);
  const packages = `${root}.npm`;
  const flags = ['--silent', '--ignore-scripts', '--prefer-offline', '--prefix', packages];
  run('npm', ['install', ...flags, `${node}@${major}`, 'npm@11']);
  const modules = join(root, 'usr/local/lib/node_modules');
  cpSync(join(packages, 'node_modules', node, 'bin/node'), join(root, 'usr/local/bin/node'));
  cpSync(join(packages, 'node_modules/npm'), join(modules, 'npm'), { recursive: true });
  run('ln', ['-s', '../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm')]);
  chmodSync(join(modules, 'npm/bin/npm-cli.js'), 0o755);
  appendFileSync(join(root, 'etc/passwd'), 'node:x:1000:1000::/home/node:/bin/bash\n');
  appendFileSync(join(root, 'etc/group'), 'node:x:1000:\n');
  return root;
}

function mountCopy(base: string, directory: string): string {
  const root = join(directory, 'root');
  mountOverlay(base, root, directory);
  return root;
}

/** Shows `base` at `root`; what is written there gets into `directory`. */
function mountOverlay(base: string, root: string, directory: string): void {
  const [upper = '', work = ''] = ['upper', 'work'].map((name) => join(directory, name));
  for (const each of [root, upper, work]) mkdirSync(each, { recursive: true });
  run('mount', [
    '-t',
    'overlay',
    'overlay',
    '-o',
    `lowerdir=${base},upperdir=${upper},workdir=${work}`,
    root,
  ]);
}

/** What this machine has of npm's downloads is not downloaded again, and stays as it is. */
function mountNpmCache(target: string, directory: string): void {
  const own = npmConfig('cache');
  if (existsSync(own)) mountOverlay(own, target, directory);
}

const npmConfig = (name: string): string =>
  spawnSync('npm', ['config', 'get', name], { encoding: 'utf8' }).stdout.trim();

interface StageOptions {
  root: string;
  /** By the name of `COPY --from`; without a name, the context. */
  sources: Readonly<Record<string, string>>;
  caches: string;
}

function runSteps({ steps }: Stage, options: StageOptions): void {
  const env: Record<string, string> = { PATH };
  let workdir = '/';
  for (const step of steps) {
    const seconds = (performance.now() / 1_000).toFixed(0).padStart(4);
    process.stdout.write(`${seconds} s     ${step.keyword} ${step.text.slice(0, 90)}\n`);
    const args = () => step.args.map((each) => expand(each, env));
    if (step.keyword === 'ENV')
      Object.assign(env, Object.fromEntries(args().map((each) => each.split(/=(.*)/s))));
    if (step.keyword === 'WORKDIR') {
      workdir = posix.resolve(workdir, args()[0] ?? '');
      mkdirSync(join(options.root, workdir), { recursive: true });
    }
    if (step.keyword === 'COPY') copy({ ...step, args: args() }, { ...options, workdir });
    if (step.keyword === 'RUN') runInside(step, { ...options, env, workdir });
  }
}

function copy({ args, flags }: Step, { root, sources, workdir }: StageOptions & { workdir: string }): void {
  const from = sources[flags['from'] ?? ''];
  if (from === undefined) throw new Error(`COPY --from=${flags['from']}: no stage has this name.`);
  const named = args.at(-1) ?? '';
  const target = join(root, posix.resolve(workdir, named));
  const isFolder = named.endsWith('/') || named === '.';
  mkdirSync(isFolder ? target : dirname(target), { recursive: true });
  for (const source of args.slice(0, -1).flatMap((pattern) => findSources(from, pattern))) {
    const content = statSync(source).isDirectory() ? `${source}/.` : source;
    const kept = flags['from'] === undefined ? ['--no-preserve=ownership'] : [];
    run('cp', ['--archive', ...kept, content, target]);
    if (flags['chmod'] !== undefined) chmodSync(target, parseInt(flags['chmod'], 8));
  }
}

function findSources(from: string, pattern: string): string[] {
  const found = spawnSync('sh', ['-c', `cd "$0" && ls -d .${posix.resolve('/', pattern)}`, from], {
    encoding: 'utf8',
  });
  if (found.status !== 0) throw new Error(`COPY ${pattern}: ${found.stderr}`);
  return found.stdout
    .trim()
    .split('\n')
    .map((name) => join(from, name));
}

interface RunOptions extends StageOptions {
  env: Readonly<Record<string, string>>;
  workdir: string;
}

function runInside({ text, flags }: Step, { root, caches, env, workdir }: RunOptions): void {
  const [, cached] = /^type=cache,target=(\S+)$/.exec(flags['mount'] ?? '') ?? [];
  const binds = [...hostFiles(), ...(cached === undefined ? [] : [[join(caches, cached), cached] as const])];
  if (cached !== undefined) mkdirSync(join(caches, cached), { recursive: true });
  const mounts = binds.map(([from, to]) => {
    if (statSync(from).isDirectory()) mkdirSync(join(root, to), { recursive: true });
    else if (!existsSync(join(root, to))) writeFileSync(join(root, to), '');
    return `mount --bind '${from}' '${join(root, to)}'`;
  });
  const variables = Object.entries({ ...hostVariables(), ...env, HOME: '/root' });
  const assignments = variables.map(([name, value]) => `${name}=${value}`);
  const script = [
    'set -e',
    `mount -t proc proc '${root}/proc'`,
    `mount --rbind /dev '${root}/dev'`,
    ...mounts,
    'exec "$@"',
  ].join('\n');
  const command = ['chroot', root, 'env', '-i', '-C', workdir, ...assignments, '/bin/sh', '-c', text];
  run('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script, 'sh', ...command]);
}

const CERTIFICATES = '/run/certificates.crt';

/** How this machine reaches package registries, which a container engine would have from its own configuration. */
function hostFiles(): (readonly [string, string])[] {
  const certificates = process.env['NODE_EXTRA_CA_CERTS'];
  return [
    ['/etc/resolv.conf', '/etc/resolv.conf'],
    ['/etc/hosts', '/etc/hosts'],
    ...(certificates === undefined ? [] : [[certificates, CERTIFICATES] as const]),
  ];
}

function hostVariables(): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];
  const found = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const certificates =
    process.env['NODE_EXTRA_CA_CERTS'] === undefined ? {} : { NODE_EXTRA_CA_CERTS: CERTIFICATES };
  const npm = { npm_config_registry: npmConfig('registry'), npm_config_prefer_offline: 'true' };
  return { ...Object.fromEntries(found), ...certificates, ...npm };
}
