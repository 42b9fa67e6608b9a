import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/kit/longest-first.js';

export default defineConfig({
  // Vite would take graphql's ES modules, and Pothos, which Node loads, its CommonJS: two realms of one library.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'test/clients/*/**'],
    globalSetup: ['test/kit/global-setup.ts'],
    // One more than the two cores that the limits of the tests were chosen on: for a third of the time a test waits.
    maxWorkers: 3,
    maxConcurrency: 3,
    sequence: { sequencer: LongestFirst },
    // The app's modules take a second or two of CPU time to load: once a worker, not once a file.
    isolate: false,
    // Only for a test that hangs: each wait has a limit of its own. On a slow machine all are longer, see slowness.ts.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    restoreMocks: true,
  },
});
