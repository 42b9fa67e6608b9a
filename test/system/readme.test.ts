import { existsSync, readFileSync } from 'node:fs';
import { parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../src/schema.js';
import { waitFor } from '../kit/wait-for.js';
import { execute, startApp, subscribe, type TestApp } from '../kit/start-app.js';

const readme = readFileSync('README.md', 'utf8');
const examples = [...readme.matchAll(/```graphql\n(.*?)```/gs)].map(([, source = '']) => source);

describe('the README', () => {
  it('begins with one sentence, a picture and the two commands', () => {
    const [title, sentence, picture] = readme.split('\n\n');
    expect(title).toBe('# Reprise');
    expect(sentence?.match(/\.(?=\s|$)/g)).toHaveLength(1);
    expect(existsSync(/^!\[.+\]\((.+)\)$/.exec(picture ?? '')?.[1] ?? '')).toBe(true);
    const commands = [...readme.matchAll(/```sh\n(.*?)\n```/gs)].map(([, command]) => command);
    expect(commands.slice(0, 2)).toEqual(['npm ci && npm run demo', 'npm ci && npm test']);
  });

  it('has ten features', () => {
    const features = readme.slice(readme.indexOf('## Features'), readme.indexOf('## Install'));
    expect(features.match(/^- \*\*/gm)).toHaveLength(10);
  });

  it('shows a search, a download, a subscription and a watch', () => {
    expect(examples.map((source) => /^(\w+ \w+)/.exec(source)?.[1])).toEqual([
      'query Search',
      'mutation Download',
      'subscription Live',
      'mutation Follow',
    ]);
  });

  it.each(examples)('has an example that the schema accepts: %s', (source) => {
    expect(validate(schema, parse(source))).toEqual([]);
  });
});

describe('the queries in the README', () => {
  const [search = '', download = '', live = '', follow = ''] = examples;
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ overrides: { timing: { stopGraceMs: 0 } } });
  });
  afterAll(() => app.stop());

  it('find the album', async () => {
    expect(await execute(app, search, {})).toMatchObject({
      search: { edges: [{ node: { id: 'Album:demo:night-ferry', title: 'Night Ferry' } }] },
    });
  });

  it('queue it and follow it', async () => {
    expect(await execute(app, download, {})).toMatchObject({
      queueDownload: { __typename: 'DownloadQueued' },
    });
    const updates = subscribe(app, live, {});
    expect((await updates.next()).value).toMatchObject({ taskUpdates: { task: { error: null } } });
    await updates.return();
    expect(await execute(app, download, {})).toMatchObject({
      queueDownload: { __typename: 'DuplicateDownload' },
    });
  });

  it('turn watching on, and follow a list that is downloaded at once', async () => {
    expect(await execute(app, follow, {})).toMatchObject({
      updateWatchSettings: { __typename: 'WatchSettingsUpdated' },
      watch: { __typename: 'WatchSaved' },
    });
    const isFound = '{ watch(id: "demo:dog-watch") { active outcome } }';
    await waitFor(
      async () =>
        JSON.stringify(await execute(app, isFound, {})) === '{"watch":{"active":true,"outcome":"FOUND"}}',
      { what: 'the first check', timeoutMs: 60_000 },
    );
  });
});
