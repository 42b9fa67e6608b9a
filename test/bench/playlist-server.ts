/**
 * The server with a catalog of one kind of item, playlists whose entries cost nothing to list, 10,000 of them unless
 * the id says `bench:<number>-…`, and a source that never answers: what is measured is queueing, and no ffmpeg takes
 * part. Run as Reprise is, by its environment variables; with `--expose-gc`, HEAP_FILE gets its memory in use, by time.
 */
import { appendFileSync } from 'node:fs';
import type { Track } from '../../src/catalog/catalog-item.js';
import { createApp } from '../../src/app.js';
import { parseEnv } from '../../src/env.js';
import { createStubCatalog } from '../kit/stub-catalog.js';

const totalOf = (id: string) => Number(/^bench:(\d+)-/.exec(id)?.[1] ?? 10_000);

const catalog = createStubCatalog('bench', {
  findPlaylist: (id) =>
    Promise.resolve({
      ...{ type: 'PLAYLIST', id, title: `Playlist ${id}`, description: null, total: totalOf(id) },
      ...{ owner: { id: 'bench:owner', name: 'Owner' }, revision: null, images: [], url: null },
    }),
  listPlaylistEntries: (id, { offset, limit }) => {
    const length = Math.max(0, Math.min(limit, totalOf(id) - offset));
    const items = Array.from({ length }, (_, index) => ({
      track: toTrack(`${id}-${offset + index}`, offset + index),
      trackId: null,
      addedAt: null,
    }));
    return Promise.resolve({ items, total: totalOf(id) });
  },
});

function toTrack(id: string, index: number): Track {
  const artists = [{ id: `bench:artist-${index % 700}`, name: `Artist ${index % 700}` }];
  const none = { upc: null, label: null, copyright: null, url: null };
  return {
    ...{ type: 'TRACK', id, title: `Track ${index}`, artists, durationMs: 200_000, explicit: false },
    ...{ trackNumber: 1, discNumber: 1, isrc: null, genres: ['Rock'], url: null },
    album: {
      ...{ type: 'ALBUM', id: `bench:album-${index % 900}`, title: `Album ${index % 900}`, artists, ...none },
      ...{ group: 'ALBUM', releaseDate: '2001-02-03', trackTotal: 11, discTotal: 1, genres: ['Rock'] },
      images: [{ url: 'https://img.example/cover.jpg', widthPx: 640, heightPx: 640 }],
    },
  };
}

const never = <T>() => new Promise<T>(() => undefined);

const env = parseEnv();
const app = await createApp(env, {
  catalogs: [catalog],
  sources: [{ name: 'endless', find: never, open: never }],
});
app.deps.log.info({ role: env.role, url: app.http?.url }, 'Reprise is up');

const HEAP_EVERY_MS = 200;
const { HEAP_FILE: heapFile } = process.env;
if (heapFile) {
  // Without what is garbage, of which there is as much as the collector likes.
  setInterval(() => {
    globalThis.gc?.();
    appendFileSync(heapFile, `${Date.now()} ${process.memoryUsage().heapUsed}\n`);
  }, HEAP_EVERY_MS).unref();
}
