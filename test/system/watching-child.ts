import { createApp } from '../../src/app.js';
import { parseEnv } from '../../src/env.js';
import { createLogger } from '../../src/lib/logger.js';
import { createChangingCatalog, readTides } from '../kit/changing-list.js';

// A worker that follows the list LIST with the SETTINGS, and is killed when it logs KILLED_ON.
const killedOn = process.env['KILLED_ON'];
const settings = JSON.parse(process.env['SETTINGS'] ?? '{}') as object;
const list = (process.env['LIST'] ?? '').split(',');
process.stdin.resume().once('end', () => process.exit());
const catalog = createChangingCatalog(await readTides(list));
catalog.set(list);
await createApp(parseEnv(), {
  log: createLogger('debug', undefined, {
    write: (line) => {
      if ((JSON.parse(line) as { msg?: string }).msg === killedOn) process.kill(process.pid, 'SIGKILL');
    },
  }),
  catalogs: [catalog.source],
  settings,
  timing: { leaseMs: 2_000, renewMs: 500 },
});
