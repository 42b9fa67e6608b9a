import { artistKey, normalizeText, searchKey } from '../catalog/normalize.js';
import type { LibraryAlbum } from '../database/prisma.js';
import { getOrAdd } from '../lib/get-or-add.js';
import { splitFolder } from './album-folders.js';
import { artistIdOf, idOf, qualityOf, toSearchText, type LibraryFile } from './library-file.js';
import { VARIOUS_ARTISTS, withoutDisc } from './path-tags.js';

export interface GroupedAlbum {
  album: LibraryAlbum;
  files: readonly LibraryFile[];
  /** From each file that is not served to the better one that is. */
  copies: ReadonlyMap<string, string>;
}

/**
 * One album for each release as a person sees it, from all files that may belong together: those of one folder and
 * title; then, over folders, those of one MusicBrainz release or UPC, or of one artist, title and year.
 */
export function groupAlbums(
  files: readonly LibraryFile[],
  { isOwnOutput }: { isOwnOutput: (path: string) => boolean },
): GroupedAlbum[] {
  const releases = mergeFolders(foldersOf(files).flatMap(splitFolder).map(toRelease));
  const ids = nameReleases(releases);
  return releases.map((release) => {
    const copies = findCopies(release.files, isOwnOutput);
    return { album: toAlbum(ids.get(release) ?? '', release, copies), files: release.files, copies };
  });
}

function foldersOf(files: readonly LibraryFile[]): LibraryFile[][] {
  const folders = new Map<string, LibraryFile[]>();
  for (const file of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    getOrAdd(folders, `${file.folder}\0${file.albumKey}`, () => []).push(file);
  }
  return [...folders.values()];
}

interface Release {
  files: LibraryFile[];
  folder: string;
  albumKey: string;
  /** Empty when the files name none; VARIOUS_ARTISTS when they name several. */
  artist: string;
  /** False for artists that differ where no tag says that they are various. */
  isCredited: boolean;
  releaseIds: Set<string>;
  upcs: Set<string>;
  years: Set<string>;
}

function toRelease(files: LibraryFile[]): Release {
  const [first] = files;
  const artist = artistOf(files);
  return {
    files,
    folder: first?.folder ?? '',
    albumKey: first?.albumKey ?? '',
    artist,
    isCredited:
      artist !== '' && (artist !== VARIOUS_ARTISTS || files.some(({ albumArtistTag }) => albumArtistTag)),
    releaseIds: new Set(files.flatMap(({ releaseId }) => releaseId ?? [])),
    upcs: new Set(files.flatMap(({ upc }) => upc ?? [])),
    years: new Set(files.flatMap(({ releaseDate }) => releaseDate?.slice(0, 4) ?? [])),
  };
}

/** The album artist that most files name, else the first artist of all. */
function artistOf(files: readonly LibraryFile[]): string {
  const tagged = commonName(files.map(({ albumArtistTag }) => albumArtistTag));
  if (tagged !== '') return tagged;
  const firsts = files.map(({ artists }) => artists[0] ?? '');
  return new Set(firsts.map(artistKey)).size === 1 ? (firsts[0] ?? '') : VARIOUS_ARTISTS;
}

/** Empty without a name, VARIOUS_ARTISTS when no name is that of more than half. */
function commonName(names: readonly string[]): string {
  const given = names.filter(Boolean);
  const byKey = new Map<string, string[]>();
  for (const name of given) getOrAdd(byKey, artistKey(name), () => []).push(name);
  const [most = []] = [...byKey.values()].sort((a, b) => b.length - a.length);
  if (byKey.size <= 1 || most.length * 2 > names.length) return most[0] ?? '';
  return VARIOUS_ARTISTS;
}

/** Those that say most about themselves first, so that one that says little meets them all. */
function mergeFolders(parts: readonly Release[]): Release[] {
  const told = (part: Release) =>
    (part.releaseIds.size ? 4 : 0) + (part.upcs.size ? 2 : 0) + (part.years.size ? 1 : 0);
  const releases: Release[] = [];
  for (const part of parts.toSorted((a, b) => told(b) - told(a))) {
    const at = releases.findIndex((release) => isSameRelease(release, part));
    const found = releases[at];
    if (found) releases[at] = toRelease([...found.files, ...part.files]);
    else releases.push(part);
  }
  return releases;
}

function isSameRelease(a: Release, b: Release): boolean {
  if (share(a.releaseIds, b.releaseIds)) return true;
  if (a.releaseIds.size > 0 && b.releaseIds.size > 0) return false;
  const sameTitle = a.albumKey === b.albumKey;
  // A box has one code for the albums in it.
  if (share(a.upcs, b.upcs)) return sameTitle;
  if (a.upcs.size > 0 && b.upcs.size > 0) return false;
  const sameArtist = a.isCredited && b.isCredited && artistKey(a.artist) === artistKey(b.artist);
  return sameTitle && sameArtist && agree(a.years, b.years) && !contradict(a.files, b.files);
}

const share = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => [...a].some((each) => b.has(each));

const agree = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === 0 || b.size === 0 || share(a, b);

const placeOf = ({ discNumber, trackNumber }: LibraryFile): string => `${discNumber ?? 1}/${trackNumber}`;

/** Most of the numbers that both have are other tracks: albums of one name, as some bands have several. */
function contradict(a: readonly LibraryFile[], b: readonly LibraryFile[]): boolean {
  const titles = new Map<string, Set<string>>();
  for (const file of a)
    if (file.trackNumber) getOrAdd(titles, placeOf(file), () => new Set()).add(file.titleKey);
  const common = b.filter((file) => file.trackNumber && titles.has(placeOf(file)));
  const others = common.filter((file) => !titles.get(placeOf(file))?.has(file.titleKey));
  return others.length * 2 > common.length;
}

