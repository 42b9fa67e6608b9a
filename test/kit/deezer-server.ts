import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A server with the shapes and habits of Deezer's public API, and music that is invented: lists leave out what single
 * items have, errors come with status 200, pages have 25 rows unless more are requested, 100 at most.
 */
export interface DeezerServer {
  url: string;
  /** Paths with their queries, in order. */
  requests: string[];
  /** Answers the next requests whose path begins so in place of the usual answer, each once. */
  answerOnce(path: string, answer: (response: ServerResponse) => unknown): void;
  /** When each request came, by this server's clock, and whether it was limited. */
  arrivals: { atMs: number; limited: boolean }[];
  /** After so many more requests, those of the seconds that follow are answered with 429 and `Retry-After`. */
  limitAfter(requests: number, seconds: number): void;
  /** Ends that sooner: after so many milliseconds. */
  endLimitAfter(ms: number): void;
  /** From now on, at most that many requests are answered before the quota error comes. */
  allow(requests: number): void;
  stop(): Promise<void>;
}

type Row = Record<string, unknown> & { id: number };

const ARTIST_ID = 501;
const GUEST_ID = 502;
const VARIOUS_ID = 503;
export const DEEZER_IDS = {
  artist: `deezer:${ARTIST_ID}`,
  /** Two discs with three tracks each. */
  album: 'deezer:7001',
  single: 'deezer:7002',
  compilation: 'deezer:7004',
  /** 500 tracks, whose list has no ISRCs. */
  boxSet: 'deezer:7005',
  track: 'deezer:7001001',
  /** Not offered in the country of the caller. */
  unreadableTrack: 'deezer:7001003',
  /** 130 entries, one of which is a file that a user has uploaded. */
  playlist: 'deezer:9001',
  /** Two of them. */
  shortPlaylist: 'deezer:9002',
  show: 'deezer:3001',
  episode: 'deezer:3001001',
  missing: 'deezer:999999999',
};

const NAMES = new Map([
  [ARTIST_ID, 'Kelp & Lantern'],
  [GUEST_ID, 'Ada Fjordgren'],
  [VARIOUS_ID, 'Various Harbors'],
]);

interface AlbumFacts {
  id: number;
  title: string;
  by: number;
  type: string;
  tracks: number;
  discs: number;
  released: string;
}

const ALBUMS: AlbumFacts[] = [
  {
    id: 7001,
    title: 'Slow Weather',
    by: ARTIST_ID,
    type: 'album',
    tracks: 6,
    discs: 2,
    released: '2021-05-14',
  },
  { id: 7002, title: 'Buoy', by: ARTIST_ID, type: 'single', tracks: 1, discs: 1, released: '2022-01-07' },
  {
    id: 7003,
    title: 'Three Moorings',
    by: ARTIST_ID,
    type: 'ep',
    tracks: 3,
    discs: 1,
    released: '0000-00-00',
  },
  {
    id: 7004,
    title: 'Songs of the Pier',
    by: VARIOUS_ID,
    type: 'compile',
    tracks: 4,
    discs: 1,
    released: '2019-11-30',
  },
  {
    id: 7005,
    title: 'Every Tide',
    by: ARTIST_ID,
    type: 'album',
    tracks: 500,
    discs: 1,
    released: '2023-03-03',
  },
];

