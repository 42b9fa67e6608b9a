import type { CatalogItem, CatalogType } from '../../catalog/catalog-item.js';
import type { Page, PageRequest } from '../../catalog/catalog-source.js';
import { plainLetters } from '../../catalog/normalize.js';
import type { Collection } from './collection.js';
import { pageOf, toAlbum, toArtist, toEpisode, toPlaylist, toShow, toTrack } from './map.js';
import type { PlacedTrack } from './music.js';

export function createCatalogSearch(collection: Collection) {
  const { artists } = collection;
  const tracks = createTrackSearch(collection);
  const albums = createSearch(
    [...collection.albums.values()].map((item) => ({
      item,
      title: item.title,
      beside: item.by.map((slug) => artists.get(slug)?.name ?? ''),
    })),
  );
  const playlists = createSearch(
    [...collection.playlists.values()].map((item) => ({
      item,
      title: item.title,
      beside: [item.description],
    })),
  );
  const shows = createSearch(
    [...collection.shows.values()].map((item) => ({
      item,
      title: item.title,
      beside: [item.publisher, item.description],
    })),
  );
  const episodes = createSearch(
    [...collection.episodes.values()].map((item) => ({
      item,
      title: item.title,
      beside: [item.show.title, item.description],
    })),
  );
  const people = createSearch([...artists.values()].map((item) => ({ item, title: item.name, beside: [] })));
  return ({ text, type, ...page }: { text: string; type: CatalogType } & PageRequest): Page<CatalogItem> => {
    switch (type) {
      case 'TRACK':
        return pageOf(tracks(text), page, (track) => toTrack(artists, track));
      case 'ALBUM':
        return pageOf(albums(text), page, (album) => toAlbum(artists, album));
      case 'PLAYLIST':
        return pageOf(playlists(text), page, toPlaylist);
      case 'ARTIST':
        return pageOf(people(text), page, toArtist);
      case 'EPISODE':
        return pageOf(episodes(text), page, toEpisode);
      case 'SHOW':
        return pageOf(shows(text), page, toShow);
    }
  };
}

/** The ten thousand tides would bury everything else: they are found by the whole title only, and come last. */
function createTrackSearch(collection: Collection): (text: string) => PlacedTrack[] {
  const search = createSearch(
    [...collection.tracks.values()].map((item) => ({
      item,
      title: item.title,
      beside: [...item.artists.map((artist) => artist.name), item.place?.album.title ?? ''],
    })),
  );
  return (text) => {
    const tide = collection.findTrack(foldText(text).replace(/^tide (?=\d{5}$)/, 'tide-'));
    return [...search(text), ...(tide?.place === null ? [tide] : [])];
  };
}

/** An item that is found by the words of its title, and by other words (artists, album). */
interface Findable<T> {
  item: T;
  title: string;
  beside: readonly string[];
}

interface Entry<T> {
  item: T;
  title: string;
  titleWords: string[];
  allWords: string[];
}

/** Written without spaces: a word of a query may be anywhere in a title. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** Lower case, no accents, words with one space between; an emoji is a word. */
function foldText(text: string): string {
  const plain = plainLetters(text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase());
  return (plain.match(/[\p{L}\p{N}]+|\p{Extended_Pictographic}/gu) ?? []).join(' ');
}

/**
 * A search over a fixed list: every word of the query must begin a word of the item. Best first: the exact title,
 * then titles that begin with it, then titles that hold all words, then the rest; equals in the list's order.
 */
function createSearch<T>(findables: readonly Findable<T>[]): (text: string) => T[] {
  const entries = findables.map(toEntry);
  return (text) => {
    const query = foldText(text);
    if (query === '') return [];
    return entries
      .map((entry) => ({ item: entry.item, rank: rankOf(entry, query) }))
      .filter((hit) => hit.rank !== null)
      .sort((one, other) => Number(one.rank) - Number(other.rank))
      .map((hit) => hit.item);
  };
}

function toEntry<T>({ item, title, beside }: Findable<T>): Entry<T> {
  const titleWords = wordsOf(title);
  return { item, title: foldText(title), titleWords, allWords: [...titleWords, ...beside.flatMap(wordsOf)] };
}

/** Both ways of reading an apostrophe: `keeper` and `keepers` find “Keeper’s”, `été` and `lété` find “L’été”. */
function wordsOf(text: string): string[] {
  return [text, text.replace(/['’]/g, '')].flatMap((spelling) => foldText(spelling).split(' '));
}

/** Null: not found. */
function rankOf<T>(entry: Entry<T>, query: string): number | null {
  const words = query.split(' ');
  const allIn = (candidates: string[]) =>
    words.every((word) => candidates.some((candidate) => begins(candidate, word)));
  if (!allIn(entry.allWords)) return null;
  if (entry.title === query) return 0;
  if (entry.title.startsWith(query)) return 1;
  return allIn(entry.titleWords) ? 2 : 3;
}

function begins(candidate: string, word: string): boolean {
  return UNSPACED.test(word) ? candidate.includes(word) : candidate.startsWith(word);
}
