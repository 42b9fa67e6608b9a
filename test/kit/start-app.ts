import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { MongoClient } from 'mongodb';
import { inject } from 'vitest';
import { WebSocket } from 'ws';
import { createApp, type App, type Overrides } from '../../src/app.js';
import { parseEnv, type Env } from '../../src/env.js';
import type { TypedDocumentString } from '../../src/generated/documents/graphql.js';
import { startSession } from '../../src/sign-in/sessions.js';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { createLogger } from '../../src/lib/logger.js';
import type { Media } from '../../src/media/media.js';
import { bundledPrograms, createTestMedia } from './audio.js';
import { createContextRequest } from './context-request.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { keepAudio } from './kept-audio.js';
import {
  bearerOf,
  carryToken,
  connectionParamsOf,
  dropToken,
  SUITE_HAS_AUTH,
  type Target,
} from './tokens.js';

/** A real server on a port of its own, with a database and a download directory of its own. */
export interface TestApp extends App {
  url: string;
  env: Env;
  /** What its requests carry. */
  token: string | undefined;
  /** Runs a document over HTTP; errors fail the test with all that they say. */
  execute<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    ...[variables]: Variables extends Record<string, never> ? [] : [Variables]
  ): Promise<Data>;
  /** Subscribes over a WebSocket of its own, closed when the loop over it ends. */
  subscribe<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    ...[variables]: Variables extends Record<string, never> ? [] : [Variables]
  ): AsyncGenerator<Data, void, void>;
  rest(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; headers: Headers; body: unknown }>;
}

export interface TestAppOptions {
  env?: Partial<Env>;
  overrides?: Overrides;
  /** Another app's database, to run several processes' worth of apps on it. */
  database?: TestDatabase;
}

/** Of all tests that name no other. */
export const TEST_CATALOG = { CATALOG: 'demo' };
export const TEST_SECRET_KEY = 'a key that only the tests of Reprise have';

export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const database = options.database ?? (await createTestDatabase());
  const downloadDir = options.env?.downloadDir ?? (await mkdtemp(join(tmpdir(), 'reprise-downloads-')));
  // Of covers: an address of one test's server may be another's in the next.
  const dataDir = options.env?.dataDir ?? (await mkdtemp(join(tmpdir(), 'reprise-data-')));
  const jobStore = jobStoreFor(database);
  const env: Env = {
    ...parseEnv({
      ...TEST_CATALOG,
      HOST: '127.0.0.1',
      PORT: '0',
      SECRET_KEY: TEST_SECRET_KEY,
    }),
    database: { kind: 'external', url: database.url },
    jobStore,
    downloadDir,
    downloadRoots: [downloadDir],
    dataDir,
    // Only for tests about it: decoding takes CPU time from the others.
    libraryVerify: false,
    // Some tests move the clock by days.
    ...(SUITE_HAS_AUTH && { authEnabled: true, tokenHours: 10_000 }),
    ...options.env,
  };
  const log = createLogger((process.env['TEST_LOG_LEVEL'] as 'debug' | undefined) ?? 'fatal');
  const { settings, ...overrides } = options.overrides ?? {};
  // Sources that a test adds are used although the demo's tracks have their own.
  const media = env.ffmpegPath || env.ffprobePath ? {} : { media: await openMedia() };
  const app = await createApp(env, {
    log,
    settings: { askAllSources: true, ...settings },
    ...media,
    programs: bundledPrograms(),
    ...overrides,
  });
  const url = app.http?.url ?? '';
  // The tests are written for the user that everyone is while authentication is off.
  const token = SUITE_HAS_AUTH && env.authEnabled ? await createToken(app, SYSTEM_VIEWER) : undefined;
  if (url !== '' && token !== undefined) carryToken(url, token);
  return {
    ...app,
    url,
    env,
    ...requestsTo({ url, token }),
    stop: async () => {
      await app.stop();
      dropToken(url);
      if (!options.database) await dropAll(database, jobStore);
      if (!options.env?.downloadDir) await rm(downloadDir, { recursive: true, force: true });
      if (!options.env?.dataDir) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

let media: Promise<Media> | undefined;

/** The same for all apps of a file: to find ffmpeg and what it can do takes three processes. */
async function openMedia(): Promise<Media> {
  media ??= createTestMedia(process.env['FFMPEG_PATH'] ?? null);
  return keepAudio(await media, inject('keptAudio'));
}

/** On MongoDB when the run has one: a database there of the same name. */
export function jobStoreFor(database: TestDatabase): Env['jobStore'] {
  const url = process.env['MONGODB_URL'];
  if (!url) return { kind: 'postgresql' };
  const own = new URL(url);
  own.pathname =
    new URL(database.url.replace(/^postgres(ql)?:/, 'http:')).pathname ||
    `/t${randomBytes(6).toString('hex')}`;
  return { kind: 'mongodb', url: own.href };
}

async function dropAll(database: TestDatabase, jobStore: Env['jobStore']): Promise<void> {
  await database.drop();
  if (jobStore.kind !== 'mongodb') return;
  const client = new MongoClient(jobStore.url);
  try {
    await client.db().dropDatabase();
  } finally {
    await client.close();
  }
}

/** The functions of a TestApp that send requests. */
export function requestsTo(target: Target): Pick<TestApp, 'token' | 'execute' | 'subscribe' | 'rest'> {
  return {
    token: target.token,
    execute: (document, ...[variables]) => execute(target, document.toString(), variables) as Promise<never>,
    subscribe: (document, ...[variables]) => subscribe(target, document.toString(), variables) as never,
    rest: (method, path, body) => rest(target, { method, path, body }),
  };
}

/** An access token of the user, as a sign-in over REST returns it. */
export async function createToken({ deps }: Pick<App, 'deps'>, { id }: { id: string }): Promise<string> {
  const user = await deps.db.user.findUniqueOrThrow({ where: { id } });
  const request = createContextRequest();
  const { accessToken } = await startSession(deps, { user, kind: 'SINGLE', request });
  return accessToken;
}

export async function execute(target: Target, query: string, variables: unknown): Promise<unknown> {
  const response = await fetch(`${target.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearerOf(target) },
    body: JSON.stringify({ query, variables }),
  });
  const result = (await response.json()) as { data?: unknown; errors?: unknown };
  if (result.errors) throw new Error(`${query}\nanswered ${JSON.stringify(result, null, 2)}`);
  return result.data;
}

export async function* subscribe(
  target: Target,
  query: string,
  variables: unknown,
): AsyncGenerator<unknown, void, void> {
  const client = createClient({
    url: `${target.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...connectionParamsOf(target),
  });
  try {
    for await (const { data, errors } of client.iterate({
      query,
      variables: variables as Record<string, unknown>,
    })) {
      if (errors) throw new Error(JSON.stringify(errors, null, 2));
      yield data;
    }
  } finally {
    await client.dispose();
  }
}

export async function rest(target: Target, request: { method: string; path: string; body?: unknown }) {
  const { method, path, body } = request;
  const response = await fetch(`${target.url}/api${path}`, {
    method,
    redirect: 'manual',
    headers: { ...bearerOf(target), ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return {
    status: response.status,
    headers: response.headers,
    body: json ? (JSON.parse(text) as unknown) : text,
  };
}
