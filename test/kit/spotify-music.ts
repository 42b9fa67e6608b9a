/** 22 characters, as Spotify's ids have. */
const idOf = (kind: string, n: number) => `${kind}${String(n).padStart(22 - kind.length, '0')}`;

const ARTIST = idOf('Artist', 1);
const GUEST = idOf('Artist', 2);
const VARIOUS = idOf('Artist', 3);
const SHOW = idOf('Show', 1);

export const SPOTIFY_IDS = {
  artist: `spotify:${ARTIST}`,
  /** Two discs with three tracks each. */
  album: `spotify:${idOf('Album', 1)}`,
  /** 500 tracks. */
  boxSet: `spotify:${idOf('Album', 5)}`,
  track: `spotify:${idOf('Track', 1001)}`,
  /** Not played in DE. */
  unplayableTrack: `spotify:${idOf('Track', 1003)}`,
  /** 130 entries: the third is a local file, the fourth an episode, the fifth is null. */
  playlist: `spotify:${idOf('Playlist', 1)}`,
  /** Of the user who connects: nobody else sees it. */
  privatePlaylist: `spotify:${idOf('Playlist', 2)}`,
  /** Of somebody else, who shares it with nobody. */
  foreignPlaylist: `spotify:${idOf('Playlist', 3)}`,
  show: `spotify:${SHOW}`,
  episode: `spotify:${idOf('Episode', 1)}`,
  missing: `spotify:${idOf('None', 9)}`,
};

const NAMES = new Map([
  [ARTIST, 'Kelp & Lantern'],
  [GUEST, 'Ada Fjordgren'],
  [VARIOUS, 'Various Harbors'],
]);

type Row = Record<string, unknown> & { id: string };

interface AlbumFacts {
  n: number;
  title: string;
  by: string;
  type: string;
  group: string;
  tracks: number;
  discs: number;
  released: string;
}

const album = (n: number, title: string, facts: Partial<AlbumFacts> = {}): AlbumFacts => ({
  ...{ n, title, by: ARTIST, type: 'album', group: 'album', tracks: 6, discs: 1, released: '2021-05-14' },
  ...facts,
});

export const ALBUMS: readonly AlbumFacts[] = [
  album(1, 'Slow Weather', { discs: 2 }),
  album(2, 'Buoy', { type: 'single', group: 'single', tracks: 1, released: '2022-01' }),
  album(3, 'Three Moorings', { type: 'single', group: 'single', tracks: 3, released: '0000' }),
  album(4, 'Songs of the Pier', { type: 'compilation', group: 'compilation', tracks: 4, released: '2019' }),
  album(5, 'Every Tide', { tracks: 500, released: '2023-03-03' }),
  album(6, 'Ten Harbors', { by: VARIOUS, group: 'appears_on', tracks: 2 }),
  ...Array.from({ length: 24 }, (_, index) => album(10 + index, `Night Watch ${index + 1}`, { tracks: 1 })),
];

interface Asked {
  who: 'app' | 'user';
  kind: 'old' | 'new';
}

interface Answer {
  status: number;
  body: unknown;
}

const ok = (body: unknown): Answer => ({ status: 200, body });
const fail = (status: number, message: string): Answer => ({ status, body: { error: { status, message } } });
const notFound = fail(404, 'Resource not found');

export function answerMusic(url: URL, asked: Asked): Answer {
  const [, , kind = '', key = '', part] = url.pathname.split('/');
  const page = (rows: unknown[], max = 50) => pageOf(url, rows, max);
  const small = asked.kind === 'new' ? 10 : 50;
  const base = url.origin;
  const finders: Record<string, () => Answer> = {
    search: () => search(url, asked),
    artists: () => {
      if (!NAMES.has(key)) return notFound;
      return part ? page(albumsOf(base, key, { url, asked }), small) : ok(artist(base, key));
    },
    albums: () => {
      const found = ALBUMS.find(({ n }) => idOf('Album', n) === key);
      if (!found) return notFound;
      return part ? page(albumTracks(base, found).map(asAlbumTrack)) : ok(wholeAlbum(base, found));
    },
    tracks: () => {
      const found = allTracks(base).find(({ id }) => id === key);
      return found ? ok(forMarket(found, url)) : notFound;
    },
    playlists: () => answerPlaylist(url, { key, part }, asked),
    me: () => {
      if (asked.who === 'app') return fail(401, 'Invalid access token');
      return key ? page([playlist(base, 1, asked), playlist(base, 2, asked)]) : ok(USER);
    },
    shows: () => {
      if (key !== SHOW || !url.searchParams.has('market')) return notFound;
      return part ? page(episodes(base).map(({ show: _show, ...row }) => row)) : ok(show(base));
    },
    episodes: () => {
      const found = episodes(base).find(({ id }) => id === key);
      return found && url.searchParams.has('market') ? ok(found) : notFound;
    },
  };
  return finders[kind]?.() ?? notFound;
}

