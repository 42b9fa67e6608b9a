import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Covers } from '../../src/covers/covers.js';
import { createPictureFiles } from '../../src/covers/picture-files.js';
import { messageOf } from '../../src/lib/errors.js';
import { createWorkspace, never, silentLog } from '../kit/audio.js';
import { makeTrack } from '../kit/catalog-items.js';
import { makePicture, openDistantCovers, sizeOfPicture, type DistantCovers } from '../kit/covers.js';
import { canMount, withSmallDisk } from '../kit/small-disk.js';

const MOUNTS = await canMount();
let far: DistantCovers;
let workspace: Awaited<ReturnType<typeof createWorkspace>>;
let covers: Covers;

beforeAll(async () => {
  far = await openDistantCovers();
  workspace = await createWorkspace();
  covers = far.open({ dataDir: workspace.path });
});

afterAll(async () => {
  await far.close();
  await workspace.remove();
});

const request = (slug: string, size = '64', format: 'jpeg' | 'webp' = 'jpeg') => ({
  ...{ name: `far:album:${slug}`, size, format },
  knows: () => false,
});
const render = (slug: string, from = covers) => from.render(request(slug), never);
const problemOf = (slug: string) => render(slug).then((found) => found?.etag ?? null, messageOf);
const requestsFor = (slug: string) => far.paths.filter((path) => path === `/${slug}`).length;

describe('a cover of a remote catalog', () => {
  it.each([
    ['64', 'jpeg'],
    ['300', 'webp'],
    ['640', 'jpeg'],
  ] as const)('is %s pixels square, as %s, whatever its form is there', async (size, format) => {
    const found = await covers.render(request('wide', size, format), never);
    expect(await sizeOfPicture(found?.bytes ?? new Uint8Array())).toEqual({
      format,
      size: `${size}x${size}`,
    });
    expect(requestsFor('wide')).toBe(1);
  });

  it('is fetched once for a hundred requests at once', async () => {
    const sizes = ['64', '300', '640'];
    const all = Array.from({ length: 100 }, (_, at) =>
      covers.render(request('popular', sizes[at % 3], at % 2 ? 'webp' : 'jpeg'), never),
    );
    const etags = new Set((await Promise.all(all)).map((each) => each?.etag));
    expect(etags.size).toBe(6);
    expect(requestsFor('popular')).toBe(1);
  });

  it('is found on disk by another process', async () => {
    const first = await render('shared');
    const second = await render('shared', far.open({ dataDir: workspace.path }));
    expect(second).toEqual(first);
    expect(requestsFor('shared')).toBe(1);
  });

  it('is not sent to a client that has it', async () => {
    const found = await render('known');
    const again = await covers.render({ ...request('known'), knows: (etag) => etag === found?.etag }, never);
    expect(again).toEqual({ etag: found?.etag, bytes: null });
  });

  it('is the original in a file, once for the tracks of an album', async () => {
    const picture = await makePicture({ width: 1_000, height: 1_000 });
    far.answer('/file', (response) => response.end(picture));
    const album = far.album('file');
    for (const id of ['far:t1', 'far:t2'])
      expect(await covers.original(makeTrack(id, { album }), never)).toEqual(new Uint8Array(picture));
    await render('file');
    expect(requestsFor('file')).toBe(1);
  });

  it('is a JPEG in a file where the original is a WebP', async () => {
    const picture = await makePicture({ width: 1_500, height: 1_500 }, 'webp');
    far.answer('/modern', (response) => response.end(picture));
    const track = makeTrack('far:t3', { album: far.album('modern') });
    const original = await covers.original(track, never);
    expect(await sizeOfPicture(original ?? new Uint8Array())).toEqual({ format: 'jpeg', size: '1200x1200' });
  });

  it('is missing without a request for an item without pictures', async () => {
    expect(await render('bare')).toBeNull();
    expect(far.paths).not.toContain('/bare');
  });

  it('is missing for a size, a type or a catalog that does not exist, and for a name that is a path', async () => {
    for (const size of ['0', '65', '640.0', '0x40', ' 64', '99999', '']) {
      expect(await covers.render({ ...request('wide'), size }, never)).toBeNull();
    }
    const names = [
      'far:disc:wide',
      'near:album:wide',
      'far:album',
      'far:album:a/../b',
      'far:album:..%2fb',
      'http://far/wide',
    ];
    for (const name of names) expect(await covers.render({ ...request('wide'), name }, never)).toBeNull();
    await expect(covers.render({ ...request('wide'), name: 'far:album:..' }, never)).rejects.toThrow(
      /not an item id/,
    );
  });
});

