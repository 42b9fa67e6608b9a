import { access } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { graphql } from '../../src/generated/documents/gql.js';
import type { QueueDownloadInput } from '../../src/generated/documents/graphql.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import { ask } from '../kit/ask.js';
import { createWorkspace, writeFfmpegScript } from '../kit/audio.js';
import { CHILDREN } from '../kit/documents.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { ended, inState, queue } from '../kit/story.js';

const QUEUE = graphql(`
  mutation QueueAnything($input: QueueDownloadInput!) {
    queueDownload(input: $input) {
      __typename
      ... on DownloadQueued {
        task {
          id
          kind
          state
          title
          artistNames
          albumTitle
          priority
          progress
          attempt
          childCount
          error {
            code
          }
          file {
            path
          }
          parent {
            id
          }
          owner {
            username
          }
          item {
            __typename
            ... on Track {
              id
              isrc
            }
          }
        }
      }
      ... on DuplicateDownload {
        existingTask {
          id
          state
        }
      }
      ... on UpstreamLimited {
        retryAfterSeconds
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const source = createSteeredSource();
let app: TestApp;

beforeAll(async () => {
  const limited = () => Promise.reject(new UpstreamLimitedError('limited', 61_001));
  const failing = () => Promise.reject(new UpstreamFailedError('broken did not answer.'));
  const catalogs = [
    { provider: 'limited', findTrack: limited } as unknown as CatalogSource,
    { provider: 'broken', findTrack: failing } as unknown as CatalogSource,
  ];
  app = await startApp({ overrides: { catalogs, sources: [source], settings: { maxRetries: 0 } } });
});
afterAll(() => app?.stop());
afterEach(() => source.releaseAll());

const countTasks = () => app.deps.db.task.count();

describe('a download', () => {
  it('is queued with all the metadata of its track', async () => {
    source.hold('demo:night-ferry-1-05');
    const input = { item: 'demo:night-ferry-1-05', priority: 7 };
    const { queueDownload } = await app.execute(QUEUE, { input });
    if (queueDownload.__typename !== 'DownloadQueued') expect.fail(queueDownload.__typename);
    const { id, ...task } = queueDownload.task;
    expect(id).toMatch(/^Task:[0-9a-f-]{36}$/);
    expect(task).toMatchInlineSnapshot(`
      {
        "albumTitle": "Night Ferry",
        "artistNames": [
          "Saltglass Choir",
          "Otter & Semaphore",
        ],
        "attempt": 0,
        "childCount": 0,
        "error": null,
        "file": null,
        "item": {
          "__typename": "Track",
          "id": "Track:demo:night-ferry-1-05",
          "isrc": "XXDEM2401105",
        },
        "kind": "TRACK",
        "owner": {
          "username": "system",
        },
        "parent": null,
        "priority": 7,
        "progress": 0,
        "state": "QUEUED",
        "title": "All the Lifeboats Are Orange",
      }
    `);
  });

  it.each<[string, QueueDownloadInput, number]>([
    ['an album', { item: 'Album:demo:umbrella-weather' }, 2],
    ['an album by its type', { item: 'ueberfahrt', type: 'ALBUM' }, 1],
    ['a playlist with nothing in it', { item: 'demo:empty-quay', type: 'PLAYLIST' }, 0],
  ])('becomes one task with its tracks for %s', async (_what, input, tracks) => {
    const id = await queue(app, input);
    expect(await ended(app, id)).toMatchObject({
      state: 'COMPLETED',
      progress: 100,
      childCount: tracks,
      completedCount: tracks,
      failedCount: 0,
    });
    const { task } = await app.execute(CHILDREN, { id });
    expect(task?.children.edges.map(({ node }) => node.state)).toEqual(Array(tracks).fill('COMPLETED'));
  });

  it('becomes a task for each album and single of an artist, with their tracks', async () => {
    const id = await queue(app, { item: 'Artist:demo:ten-thousand-tides' });
    const artist = await ended(app, id, 60_000);
    expect(artist).toMatchObject({ kind: 'ARTIST', state: 'COMPLETED', childCount: 1, completedCount: 1 });
    const { task } = await app.execute(CHILDREN, { id });
    const [single] = task?.children.edges ?? [];
    expect(single?.node).toMatchObject({ title: 'Neap and Spring', state: 'COMPLETED' });
    const { task: album } = await app.execute(CHILDREN, { id: single?.node.id ?? '' });
    expect(album?.children.edges.map(({ node }) => node.title)).toEqual(['Neap', 'Spring']);
  });

  it('explains a playlist entry that is gone, and queues the others', async () => {
    const entries = await app.deps.catalogs
      .get('demo')
      ?.listPlaylistEntries('demo:first-watch', { offset: 0, limit: 12 }, new AbortController().signal);
    // One of them is enough to see that the others are queued; the rest fail at once.
    const [first, ...others] = entries?.items.flatMap(({ track }) => track?.id ?? []) ?? [];
    others.forEach((id) => source.fail(id));
    const id = await queue(app, { item: 'first-watch' });
    expect(await ended(app, id)).toMatchObject({
      state: 'COMPLETED',
      childCount: 12,
      completedCount: 1,
      failedCount: 11,
    });
    others.forEach((id) => source.heal(id));
    const { task } = await app.execute(CHILDREN, { id });
    expect(first).toBe('demo:night-ferry-1-01');
    expect(task?.children.edges[6]?.node).toMatchObject({
      state: 'FAILED',
      title: 'Entry 7',
      error: {
        code: 'CATALOG_ITEM_NOT_FOUND',
        message: 'Entry 7 of "First Watch" is no longer in the catalog.',
      },
      file: null,
    });
  });
});

describe('a rejected download', () => {
  const refused: [string, QueueDownloadInput][] = [
    ['an unknown track', { item: 'demo:no-such-track', type: 'TRACK' }],
    ['an unknown item of any type', { item: 'demo:nothing' }],
    ['an item of another type', { item: 'demo:night-ferry', type: 'TRACK' }],
    ['a malformed id', { item: 'no good' }],
    ['no id', { item: '' }],
    ['an episode', { item: 'demo:night-ferry', type: 'EPISODE' }],
    ['a show', { item: 'Show:demo:night-ferry' }],
    ['a show by its id alone', { item: 'demo:keepers-hours' }],
    ['an episode by its id alone', { item: 'keepers-hours-001' }],
    ['a type that disagrees with the id', { item: 'Album:demo:night-ferry', type: 'TRACK' }],
    [
      'a link to a catalogue that is not here',
      { item: 'https://open.spotify.com/track/6rqhFgbbKwnb9MLmUQDhG6' },
    ],
    ['a link to anything else', { item: 'https://example.com/song.mp3' }],
    ['too low a bitrate', { item: 'night-ferry-1-01', options: { format: 'MP3', bitrateKbps: 8 } }],
    ['too high a bitrate', { item: 'night-ferry-1-01', options: { format: 'OPUS', bitrateKbps: 320 } }],
    ['a bitrate for FLAC', { item: 'night-ferry-1-01', options: { format: 'FLAC', bitrateKbps: 320 } }],
    ['a bitrate for what is kept', { item: 'night-ferry-1-01', options: { bitrateKbps: 320 } }],
    ['too high a priority', { item: 'night-ferry-1-01', priority: 101 }],
    ['too low a priority', { item: 'night-ferry-1-01', priority: -101 }],
    ['an item of a catalogue that limits us', { item: 'limited:anything' }],
  ];

  it('is explained by a member of the union, and queues nothing', async () => {
    const before = await countTasks();
    const answers: Record<string, unknown> = {};
    for (const [what, input] of refused) {
      const { queueDownload } = await app.execute(QUEUE, { input });
      if (!('message' in queueDownload)) expect.fail(`${what}: ${queueDownload.__typename}`);
      answers[what] = queueDownload;
    }
    expect(answers).toMatchInlineSnapshot(`
      {
        "a bitrate for FLAC": {
          "__typename": "InvalidOptions",
          "code": "INVALID_OPTIONS",
          "message": ""bitrateKbps" is 320; FLAC takes no bitrate.",
        },
        "a bitrate for what is kept": {
          "__typename": "InvalidOptions",
          "code": "INVALID_OPTIONS",
          "message": ""bitrateKbps" is 320; KEEP takes no bitrate.",
        },
        "a link to a catalogue that is not here": {
          "__typename": "CatalogItemNotFound",
          "code": "CATALOG_ITEM_NOT_FOUND",
          "message": "The catalog "spotify" is not set up here: enter the client id and secret of an app with the mutation setSpotifyApp or PUT /api/credentials/spotify_api_config. Until then, use an item of: demo, limited, broken.",
        },
        "a link to anything else": {
          "__typename": "InvalidItem",
          "code": "INVALID_ITEM",
          "message": ""https://example.com/song.mp3" is not a link to an item of Spotify, Deezer or MusicBrainz.",
        },
        "a malformed id": {
          "__typename": "InvalidItem",
          "code": "INVALID_ITEM",
          "message": ""no good" is not an item id; allowed: provider:id (demo:night-ferry), a node id (Album:demo:night-ferry), a URI (demo:album:night-ferry), a bare id of the default catalog, or a link.",
        },
        "a show": {
          "__typename": "InvalidItem",
          "code": "INVALID_ITEM",
          "message": "Items of type SHOW cannot be queued; allowed: TRACK, ALBUM, PLAYLIST, ARTIST.",
        },
        "a show by its id alone": {
          "__typename": "InvalidItem",
          "code": "INVALID_ITEM",
          "message": "Items of type SHOW cannot be queued; allowed: TRACK, ALBUM, PLAYLIST, ARTIST.",
        },
        "a type that disagrees with the id": {
          "__typename": "InvalidItem",
          "code": "INVALID_ITEM",
          "message": "Album:demo:night-ferry is of type ALBUM, not TRACK.",
        },
        "an episode": {
          "__typename": "InvalidItem",
          "code": "INVALID_ITEM",
          "message": "Items of type EPISODE cannot be queued; allowed: TRACK, ALBUM, PLAYLIST, ARTIST.",
        },
        "an episode by its id alone": {
          "__typename": "InvalidItem",
          "code": "INVALID_ITEM",
          "message": "Items of type EPISODE cannot be queued; allowed: TRACK, ALBUM, PLAYLIST, ARTIST.",
        },
        "an item of a catalogue that limits us": {
          "__typename": "UpstreamLimited",
          "code": "UPSTREAM_LIMITED",
          "message": "limited limits requests: try again in 62 s.",
          "retryAfterSeconds": 62,
        },
        "an item of another type": {
          "__typename": "CatalogItemNotFound",
          "code": "CATALOG_ITEM_NOT_FOUND",
          "message": "demo has no track demo:night-ferry.",
        },
        "an unknown item of any type": {
          "__typename": "CatalogItemNotFound",
          "code": "CATALOG_ITEM_NOT_FOUND",
          "message": "demo has no item demo:nothing.",
        },
        "an unknown track": {
          "__typename": "CatalogItemNotFound",
          "code": "CATALOG_ITEM_NOT_FOUND",
          "message": "demo has no track demo:no-such-track.",
        },
        "no id": {
          "__typename": "InvalidItem",
          "code": "INVALID_ITEM",
          "message": """ is not an item id; allowed: provider:id (demo:night-ferry), a node id (Album:demo:night-ferry), a URI (demo:album:night-ferry), a bare id of the default catalog, or a link.",
        },
        "too high a bitrate": {
          "__typename": "InvalidOptions",
          "code": "INVALID_OPTIONS",
          "message": ""bitrateKbps" is 320; it must be between 32 and 256 for OPUS.",
        },
        "too high a priority": {
          "__typename": "InvalidInput",
          "code": "INVALID_INPUT",
          "message": ""priority" is 101; it must be between −100 and 100.",
        },
        "too low a bitrate": {
          "__typename": "InvalidOptions",
          "code": "INVALID_OPTIONS",
          "message": ""bitrateKbps" is 8; it must be between 32 and 320 for MP3.",
        },
        "too low a priority": {
          "__typename": "InvalidInput",
          "code": "INVALID_INPUT",
          "message": ""priority" is -101; it must be between −100 and 100.",
        },
      }
    `);
    expect(await countTasks()).toBe(before);
  });

  it('is a request error when the catalog fails, and queues nothing', async () => {
    const before = await countTasks();
    const { errors } = await ask(app, QUEUE, { input: { item: 'broken:anything' } });
    expect(errors).toEqual([
      { code: 'UPSTREAM_FAILED', message: 'broken did not answer.', path: 'queueDownload' },
    ]);
    expect(await countTasks()).toBe(before);
  });

  it('is rejected by the schema for an unknown type or format', async () => {
    const before = await countTasks();
    const bad = [
      { item: 'night-ferry-1-01', type: 'VIDEO' },
      { item: 'night-ferry-1-01', options: { format: 'MIDI' } },
      { item: 'night-ferry-1-01', priority: 2 ** 40 },
      { item: null },
    ];
    for (const input of bad) {
      const { errors, data } = await ask(app, QUEUE, { input: input as QueueDownloadInput });
      expect(data ?? null).toBeNull();
      expect(errors).toEqual([expect.objectContaining({ code: 'BAD_USER_INPUT' })]);
    }
    expect(await countTasks()).toBe(before);
  });

  it('reports a format that ffmpeg has no encoder for', async () => {
    const workspace = await createWorkspace();
    const script = `case "$*" in *-encoders*) "$FFMPEG" "$@" | grep -v libopus;; *) exec "$FFMPEG" "$@";; esac`;
    const ffmpegPath = await writeFfmpegScript(workspace.file('ffmpeg'), script);
    const poorer = await startApp({ env: { ffmpegPath } });
    try {
      const input: QueueDownloadInput = { item: 'night-ferry-1-01', options: { format: 'OPUS' } };
      expect((await poorer.execute(QUEUE, { input })).queueDownload).toMatchInlineSnapshot(`
        {
          "__typename": "FormatUnavailable",
          "code": "FORMAT_UNAVAILABLE",
          "message": "This ffmpeg has no encoder for OPUS.",
        }
      `);
      expect(await poorer.deps.db.task.count()).toBe(0);
      input.options = { format: 'FLAC' };
      expect((await ended(poorer, await queue(poorer, input))).state).toBe('COMPLETED');
    } finally {
      await poorer.stop();
      await workspace.remove();
    }
  });
});

describe('a download that is queued again', () => {
  it('becomes one task when it is queued 20 times at once, and 19 responses name it', async () => {
    const item = 'demo:semaphore-love-songs-1-10';
    source.hold(item);
    const requests = Array.from({ length: 20 }, () => app.execute(QUEUE, { input: { item } }));
    const answers = (await Promise.all(requests)).map((answer) => answer.queueDownload);
    const queued = answers.filter((answer) => answer.__typename === 'DownloadQueued');
    const duplicates = answers.filter((answer) => answer.__typename === 'DuplicateDownload');
    expect([queued.length, duplicates.length]).toEqual([1, 19]);
    expect(new Set(duplicates.map((answer) => answer.existingTask.id))).toEqual(
      new Set(queued.map((answer) => answer.task.id)),
    );
    expect(duplicates[0]).toMatchObject({ code: 'DUPLICATE_DOWNLOAD' });
    expect(duplicates[0]?.message).toMatch(
      /^"End of Message" is already being downloaded by task [0-9a-f-]{36}\.$/,
    );
    expect(await app.deps.db.task.count({ where: { itemId: item } })).toBe(1);
    source.release(item);
    await ended(app, queued[0]?.task.id ?? '');
  });

  it('is recognized by another form of its id', async () => {
    source.hold('demo:semaphore-love-songs-1-01');
    const id = await queue(app, { item: 'semaphore-love-songs-1-01', priority: 5 });
    const forms = ['demo:semaphore-love-songs-1-01', 'Track:demo:semaphore-love-songs-1-01'];
    for (const item of forms) {
      const { queueDownload } = await app.execute(QUEUE, { input: { item, priority: -5 } });
      expect(queueDownload).toMatchObject({ __typename: 'DuplicateDownload', existingTask: { id } });
    }
  });

  it('is queued again in another format or bitrate', async () => {
    const item = 'demo:semaphore-love-songs-1-07';
    source.hold(item);
    const outputs = [
      {},
      { format: 'MP3' },
      { format: 'MP3', bitrateKbps: 128 },
      { format: 'MP3', bitrateKbps: 320 },
      { format: 'FLAC' },
    ] as const;
    const ids = await Promise.all(outputs.map((options) => queue(app, { item, options })));
    expect(new Set(ids).size).toBe(outputs.length);
    await Promise.all(ids.map((id) => app.execute(CANCEL, { id })));
  });

  it('is queued again beside a child of an album', async () => {
    source.hold('demo:ueberfahrt-1-01');
    const options = { format: 'WAV' } as const;
    const album = await queue(app, { item: 'ueberfahrt', options });
    const track = await queue(app, { item: 'ueberfahrt-1-01', options });
    source.release('demo:ueberfahrt-1-01');
    const states = [(await ended(app, album)).state, (await ended(app, track)).state].sort();
    expect(states).toEqual(['COMPLETED', 'SKIPPED']);
    const file = (await ended(app, track)).file;
    await access(file?.path ?? '');
  });

  it('is queued again after the first has finished, and skipped because the file exists', async () => {
    const input = { item: 'demo:ueberfahrt-1-01', options: { format: 'MP3', bitrateKbps: 96 } } as const;
    const first = await ended(app, await queue(app, input));
    const second = await ended(app, await queue(app, input));
    expect([first.state, second.state]).toEqual(['COMPLETED', 'SKIPPED']);
    expect(second.id).not.toBe(first.id);
    expect(second.file).toEqual(first.file);
    expect(second.progress).toBe(100);
  });

  it('runs after the first has failed or was cancelled', async () => {
    const input = { item: 'demo:semaphore-love-songs-1-09' };
    source.fail(input.item);
    expect((await ended(app, await queue(app, input))).state).toBe('FAILED');
    source.heal(input.item);
    source.hold(input.item);
    const second = await queue(app, input);
    await inState(app, second, 'RUNNING');
    await app.execute(CANCEL, { id: second });
    source.release(input.item);
    expect((await ended(app, await queue(app, input))).state).toBe('COMPLETED');
  });
});

const CANCEL = graphql(`
  mutation CancelQueued($id: ID!) {
    cancelTask(id: $id) {
      __typename
    }
  }
`);
