import { delimiter, resolve } from 'node:path';
import { z } from 'zod';
import {
  commaSeparated,
  describeIssue,
  directory,
  host,
  isHostName,
  listOf,
  isOrigin,
  onOff,
  path,
  paths,
  portNumber,
  isProxyAddress,
  positiveNumber,
  publicUrl,
  urlOf,
  variableFacts as facts,
  type ParseNumbered,
  type Provided,
  type VariableFacts,
} from './lib/env-values.js';
import { readSecretFiles } from './env-files.js';
import { OUTBOUND_VARIABLES, toOutboundEnv, withProxyNames, type OutboundEnv } from './env-outbound.js';
import {
  findSignInConflicts,
  oidcSuffixes,
  parseFurtherOidc,
  SIGN_IN_VARIABLES,
  toSignInEnv,
  type SignInEnv,
} from './env-sign-in.js';
import { findLibraryConflicts, LIBRARY_VARIABLES, toLibraryEnv, type LibraryEnv } from './env-library.js';
import { PAGE_VARIABLES, toPageEnv, type PageEnv } from './env-pages.js';
import {
  findSubsonicConflicts,
  parseFurtherSubsonic,
  SUBSONIC_VARIABLES,
  subsonicSecretsOf,
  subsonicSuffixes,
  toSubsonicEnv,
} from './env-subsonic.js';
import { findUserConflicts, toUserEnv, USER_VARIABLES, type UserEnv } from './env-users.js';
import { LOG_LEVELS } from './lib/logger.js';
import { READER_LIMITS } from './lib/reader-limits.js';

const ROLES = ['all', 'api', 'worker'] as const;

const variables = z.object({
  PORT: portNumber.default(7171).register(facts, {
    kind: 'an integer from 0 to 65535',
    default: '7171',
    description: 'TCP port of the server; 0 takes any free port.',
  }),
  HOST: host.default('127.0.0.1').register(facts, {
    kind: 'a host name or an IP address, IPv6 without brackets',
    default: '127.0.0.1',
    description: 'Address to listen on; 0.0.0.0 lets your network in.',
  }),
  ALLOWED_HOSTS: commaSeparated(isHostName, 'a host name').default([]).register(facts, {
    kind: 'host names without a port, separated by commas; ".example.org" allows example.org and every name below it, "*" every name',
    default: null,
    description:
      'Names by which the server is reached, besides IP addresses, localhost, HOST and the name of the machine.',
  }),
  ...USER_VARIABLES,
  PUBLIC_URL: publicUrl.optional().register(facts, {
    kind: 'an address such as https://music.example.org or https://example.org/music',
    default: null,
    description:
      'Where browsers reach the server, if that is not where it listens: behind TLS, or below a path.',
  }),
  TRUST_PROXY: commaSeparated(isProxyAddress, 'an address').default([]).register(facts, {
    kind: 'IP addresses or networks such as 10.0.0.0/8, or loopback, linklocal or uniquelocal, separated by commas',
    default: null,
    description: 'Reverse proxies whose X-Forwarded-For, -Proto, -Host and -Prefix are believed.',
  }),
  ...SIGN_IN_VARIABLES,
  CORS_ORIGINS: commaSeparated(isOrigin, 'an origin').default([]).register(facts, {
    kind: 'origins such as https://music.example.org, separated by commas; "*" is not allowed',
    default: null,
    description: 'Origins of other web pages that may use the API from a browser.',
  }),
  MAX_READERS_PER_ADDRESS: positiveNumber.default(READER_LIMITS.perAddress).register(facts, {
    kind: 'an integer from 1 to 99999',
    default: String(READER_LIMITS.perAddress),
    description:
      'WebSockets and event streams that one address may have open; behind a reverse proxy, all clients have its address unless TRUST_PROXY names it.',
  }),
  ...OUTBOUND_VARIABLES,
  DATA_DIR: directory.default(resolve('data')).register(facts, {
    kind: 'a directory, existing or not',
    default: './data',
    description:
      'Directory of the embedded database, for one process at a time, of the secret key and of covers.',
  }),
  DOWNLOAD_DIR: directory.default(resolve('downloads')).register(facts, {
    kind: 'a directory, existing or not',
    default: './downloads',
    description: 'Directory for downloaded files; unfinished ones are in ".incoming" there.',
  }),
  DOWNLOAD_ROOTS: paths.default([]).register(facts, {
    kind: `directories, separated by "${delimiter}"`,
    default: null,
    description:
      'Directories besides DOWNLOAD_DIR that "downloadPath", of the settings or of a watch, may point into.',
  }),
  DATABASE_URL: urlOf(['postgresql://', 'postgres://']).optional().register(facts, {
    kind: 'a URL without spaces that starts with postgresql:// or postgres://',
    default: null,
    description: 'PostgreSQL 15 or newer, in place of the embedded database.',
  }),
  MONGODB_URL: urlOf(['mongodb://', 'mongodb+srv://']).optional().register(facts, {
    kind: 'a URL without spaces that starts with mongodb:// or mongodb+srv://',
    default: null,
    description: 'MongoDB 5 or newer, where jobs are kept in place of PostgreSQL.',
  }),
  ROLE: z
    .enum(ROLES)
    .default('all')
    .register(facts, {
      kind: listOf(ROLES),
      default: 'all',
      description:
        'What this process does; the roles api and worker need DATABASE_URL and a shared DOWNLOAD_DIR.',
    }),
  ...LIBRARY_VARIABLES,
  ...SUBSONIC_VARIABLES,
  FFMPEG_PATH: path.optional().register(facts, {
    kind: 'a path',
    default: null,
    description: 'The ffmpeg to run; by default the system’s, otherwise the packaged one.',
  }),
  FFPROBE_PATH: path.optional().register(facts, {
    kind: 'a path',
    default: null,
    description: 'The ffprobe to run; by default the system’s, otherwise the packaged one.',
  }),
  LOG_LEVEL: z
    .enum(LOG_LEVELS)
    .default('info')
    .register(facts, {
      kind: listOf(LOG_LEVELS),
      default: 'info',
      description: 'Lowest level to log; one JSON object a line on standard output.',
    }),
  EXPLICIT_FILTER: onOff.default(false).register(facts, {
    kind: 'true or false',
    default: 'false',
    description: 'Whether tracks marked as explicit are skipped.',
  }),
  ...PAGE_VARIABLES,
  NODE_ENV: z.string().optional().register(facts, {
    kind: 'any text',
    default: null,
    description: 'With "development", REST responses with status 500 hold a traceback.',
  }),
});