function pageOf(url: URL, rows: unknown[], max: number): Answer {
  const read = (name: string, otherwise: number) => Number(url.searchParams.get(name) ?? otherwise);
  const [offset, limit] = [read('offset', 0), read('limit', Math.min(20, max))];
  if (limit < 1 || limit > max) return fail(400, 'Invalid limit');
  const next = new URL(url);
  next.searchParams.set('offset', String(offset + limit));
  return ok({
    ...{ href: url.href, limit, offset, total: rows.length, previous: null },
    next: offset + limit < rows.length ? next.href : null,
    items: rows.slice(offset, offset + limit),
  });
}

const links = (kind: string, id: string) => ({ spotify: `https://open.spotify.com/${kind}/${id}` });
const images = (base: string, id: string) =>
  [64, 640, 300].map((px) => ({ url: `${base}/images/${id}/${px}.jpg`, height: px, width: px }));

const credit = (id: string) => ({
  id,
  name: NAMES.get(id),
  type: 'artist',
  external_urls: links('artist', id),
});

function artist(base: string, id: string): Row {
  return {
    ...credit(id),
    genres: ['harbor pop'],
    images: images(base, id),
    followers: { total: 7 },
    popularity: 3,
  };
}

export function albumRow(base: string, { n, title, by, type, tracks, released }: AlbumFacts): Row {
  const id = idOf('Album', n);
  return {
    ...{ id, name: title, type: 'album', album_type: type, total_tracks: tracks },
    ...{ artists: [credit(by)], release_date: released, release_date_precision: 'day' },
    ...{ images: images(base, id), external_urls: links('album', id) },
  };
}

/** As one who delivers may send it, with zeros before it. */
const upcOf = ({ n }: AlbumFacts): string => `0060${String(n).padStart(10, '0')}`;

function wholeAlbum(base: string, facts: AlbumFacts): Row {
  return {
    ...albumRow(base, facts),
    genres: [],
    label: 'Breakwater',
    copyrights: [
      { text: '2021 Breakwater Sound', type: 'P' },
      { text: '2021 Breakwater', type: 'C' },
    ],
    external_ids: { upc: upcOf(facts) },
    tracks: { items: [], total: facts.tracks },
  };
}

function albumsOf(base: string, artistId: string, { url, asked }: { url: URL; asked: Asked }): unknown[] {
  const groups = (url.searchParams.get('include_groups') ?? 'album').split(',');
  const own = ALBUMS.filter(({ by, group }) => by === artistId || group === 'appears_on');
  return own
    .filter(({ group }) => groups.includes(group))
    .map((facts) => ({
      ...albumRow(base, facts),
      ...(asked.kind === 'old' && { album_group: facts.group }),
    }));
}

export function albumTracks(base: string, facts: AlbumFacts): Row[] {
  const perDisc = facts.tracks / facts.discs;
  return Array.from({ length: facts.tracks }, (_, index) => {
    const id = idOf('Track', facts.n * 1_000 + index + 1);
    return {
      ...{ id, name: `${facts.title}, ${index + 1}`, type: 'track', is_local: false },
      artists: [credit(facts.by), credit(GUEST)],
      album: albumRow(base, facts),
      duration_ms: 180_000 + index * 1_000,
      explicit: index === 1,
      available_markets: id.endsWith('1003') ? ['FR'] : ['DE', 'FR'],
      track_number: (index % perDisc) + 1,
      disc_number: Math.floor(index / perDisc) + 1,
      external_ids: { isrc: `XXKEL${id.slice(-7)}` },
      external_urls: links('track', id),
      popularity: 1,
    };
  });
}

const allTracks = (base: string): Row[] => ALBUMS.flatMap((facts) => albumTracks(base, facts));
const asAlbumTrack = ({ album: _album, external_ids: _ids, popularity: _popularity, ...row }: Row) => row;

/** With a market, Spotify says whether it is played there in place of where it is played. */
function forMarket({ available_markets: markets, ...row }: Row, { searchParams }: URL): Row {
  const market = searchParams.get('market');
  if (market === null) return { ...row, available_markets: markets };
  return { ...row, is_playable: (markets as string[]).includes(market) };
}

const USER = { id: 'listener.1', display_name: 'Somebody', type: 'user' };
const OTHER = { id: 'listener.2', display_name: 'Somebody Else', type: 'user' };

const TITLES = ['Low Tide Mix', 'Before Breakfast', 'Not for You'];