export async function startDeezerServer(): Promise<DeezerServer> {
  const requests: string[] = [];
  const once: { path: string; answer: (response: ServerResponse) => unknown }[] = [];
  const arrivals: DeezerServer['arrivals'] = [];
  let left = Infinity;
  let limit = { from: Infinity, seconds: 0, untilMs: Infinity };
  let url = '';
  const server = createServer((request, response) => {
    const target = new URL(request.url ?? '', url);
    requests.push(request.url ?? '');
    const atMs = performance.now();
    if (requests.length > limit.from && limit.untilMs === Infinity)
      limit.untilMs = atMs + limit.seconds * 1_000;
    const limited = requests.length > limit.from && atMs < limit.untilMs;
    arrivals.push({ atMs, limited });
    if (limited) return response.writeHead(429, { 'retry-after': String(limit.seconds) }).end();
    const special = once.findIndex(({ path }) => target.pathname.startsWith(path));
    if (special >= 0) return once.splice(special, 1)[0]?.answer(response);
    if (left-- <= 0) return send(response, error(4, 'QuotaException', 'Quota limit exceeded'));
    if (target.pathname.startsWith('/images/')) return sendPicture(response);
    const body = answer(url, target);
    response.statusCode = body === null ? 404 : 200;
    return send(response, body ?? { error: 'Not Found' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    answerOnce: (path, answer) => void once.push({ path, answer }),
    arrivals,
    limitAfter: (count, seconds) => {
      limit = { from: requests.length + count, seconds, untilMs: Infinity };
    },
    endLimitAfter: (ms) => {
      limit.untilMs = performance.now() + ms;
    },
    allow: (count) => {
      left = count;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}

function sendPicture(response: ServerResponse): void {
  response.setHeader('content-type', 'image/jpeg');
  response.end(Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46]));
}

export const error = (code: number, type: string, message: string) => ({ error: { type, message, code } });
const noData = error(800, 'DataException', 'no data');

function answer(url: string, { pathname, searchParams }: URL): unknown {
  const [, kind = '', key = '', part] = pathname.split('/');
  const id = Number(key);
  const page = (rows: Row[]) => pageOf(rows, { url: `${url}${pathname}`, query: searchParams });
  if (kind === 'search') return searchFor(url, key, searchParams, page);
  const finders: Record<string, () => unknown> = {
    artist: () => NAMES.has(id) && (part ? page(albumsOf(url, id)) : artist(url, id)),
    album: () => {
      const found = ALBUMS.find((each) => each.id === id || key === `upc:${String(album(url, each)['upc'])}`);
      return found && (part ? page(tracksOf(url, found).map(asAlbumRow)) : album(url, found));
    },
    track: () => allTracks(url).find((each) => each.id === id || key === `isrc:${String(each['isrc'])}`),
    playlist: () => {
      const found = PLAYLISTS.get(id);
      return found && (part ? page(entries(url).slice(0, found)) : playlist(url, id));
    },
    podcast: () => id === 3001 && (part ? page(episodes(url).map(asEpisodeRow)) : podcast(url)),
    episode: () => episodes(url).find((each) => each.id === id),
  };
  const find = finders[kind];
  return find ? find() || noData : null;
}

function searchFor(
  url: string,
  kind: string,
  query: URLSearchParams,
  page: (rows: Row[]) => unknown,
): unknown {
  const words = (query.get('q') ?? '').toLowerCase();
  const named = (rows: Row[]) =>
    rows.filter((row) =>
      String(row['title'] ?? row['name'])
        .toLowerCase()
        .includes(words),
    );
  if (words === '') return error(500, 'ParameterException', 'Wrong parameter');
  const kinds: Record<string, () => Row[]> = {
    track: () => named(allTracks(url)).map(asSearchRow),
    album: () => named(ALBUMS.map((each) => album(url, each))).map(asAlbumSearchRow),
    artist: () => named([...NAMES.keys()].map((id) => artist(url, id))),
    playlist: () => named([playlist(url)]).map(asPlaylistSearchRow),
    podcast: () => named([podcast(url)]),
  };
  const rows = kinds[kind];
  return rows ? page(rows()) : null;
}

function pageOf(rows: Row[], { url, query }: { url: string; query: URLSearchParams }): object {
  const index = Number(query.get('index') ?? 0);
  const limit = Math.min(Number(query.get('limit') ?? 25), 100);
  const next = new URLSearchParams(query);
  next.set('index', String(index + limit));
  return {
    data: rows.slice(index, index + limit),
    total: rows.length,
    ...(index + limit < rows.length && { next: `${url}?${next.toString()}` }),
  };
}

const images = (url: string, kind: string, id: number) =>
  Object.fromEntries(
    ['small', 'medium', 'big', 'xl'].map((size) => [`${kind}_${size}`, `${url}/images/${id}/${size}.jpg`]),
  );

function artist(url: string, id: number): Row {
  const link = `https://www.deezer.com/artist/${id}`;
  return { id, name: NAMES.get(id), link, ...images(url, 'picture', id), nb_album: 4, type: 'artist' };
}

const credit = (id: number) => ({ id, name: NAMES.get(id), type: 'artist' });

function album(url: string, { id, title, by, type, tracks, released }: AlbumFacts): Row {
  return {
    id,
    title,
    upc: `0000000${id}00`,
    link: `https://www.deezer.com/album/${id}`,
    ...images(url, 'cover', id),
    genres: { data: [{ id: 1, name: 'Harbor Pop' }] },
    label: 'Breakwater',
    nb_tracks: tracks,
    release_date: released,
    record_type: type,
    explicit_lyrics: false,
    contributors: [{ ...credit(by), role: 'Main' }],
    artist: credit(by),
    type: 'album',
  };
}

const without = (row: Row, ...names: string[]): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name))) as Row;

