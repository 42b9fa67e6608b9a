import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShowByIdQuery } from '../../src/generated/documents/graphql.js';
import { EPISODE_BY_ID, NODE, RESOLVE_ITEM, SHOW_BY_ID } from '../kit/catalog-documents.js';
import { withCoverPaths } from '../kit/covers.js';
import { startApp, type TestApp } from '../kit/start-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

describe('a show', () => {
  it('has all the fields that its catalog provides, with its newest episodes', async () => {
    const { show } = await app.execute(SHOW_BY_ID, { id: 'keepers-hours', first: 2 });
    expect(withCoverPaths(show)).toMatchInlineSnapshot(`
      {
        "catalog": "demo",
        "description": "Conversations about lighthouses and those who kept them.",
        "episodeCount": 7,
        "episodes": {
          "edges": [
            {
              "node": {
                "id": "Episode:demo:keepers-hours-007",
                "title": "The Last Watch",
              },
            },
            {
              "node": {
                "id": "Episode:demo:keepers-hours-006",
                "title": "Letters from the Relief Boat",
              },
            },
          ],
          "pageInfo": {
            "endCursor": "b2Zmc2V0OjE",
            "hasNextPage": true,
          },
          "totalCount": 7,
        },
        "explicit": false,
        "id": "Show:demo:keepers-hours",
        "images": [
          "/covers/demo:show:keepers-hours/640",
          "/covers/demo:show:keepers-hours/300",
          "/covers/demo:show:keepers-hours/64",
        ],
        "languages": [
          "en",
        ],
        "publisher": "Harbour Radio",
        "title": "Keeper’s Hours",
        "url": null,
      }
    `);
  });

  it('pages through its episodes, each once', async () => {
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const { show }: ShowByIdQuery = await app.execute(SHOW_BY_ID, {
        id: 'demo:slow-forecast',
        first: 50,
        after,
      });
      seen.push(...(show?.episodes.edges.map(({ node }) => node.id) ?? []));
      after = show?.episodes.pageInfo.endCursor ?? null;
      more = show?.episodes.pageInfo.hasNextPage ?? false;
    }
    expect(new Set(seen).size).toBe(180);
    expect(seen[0]).toBe('Episode:demo:slow-forecast-180');
  });

  it('is null when the catalog has no show with the id', async () => {
    for (const id of ['demo:nothing', 'demo:night-ferry']) {
      expect((await app.execute(SHOW_BY_ID, { id })).show).toBeNull();
    }
  });
});

describe('an episode', () => {
  it('has all the fields that its catalog provides', async () => {
    const { episode } = await app.execute(EPISODE_BY_ID, { id: 'keepers-hours-004' });
    expect(withCoverPaths(episode)).toMatchInlineSnapshot(`
      {
        "catalog": "demo",
        "description": "Bells, guns, reeds and the diaphone, loudest last.",
        "durationMs": 1990000,
        "explicit": false,
        "id": "Episode:demo:keepers-hours-004",
        "images": [
          "/covers/demo:episode:keepers-hours-004/640",
          "/covers/demo:episode:keepers-hours-004/300",
          "/covers/demo:episode:keepers-hours-004/64",
        ],
        "releaseDate": "2024-02-20",
        "show": {
          "id": "Show:demo:keepers-hours",
          "title": "Keeper’s Hours",
        },
        "title": "Fog Signals, Ranked",
        "url": null,
      }
    `);
  });

  it.each(['Show:demo:keepers-hours', 'Episode:demo:keepers-hours-001'])(
    'and its show are nodes: %s',
    async (id) => {
      expect((await app.execute(NODE, { id })).node).toEqual({ __typename: id.split(':')[0], id });
      const { resolveItem } = await app.execute(RESOLVE_ITEM, { item: id.replace(/^\w+:/, '') });
      expect(resolveItem).toEqual({ __typename: id.split(':')[0], id });
    },
  );
});
