// Run by `npm pack`: whoever installs the package gets the versions that were tested. A package's `overrides` and its
// package-lock.json do not reach them, its npm-shrinkwrap.json does.
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

const { name, version, lockfileVersion, requires, packages } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
);

/** Its install script reports each installation to a third party. Without this mark npm does not run it. */
const WITHOUT_SCRIPT = 'node_modules/@scarf/scarf';

/** What `dependency` is for the package at `path`, as Node resolves it. */
function resolve(path, dependency) {
  for (let from = path; ; from = from.slice(0, Math.max(from.lastIndexOf('node_modules/') - 1, 0))) {
    const candidate = `${from ? `${from}/` : ''}node_modules/${dependency}`;
    if (packages[candidate]) return candidate;
    if (from === '') return null;
  }
}

/** Optional peers are left out: those of Prisma's client are its command line and TypeScript, 200 MB. */
function requirementsOf({ dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta }) {
  const peers = Object.keys(peerDependencies).filter((peer) => !peerDependenciesMeta?.[peer]?.optional);
  return [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers];
}

const needed = new Set(['']);
for (const path of needed) {
  for (const dependency of requirementsOf(packages[path])) {
    const found = resolve(path, dependency);
    if (found) needed.add(found);
    else if (!packages[path].optionalDependencies?.[dependency]) {
      process.stderr.write(`package-lock.json lacks "${dependency}", which "${path}" needs.\n`);
      process.exit(1);
    }
  }
}

/** Where a package was downloaded from is left out: npm then asks the registry of whoever installs. */
const LEFT_OUT = ['resolved', 'dev', 'devOptional', 'devDependencies'];

function isShipped(path, field) {
  return !LEFT_OUT.includes(field) && !(field === 'hasInstallScript' && path === WITHOUT_SCRIPT);
}

const shipped = (path) =>
  Object.fromEntries(Object.entries(packages[path]).filter(([field]) => isShipped(path, field)));

const kept = Object.fromEntries([...needed].sort().map((path) => [path, shipped(path)]));
writeFileSync(
  'npm-shrinkwrap.json',
  `${JSON.stringify({ name, version, lockfileVersion, requires, packages: kept }, null, 2)}\n`,
);
