import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { SubsonicServer as Configured } from '../../src/env-subsonic.js';
import { bareFfmpeg, createWorkspace } from './audio.js';

type Answer = (response: ServerResponse, request: SubsonicRequest) => unknown;

export interface SubsonicRequest {
  method: string;
  parameters: URLSearchParams;
  isForm: boolean;
  range: string | null;
}

/** A server with the API of OpenSubsonic, and music that is invented. Each song is the same five seconds of FLAC. */
export interface SubsonicStandIn {
  url: string;
  requests: SubsonicRequest[];
  audio: Buffer;
  /** Answers the next requests of this method in place of the usual answer, each once; after that, as before. */
  answerOnce(method: string, ...answers: Answer[]): void;
  /** The same for all that follow; null for the usual answer. */
  answerAlways(method: string, answer: Answer | null): void;
  stop(): Promise<void>;
}

export interface StandInOptions {
  extensions?: readonly string[];
  takesTokens?: boolean;
  /** Searches in titles alone, as some do. */
  searchesTitles?: boolean;
}

export const SUBSONIC_USER = { username: 'tester', password: 'pass & wörd' };
export const SUBSONIC_KEY = 'key-of-the-tester';

type Row = Record<string, unknown> & { id: string };
type Song = Row & { title: string };

const ARTIST = { artistId: 'ar-1', artist: 'Kelp & Lantern' };
const ISRC = 'XXKEL7001';

const song = (id: string, title: string, own: object = {}): Song => ({
  id,
  title,
  ...ARTIST,
  isDir: false,
  album: 'Slow Weather',
  albumId: 'al-1',
  duration: 5,
  bitRate: 700,
  suffix: 'flac',
  contentType: 'audio/flac',
  coverArt: 'al-1',
  year: 2021,
  genre: 'Harbor Pop',
  ...own,
});

const SONGS = [
  ...[1, 2, 3, 4].map((n) =>
    song(`tr-${n}`, `Slow Weather, ${n}`, {
      track: n > 2 ? n - 2 : n,
      discNumber: n > 2 ? 2 : 1,
      isrc: [`${ISRC}00${n}`],
    }),
  ),
  song('tr-5', 'Buoy', { album: 'Buoy', albumId: 'al-2', track: 1, year: 2022 }),
  song('tr-6', 'Buoy (Live)', { album: 'Buoy', albumId: 'al-2', track: 2, year: 2022, bitRate: 1_000 }),
  song('tr-7', 'Anchor [Radio Edit]', { album: 'Buoy', albumId: 'al-2', track: 3, isrc: `${ISRC}007` }),
  ...Array.from({ length: 12 }, (_, n) =>
    song(`/music/tide ${n}.flac`, `Tide ${n}`, { album: 'Tides', albumId: 'al-3', track: n + 1, year: null }),
  ),
];

const ALBUMS: Row[] = [
  {
    id: 'al-1',
    name: 'Slow Weather',
    ...ARTIST,
    year: 2021,
    releaseDate: { year: 2021, month: 5, day: 14 },
    recordLabels: [{ name: 'Breakwater' }],
    genres: [{ name: 'Harbor Pop' }],
    coverArt: 'al-1',
  },
  { id: 'al-2', name: 'Buoy', ...ARTIST, year: 2022, releaseTypes: ['EP'], coverArt: 'al-1' },
  { id: 'al-3', name: 'Tides', artist: 'Various Harbors', artistId: 'ar-2', isCompilation: true },
];

const PLAYLIST = { id: 'pl-1', name: 'High Tide', owner: 'tester', changed: '2024-01-01T00:00:00Z' };