function playlist(base: string, n: number, { kind }: Asked): Row {
  const id = idOf('Playlist', n);
  const contents = { href: `${base}/v1/playlists/${id}/items`, total: n === 1 ? 130 : 2 };
  return {
    ...{ id, name: TITLES[n - 1], type: 'playlist', public: n === 1, snapshot_id: `snapshot-${n}` },
    description: n === 1 ? 'Kelp &amp; <a href="https://example.org">more</a> &#x27;of it&#39;' : '',
    owner: n === 3 ? OTHER : USER,
    images: [{ url: `${base}/images/${id}.jpg`, height: null, width: null }],
    external_urls: links('playlist', id),
    ...(kind === 'old' ? { tracks: contents } : { items: contents }),
  };
}

function answerPlaylist(
  url: URL,
  { key, part }: { key: string; part: string | undefined },
  asked: Asked,
): Answer {
  const n = [1, 2, 3].find((each) => idOf('Playlist', each) === key);
  if (n === undefined || (n === 2 && asked.who === 'app')) return notFound;
  if (part !== undefined && part !== 'items') return fail(403, 'Forbidden');
  const isShown = n === 1 ? asked.kind === 'old' || asked.who === 'user' : n === 2;
  if (!part) return ok(playlist(url.origin, n, asked));
  return isShown ? pageOf(url, entries(url, n, asked), 50) : fail(403, 'Forbidden');
}

function entries(url: URL, n: number, { kind }: Asked): unknown[] {
  const rows = allTracks(url.origin).slice(0, n === 1 ? 130 : 2);
  return rows.map((row, index) => {
    const added_at = new Date(1_700_000_000_000 + index * 1_000).toISOString().replace('.000', '');
    const content = n === 1 ? contentAt(url, index, row) : forMarket(row, url);
    const named = kind === 'old' ? { track: content, item: content } : { item: content };
    return index === 4 && n === 1 ? null : { added_at, is_local: index === 2 && n === 1, ...named };
  });
}

function contentAt(url: URL, index: number, row: Row): unknown {
  if (index === 2)
    return { ...row, id: null, name: 'From a tape', is_local: true, uri: 'spotify:local:::x:9' };
  if (index === 3) return { ...episodes(url.origin)[0], track: false, episode: true };
  if (index === 5) return null;
  return forMarket({ ...row, track: true, episode: false }, url);
}

function show(base: string): Row {
  return {
    ...{ id: SHOW, name: 'Notes from the Dry Dock', publisher: 'Dock Radio ', explicit: false },
    ...{ description: 'A show about ships that wait.', languages: ['en-GB'], total_episodes: 12 },
    ...{ images: images(base, SHOW), external_urls: links('show', SHOW), type: 'show' },
  };
}

function episodes(base: string): Row[] {
  return Array.from({ length: 12 }, (_, index) => {
    const id = idOf('Episode', index + 1);
    return {
      ...{ id, name: `Week ${12 - index}`, description: 'Rust.', type: 'episode', explicit: false },
      ...{ release_date: `2024-${String(12 - index).padStart(2, '0')}-01`, duration_ms: 1_800_000 + index },
      ...{ images: images(base, id), external_urls: links('episode', id), show: show(base) },
    };
  });
}

function search(url: URL, asked: Asked): Answer {
  const words = (url.searchParams.get('q') ?? '').toLowerCase();
  const type = url.searchParams.get('type') ?? '';
  const base = url.origin;
  if (words === '') return fail(400, 'No search query');
  const [, isrc] = /^isrc:(.*)/.exec(words) ?? [];
  const [, upc] = /^upc:(.*)/.exec(words) ?? [];
  const kinds: Record<string, () => Row[]> = {
    track: () => allTracks(base).map((row) => forMarket(row, url)),
    album: () =>
      ALBUMS.filter((facts) => upc === undefined || upcOf(facts) === upc).map((facts) =>
        albumRow(base, facts),
      ),
    artist: () => [...NAMES.keys()].map((id) => artist(base, id)),
    playlist: () => [playlist(base, 1, asked)],
    show: () => [show(base)],
    episode: () => episodes(base).map(({ show: _show, ...row }) => row as Row),
  };
  const isFound = ({ name, external_ids: ids }: Row) => {
    if (isrc !== undefined)
      return JSON.stringify(ids ?? null)
        .toLowerCase()
        .includes(`"${isrc}"`);
    return upc !== undefined || String(name).toLowerCase().includes(words);
  };
  const rows = (kinds[type]?.() ?? []).filter(isFound);
  const page = pageOf(url, rows, asked.kind === 'new' ? 10 : 50);
  return page.status === 200 ? ok({ [`${type}s`]: page.body }) : page;
}