export const ENV_VARIABLES: readonly (VariableFacts & { name: string })[] = Object.keys(variables.shape).map(
  (name) => ({ name, ...factsOf(name) }),
);

export type Env = OwnEnv &
  PageEnv &
  LibraryEnv &
  UserEnv &
  SignInEnv &
  OutboundEnv &
  ReturnType<typeof toSubsonicEnv>;

interface OwnEnv {
  port: number;
  host: string;
  development: boolean;
  /** Lower case; ".example.org" stands for example.org and all below it, "*" for all. */
  allowedHosts: string[];
  /** Without a slash at the end. */
  publicUrl: string | null;
  trustedProxies: string[];
  corsOrigins: string[];
  maxReadersPerAddress: number;
  dataDir: string;
  downloadDir: string;
  /** The setting `downloadPath` must be in one of these; DOWNLOAD_DIR is one of them. */
  downloadRoots: string[];
  explicitFilter: boolean;
  database: { kind: 'embedded' } | { kind: 'external'; url: string };
  jobStore: { kind: 'postgresql' } | { kind: 'mongodb'; url: string };
  role: (typeof ROLES)[number];
  ffmpegPath: string | null;
  ffprobePath: string | null;
  logLevel: (typeof LOG_LEVELS)[number];
}

/** Values that may hold passwords, or are some. */
export function secretUrlsOf(env: Env): string[] {
  const { database, jobStore, signInProviders, secretKey, firstAdmin, httpProxy, httpsProxy } = env;
  const urls = [database, jobStore].flatMap((each) => ('url' in each ? [each.url] : []));
  const clientSecrets = signInProviders.map(({ clientSecret }) => clientSecret);
  const secrets = [
    ...clientSecrets,
    ...subsonicSecretsOf(env),
    secretKey,
    firstAdmin?.password,
    httpProxy,
    httpsProxy,
  ];
  return [...urls, ...secrets.filter((each) => typeof each === 'string')];
}

