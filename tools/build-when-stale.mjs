// `npm start` builds first: in a fresh clone, and after a pull. An image or a package with dist/ alone starts at once.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import process from 'node:process';

const BUILT = 'dist/main.js';
const SOURCES = ['src', 'prisma'];
const GENERATED = join('src', 'generated') + sep;

function listSources(directory) {
  const entries = existsSync(directory)
    ? readdirSync(directory, { recursive: true, withFileTypes: true })
    : [];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function isStale() {
  if (!existsSync(BUILT)) return true;
  const builtAt = statSync(BUILT).mtimeMs;
  return SOURCES.flatMap(listSources)
    .filter((path) => !path.startsWith(GENERATED))
    .some((path) => statSync(path).mtimeMs > builtAt);
}

if (isStale()) {
  const { status } = spawnSync('npm', ['run', '-s', 'build'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  process.exit(status ?? 1);
}
