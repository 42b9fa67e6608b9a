import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { listTree } from '../kit/disk-tree.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { ended, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';

const DOWNLOAD_TO = graphql(`
  mutation DownloadTo($path: String!) {
    updateSettings(input: { downloadPath: $path }) {
      __typename
    }
  }
`);

const TRACK = 'demo:night-ferry-1-01';

describe('downloadPath', () => {
  let root: string;
  let app: TestApp;
  const source = createSteeredSource();
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'reprise-roots-'));
    app = await startApp({
      env: { downloadDir: join(root, 'usual'), downloadRoots: [root] },
      overrides: { sources: [source] },
    });
  });
  afterAll(async () => {
    await app.stop();
    await rm(root, { recursive: true, force: true });
  });

  const downloadTo = async (path: string) => {
    const { updateSettings } = await app.execute(DOWNLOAD_TO, { path });
    expect(updateSettings.__typename).toBe('SettingsUpdated');
  };

  it('may name a missing directory, and the server is still ready', async () => {
    await downloadTo(join(root, 'new', 'music'));
    const ready = (await (await fetch(`${app.url}/readyz`)).json()) as { checks: { disk: unknown } };
    expect(ready.checks.disk).toMatchObject({ ok: true });
  });

  it.each(['.incoming', '.INCOMING/music', 'a/.reprise-trash'])(
    'may not be %s, which Reprise sweeps or scans pass over',
    async (folder) => {
      const path = join(root, folder);
      const { body } = await app.rest('PUT', '/config', { downloadPath: path });
      expect(JSON.stringify(body)).toContain('is a folder that Reprise uses itself');
      const { updateSettings } = await app.execute(DOWNLOAD_TO, { path });
      expect(updateSettings.__typename).toBe('InvalidSettings');
    },
  );

  it('receives the next track and its unfinished files', async () => {
    const task = await ended(app, await queue(app, { item: TRACK }));
    expect(task).toMatchObject({ state: 'COMPLETED', error: null });
    expect(task.file?.path.startsWith(join(root, 'new', 'music', 'Saltglass Choir'))).toBe(true);
    expect(await listTree(join(root, 'new', 'music'))).toContain('.incoming');
    expect(await listTree(join(root, 'usual'))).toEqual(['.incoming']);
  });

  it('does not move a track that is being made when it changes', async () => {
    const item = 'demo:night-ferry-1-02';
    source.hold(item);
    const id = await queue(app, { item });
    await waitFor(() => source.waiting.has(item), { what: 'the track to be at work' });
    await downloadTo(join(root, 'newer'));
    source.releaseAll();
    const task = await ended(app, id);
    expect(task).toMatchObject({ state: 'COMPLETED', error: null });
    const next = await ended(app, await queue(app, { item: 'demo:night-ferry-1-03' }));
    const albums = [task, next].map(({ file }) => dirname(dirname(dirname(file?.path ?? ''))));
    expect(albums).toEqual([join(root, 'new', 'music'), join(root, 'newer')]);
  });
});