export class EnvError extends Error {
  constructor(readonly mistakes: string[]) {
    super(mistakes.join('\n'));
    this.name = 'EnvError';
  }
}

/** An empty variable counts as absent; `fixed` stand in place of others. Throws EnvError with all mistakes. */
export function parseEnv(source: Provided = process.env, fixed: Provided = {}): Env {
  const all = Object.entries({ ...withProxyNames(source), ...fixed });
  const { values: provided, mistakes } = readSecretFiles(
    Object.fromEntries(all.filter(([, value]) => value)),
    (name) => name in variables.shape,
  );
  const parsed = variables.safeParse(provided);
  const describeAll = (issues: readonly z.core.$ZodIssue[] = [], suffix = '') =>
    issues.map((issue) => describeIssue(issue, { provided, suffix, factsOf }));
  mistakes.push(...describeAll(parsed.error?.issues));
  const furtherOf = <T>(suffixes: string[], parse: ParseNumbered<T>) =>
    suffixes.flatMap((suffix): [string, T][] => {
      const { data, error } = parse(provided, suffix);
      mistakes.push(...describeAll(error?.issues, suffix));
      return data ? [[suffix, data]] : [];
    });
  const oidc = furtherOf(oidcSuffixes(provided), parseFurtherOidc);
  const subsonic = furtherOf(subsonicSuffixes(provided), parseFurtherSubsonic);
  mistakes.push(...findConflicts(provided));
  if (!parsed.success || mistakes.length > 0) throw new EnvError(mistakes);
  const { data } = parsed;
  return {
    ...toEnv(data),
    ...toLibraryEnv(data),
    ...toPageEnv(data),
    ...toUserEnv(data),
    ...toOutboundEnv(data),
    ...toSignInEnv(data, oidc),
    ...toSubsonicEnv(data, subsonic),
  };
}

function findConflicts(provided: Provided): string[] {
  const finders = [findUserConflicts, findSignInConflicts, findLibraryConflicts, findSubsonicConflicts];
  const mistakes = finders.flatMap((find) => find(provided));
  const role = provided['ROLE'] ?? '';
  if (['api', 'worker'].includes(role) && !provided['DATABASE_URL']) {
    mistakes.push(
      `ROLE: "${role}" requires DATABASE_URL, because the embedded database serves one process; set DATABASE_URL, or ROLE to all.`,
    );
  }
  return mistakes;
}

function factsOf(name: string): VariableFacts {
  const found = facts.get(variables.shape[name as keyof typeof variables.shape]);
  if (!found) throw new Error(`the environment variable ${name} has no description`);
  return found;
}

function toEnv(parsed: z.infer<typeof variables>): OwnEnv {
  return {
    port: parsed.PORT,
    host: parsed.HOST,
    development: parsed.NODE_ENV === 'development',
    allowedHosts: parsed.ALLOWED_HOSTS,
    publicUrl: parsed.PUBLIC_URL ?? null,
    trustedProxies: parsed.TRUST_PROXY,
    corsOrigins: parsed.CORS_ORIGINS,
    maxReadersPerAddress: parsed.MAX_READERS_PER_ADDRESS,
    dataDir: parsed.DATA_DIR,
    downloadDir: parsed.DOWNLOAD_DIR,
    downloadRoots: [...new Set([parsed.DOWNLOAD_DIR, ...parsed.DOWNLOAD_ROOTS])],
    explicitFilter: parsed.EXPLICIT_FILTER,
    database: parsed.DATABASE_URL ? { kind: 'external', url: parsed.DATABASE_URL } : { kind: 'embedded' },
    jobStore: parsed.MONGODB_URL ? { kind: 'mongodb', url: parsed.MONGODB_URL } : { kind: 'postgresql' },
    role: parsed.ROLE,
    ffmpegPath: parsed.FFMPEG_PATH ?? null,
    ffprobePath: parsed.FFPROBE_PATH ?? null,
    logLevel: parsed.LOG_LEVEL,
  };
}
