import { mkdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type {
  DownloadOptionsInput,
  UpdateWatchInput,
  WatchFilterInput,
  WatchOptionUpdatesSubscription,
} from '../../src/generated/documents/graphql.js';
import { followUpdates } from '../kit/follow-tasks.js';
import { createUser, serveWith } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';
import { membersOf, OPTION_UPDATES, optionsOf, tryUpdate } from '../kit/watch-options.js';
import { tryWatch, updateWatch, watch } from '../kit/watches.js';

const PLAYLIST = 'demo:first-watch';
const ARTIST = 'demo:otter-and-semaphore';

let app: TestApp;
let kids: string;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
  kids = join(app.env.downloadDir, 'kids');
});
afterAll(() => app?.stop());

const NO_OPTIONS = {
  ...{ albumGroups: [], expiresAt: null, checkIntervalSeconds: null, downloadPath: null },
  ...{ download: null, filter: null },
};

describe('the options of a watch', () => {
  it('follow the settings until they are given, and again when they are null', async () => {
    const { id } = await watch(app, { item: PLAYLIST });
    expect(await optionsOf(app, id)).toMatchObject(NO_OPTIONS);
    const chosen: UpdateWatchInput = {
      id,
      checkIntervalSeconds: 600,
      downloadPath: `${kids}/`,
      expiresAt: '2100-01-01T00:00:00.000Z',
      download: { format: 'MP3', bitrateKbps: 192, setToNull: ['PAD_NUMBER_WIDTH'] },
      filter: { titleExcludes: ['live'], minDurationSeconds: 10, maxDurationSeconds: 20 },
    };
    await updateWatch(app, chosen);
    const { checkIntervalSeconds, expiresAt } = chosen;
    const expected = {
      ...{ checkIntervalSeconds, expiresAt, downloadPath: kids },
      filter: { titleIncludes: [], skipExplicit: false, ...chosen.filter },
      download: { ...chosen.download, customDirFormat: null, padNumberWidth: null },
    };
    expect(await optionsOf(app, id)).toMatchObject(expected);

    // Omitted options stay; what is given replaces the whole option.
    await updateWatch(app, { id, checkIntervalSeconds: 60 });
    expect(await optionsOf(app, id)).toMatchObject({ ...expected, checkIntervalSeconds: 60 });
    await watch(app, { item: PLAYLIST, download: { saveCover: false }, filter: { skipExplicit: true } });
    expect(await optionsOf(app, id)).toMatchObject({
      download: { format: null, bitrateKbps: null, saveCover: false, setToNull: [] },
      filter: { titleExcludes: [], minDurationSeconds: null, skipExplicit: true },
      downloadPath: kids,
    });

    const none = { checkIntervalSeconds: null, downloadPath: null, expiresAt: null };
    await updateWatch(app, { id, ...none, download: null, filter: null, paused: null, downloadNew: null });
    expect(await optionsOf(app, id)).toMatchObject(NO_OPTIONS);
    const stored = await app.deps.db.watch.findFirstOrThrow();
    expect(stored).toMatchObject({ paused: false, downloadNew: true });
  });

  it('are announced to readers, each of them', async () => {
    const { id } = await watch(app, { item: 'demo:all-hands' });
    const followed = followUpdates(app, {
      document: OPTION_UPDATES,
      variables: {},
      updateOf: ({ watchUpdates }: WatchOptionUpdatesSubscription) => watchUpdates,
    });
    onTestFinished(() => followed.stop());
    const has = (part: object) =>
      followed.updates.some(({ watch: seen }) => {
        const values = new Map(Object.entries(seen));
        return Object.entries(part).every(([name, value]) => isDeepStrictEqual(values.get(name), value));
      });
    await waitFor(() => followed.updates.some(({ initial }) => initial), { what: 'the first updates' });
    for (const change of [
      { checkIntervalSeconds: 77 },
      { downloadPath: kids },
      { download: { format: 'OGG' } },
      { filter: { skipExplicit: true } },
    ] as const) {
      expect(has(change)).toBe(false);
      await updateWatch(app, { id, ...change });
      await waitFor(() => has(change), { what: JSON.stringify(change) });
    }
  });

  it('are refused by name when they are invalid, and nothing changes', async () => {
    const { id } = await watch(app, { item: PLAYLIST, checkIntervalSeconds: 90 });
    const before = await app.deps.db.watch.findFirstOrThrow();
    const invalid: [Omit<UpdateWatchInput, 'id' | 'kind' | 'paused'>, string][] = [
      [{ checkIntervalSeconds: 59 }, '"checkIntervalSeconds" is 59; it must be between 60 and 2592000.'],
      [{ checkIntervalSeconds: 2_592_001 }, 'between 60 and 2592000'],
      [{ checkIntervalSeconds: 0 }, 'between 60 and 2592000'],
      [{ checkIntervalSeconds: -1 }, 'between 60 and 2592000'],
      [{ expiresAt: '2020-01-01T00:00:00Z' }, '"expiresAt" is 2020-01-01T00:00:00.000Z, which has passed'],
      [{ albumGroups: ['ALBUM'] }, '"albumGroups" is for artists only'],
    ];
    for (const [options, message] of invalid) {
      const refused = { code: 'INVALID_INPUT', message: expect.stringContaining(message) as string };
      expect(await tryUpdate(app, { id, ...options }), message).toMatchObject(refused);
      expect(await tryWatch(app, { item: PLAYLIST, ...options }), message).toMatchObject(refused);
    }
    expect(await app.deps.db.watch.findFirstOrThrow()).toEqual(before);
  });

  it.each<[string, WatchFilterInput]>([
    ['"filter.titleIncludes" has 21 texts; at most 20', { titleIncludes: Array<string>(21).fill('a') }],
    ['"filter.titleExcludes.1" must have at most 100', { titleExcludes: ['a', 'b'.repeat(101)] }],
    ['"filter.titleExcludes.0" must have a letter or a digit', { titleExcludes: ['  '] }],
    ['"filter.titleIncludes.0" must have a letter or a digit', { titleIncludes: ['.*'] }],
    ['"filter.titleIncludes.0" must not contain control', { titleIncludes: ['a\u0000b'] }],
    ['"filter.titleIncludes.0" must not contain control', { titleIncludes: ['\ud800x'] }],
    ['"filter.minDurationSeconds" is 0; it must be between 1 and', { minDurationSeconds: 0 }],
    ['"filter.maxDurationSeconds" is 2592001; it must be', { maxDurationSeconds: 2_592_001 }],
    ['at most "filter.maxDurationSeconds", which is 10', { minDurationSeconds: 11, maxDurationSeconds: 10 }],
    ['which "filter.titleExcludes" has too', { titleIncludes: ['Été'], titleExcludes: ['ete'] }],
  ])('refuse a filter: %s', async (message, filter) => {
    const refused = { code: 'INVALID_INPUT', message: expect.stringContaining(message) as string };
    expect(await tryWatch(app, { item: PLAYLIST, filter })).toMatchObject(refused);
    const { id } = await watch(app, { item: PLAYLIST });
    expect(await tryUpdate(app, { id, filter })).toMatchObject(refused);
  });

  it('take no length for an artist, whose albums have none', async () => {
    const { id } = await watch(app, { item: ARTIST, albumGroups: ['SINGLE'] });
    const refused = {
      code: 'INVALID_INPUT',
      message: expect.stringContaining('for playlists only') as string,
    };
    expect(await tryWatch(app, { item: ARTIST, filter: { minDurationSeconds: 9 } })).toMatchObject(refused);
    expect(await tryUpdate(app, { id, filter: { maxDurationSeconds: 9 } })).toMatchObject(refused);
    expect(await tryUpdate(app, { id, filter: { titleIncludes: ['a'] } })).not.toHaveProperty('code');
    await updateWatch(app, { id, albumGroups: null });
    expect(await optionsOf(app, id)).toMatchObject({ albumGroups: [] });
  });

  it.each<[string, DownloadOptionsInput]>([
    ['"bitrateKbps" needs "format"', { bitrateKbps: 192 }],
    ['between 32 and 320 for MP3', { format: 'MP3', bitrateKbps: 9_000 }],
    ['FLAC takes no bitrate', { format: 'FLAC', bitrateKbps: 192 }],
    ['"albumGroups" of a watch stands beside', { albumGroups: ['ALBUM'] }],
    ['no folder may be', { customDirFormat: '../%album%' }],
    ['is not a placeholder', { customTrackFormat: '%nonsense%' }],
    ['must not be empty', { artistSeparator: '' }],
    ['only one of them is allowed', { padNumberWidth: 2, setToNull: ['PAD_NUMBER_WIDTH'] }],
  ])('refuse options of the downloads: %s', async (message, download) => {
    const refused = { code: 'INVALID_OPTIONS', message: expect.stringContaining(message) as string };
    expect(await tryWatch(app, { item: PLAYLIST, download })).toMatchObject(refused);
    const { id } = await watch(app, { item: PLAYLIST });
    expect(await tryUpdate(app, { id, download })).toMatchObject(refused);
    expect((await optionsOf(app, id)).download).toBeNull();
  });

  it('refuse a directory outside of those that the server allows', async () => {
    const { downloadDir } = app.env;
    await mkdir(kids, { recursive: true });
    await symlink(tmpdir(), join(downloadDir, 'leads-out'));
    for (const [downloadPath, message] of [
      ['kids', 'must be an absolute path'],
      [`${downloadDir}/../x`, 'without "." and ".."'],
      ['/etc', 'it must be inside'],
      [`${downloadDir}-beside`, 'it must be inside'],
      [join(downloadDir, 'leads-out'), 'it must be inside'],
      [join(downloadDir, 'leads-out/deep'), 'it must be inside'],
      [join(downloadDir, '.incoming'), 'a folder that Reprise uses itself'],
      [join(downloadDir, '.Reprise-Trash', 'kids'), 'a folder that Reprise uses itself'],
      [join(downloadDir, '.Incoming/x'), 'a folder that Reprise uses itself'],
      [`${downloadDir}/a\u0000b`, 'must not contain control'],
      [`${downloadDir}/${'ü'.repeat(490)}`, 'must have at most 1000'],
      ['', 'must be an absolute path'],
    ] as const) {
      const refused = { code: 'INVALID_OPTIONS', message: expect.stringContaining(message) as string };
      expect(await tryWatch(app, { item: PLAYLIST, downloadPath }), downloadPath).toMatchObject(refused);
      const { id } = await watch(app, { item: PLAYLIST });
      expect(await tryUpdate(app, { id, downloadPath }), downloadPath).toMatchObject(refused);
    }
    const { id } = await watch(app, { item: PLAYLIST, downloadPath: join(kids, 'new') });
    expect((await optionsOf(app, id)).downloadPath).toBe(join(kids, 'new'));
  });
});

