import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { delimiter, dirname, join, resolve } from 'node:path';
import { z } from 'zod';

/** What docs/configuration.md and error messages say of a variable. */
export interface VariableFacts {
  kind: string;
  /** As one would write it in the environment; null for none. */
  default: string | null;
  description: string;
}

export const variableFacts = z.registry<VariableFacts>();

/** The environment, without empty variables. */
export type Provided = Readonly<Record<string, string | undefined>>;

/** Reads the variables of one of several things, whose names end in its number. */
export type ParseNumbered<T> = (provided: Provided, suffix: string) => z.ZodSafeParseResult<T>;

/* Forms of the values of environment variables, as text to what the program uses. */

export const portNumber = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .refine((port) => port <= 65_535);

export const positiveNumber = z
  .string()
  .regex(/^[1-9]\d{0,4}$/)
  .transform(Number);

export const onOff = z
  .enum(['true', 'false', '1', '0'])
  .transform((value) => value === 'true' || value === '1');

const NOT_ENCODED =
  'percent-encode special characters in the password ("#" as %23, "/" as %2F, "?" as %3F, "@" as %40, "%" as %25)';

/** What a message may say of a value that is secret. */
const remedyOf = ({ message }: { message: string }) => (message === NOT_ENCODED ? `: ${message}` : '');

/** Little more than the protocol: MongoDB and PostgreSQL take several hosts, which the URL standard does not. */
export const urlOf = (protocols: readonly string[]) =>
  z
    .string()
    .refine(
      (value) =>
        protocols.some((protocol) => value.startsWith(protocol) && value.length > protocol.length) &&
        !/\s/.test(value),
    )
    .refine((value) => !isPasswordCutOff(value), NOT_ENCODED);

