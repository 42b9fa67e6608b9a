import { readFileSync, statSync } from 'node:fs';
import { isSecretVariable, type Provided } from './lib/env-values.js';

/* Secrets that are given as the path of a file, as Docker, Kubernetes and systemd hand them over. */

const FILE_SUFFIX = '_FILE';

/** More than any key or URL has. */
const MAX_FILE_BYTES = 65_536;

/** Of one of several: OIDC_CLIENT_SECRET_2 is described as OIDC_CLIENT_SECRET. */
const listedNameOf = (name: string): string => name.replace(/^((?:OIDC|SUBSONIC)_.*)_\d{1,2}$/, '$1');

interface WithFiles {
  values: Provided;
  mistakes: string[];
}

/** The environment and what the files hold; other programs have variables with such names, too. */
export function readSecretFiles(provided: Provided, isOurs: (name: string) => boolean): WithFiles {
  const values = { ...provided };
  const mistakes: string[] = [];
  for (const [variable, path = ''] of Object.entries(provided)) {
    const name = variable.slice(0, -FILE_SUFFIX.length);
    const listed = listedNameOf(name);
    if (!variable.endsWith(FILE_SUFFIX) || !isSecretVariable(listed) || !isOurs(listed)) continue;
    if (provided[name] !== undefined) {
      mistakes.push(`${name} and ${variable} are both set; set one of them.`);
      continue;
    }
    const read = readSecret(path);
    if ('problem' in read)
      mistakes.push(`${variable}: ${read.problem}; expected: a file that holds ${name}.`);
    else values[name] = read.secret;
  }
  return { values, mistakes };
}

/** No message repeats the path: whoever mistakes the two variables has put the secret there. */
function readSecret(path: string): { secret: string } | { problem: string } {
  try {
    const found = statSync(path);
    if (!found.isFile()) return { problem: 'this is not a file' };
    if (found.size > MAX_FILE_BYTES) return { problem: `the file has more than ${MAX_FILE_BYTES} bytes` };
    const secret = readFileSync(path, 'utf8').trimEnd();
    return secret === '' ? { problem: 'the file is empty' } : { secret };
  } catch (thrown) {
    return { problem: problemOf(thrown) };
  }
}

function problemOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'the file does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'the user that runs Reprise may not read the file';
  return `the file cannot be read (${String(code)})`;
}