export async function startSubsonicServer(options: StandInOptions = {}): Promise<SubsonicStandIn> {
  const audio = await makeFlac();
  const requests: SubsonicRequest[] = [];
  const once = new Map<string, Answer[]>();
  const always = new Map<string, Answer>();
  const server = createServer((incoming, response) => {
    void readRequest(incoming).then((request) => {
      requests.push(request);
      const special = once.get(request.method)?.shift() ?? always.get(request.method);
      if (special) return special(response, request);
      return answer(response, { request, options, audio });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    audio,
    answerOnce: (method, ...answers) => void once.set(method, [...(once.get(method) ?? []), ...answers]),
    answerAlways: (method, each) => void (each ? always.set(method, each) : always.delete(method)),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** As the environment names it; by default, with user and password. */
export function configured(
  { url }: { url: string },
  { login = { kind: 'password', ...SUBSONIC_USER }, suffix = '' }: Partial<Configured> = {},
): Configured {
  return { name: `subsonic${suffix.slice(1)}`, url, suffix, login };
}

let flac: Promise<Buffer> | undefined;

/** Five seconds of noise. */
export function makeFlac(): Promise<Buffer> {
  flac ??= (async () => {
    const workspace = await createWorkspace();
    const path = workspace.file('noise.flac');
    await bareFfmpeg('-f', 'lavfi', '-i', 'anoisesrc=duration=5:seed=7:amplitude=0.3', '-ar', '44100', path);
    const bytes = await readFile(path);
    await workspace.remove();
    return bytes;
  })();
  return flac;
}

async function readRequest(incoming: IncomingMessage): Promise<SubsonicRequest> {
  const url = new URL(incoming.url ?? '', 'http://stand-in');
  const isForm = incoming.method === 'POST';
  return {
    method: /^\/rest\/(\w+)\.view$/.exec(url.pathname)?.[1] ?? url.pathname,
    parameters: isForm ? new URLSearchParams(await text(incoming)) : url.searchParams,
    isForm,
    range: incoming.headers.range ?? null,
  };
}

export const answerJson = (body: object) => (response: ServerResponse) =>
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ 'subsonic-response': { status: 'ok', version: '1.16.1', ...body } }));

export const answerError = (code: number, message = 'as the stand-in says') =>
  answerJson({ status: 'failed', error: { code, message } });

export const answerStatus =
  (status: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(status, headers).end('an error page');

/** Cuts the connection after this share of the bytes that the request is for. */
export const answerCut =
  (audio: Buffer, share = 0.6) =>
  (response: ServerResponse, { range }: SubsonicRequest) => {
    const start = startOf(range);
    response.writeHead(start > 0 ? 206 : 200, audioHeaders(audio, start));
    const bytes = audio.subarray(start);
    response.write(bytes.subarray(0, Math.floor(bytes.length * share)), () => response.destroy());
  };

/** Begins, and then sends nothing more. */
export const answerStall = (audio: Buffer) => (response: ServerResponse) =>
  response.writeHead(200, audioHeaders(audio, 0)).write(audio.subarray(0, 16_384));

interface Serving {
  request: SubsonicRequest;
  options: StandInOptions;
  audio: Buffer;
}

function answer(response: ServerResponse, { request, options, audio }: Serving): unknown {
  const { method, parameters } = request;
  if (method === 'getOpenSubsonicExtensions') {
    if (!options.extensions) return answerStatus(404)(response);
    const openSubsonicExtensions = options.extensions.map((name) => ({ name, versions: [1] }));
    return answerJson({ openSubsonic: true, openSubsonicExtensions })(response);
  }
  const refused = refuseLogin(parameters, options);
  if (refused !== null) return answerError(refused)(response);
  const id = parameters.get('id') ?? '';
  if (method === 'download') return sendAudio(response, { request, audio });
  if (method === 'getCoverArt') return response.writeHead(200, { 'content-type': 'image/jpeg' }).end(COVER);
  const found = read(method, { id, parameters, options, sizeBytes: audio.length });
  return (found ? answerJson(found) : answerError(70))(response);
}

function refuseLogin(parameters: URLSearchParams, { extensions = [], takesTokens = true }: StandInOptions) {
  const [u, p, t, s, apiKey] = ['u', 'p', 't', 's', 'apiKey'].map((name) => parameters.get(name));
  if (apiKey != null) {
    if (u != null || p != null || t != null) return 43;
    if (!extensions.includes('apiKeyAuthentication')) return 42;
    return apiKey === SUBSONIC_KEY ? null : 44;
  }
  const { username, password } = SUBSONIC_USER;
  if (t != null && !takesTokens) return 41;
  const isRight =
    t == null
      ? p === `enc:${Buffer.from(password).toString('hex')}`
      : t === createHash('md5').update(`${password}${s}`).digest('hex');
  return u === username && isRight ? null : 40;
}

interface Reading {
  id: string;
  parameters: URLSearchParams;
  options: StandInOptions;
  sizeBytes: number;
}

function read(method: string, { id, parameters, options, sizeBytes: size }: Reading): object | null {
  const songs: Song[] = SONGS.map((each) => ({ ...each, size }));
  const inAlbum = (album: Row) => songs.filter(({ albumId }) => albumId === album.id);
  const withCount = (album: Row) => ({ ...album, songCount: inAlbum(album).length });
  const wrap = (name: string, value: object | undefined) => (value ? { [name]: value } : null);
  const tides = songs.filter(({ albumId }) => albumId === 'al-3');
  switch (method) {
    case 'getSong':
      return wrap(
        'song',
        songs.find((each) => each.id === id),
      );
    case 'getAlbum': {
      const album = ALBUMS.find((each) => each.id === id);
      return wrap('album', album && { ...withCount(album), song: inAlbum(album) });
    }
    case 'getArtist':
      return wrap(
        'artist',
        id === 'ar-1' ? { id, name: ARTIST.artist, album: ALBUMS.map(withCount) } : undefined,
      );
    case 'getPlaylists':
      return { playlists: { playlist: [{ ...PLAYLIST, songCount: tides.length }] } };
    case 'getPlaylist':
      return wrap('playlist', id === PLAYLIST.id ? { ...PLAYLIST, entry: tides } : undefined);
    case 'search3':
      return { searchResult3: search(parameters, { songs, titlesOnly: options.searchesTitles ?? false }) };
    default:
      return null;
  }
}

function search(
  parameters: URLSearchParams,
  { songs, titlesOnly }: { songs: Song[]; titlesOnly: boolean },
): object {
  const words = (parameters.get('query') ?? '').toLowerCase().split(/\s+/);
  const hit = (...texts: unknown[]) => words.every((word) => texts.join(' ').toLowerCase().includes(word));
  const page = <T>(kind: string, rows: T[]) => {
    const [offset, count] = ['Offset', 'Count'].map((name) => Number(parameters.get(`${kind}${name}`)));
    return rows.slice(offset, (offset ?? 0) + (count ?? 0));
  };
  const found = songs.filter((each) => (titlesOnly ? hit(each.title) : hit(each.title, each['artist'])));
  return {
    artist: page('artist', hit(ARTIST.artist) ? [{ id: 'ar-1', name: ARTIST.artist }] : []),
    album: page(
      'album',
      ALBUMS.filter((each) => hit(each['name'], each['artist'])),
    ),
    song: page('song', found),
  };
}

/** One white pixel. */
export const COVER = Buffer.from(
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z',
  'base64',
);

const startOf = (range: string | null): number => Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);

const audioHeaders = (audio: Buffer, start: number) => ({
  'content-type': 'audio/flac',
  'content-length': String(audio.length - start),
  ...(start > 0 && { 'content-range': `bytes ${start}-${audio.length - 1}/${audio.length}` }),
});

function sendAudio(response: ServerResponse, { request, audio }: Pick<Serving, 'request' | 'audio'>): void {
  if (!SONGS.some(({ id }) => id === request.parameters.get('id'))) return void answerError(70)(response);
  const start = startOf(request.range);
  response.writeHead(start > 0 ? 206 : 200, audioHeaders(audio, start)).end(audio.subarray(start));
}
