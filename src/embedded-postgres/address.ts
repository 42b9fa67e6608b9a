import { createHash } from 'node:crypto';
import { lstatSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPassword, SUPERUSER } from './cluster.js';
import { EmbeddedDatabaseError } from './errors.js';
import { isOpenToAll, isOwnedByOther, makePrivateDirectory, type Identity } from './identity.js';

/** A TCP port only on Windows. */
export interface Address {
  host: string;
  port: number;
  password: string | null;
}

/** The kernel's limit: 107 bytes, on macOS 103. */
const LONGEST_SOCKET_PATH = 103;
const SOCKET_PORT = 5432;

/** The same at each start. */
export function clusterName(dataDir: string): string {
  return `reprise-${createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 16)}`;
}

/** DATA_DIR may be too deep for a socket, hence a short directory. */
export async function chooseAddress(dataDir: string, identity: Identity): Promise<Address> {
  const password = readPassword(dataDir);
  if (password !== null) return { host: '127.0.0.1', port: await findFreePort(), password };
  const fits = [tmpdir(), '/tmp']
    .filter((parent) => !identity.other || isOpenToAll(parent))
    .map((parent) => join(parent, clusterName(dataDir)))
    .filter((directory) => socketPath(directory).length <= LONGEST_SOCKET_PATH);
  const [host = join('/tmp', clusterName(dataDir))] = fits;
  return { host, port: SOCKET_PORT, password: null };
}

export function socketPath(directory: string): string {
  return join(directory, `.s.PGSQL.${SOCKET_PORT}`);
}

/** Whoever cleans the temporary directory may take it from a server that runs. */
export function hasSocket({ host, password }: Address): boolean {
  return password !== null || lstatSync(socketPath(host), { throwIfNoEntry: false }) !== undefined;
}

/** A user who had created the directory before us would see all traffic. */
export function ensureSocketDirectory({ host: path, password }: Address, identity: Identity): void {
  if (password !== null) return;
  if (!lstatSync(path, { throwIfNoEntry: false })) tryMake(path, identity);
  const found = lstatSync(path);
  const owner = identity.other?.uid ?? process.getuid?.();
  if (found.isDirectory() && found.uid === owner && (found.mode & 0o077) === 0) return;
  throw new EmbeddedDatabaseError(
    `"${path}" must be a directory of uid ${owner} with mode 0700, for the database's socket. ` +
      'Remove it, or set TMPDIR to another directory, or set DATABASE_URL.',
  );
}

function tryMake(path: string, identity: Identity): void {
  try {
    makePrivateDirectory(path, identity);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

export function removeSocketDirectory({ host, password }: Address): void {
  if (password !== null) return;
  try {
    rmdirSync(host);
  } catch {
    // Another process has already started a server there.
  }
}

/** Left by a server that ran as another user and was killed. */
export function removeForeignSocketDirectory(address: Address, identity: Identity): void {
  const found = lstatSync(address.host, { throwIfNoEntry: false });
  if (!found?.isDirectory() || !isOwnedByOther(address.host, identity)) return;
  const socket = socketPath(address.host);
  for (const path of [socket, `${socket}.lock`]) rmSync(path, { force: true });
  removeSocketDirectory(address);
}

export function urlOf({ host, port, password }: Address, database: string): string {
  const credentials = password === null ? SUPERUSER : `${SUPERUSER}:${password}`;
  const url = new URL(`postgresql://${credentials}@localhost:${port}/${database}`);
  url.searchParams.set('host', host);
  return url.href;
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
