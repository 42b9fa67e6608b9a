import { expect, it, onTestFinished } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { seededTrack, seedTasks } from '../kit/seed-tasks.js';
import { startApp } from '../kit/start-app.js';
import { createPostgresProxy } from '../kit/postgres-proxy.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { waitFor } from '../kit/wait-for.js';
import { databaseUrlOf, joinApp } from './join-app.js';

const LIMIT = graphql(`
  mutation LimitDownloads($limit: Int!) {
    updateSettings(input: { maxConcurrentDownloads: $limit, maxRetries: 0 }) {
      __typename
    }
  }
`);

it('maxConcurrentDownloads applies at once to all workers, and stops nothing that runs', async () => {
  const api = await startApp({ env: { role: 'api' } });
  onTestFinished(() => api.stop());
  const source = createSteeredSource();
  const setLimit = async (limit: number) => {
    const { updateSettings } = await api.execute(LIMIT, { limit });
    expect(updateSettings.__typename).toBe('SettingsUpdated');
  };
  await setLimit(1);
  for (const overrides of [{ sources: [source] }, { sources: [source] }]) {
    const worker = await joinApp(api, { env: { role: 'worker' }, overrides });
    onTestFinished(() => worker.stop());
  }
  const items = Array.from({ length: 7 }, (_, n) => `demo:held-${n}`);
  for (const item of items) source.hold(item);
  await seedTasks(
    api,
    items.map((itemId) => ({ itemId, item: seededTrack(itemId) })),
  );
  const running = (count: number) =>
    waitFor(() => source.waiting.size === count, { what: `${count} tracks at once` });
  await running(1);
  await setLimit(5);
  await running(5);
  await setLimit(1);
  expect(source.waiting.size).toBe(5);
  const [first, ...others] = [...source.waiting];
  for (const item of others) source.release(item);
  const endedTasks = () => api.deps.db.task.count({ where: { state: 'FAILED' } });
  await waitFor(async () => (await endedTasks()) === 4, { what: 'four of them to end' });
  expect([...source.waiting]).toEqual([first]);
  source.releaseAll();
  await waitFor(async () => (await endedTasks()) === 7, { what: 'all to end' });
});

const CHANGE_BOTH = graphql(`
  mutation ChangeBoth($retries: Int!, $items: Int!) {
    updateSettings(input: { maxRetries: $retries }) {
      __typename
    }
    updateWatchSettings(input: { pageSize: $items }) {
      __typename
    }
  }
`);

it('a process that missed events applies the settings as soon as it is connected again', async () => {
  const api = await startApp({ env: { role: 'api' } });
  onTestFinished(() => api.stop());
  const proxy = await createPostgresProxy(databaseUrlOf(api));
  onTestFinished(() => proxy.close());
  const worker = await joinApp(api, { url: proxy.url, env: { role: 'worker' } });
  onTestFinished(() => worker.stop());
  const inForce = () => [worker.deps.settings().maxRetries, worker.deps.watchSettings().pageSize];

  await api.execute(CHANGE_BOTH, { retries: 4, items: 40 });
  await waitFor(() => inForce().join() === '4,40', { what: 'the worker to follow' });
  await proxy.cut();
  await api.execute(CHANGE_BOTH, { retries: 5, items: 50 });
  expect(inForce()).toEqual([4, 40]);
  await proxy.resume();
  await waitFor(() => inForce().join() === '5,50', { what: 'the worker to catch up', timeoutMs: 25_000 });
});
