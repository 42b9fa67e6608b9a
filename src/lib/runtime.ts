import { readFileSync } from 'node:fs';

/* What the program is and what it runs in. It imports nothing else: Node must be able to load it, whatever its version. */

const MANIFEST = new URL('../../package.json', import.meta.url);

export const { version: VERSION, engines } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as {
  version: string;
  engines: { node: string };
};

/** Loading the program opens its files at once, and then each client is one. */
const OPEN_FILES_NEEDED = 512;

export interface RuntimeFinding {
  /** As `doctor` names it. */
  name: string;
  ok: boolean;
  message: string;
}

/** The two without which nothing else can be checked. */
export function checkRuntime(): RuntimeFinding[] {
  return [checkNode(), checkOpenFiles()];
}

function checkNode(): RuntimeFinding {
  const [major = 0, minor = 0] = numbersIn(process.versions.node);
  const [oldestMajor = 0, oldestMinor = 0] = numbersIn(engines.node);
  const ok = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  const remedy = ok
    ? ''
    : ` Reprise needs ${oldestMajor}.${oldestMinor} or newer: install it from https://nodejs.org.`;
  return { name: 'Node', ok, message: `This is Node ${process.versions.node}.${remedy}` };
}

const numbersIn = (version: string) => (version.match(/\d+/g) ?? []).map(Number);

function checkOpenFiles(): RuntimeFinding {
  const limit = findOpenFilesLimit();
  const ok = limit >= OPEN_FILES_NEEDED;
  const message = ok
    ? `Reprise may have ${limit === Infinity ? 'any number of' : limit} files open.`
    : `Reprise may have ${limit} files open, and needs ${OPEN_FILES_NEEDED} or more: raise the limit ("ulimit -n 4096", "LimitNOFILE=4096" of systemd, "--ulimit nofile=4096" of Docker).`;
  return { name: 'open files', ok, message };
}

/** Only Linux says. */
function findOpenFilesLimit(): number {
  try {
    const found = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return found ? Number(found[1]) : Infinity;
  } catch {
    return Infinity;
  }
}
