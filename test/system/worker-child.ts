import { createApp } from '../../src/app.js';
import { parseEnv } from '../../src/env.js';

// A process to be killed: whatever track it takes, it holds for ever. It goes when the test does.
process.stdin.resume().once('end', () => process.exit());
await createApp(parseEnv(), {
  settings: { fallback: true },
  timing: { leaseMs: Number(process.env['LEASE_MS']), renewMs: 500 },
  sources: [
    { name: 'endless', find: () => new Promise(() => undefined), open: () => Promise.reject(new Error()) },
  ],
});
