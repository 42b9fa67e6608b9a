import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { EmbeddedDatabaseError } from './errors.js';
import { readUsers } from './identity.js';

interface NamedCommand {
  file: string;
  args: string[];
  env: Record<string, string>;
  remove(): void;
}

/**
 * initdb looks up the name of its user, which a container often runs with a bare number for (`--user 12345`, OpenShift).
 * The server itself needs none. Two ways to have one: the library nss_wrapper with a file of our own in place of
 * /etc/passwd, or a user namespace in which our number is that of a user with a name.
 */
export function giveUserName(file: string, args: string[]): NamedCommand {
  const nothing = () => undefined;
  const uid = process.geteuid?.();
  if (uid === undefined || uid === 0 || hasName()) return { file, args, env: {}, remove: nothing };
  const library = findWrapper();
  if (library !== null) return withWrapper({ file, args }, { library, uid });
  const stranger = readUsers().find((each) => each.uid !== 0);
  const mapped = ['--user', `--map-user=${stranger?.uid ?? ''}`, `--map-group=${stranger?.gid ?? ''}`];
  if (stranger && spawnSync('unshare', [...mapped, 'true']).status === 0) {
    return { file: 'unshare', args: [...mapped, '--', file, ...args], env: {}, remove: nothing };
  }
  throw new EmbeddedDatabaseError(
    `PostgreSQL cannot make its database as uid ${uid}, which has no line in /etc/passwd: add one ("reprise:x:${uid}:${process.getegid?.() ?? 0}::/:/bin/false"; for a container mount a file with it on /etc/passwd), or install libnss-wrapper, or set DATABASE_URL.`,
  );
}

function hasName(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

const LIBRARY = 'libnss_wrapper.so';

function findWrapper(): string | null {
  const roots = ['/usr/lib', '/usr/lib64', '/usr/local/lib'].filter((root) => existsSync(root));
  const directories = roots.flatMap((root) => [
    root,
    ...readdirSync(root)
      .filter((name) => name.endsWith('-linux-gnu'))
      .map((name) => join(root, name)),
  ]);
  return directories.map((directory) => join(directory, LIBRARY)).find((path) => existsSync(path)) ?? null;
}

function withWrapper(
  command: { file: string; args: string[] },
  { library, uid }: { library: string; uid: number },
): NamedCommand {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-user-'));
  const gid = process.getegid?.() ?? 0;
  const [passwd, group] = [join(directory, 'passwd'), join(directory, 'group')];
  writeFileSync(passwd, `reprise:x:${uid}:${gid}::/:/bin/false\n`);
  writeFileSync(group, `reprise:x:${gid}:\n`);
  const env = { LD_PRELOAD: library, NSS_WRAPPER_PASSWD: passwd, NSS_WRAPPER_GROUP: group };
  return { ...command, env, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
