// Makes everything in src/generated: the Prisma client, Pothos's view of it, the internal schema, and the typed documents.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';

const require = createRequire(import.meta.url);
const bin = (name, file) => join(dirname(require.resolve(`${name}/package.json`)), file);

// prisma generate downloads an engine that it then does not use, unless this names an existing file.
const env = {
  ...process.env,
  PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  // prisma finds the generator of Pothos on the path.
  PATH: [join(process.cwd(), 'node_modules', '.bin'), process.env.PATH].join(delimiter),
};

for (const [name, file, args] of [
  ['prisma', 'build/index.js', ['generate']],
  ['tsx', 'dist/cli.mjs', ['tools/print-schema.ts', '--internal']],
  ['@graphql-codegen/cli', 'esm/bin.js', ['--silent']],
]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin(name, file), ...args], {
    env,
    encoding: 'utf8',
  });
  if (status !== 0) {
    process.stderr.write(`${name} failed:\n${stdout}${stderr}`);
    process.exit(1);
  }
}
