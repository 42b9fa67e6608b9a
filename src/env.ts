import { existsSync, statSync } from 'node:fs';
import { delimiter, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { LOG_LEVELS } from './lib/logger.js';

const CATALOGS = ['demo', 'library'] as const;
const ROLES = ['all', 'api', 'worker'] as const;

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `allowed: ${values.join(', ')}` });

const portNumber = z
  .string()
  .regex(/^\d{1,5}$/, 'allowed: a whole number from 0 (any free port) to 65535')
  .transform(Number)
  .refine((port) => port <= 65_535, 'allowed: a whole number from 0 (any free port) to 65535');

const onOff = z
  .enum(['true', 'false', '1', '0'], { error: 'allowed: true, false' })
  .transform((value) => value === 'true' || value === '1');

/** Only the protocol is looked at: MongoDB and PostgreSQL take several hosts, which the URL standard does not. */
const urlOf = (protocols: readonly string[]) =>
  z
    .string()
    .refine(
      (value) =>
        protocols.some(
          (protocol) => value.startsWith(`${protocol}://`) && value.length > protocol.length + 3,
        ) && !/\s/.test(value),
      `allowed: a URL without spaces that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
    );

const host = z
  .string()
  .regex(/^[\w.:%-]+$/, 'allowed: a host name or an IP address (of version 6: without brackets)');

const paths = z.string().transform((value) =>
  value
    .split(delimiter)
    .filter(Boolean)
    .map((directory) => resolve(directory)),
);

const directories = paths.superRefine((given, context) => {
  for (const path of given.filter((path) => !isDirectory(path))) {
    context.addIssue(
      `${path} is not a directory; allowed: existing directories, separated by "${delimiter}"`,
    );
  }
});

const origins = z.string().transform((value, context) =>
  value
    .split(',')
    .map((each) => each.trim().replace(/\/$/, ''))
    .filter(Boolean)
    .map((each) => {
      if (!isOrigin(each)) {
        context.addIssue(
          `${each} is no origin; allowed: such as https://music.example.org, separated by commas (not *)`,
        );
      }
      return each;
    }),
);

const path = z.string().transform((value) => resolve(value));

/** Is made when it is not there, which a file in its place would not let happen. */
const directoryToBe = path.superRefine((wanted, context) => {
  const there = nearestThatExists(wanted);
  if (!isDirectory(there)) context.addIssue(`${there} is a file; allowed: a directory, existing or not`);
});

const variables = z.object({
  PORT: portNumber.default(7171),
  HOST: host.default('127.0.0.1'),
  NODE_ENV: z.string().optional(),
  CORS_ORIGINS: origins.default([]),
  DATA_DIR: directoryToBe.default(resolve('data')),
  DOWNLOAD_DIR: directoryToBe.default(resolve('downloads')),
  DOWNLOAD_ROOTS: paths.default([]),
  DATABASE_URL: urlOf(['postgresql', 'postgres']).optional(),
  MONGODB_URL: urlOf(['mongodb', 'mongodb+srv']).optional(),
  ROLE: oneOf(ROLES).default('all'),
  CATALOG: oneOf(CATALOGS).default('demo'),
  LIBRARY_DIRS: directories.default([]),
  FFMPEG_PATH: path.optional(),
  FFPROBE_PATH: path.optional(),
  LOG_LEVEL: oneOf(LOG_LEVELS).default('info'),
  EXPLICIT_FILTER: onOff.default(false),
  GRAPHIQL: onOff.default(true),
});

/** The names of all variables. */
export const ENV_VARIABLES: readonly string[] = Object.keys(variables.shape);