/** A PNG that says it has that many pixels a side, with the data of a few lines. */
function hugePng(sidePx: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(sidePx, 0);
  header.writeUInt32BE(sidePx, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunk = (type: string, data: Buffer) => {
    const framed = Buffer.alloc(12 + data.length);
    framed.writeUInt32BE(data.length, 0);
    framed.write(type, 4, 'latin1');
    data.copy(framed, 8);
    return framed;
  };
  const lines = deflateSync(Buffer.alloc(sidePx * 3 * 20));
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', lines),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('a picture that cannot be used', () => {
  const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>';

  it.each([
    ['html', /not a JPEG, PNG, WebP or GIF/, () => Buffer.from('<!doctype html><script>alert(1)</script>')],
    ['svg', /not a JPEG, PNG, WebP or GIF/, () => Buffer.from(SVG)],
    ['empty', /not a JPEG, PNG, WebP or GIF/, () => Buffer.alloc(0)],
    ['bomb', /pixel limit/, () => hugePng(50_000)],
    [
      'half',
      /premature end|corrupt|truncated/i,
      async () => (await makePicture({ width: 900, height: 900, isNoisy: true })).subarray(0, 40_000),
    ],
    [
      'disguised',
      /cannot be used/,
      () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from(SVG)]),
    ],
  ] as const)('is refused when it is %s, and not requested again at once', async (slug, problem, make) => {
    const bytes = await make();
    far.answer(`/${slug}`, (response) => response.setHeader('content-type', 'image/jpeg').end(bytes));
    expect(await problemOf(slug)).toMatch(problem);
    expect(await problemOf(slug)).toMatch(problem);
    expect(requestsFor(slug)).toBe(1);
  });

  it('is refused when it is larger than any cover, before it has come', async () => {
    far.answer('/large', (response) => {
      response.writeHead(200, { 'content-length': 50_000_000 });
      response.write(Buffer.alloc(1_000));
    });
    expect(await problemOf('large')).toMatch(/sent more than 10485760 bytes/);
    far.answer('/endless', (response) => {
      const send = () => void (response.destroyed || response.write(Buffer.alloc(1_000_000), send));
      send();
    });
    expect(await problemOf('endless')).toMatch(/sent more than 10485760 bytes/);
  });

  it('is refused when the server sends its readers into a private network', async () => {
    for (const [slug, location] of [
      ['metadata', 'http://169.254.169.254/latest/meta-data'],
      ['mapped', 'http://[::ffff:127.0.0.1]/cover.jpg'],
      ['file', 'file:///etc/passwd'],
    ] as const) {
      far.answer(`/to-${slug}`, (response) => response.writeHead(302, { location }).end());
      expect(await problemOf(`to-${slug}`)).toMatch(/not a public address|are not requested/);
    }
  });

  it('is missing where the server says so', async () => {
    far.answer('/gone', (response) => response.writeHead(404).end('<html>'));
    expect(await problemOf('gone')).toBeNull();
    expect(await problemOf('gone')).toBeNull();
    expect(requestsFor('gone')).toBe(1);
  });

  it('may come the next time from a server that does not answer in time', async () => {
    far.answer('/slow', () => undefined);
    await expect(render('slow')).rejects.toMatchObject({ retryable: true, code: 'UPSTREAM_FAILED' });
    const picture = await makePicture({ width: 100, height: 100 });
    far.answer('/slow', (response) => response.end(picture));
    expect((await render('slow'))?.bytes?.length).toBeGreaterThan(100);
  });
});

describe('covers on disk', () => {
  it('stay within their limit, and those that are used stay longest', async () => {
    const directory = workspace.file('small');
    // Each time as a new process, which has nothing in memory.
    const open = () => createPictureFiles({ directory, maxBytes: 1_000_000, log: silentLog });
    const write = (name: string) => open().write(name, Buffer.alloc(290_000, name));
    for (const name of ['a', 'b', 'c']) await write(name);
    const [daysAgo, hoursAgo] = [72, 2].map((hours) => new Date(Date.now() - hours * 3_600_000));
    for (const name of ['a', 'b']) await utimes(join(directory, name), daysAgo!, daysAgo!);
    await utimes(join(directory, 'c'), hoursAgo!, hoursAgo!);
    await writeFile(join(directory, 'd.0123.new'), 'half a picture');
    await utimes(join(directory, 'd.0123.new'), hoursAgo!, hoursAgo!);
    expect((await open().read('a'))?.storedAt).toEqual(daysAgo);
    await write('d');
    expect((await readdir(directory)).sort()).toEqual(['a', 'c', 'd']);
    const busy = open();
    for (const name of ['e', 'f', 'g']) await busy.write(name, Buffer.alloc(290_000, name));
    expect((await readdir(directory)).sort()).toEqual(['e', 'f', 'g']);
    expect(await busy.read('a')).toBeNull();
  });

  it.skipIf(!MOUNTS)('are served, though a full disk keeps none of them', async () => {
    const disk = await withSmallDisk(8_192);
    try {
      const full = far.open({ dataDir: disk.path });
      const picture = await makePicture({ width: 700, height: 700, isNoisy: true });
      far.answer('/no-room', (response) => response.end(picture));
      for (let n = 0; n < 2; n++)
        expect((await full.render(request('no-room', '640'), never))?.bytes?.length).toBeGreaterThan(8_192);
      expect(await readdir(join(disk.path, 'covers'))).toEqual([]);
      expect(requestsFor('no-room')).toBe(1);
    } finally {
      await disk.remove();
    }
  });

  it('are served, though nothing can be kept where a file is in the way', async () => {
    const file = workspace.file('file');
    await writeFile(file, '');
    const unkept = far.open({ dataDir: join(file, 'below') });
    expect((await unkept.render(request('wide'), never))?.bytes?.length).toBeGreaterThan(100);
  });

  it('stand in for a server that is down, however old they are', async () => {
    const now = new Date();
    const early = await render('lasting');
    await far.goDown();
    const later = { now: () => new Date(now.getTime() + 40 * 86_400_000) };
    const afterwards = far.open({ dataDir: workspace.path, clock: later });
    expect(await render('lasting', afterwards)).toEqual(early);
    await expect(render('never-seen', afterwards)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' });
  });
});