/** The part before the host may end early, by a character of the password: then "@" comes where no host can be. */
function isPasswordCutOff(url: string): boolean {
  const [beforeQuery = '', ...query] = url.split('?');
  const [, ...path] = beforeQuery.replace(/^[^:]*:\/\//, '').split('/');
  const [name = ''] = query.join('?').split('=', 1);
  return url.includes('#') || path.join('/').includes('@') || name.includes('@') || !isDecodable(beforeQuery);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Of those who have no account: every caller while authentication is off, and who has not signed in. */
const RESERVED_NAMES = ['system', 'anonymous'];

export const userName = z
  .string()
  .regex(/^[\w.-]{3,64}$/)
  .refine((name) => !RESERVED_NAMES.includes(name.toLowerCase()));

/** Without a query or credentials; as it is written, since an issuer is compared by text. */
export const httpUrl = z.string().refine((value) => {
  if (!URL.canParse(value)) return false;
  const { protocol, search, hash, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && `${search}${hash}${username}${password}` === '';
});

/** REST and GraphQL are there already: a proxy that removes such a path would look like one that does not. */
const OWN_PATHS = /^\/(?:api|graphql)(?:\/|$)/;

/** Without a query, and without a slash at the end. */
export const publicUrl = httpUrl
  .transform((value) => new URL(value))
  .refine(({ pathname }) => /^(?:\/[\w.~%-]+)*\/?$/.test(pathname) && !OWN_PATHS.test(pathname))
  .transform(({ href }) => href.replace(/\/$/, ''));

const PROXY_GROUPS = ['loopback', 'linklocal', 'uniquelocal'];

export const isProxyAddress = (value: string): boolean => PROXY_GROUPS.includes(value) || isNetwork(value);

/** An IP address, or one with the number of its bits that count. */
export function isNetwork(value: string): boolean {
  const [address = '', prefix, ...rest] = value.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  return isIP(address) > 0 && rest.length === 0 && (prefix === undefined || isPrefix(prefix, bits));
}

const isPrefix = (text: string, bits: number): boolean => /^\d{1,3}$/.test(text) && Number(text) <= bits;

export const host = z.string().regex(/^[\w.:%-]+$/);

export const path = z.string().transform((value) => resolve(value));

export const paths = z.string().transform((value) =>
  value
    .split(delimiter)
    .filter(Boolean)
    .map((directory) => resolve(directory)),
);

/** A disk may not be mounted yet. */
export const directoriesOrMissing = paths.superRefine((directories, context) => {
  for (const directory of directories.filter((each) => !mayBeDirectory(each))) {
    context.addIssue(`"${directory}" is not a directory`);
  }
});

/** A file system takes 4,096 bytes, names of files included; an index of PostgreSQL takes 2,704. */
export const MAX_DIRECTORY_BYTES = 1_000;

/** Created when it is missing, for which no part of it may be a file. */
export const directory = path.superRefine((requested, context) => {
  if (Buffer.byteLength(requested) > MAX_DIRECTORY_BYTES) {
    context.addIssue(`"${requested.slice(0, 40)}…" has more than ${MAX_DIRECTORY_BYTES} bytes`);
  }
  const existing = nearestExisting(requested);
  if (!isDirectory(existing)) context.addIssue(`"${existing}" is a file`);
});

/** Of a built client: its files are read when they are requested. */
export const pageDirectory = path.superRefine((requested, context) => {
  const index = join(requested, 'index.html');
  if (!isDirectory(requested)) context.addIssue(`"${requested}" is not a directory that can be read`);
  else if (!isReadableFile(index)) context.addIssue(`"${index}" is not a file that can be read`);
});

function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export const commaSeparated = (isValid: (value: string) => boolean, what: string) =>
  z
    .string()
    .transform((value) => value.split(',').map((each) => each.trim().replace(/\/$/, '').toLowerCase()))
    .transform((values) => values.filter(Boolean))
    .superRefine((values, context) => {
      for (const value of values) if (!isValid(value)) context.addIssue(`"${value}" is not ${what}`);
    });

export function isOrigin(value: string): boolean {
  return /^https?:\/\//.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

export function isHostName(value: string): boolean {
  return value === '*' || /^\.?[\w-]+(?:\.[\w-]+)*$/.test(value);
}

/** False also for a path that cannot be read: in a closed directory, a link to itself, too long a name. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** True for what is not there, or cannot be asked: a disk, or a share. */
function mayBeDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return code !== 'ENAMETOOLONG' && code !== 'ENOTDIR' && code !== 'ELOOP';
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

interface IssueContext {
  provided: Provided;
  suffix: string;
  factsOf: (name: string) => VariableFacts;
}

/** `suffix`: what the name has after that of the table, as for one of several providers. */
export function describeIssue(issue: z.core.$ZodIssue, { provided, suffix, factsOf }: IssueContext): string {
  const listed = String(issue.path[0]);
  const name = `${listed}${suffix}`;
  // Any part of a malformed URL may be the password.
  if (mayHoldSecret(listed))
    return `${name} is invalid${remedyOf(issue)}; expected: ${factsOf(listed).kind}.`;
  const value = JSON.stringify(provided[name] ?? '');
  const problem = issue.message.startsWith('"') ? issue.message : `${value} is invalid`;
  return `${name}: ${problem.replace(/\/\/[^/@]*@/, '//…@')}; expected: ${factsOf(listed).kind}.`;
}

export const listOf = (values: readonly string[]) =>
  values.join(', ').replace(/, ([^,]*)$/, (_, last: string) => ` or ${last}`);

/** Variables that may be read from a file. */
export const isSecretVariable = (name: string): boolean =>
  /^(?:DATABASE|MONGODB)_URL$|^HTTPS?_PROXY$|_(?:PASSWORD|SECRET|TOKEN|KEY|KEY_PREVIOUS)$/.test(name);

/** Variables whose value no message may repeat: any address may have a password in it. */
const mayHoldSecret = (name: string): boolean => name.endsWith('_URL') || isSecretVariable(name);