/** What the environment says, parsed. docs/configuration.md lists every variable. */
export interface Env {
  port: number;
  host: string;
  /** Whether bugs show where they are to whoever meets them. */
  development: boolean;
  /** Pages of these origins may use the API from a browser, with the cookies of whoever looks at them. */
  corsOrigins: string[];
  dataDir: string;
  downloadDir: string;
  /** Directories in one of which the setting `downloadPath` has to be; DOWNLOAD_DIR is always one of them. */
  downloadRoots: string[];
  /** Whether tracks that are marked as explicit are left out. */
  explicitFilter: boolean;
  database: { kind: 'embedded' } | { kind: 'external'; url: string };
  jobStore: { kind: 'postgresql' } | { kind: 'mongodb'; url: string };
  role: (typeof ROLES)[number];
  /** The catalogue that searches and ids without a provider ask. */
  catalog: (typeof CATALOGS)[number];
  libraryDirs: string[];
  ffmpegPath: string | null;
  ffprobePath: string | null;
  logLevel: (typeof LOG_LEVELS)[number];
  graphiql: boolean;
}

/** The environment is wrong: one line for each mistake. */
export class EnvError extends Error {
  constructor(readonly mistakes: string[]) {
    super(mistakes.join('\n'));
    this.name = 'EnvError';
  }
}

/** Parses environment variables; an empty one counts as absent. Throws EnvError with every mistake at once. */
export function parseEnv(source: Record<string, string | undefined> = process.env): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = variables.safeParse(given);
  const issues = parsed.error?.issues ?? [];
  const mistakes = [...issues.map((issue) => describe(issue, given)), ...crossMistakes(given)];
  if (!parsed.success || mistakes.length > 0) throw new EnvError(mistakes);
  return toEnv(parsed.data);
}

/** What is wrong only because of another variable. */
function crossMistakes(given: Record<string, string | undefined>): string[] {
  const mistakes: string[] = [];
  if (given['CATALOG'] === 'library' && !given['LIBRARY_DIRS']) {
    mistakes.push('CATALOG: "library" needs LIBRARY_DIRS; allowed: library with LIBRARY_DIRS set, demo');
  }
  const role = given['ROLE'] ?? '';
  if (['api', 'worker'].includes(role) && !given['DATABASE_URL']) {
    mistakes.push(
      `ROLE: "${role}" needs DATABASE_URL, because the embedded database serves one process; allowed: all`,
    );
  }
  return mistakes;
}

function describe(issue: z.core.$ZodIssue, given: Record<string, string | undefined>): string {
  const name = String(issue.path[0]);
  // A URL's user and password have no place in a log.
  const value = JSON.stringify((given[name] ?? '').replace(/\/\/.*@/, '//…@'));
  return `${name}: ${value} is wrong; ${issue.message}`;
}

function toEnv(read: z.infer<typeof variables>): Env {
  return {
    port: read.PORT,
    host: read.HOST,
    development: read.NODE_ENV === 'development',
    corsOrigins: read.CORS_ORIGINS,
    dataDir: read.DATA_DIR,
    downloadDir: read.DOWNLOAD_DIR,
    downloadRoots: [...new Set([read.DOWNLOAD_DIR, ...read.DOWNLOAD_ROOTS])],
    explicitFilter: read.EXPLICIT_FILTER,
    database: read.DATABASE_URL ? { kind: 'external', url: read.DATABASE_URL } : { kind: 'embedded' },
    jobStore: read.MONGODB_URL ? { kind: 'mongodb', url: read.MONGODB_URL } : { kind: 'postgresql' },
    role: read.ROLE,
    catalog: read.CATALOG,
    libraryDirs: read.LIBRARY_DIRS,
    ffmpegPath: read.FFMPEG_PATH ?? null,
    ffprobePath: read.FFPROBE_PATH ?? null,
    logLevel: read.LOG_LEVEL,
    graphiql: read.GRAPHIQL,
  };
}

/** As a browser writes it in the header Origin. */
function isOrigin(value: string): boolean {
  return /^https?:\/\//.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

/** No as well for what cannot be looked at: behind a closed folder, a link to itself, too long a name. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function nearestThatExists(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestThatExists(dirname(path));
}
