import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { COVER, makeFlac } from './subsonic-server.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;

/** A stand-in for archive.org, with a data node on another port and invented items; each file is 5 s of FLAC. */
export interface ArchiveServer {
  url: string;
  /** Paths with their queries, in order. */
  requests: string[];
  /** What the data node was asked for, in order. */
  fetched: { path: string; range: string | null }[];
  audio: Buffer;
  /** Answers the next requests whose path begins so in place of the usual answer, by default one; of both hosts. */
  answerOnce(path: string, answer: Answer, times?: number): void;
  stop(): Promise<void>;
}

export const CC_BY = 'http://creativecommons.org/licenses/by/4.0/';
const CC_ZERO = 'https://creativecommons.org/publicdomain/zero/1.0/';
export const PATH_TITLE = '../../../etc/cron.d/buoy';

interface Once {
  path: string;
  answer: Answer;
}

interface Item {
  /** As archive.org has them: texts, or lists of texts. */
  metadata: Record<string, string | string[]> & { identifier: string };
  files: Record<string, string>[];
}

const original = (name: string, own: Record<string, string> = {}) => ({
  ...{ name, source: 'original', format: 'Flac', length: '5.00' },
  ...own,
});

const derived = (from: string, own: Record<string, string> = {}) => ({
  ...{ name: from.replace(/\.flac$/, '.mp3'), source: 'derivative', original: from },
  ...{ format: 'VBR MP3', length: '00:05', bitrate: '192' },
  ...own,
});

const song = (n: number) => `0${n} slow_weather.flac`;

const ITEMS: Item[] = [
  {
    metadata: {
      identifier: 'kelp-slow-weather',
      title: 'Slow Weather',
      creator: ['Kelp & Lantern', 'Ada Fjordgren'],
      date: '2021-05-14T00:00:00Z',
      collection: ['netlabels', 'audio'],
      licenseurl: CC_BY,
      publisher: 'Breakwater',
    },
    files: [1, 2, 3, 4].flatMap((n) => [
      original(song(n), { title: `Slow Weather, ${n}`, track: `${n}/4`, genre: 'Harbor Pop' }),
      derived(song(n)),
      derived(song(n), { name: `0${n} slow_weather_64kb.mp3`, format: '64Kbps MP3', bitrate: '64' }),
      { name: `0${n} slow_weather.png`, source: 'derivative', original: song(n), format: 'Spectrogram' },
    ]),
  },
  {
    metadata: {
      identifier: 'kelp-buoy',
      title: 'Buoy',
      creator: 'Kelp & Lantern',
      date: '2022',
      collection: 'netlabels',
      licenseurl: [CC_ZERO],
    },
    files: [
      original('disc 1/07 - Buoy.flac', { title: PATH_TITLE }),
      original('disc 1/10 - Lamp?.flac'),
      derived('disc 1/10 - Lamp?.flac'),
      original('disc 1/11 - hidden.flac', { private: 'true' }),
      original('../outside.flac'),
    ],
  },
  {
    metadata: {
      identifier: 'kelp-anchor',
      title: 'Anchor',
      creator: 'Kelp & Lantern',
      collection: 'netlabels',
    },
    files: [original('anchor.flac', { title: 'Anchor' })],
  },
  {
    metadata: {
      identifier: 'kelp-elsewhere',
      title: 'Elsewhere',
      creator: 'Kelp & Lantern',
      collection: 'opensource_audio',
      licenseurl: CC_BY,
    },
    files: [original('elsewhere.flac', { title: 'Elsewhere' })],
  },
];