describe('two users', () => {
  it('follow the same playlist, each by their own options', async () => {
    const [one, other] = await Promise.all([createUser(app), createUser(app)]);
    const asOne = await serveWith(app, { viewer: one });
    const asOther = await serveWith(app, { viewer: other });
    try {
      const first = await watch(asOne, { item: PLAYLIST, checkIntervalSeconds: 61, downloadPath: kids });
      const second = await watch(asOther, { item: PLAYLIST, checkIntervalSeconds: 62 });
      await app.deps.db.watchMember.create({
        data: {
          watchId: first.id.replace('Watch:', ''),
          ...{ itemId: 'demo:x', title: 'x', positions: [0], origin: 'FIRST', state: 'EXCLUDED' },
          exclusion: 'TITLE',
        },
      });
      expect(await tryUpdate(asOther, { id: first.id, downloadPath: null })).toMatchObject({
        code: 'WATCH_NOT_FOUND',
      });
      await updateWatch(asOther, { id: PLAYLIST, filter: { skipExplicit: true } });
      expect(await optionsOf(asOne, first.id)).toMatchObject({
        ...{ checkIntervalSeconds: 61, downloadPath: kids, filter: null },
      });
      expect(await optionsOf(asOther, second.id)).toMatchObject({
        ...{ checkIntervalSeconds: 62, downloadPath: null, filter: { skipExplicit: true } },
      });
      expect((await membersOf(asOne, first.id)).nodes).toMatchObject([{ exclusion: 'TITLE' }]);
      expect((await membersOf(asOther, second.id)).totalCount).toBe(0);
      await expect(membersOf(asOther, first.id)).rejects.toThrow('there is no watch');
    } finally {
      await Promise.all([asOne.stop(), asOther.stop()]);
    }
  });
});
