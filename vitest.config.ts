import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Vite would take graphql's ES modules, and Pothos, which Node loads, its CommonJS: two realms of one library.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**'],
    globalSetup: ['test/kit/global-setup.ts'],
    maxWorkers: 2,
    // The app's modules take a second or two of CPU time to load: once a worker, not once a file.
    isolate: false,
    // Only for a test that hangs: each wait has a limit of its own. On a slow machine all are longer, see slowness.ts.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    restoreMocks: true,
  },
});