export async function startArchiveServer(): Promise<ArchiveServer> {
  const audio = await makeFlac();
  const facts = { size: String(audio.length), md5: createHash('md5').update(audio).digest('hex') };
  const requests: string[] = [];
  const fetched: ArchiveServer['fetched'] = [];
  const once: Once[] = [];
  const special = (path: string) => {
    const index = once.findIndex((each) => path.startsWith(each.path));
    return index < 0 ? undefined : once.splice(index, 1)[0]?.answer;
  };
  const node = await listen((request, response) => {
    const path = request.url ?? '';
    fetched.push({ path, range: request.headers.range ?? null });
    const answer = special(path) ?? sendAudio(audio);
    answer(response, request);
  });
  const front = await listen((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const answer = special(path);
    if (answer) return void answer(response, request);
    const { pathname, searchParams } = new URL(path, 'http://stand-in');
    const [, kind = '', key = ''] = pathname.split('/');
    if (kind === 'metadata') return send(response, readItem(decodeURIComponent(key), facts));
    if (kind === 'advancedsearch.php') return send(response, search(searchParams));
    if (kind === 'services') return void response.setHeader('content-type', 'image/jpeg').end(COVER);
    if (kind === 'download')
      return void response.writeHead(302, { location: `${node.url}/0/items/${path.slice(10)}` }).end();
    response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Page not found</h1>');
  });
  return {
    url: front.url,
    requests,
    fetched,
    audio,
    answerOnce: (path, answer, times = 1) => void once.push(...Array<Once>(times).fill({ path, answer })),
    stop: async () => {
      await Promise.all([front.stop(), node.stop()]);
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
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
}

/** An unknown item is an empty object, with status 200. */
function readItem(identifier: string, facts: Record<string, string>): object {
  const item = ITEMS.find(({ metadata }) => metadata.identifier === identifier);
  return item ? { ...item, files: item.files.map((file) => ({ ...facts, ...file })) } : {};
}

function search(parameters: URLSearchParams): object {
  const query = parameters.get('q') ?? '';
  const [rows, page] = ['rows', 'page'].map((name) => Number(parameters.get(name))) as [number, number];
  const found = ITEMS.filter(({ metadata }) =>
    query.split(' AND ').every((clause) => fits(metadata, clause)),
  );
  const start = (page - 1) * rows;
  const docs = found.slice(start, start + rows).map(({ metadata }) => {
    const fields = parameters.getAll('fl[]').filter((field) => field in metadata);
    return Object.fromEntries(fields.map((field) => [field, metadata[field]]));
  });
  return { responseHeader: { status: 0 }, response: { numFound: found.length, start, docs } };
}

/** One clause: `title:"a"`, `(title:"a" OR creator:"a")`, `collection:("a" OR "b")`. */
function fits(metadata: Item['metadata'], clause: string): boolean {
  if (clause.startsWith('mediatype:')) return true;
  const collections = /^collection:\((.*)\)$/.exec(clause)?.[1];
  if (collections !== undefined) {
    const names = [metadata['collection'] ?? ''].flat();
    return collections.split(' OR ').some((each) => names.includes(each.replaceAll('"', '')));
  }
  return [...clause.matchAll(/(\w+):"([^"]*)"/g)].some(([, field = '', text = '']) =>
    [metadata[field] ?? ''].flat().join(' ').toLowerCase().includes(text.toLowerCase()),
  );
}

const startOf = ({ headers }: IncomingMessage): number =>
  Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);

const headersOf = (audio: Buffer, start: number) => ({
  'content-type': 'audio/flac',
  'content-length': String(audio.length - start),
  ...(start > 0 && { 'content-range': `bytes ${start}-${audio.length - 1}/${audio.length}` }),
});

const sendAudio =
  (audio: Buffer): Answer =>
  (response, request) => {
    const start = startOf(request);
    response.writeHead(start > 0 ? 206 : 200, headersOf(audio, start)).end(audio.subarray(start));
  };

/** A data node that cuts the connection after 60 % of the file. */
export const cutAtSixtyPercent =
  (audio: Buffer): Answer =>
  (response) => {
    const bytes = audio.subarray(0, Math.floor(audio.length * 0.6));
    response.writeHead(200, headersOf(audio, 0)).write(bytes, () => response.destroy());
  };
