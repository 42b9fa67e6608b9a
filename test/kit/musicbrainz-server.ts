import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A server with the shapes and habits of MusicBrainz and of the Cover Art Archive, and music that is invented: an
 * unknown id is 404, a code in another form 400, and a list of codes has recordings that are not what is looked for.
 */
export interface MusicBrainzServer {
  url: string;
  /** Paths with their queries, in order. */
  requests: string[];
  userAgents: string[];
  /** Answers the next requests whose path begins so in place of the usual answer, each once. */
  answerOnce(path: string, answer: (response: ServerResponse) => unknown): void;
  stop(): Promise<void>;
}

const mbid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export const MB = {
  isrc: 'XXKEL2100001',
  /** Of the same release. */
  otherIsrc: 'XXKEL2100002',
  /** Of a recording that is on no release. */
  looseIsrc: 'XXKEL2100009',
  upc: '0724384260958',
  recording: mbid(1),
  video: mbid(2),
  otherRecording: mbid(3),
  looseRecording: mbid(4),
  release: mbid(10),
  reissue: mbid(11),
  bootleg: mbid(12),
  group: mbid(20),
  artist: mbid(30),
  guest: mbid(31),
  releaseTrack: mbid(40),
  missing: mbid(99),
};

const credits = (...artists: [string, string][]) =>
  artists.map(([id, name]) => ({ name, joinphrase: '', artist: { id, name, 'sort-name': name } }));

const group = { id: MB.group, title: 'Slow Weather', 'primary-type': 'Album' };
const releases = [
  {
    id: MB.bootleg,
    title: 'Slow Weather',
    status: 'Bootleg',
    date: '2001',
    barcode: null,
    'release-group': group,
  },
  {
    id: MB.reissue,
    title: 'Slow Weather',
    status: 'Official',
    date: '2024-02',
    barcode: '',
    'release-group': group,
  },
  {
    ...{ id: MB.release, title: 'Slow Weather (Deluxe)', status: 'Official', date: '2021-05-14' },
    ...{ barcode: MB.upc, country: 'XW', 'release-group': group },
  },
];

const recordings = [
  {
    id: MB.video,
    title: 'Slack Water',
    length: 180_000,
    video: true,
    'artist-credit': credits([MB.artist, 'Kelp & Lantern']),
    releases: [],
  },
  {
    id: MB.recording,
    title: 'Slack Water',
    length: 181_000,
    video: false,
    'first-release-date': '2021-05-14',
    'artist-credit': credits([MB.artist, 'Kelp & Lantern'], [MB.guest, 'Ada Fjordgren']),
    genres: [
      { id: mbid(50), name: 'ambient', count: 1, disambiguation: '' },
      { id: mbid(51), name: 'harbor pop', count: 7, disambiguation: '' },
    ],
    releases,
  },
];

const byIsrc = new Map<string, object[]>([
  [MB.isrc, recordings],
  [MB.otherIsrc, [{ ...recordings[1], id: MB.otherRecording, title: 'Neap' }]],
  [MB.looseIsrc, [{ id: MB.looseRecording, title: 'Loose', length: null, releases: [] }]],
]);

const release = {
  ...releases[2],
  'artist-credit': credits([MB.artist, 'Kelp & Lantern']),
  'label-info': [{ 'catalog-number': 'BW 7', label: { id: mbid(60), name: 'Breakwater' } }],
  genres: [],
  media: [
    {
      position: 1,
      tracks: [
        { id: MB.releaseTrack, number: '1', position: 1, recording: { id: MB.recording } },
        { id: mbid(41), number: '2', position: 2, recording: { id: MB.otherRecording } },
      ],
    },
  ],
};

export async function startMusicBrainzServer(): Promise<MusicBrainzServer> {
  const requests: string[] = [];
  const userAgents: string[] = [];
  const once: { path: string; answer: (response: ServerResponse) => unknown }[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://stand-in');
    requests.push(request.url ?? '');
    userAgents.push(request.headers['user-agent'] ?? '');
    const special = once.findIndex(({ path }) => pathname.startsWith(path));
    if (special >= 0) return once.splice(special, 1)[0]?.answer(response);
    return pathname.startsWith('/ws/2/') ? answerApi(request, response) : answerCover(pathname, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    userAgents,
    answerOnce: (path, answer) => void once.push({ path, answer }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerApi({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(url, 'http://stand-in');
  const [, , , kind = '', id = ''] = pathname.split('/');
  const found =
    kind === 'isrc'
      ? byIsrc.has(id) && { isrc: id, recordings: byIsrc.get(id) }
      : kind === 'recording'
        ? findRecording(id)
        : id === MB.release && release;
  response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(found || { error: 'Not Found', help: 'For usage, please see: …' }));
}

function findRecording(id: string) {
  if (id === MB.recording) return { id, title: 'Slack Water', isrcs: [MB.isrc, 'XXKEL2100077'] };
  return id === MB.looseRecording && { id, title: 'Loose', isrcs: [] };
}

export const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46]);

/** The archive's own address only redirects. */
function answerCover(pathname: string, response: ServerResponse): void {
  if (pathname === `/release/${MB.release}/front-500`) {
    response.writeHead(307, { location: `/download/mbid-${MB.release}/front_thumb500.jpg` }).end();
  } else if (pathname.startsWith('/download/')) {
    response.writeHead(200, { 'content-type': 'image/jpeg' }).end(JPEG);
  } else response.writeHead(404).end('<html>');
}
