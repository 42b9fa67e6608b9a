import { createApp } from '../../src/app.js';
import { parseEnv } from '../../src/env.js';
import { endlessSource } from '../kit/endless-source.js';
import { createStubDiscography } from '../kit/stub-discography.js';

// A worker that is killed in the middle of a list: when it asks for what comes after KILLED_AT entries.
const killedAt = Number(process.env['KILLED_AT']);
const whole = createStubDiscography({});
process.stdin.resume().once('end', () => process.exit());
await createApp(parseEnv(), {
  timing: { leaseMs: Number(process.env['LEASE_MS']), renewMs: 500 },
  // By default tracks hold their places; else no source has them, and they end as quickly as they come.
  sources: process.env['TRACKS'] === 'fail' ? [] : [endlessSource],
  catalogs: [
    {
      ...whole,
      listPlaylistEntries: (id, page, signal) => {
        if (page.offset >= killedAt) process.kill(process.pid, 'SIGKILL');
        return whole.listPlaylistEntries(id, page, signal);
      },
    },
  ],
});
