/** `npm run bench [-- name …]`: prints each budget of the design as a ratio against a baseline of the same run. */
import { cpus, totalmem } from 'node:os';
import { benchDispatch } from './dispatch.js';
import { benchPipeline } from './pipeline.js';
import { benchStart } from './start.js';

const BENCHES: Record<string, () => Promise<void>> = {
  pipeline: async () => {
    await benchPipeline();
    await benchDispatch();
  },
  start: benchStart,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !BENCHES[name]);
if (unknown.length > 0) {
  process.stderr.write(`No bench ${unknown.join(', ')}; there is: ${Object.keys(BENCHES).join(', ')}.\n`);
  process.exit(2);
}
const [cpu] = cpus();
process.stdout.write(
  `Node ${process.version}, ${process.platform}, ${cpus().length} × ${cpu?.model ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GiB\n`,
);
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length === 0 || wanted.includes(name)) await bench();
}
