import { createApp } from '../../src/app.js';
import { parseEnv } from '../../src/env.js';

// A process to be killed, with its sources. One track may be what kills it (DEADLY), and the others are then made by
// the demo; else it holds whatever track it takes for ever. It goes when the test does.
process.stdin.resume().once('end', () => process.exit());
const deadly = process.env['DEADLY'];
await createApp(parseEnv(), {
  settings: { askAllSources: true },
  timing: {
    leaseMs: Number(process.env['LEASE_MS']),
    renewMs: 500,
    ...(deadly ? { dispatchEveryMs: 250, suspectDelayMs: 100, jobLostAfterMs: 2_000 } : {}),
  },
  sources: [
    {
      name: 'endless',
      find: ({ id }) => {
        if (id === deadly) process.kill(process.pid, 'SIGKILL');
        return deadly && id !== deadly ? Promise.resolve(null) : new Promise(() => undefined);
      },
      open: () => Promise.reject(new Error()),
    },
  ],
});