/** Editions of one name: the one that has had the id keeps it, so that one more changes nothing. */
function nameReleases(releases: readonly Release[]): Map<Release, string> {
  const ids = new Map<Release, string>();
  const rivals = new Map<string, Release[]>();
  for (const release of releases) getOrAdd(rivals, plainIdOf(release), () => []).push(release);
  for (const [id, named] of rivals) {
    const had = (release: Release) => release.files.filter(({ albumId }) => albumId === id).length;
    const [first, ...others] = named.toSorted((a, b) => had(b) - had(a));
    if (first) ids.set(first, id);
    for (const each of others) ids.set(each, idOf('album', 'edition', id, editionOf(each)));
  }
  return ids;
}

function plainIdOf({ artist, isCredited, folder, albumKey }: Release): string {
  return isCredited
    ? idOf('album', 'by', artistKey(artist), albumKey)
    : idOf('album', 'in', folder, albumKey);
}

function editionOf({ releaseIds, upcs, years, files }: Release): string {
  return [...releaseIds][0] ?? [...upcs][0] ?? `${[...years].sort().join()} ${files[0]?.path}`;
}

function toAlbum(id: string, { files, artist }: Release, copies: ReadonlyMap<string, string>): LibraryAlbum {
  const title = titleOf(files);
  const last = (values: readonly (string | null)[]) =>
    values
      .filter((value) => value !== null)
      .sort()
      .at(-1) ?? null;
  return {
    id,
    title,
    artistId: artist ? artistIdOf(artist) : '',
    artistName: artist,
    group: normalizeText(artist) === normalizeText(VARIOUS_ARTISTS) ? 'COMPILATION' : 'ALBUM',
    trackTotal: countTracks(files.filter((file) => !copies.has(file.id))),
    discTotal: Math.max(
      1,
      ...files.map(({ discNumber, discTotal }) => Math.max(discNumber ?? 1, discTotal ?? 1)),
    ),
    releaseDate: last(files.map(({ releaseDate }) => releaseDate)),
    upc: last(files.map(({ upc }) => upc)),
    label: last(files.map(({ label }) => label)),
    copyright: last(files.map(({ copyright }) => copyright)),
    genres: [...new Set(files.flatMap(({ genres }) => genres[0] ?? []))].sort(),
    searchText: toSearchText([searchKey(title), namesOf(files, artist).map(searchKey).join(' \t ')]),
  };
}

const MAX_NAMES = 20;

/** A sampler is found by those who are on it, too. */
function namesOf(files: readonly LibraryFile[], artist: string): string[] {
  return [...new Set([artist, ...files.map(({ albumArtist }) => albumArtist)])].slice(0, MAX_NAMES);
}

function titleOf(files: readonly LibraryFile[]): string {
  const titles = new Set(files.map(({ album }) => album));
  const [first = ''] = titles;
  return titles.size === 1 ? first : withoutDisc(first).name;
}

/** As the tags say, for an album of which some tracks are missing; never fewer than there are, or than a number. */
function countTracks(files: readonly LibraryFile[]): number {
  const discs = new Map<number, { files: number; stated: number }>();
  for (const { discNumber, trackNumber, trackTotal } of files) {
    const disc = getOrAdd(discs, discNumber ?? 1, () => ({ files: 0, stated: 0 }));
    disc.files += 1;
    disc.stated = Math.max(disc.stated, trackNumber ?? 0, trackTotal ?? 0);
  }
  const counts = [...discs.values()].map((disc) => Math.max(disc.files, disc.stated));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A file that is on no album: a single of its own, named for the track. */
export function toSingle(file: LibraryFile): LibraryAlbum {
  const album = toAlbum(file.albumId ?? '', toRelease([file]), new Map());
  return { ...album, title: file.title, group: 'SINGLE', trackTotal: 1 };
}

const TOLERANCE_MS = 10_000;

/** Of files with one place and title in an album, the best is served; the others are its copies. */
function findCopies(
  files: readonly LibraryFile[],
  isOwnOutput: (path: string) => boolean,
): Map<string, string> {
  const served = new Map<string, LibraryFile[]>();
  const copies = new Map<string, string>();
  for (const file of files.toSorted(byRank(isOwnOutput))) {
    const kept = getOrAdd(served, sameTrackKey(file), () => []);
    const better = kept.find((each) => hasSameLength(each, file));
    if (better) copies.set(file.id, better.id);
    else kept.push(file);
  }
  return copies;
}

/** Before better ones that this program has made of them, which sound no better. */
function byRank(isOwnOutput: (path: string) => boolean) {
  const lack = (file: LibraryFile) => (file.awaySince ? 2 : 0) + (isOwnOutput(file.path) ? 1 : 0);
  return (a: LibraryFile, b: LibraryFile): number =>
    lack(a) - lack(b) || qualityOf(b) - qualityOf(a) || (a.path < b.path ? -1 : 1);
}

function sameTrackKey({ discNumber, trackNumber, titleKey, artists }: LibraryFile): string {
  const place = trackNumber === null ? artistKey(artists[0] ?? '') : `${discNumber ?? 1}/${trackNumber}`;
  return `${place}\0${titleKey}`;
}

function hasSameLength(a: LibraryFile, b: LibraryFile): boolean {
  return a.durationMs === 0 || b.durationMs === 0 || Math.abs(a.durationMs - b.durationMs) <= TOLERANCE_MS;
}
