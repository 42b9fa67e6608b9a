import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { createSecretKeys } from '../../src/auth/secret-key.js';
import type { Album } from '../../src/catalog/catalog-item.js';
import { createPictureFetcher } from '../../src/catalog/fetch-picture.js';
import { createCovers, type Covers } from '../../src/covers/covers.js';
import { createDatabase } from '../../src/database/prisma.js';
import { parseEnv } from '../../src/env.js';
import { systemClock, type Clock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/logger.js';
import { createOutbound, type Outbound } from '../../src/outbound/outbound.js';
import { makeAlbum } from './catalog-items.js';
import { createTestDatabase } from './database.js';
import { createStubCatalog } from './stub-catalog.js';

/** A catalog `far` over HTTP, whose album `far:x` has its picture at `/x`, and covers over it. */
export interface DistantCovers {
  /** Of the requests for pictures, in order. */
  paths: string[];
  /** What is sent for a path; without it, a JPEG of 800 by 600. */
  answer(path: string, send: (response: ServerResponse) => unknown): void;
  album(slug: string): Album;
  /** As another process would open it. */
  open(options?: { dataDir?: string; coverCacheMb?: number; clock?: Clock }): Covers;
  /** No server listens any more. */
  goDown(): Promise<void>;
  close(): Promise<void>;
}

/** Impatient, so that slow servers are found out soon, and without pauses. */
const hasty = (outbound: Outbound): Outbound => ({
  ...outbound,
  openService: ({ limits, rules, ...service }) =>
    outbound.openService({
      ...service,
      limits: { ...limits, headersMs: 400 },
      rules: { ...rules, requests: 10_000, windowMs: 1, failures: 1_000 },
      retryDelayMs: 1,
    }),
});

export async function openDistantCovers(): Promise<DistantCovers> {
  const paths: string[] = [];
  const answers = new Map<string, (response: ServerResponse) => unknown>();
  const picture = await makePicture({ width: 800, height: 600 });
  const server = await listen((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://far');
    paths.push(pathname);
    const send = answers.get(pathname);
    if (send) return send(response);
    response.setHeader('content-type', 'image/jpeg');
    response.end(picture);
  });
  const log = createLogger('silent');
  const database = await createTestDatabase();
  const { db, close } = createDatabase({ url: database.url, log });
  const outbound = createOutbound({ env: parseEnv({}), db, clock: systemClock, log });
  const directory = await mkdtemp(join(tmpdir(), 'reprise-covers-'));
  const service = { provider: 'far', displayName: 'Far', trusted: [server.url] };
  const album = (slug: string) =>
    makeAlbum(`far:${slug}`, { images: [{ url: `${server.url}/${slug}`, widthPx: 800, heightPx: 600 }] });
  const catalog = createStubCatalog('far', {
    remote: true,
    findAlbum: (id) => Promise.resolve(id === 'far:bare' ? makeAlbum(id) : album(id.slice(4))),
    fetchCover: createPictureFetcher(hasty(outbound), service),
  });
  const opened: Covers[] = [];
  const goDown = server.stop;
  return {
    paths,
    album,
    answer: (path, send) => void answers.set(path, send),
    open: ({ dataDir = directory, coverCacheMb = 500, clock = systemClock } = {}) => {
      const covers = createCovers({
        env: { ...parseEnv({}), dataDir, coverCacheMb },
        log,
        clock,
        secrets: createSecretKeys({ secretKey: null, previousSecretKey: null, dataDir }),
        catalogs: new Map([['far', catalog]]),
      });
      opened.push(covers);
      return covers;
    },
    goDown,
    close: async () => {
      opened.forEach((covers) => covers.stop());
      await goDown();
      await outbound.close();
      await close();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function listen(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface PictureFacts {
  width: number;
  height: number;
  /** So that it takes as many bytes as a photograph does. */
  isNoisy?: boolean;
}

export function makePicture(facts: PictureFacts, format: 'jpeg' | 'png' | 'webp' = 'jpeg'): Promise<Buffer> {
  const { width, height, isNoisy = false } = facts;
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const background = '#336699';
  const plain = { width, height, channels: 3, background } as const;
  return sharp({ create: isNoisy ? { ...plain, noise } : plain })
    .toFormat(format)
    .toBuffer();
}

export async function sizeOfPicture(bytes: Uint8Array): Promise<{ format: string; size: string }> {
  const { format, width, height } = await sharp(bytes).metadata();
  return { format, size: `${width}x${height}` };
}

/** Addresses of covers differ by port and signature: their paths in their place, for snapshots. */
export function withCoverPaths<T>(value: T): T {
  const toPath = ({ url }: { url: string }) => new URL(url).pathname;
  return JSON.parse(JSON.stringify(value), (key, each: unknown) =>
    key === 'images' && Array.isArray(each) ? (each as { url: string }[]).map(toPath) : each,
  ) as T;
}