const asAlbumSearchRow = (row: Row) => without(row, 'upc', 'genres', 'label', 'contributors', 'release_date');

function albumsOf(url: string, artistId: number): Row[] {
  const own = ALBUMS.filter((each) => each.by === artistId || each.type === 'compile');
  return own
    .map((each) => without(asAlbumSearchRow(album(url, each)), 'nb_tracks', 'artist'))
    .map((row) => ({
      ...row,
      release_date: ALBUMS.find((each) => each.id === row.id)?.released,
    }));
}

function tracksOf(url: string, facts: AlbumFacts): Row[] {
  const perDisc = facts.tracks / facts.discs;
  return Array.from({ length: facts.tracks }, (_, n) => {
    const id = facts.id * 1000 + n + 1;
    return {
      id,
      readable: id !== 7001003,
      title: `${facts.title}, ${n + 1}`,
      isrc: `XXKEL${String(id).padStart(7, '0')}`,
      link: `https://www.deezer.com/track/${id}`,
      duration: 180 + (n % 60),
      track_position: (n % perDisc) + 1,
      disk_number: Math.floor(n / perDisc) + 1,
      release_date: facts.released,
      explicit_lyrics: n === 1,
      preview: '',
      contributors: [credit(facts.by), credit(GUEST_ID)],
      artist: credit(facts.by),
      album: {
        ...{ id: facts.id, title: facts.title, link: `https://www.deezer.com/album/${facts.id}` },
        ...images(url, 'cover', facts.id),
        release_date: facts.released,
      },
      type: 'track',
    };
  });
}

const allTracks = (url: string): Row[] => ALBUMS.flatMap((each) => tracksOf(url, each));
const asSearchRow = (row: Row) =>
  without(row, 'isrc', 'track_position', 'disk_number', 'contributors', 'release_date');

/** Those of the large album as older answers have them. */
function asAlbumRow(row: Row): Row {
  const short = without(row, 'contributors', 'album', 'release_date');
  return row.id >= 7005001 ? without(short, 'isrc') : short;
}

/** How many entries each has. */
const PLAYLISTS = new Map([
  [9001, 130],
  [9002, 2],
]);

function playlist(url: string, id = 9001): Row {
  return {
    id,
    title: 'Low Tide Mix',
    description: '',
    nb_tracks: PLAYLISTS.get(id),
    link: `https://www.deezer.com/playlist/${id}`,
    ...images(url, 'picture', id),
    checksum: '5d41402abc4b2a76b9719d911017c592',
    creator: { id: 41, name: 'Somebody', type: 'user' },
    type: 'playlist',
  };
}

function asPlaylistSearchRow({ creator, ...row }: Row): Row {
  return { ...without(row, 'description'), user: creator };
}

function entries(url: string): Row[] {
  const rows = allTracks(url)
    .slice(0, 130)
    .map((row, n) => ({ ...asSearchRow(row), time_add: n === 0 ? 0 : 1_700_000_000 + n }));
  return rows.map((row, n) => (n === 2 ? { ...row, id: -2_712, isrc: null } : row));
}

function podcast(url: string): Row {
  return {
    id: 3001,
    title: 'Notes from the Dry Dock',
    description: 'A show about ships that wait.',
    available: true,
    link: 'https://www.deezer.com/show/3001',
    ...images(url, 'picture', 3001),
    type: 'podcast',
  };
}

function episodes(url: string): Row[] {
  return Array.from({ length: 12 }, (_, n) => ({
    id: 3001001 + n,
    title: `Week ${12 - n}`,
    description: 'Rust.',
    release_date: `2024-${String(12 - n).padStart(2, '0')}-01 09:00:00`,
    duration: 1_800 + n,
    link: `https://www.deezer.com/episode/${3001001 + n}`,
    ...images(url, 'picture', 3001),
    podcast: podcast(url),
    type: 'episode',
  }));
}

const asEpisodeRow = (row: Row) => without(row, 'podcast', 'description', 'link');
