import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { restDocuments } from '../kit/serve-as.js';
import { createStubDiscography } from '../kit/stub-discography.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { ended, inState, queue } from '../kit/story.js';

const QUEUE_ARTIST = graphql(`
  mutation QueueArtist($input: QueueDownloadInput!) {
    queueDownload(input: $input) {
      __typename
      ... on InvalidOptions {
        field
        message
      }
      ... on DownloadQueued {
        task {
          id
          queuedChildren {
            queued {
              id
              title
            }
            duplicates {
              id
            }
          }
        }
      }
    }
  }
`);

const LEFT_OUT = graphql(`
  query LeftOut($id: ID!) {
    task(id: $id) {
      state
      skippedCount
      children(first: 10) {
        edges {
          node {
            title
            state
            error {
              code
            }
            duplicateOf {
              id
            }
          }
        }
      }
    }
  }
`);

const source = createSteeredSource();
let app: TestApp;
beforeAll(async () => {
  const catalogs = [createStubDiscography({ ALBUM: 2, SINGLE: 1 })];
  const settings = { maxRetries: 0 };
  app = await startApp({
    overrides: { catalogs, sources: [source], settings, timing: { stopGraceMs: 100 } },
  });
});
afterAll(() => app?.stop());

describe('an artist’s download', () => {
  it('returns its albums and the other tasks that already contain them', async () => {
    const tracks = ['stub:album-0-1', 'stub:album-1-1', 'stub:single-0-1'];
    tracks.forEach((id) => source.fail(id));
    source.hold('stub:album-0-1');
    const other = await queue(app, { item: 'stub:album-0', type: 'ALBUM' });
    const input = {
      item: 'stub:somebody',
      type: 'ARTIST' as const,
      options: { albumGroups: ['ALBUM' as const] },
    };
    const { queueDownload: queued } = await restDocuments(app).run(QUEUE_ARTIST, { input });
    if (queued.__typename !== 'DownloadQueued') return expect.fail(queued.__typename);
    expect(queued.task.queuedChildren).toMatchObject({
      queued: [{ title: 'Album stub:album-1' }],
      duplicates: [{ id: other }],
    });
    await ended(app, queued.task.id);
    const { task } = await app.execute(LEFT_OUT, { id: queued.task.id });
    expect(task?.children.edges.map(({ node }) => node)).toEqual([
      {
        title: 'Album stub:album-0',
        state: 'SKIPPED',
        error: { code: 'DUPLICATE_DOWNLOAD' },
        duplicateOf: { id: other },
      },
      { title: 'Album stub:album-1', state: 'FAILED', error: { code: 'CHILDREN_FAILED' }, duplicateOf: null },
    ]);
    await inState(app, other, 'RUNNING');
    source.releaseAll();
    await ended(app, other);
  });

  it('needs at least one group', async () => {
    const input = { item: 'stub:somebody', type: 'ARTIST' as const, options: { albumGroups: [] } };
    expect((await restDocuments(app).run(QUEUE_ARTIST, { input })).queueDownload).toMatchObject({
      __typename: 'InvalidOptions',
      field: 'albumGroups',
    });
  });
});
