import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { SecretDeps } from '../auth/secret-key.js';
import { picturesOf, providerOf, type CatalogItem } from '../catalog/catalog-item.js';
import type { CatalogDeps } from '../catalog/catalog-source.js';
import { findTyped } from '../catalog/find-item.js';
import { createSharedCalls } from '../lib/async.js';
import { createGate } from '../lib/gate.js';
import type { Platform } from '../platform.js';
import {
  createCoverAddresses,
  parseCoverName,
  parseCoverSize,
  type CoverAddresses,
  type CoverRef,
} from './cover-address.js';
import { createOriginals, type Originals, type PictureSource } from './originals.js';
import { isPlainPicture, type CoverFormat, type CoverSize } from './picture.js';
import { createPictureFiles, type PictureFiles } from './picture-files.js';
import { createPictureProcesses, type PictureProcesses } from './picture-processes.js';

export interface CoverDeps {
  /** Pictures of items: fetched once, kept on disk, and served in a few sizes. */
  covers: Covers;
}

export interface Covers {
  addresses: CoverAddresses;
  /** As the catalog has it, if that is JPEG or PNG; null for an item without a picture. Throws Upstream… errors. */
  original(item: CatalogItem, signal: AbortSignal): Promise<Uint8Array | null>;
  /** Null for what no address names, an item that the catalog does not have, or one without a picture. Throws DomainError. */
  render(request: CoverRequest, signal: AbortSignal): Promise<RenderedCover | null>;
  stop(): void;
}

export interface CoverRequest {
  /** As in an address: `deezer:album:302127`. */
  name: string;
  size: string;
  format: CoverFormat;
  /** Whether the client has it. */
  knows: (etag: string) => boolean;
}

export interface RenderedCover {
  etag: string;
  /** Null for what the client has already. */
  bytes: Uint8Array | null;
}

type Deps = Pick<Platform, 'env' | 'log' | 'clock'> & SecretDeps & Pick<CatalogDeps, 'catalogs'>;

/** How long an item of a remote catalog is not looked up again. */
const ITEM_MS = 600_000;
const REMEMBERED = 5_000;
const MB = 1024 * 1024;

export function createCovers(deps: Deps): Covers {
  const { env, log } = deps;
  const directory = join(env.dataDir, 'covers');
  const files = createPictureFiles({ directory, maxBytes: env.coverCacheMb * MB, log });
  const originals = createOriginals({ ...deps, files });
  const processes = createPictureProcesses();
  return {
    addresses: createCoverAddresses(deps),
    async original(item, signal) {
      const source = await sourceOf(deps, item, signal);
      const original = source && (await originals.load(source, signal));
      if (!original) return null;
      const { bytes } = original;
      return isPlainPicture(bytes)
        ? bytes
        : processes.convert({ bytes, sizePx: null, format: 'jpeg' }, signal);
    },
    render: createRenderer({ findSource: createSourceFinder(deps), files, originals, processes }),
    stop: () => processes.stop(),
  };
}

interface RenderDeps {
  findSource: (ref: CoverRef, signal: AbortSignal) => Promise<PictureSource | null>;
  files: PictureFiles;
  originals: Originals;
  processes: PictureProcesses;
}

/** Originals in memory at once, each of which may have some megabytes. */
const AT_ONCE = { atOnce: 6, atOncePerKey: 6, waitingPerKey: 1_000, waitMs: 30_000 };

interface Rendering {
  sizePx: CoverSize;
  format: CoverFormat;
}

/** By the bytes that it is made from: what has been served once is found without its original. */
const nameOf = (hash: string, { sizePx, format }: Rendering): string => `${hash}-${sizePx}.${format}`;
const etagOf = (name: string): string => `"${name}"`;

function createRenderer({ findSource, files, originals, processes }: RenderDeps): Covers['render'] {
  const share = createSharedCalls();
  const gate = createGate(AT_ONCE);
  const make = async (source: PictureSource, rendering: Rendering, signal: AbortSignal) => {
    const original = await originals.load(source, signal);
    if (!original) return null;
    const name = nameOf(original.hash, rendering);
    const kept = await files.read(name);
    if (kept) return { name, bytes: kept.bytes };
    try {
      const bytes = await processes.convert({ ...rendering, bytes: original.bytes }, signal);
      await files.write(name, bytes);
      return { name, bytes };
    } catch (thrown) {
      await originals.reject(source, thrown);
      throw thrown;
    }
  };
  return async ({ name: address, size, format, knows }, signal) => {
    const ref = parseCoverName(address);
    const sizePx = parseCoverSize(size);
    const source = ref && sizePx && (await findSource(ref, signal));
    const hash = source && originals.knownHash(source);
    if (!source || hash === null) return null;
    const rendering = { sizePx, format };
    if (hash !== undefined) {
      const name = nameOf(hash, rendering);
      if (knows(etagOf(name))) return { etag: etagOf(name), bytes: null };
      const kept = await files.read(name);
      if (kept) return { etag: etagOf(name), bytes: kept.bytes };
    }
    const made = await share(`${source.key} ${sizePx} ${format}`, signal, (shared) =>
      gate({ key: 'covers', signal: shared }, () => make(source, rendering, shared)),
    );
    if (!made) return null;
    const etag = etagOf(made.name);
    return { etag, bytes: knows(etag) ? null : made.bytes };
  };
}

function createSourceFinder(deps: Deps): RenderDeps['findSource'] {
  const remote = new LRUCache<string, PictureSource>({ max: REMEMBERED, ttl: ITEM_MS });
  return async (ref, signal) => {
    const name = `${ref.type} ${ref.id}`;
    const known = remote.get(name);
    if (known) return known;
    const catalog = deps.catalogs.get(providerOf(ref));
    if (!catalog) return null;
    const item = await findTyped(catalog, ref.type, { id: ref.id, signal });
    const source = item && (await sourceOf(deps, item, signal));
    if (source?.catalog.remote) remote.set(name, source);
    return source;
  };
}

/** The tracks of an album have one picture, which has one address. */
async function sourceOf(
  { catalogs }: Pick<Deps, 'catalogs'>,
  item: CatalogItem,
  signal: AbortSignal,
): Promise<PictureSource | null> {
  const catalog = catalogs.get(providerOf(item));
  if (!catalog) return null;
  const version = await catalog.coverVersion?.(item, signal);
  const owner = item.type === 'TRACK' ? (item.album ?? item) : item;
  const own = picturesOf(item)[0]?.url ?? `${owner.type} ${owner.id}`;
  return { key: version === undefined ? own : `${own} ${version}`, item, catalog };
}
