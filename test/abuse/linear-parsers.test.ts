import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseItemReference } from '../../src/catalog/item-reference.js';
import { isSameRecording } from '../../src/catalog/match-track.js';
import {
  artistKey,
  normalizeText,
  searchWords,
  titleKey,
  titleQualifiers,
  wordPatterns,
} from '../../src/catalog/normalize.js';
import { isFromForeignPage } from '../../src/http/foreign-pages.js';
import { isDateTime, isPartialDate, isWebAddress } from '../../src/lib/formats.js';
import { createRouteMatcher } from '../../src/rest/match-route.js';
import { ROUTES } from '../../src/rest-routes.js';
import { cleanPath, findDirFormatProblem } from '../../src/settings/path-rules.js';
import { decodeCursor } from '../../src/database/pagination.js';
import { decodeNodeId, parseRowId } from '../../src/graphql/node-id.js';
import { cleanPathPart, truncateBytes } from '../../src/lib/filenames.js';
import { cutTags } from '../../src/library/raw-tags.js';
import { toLibraryFile } from '../../src/library/library-file.js';
import { readPath } from '../../src/library/path-tags.js';
import { checkJson, readQuery } from '../../src/rest/read-request.js';
import { fillPlaceholders, PATH_PLACEHOLDERS } from '../../src/settings/path-placeholders.js';
import { makeTrack } from '../kit/catalog-items.js';
import { makeFoundFile, makeRawTags } from '../kit/raw-tags.js';

const UNITS = 4_096;
/** Below it a measurement says nothing, and nobody waits. */
const NOTICEABLE_MS = 25;
const TRIES = 4;

const track = makeTrack('demo:one', { title: 'One (Live)' });
const found = makeFoundFile('Artist/Album/a.mp3');
const candidate = { title: 'One', artists: ['A'], album: null, durationMs: track.durationMs, isrc: null };
const plain = Object.fromEntries(PATH_PLACEHOLDERS.map((name) => [name, name])) as Record<
  (typeof PATH_PLACEHOLDERS)[number],
  string
>;
const values = { plain, numbered: () => 'A' };

const matchRoute = createRouteMatcher(ROUTES);

const PARSERS: Record<string, (text: string) => unknown> = {
  'an item reference': (text) => parseItemReference(text, 'demo'),
  'an item reference of Spotify': (text) => parseItemReference(`spotify:${text}`, 'demo'),
  'a link': (text) => parseItemReference(`https://open.spotify.com/${text}`, 'demo'),
  'a name': normalizeText,
  'an artist': artistKey,
  'a title': titleKey,
  'qualifiers of a title': titleQualifiers,
  'words of a search': searchWords,
  'patterns of a search': wordPatterns,
  'a match by title': (text) => isSameRecording({ ...track, title: text }, { ...candidate, title: text }),
  'a match by artist': (text) =>
    isSameRecording(makeTrack('demo:one', { artists: [{ id: 'demo:a', name: text }] }), {
      ...candidate,
      title: 'Track one',
      artists: [text],
    }),
  'a cursor': decodeCursor,
  'a node id': decodeNodeId,
  'a row id': (text) => parseRowId('Task', text),
  'a file name': cleanPathPart,
  'a text to truncate': (text) => truncateBytes(text, 1_000_000),
  'tags of a file': (text) =>
    toLibraryFile(
      found,
      cutTags(makeRawTags({ title: text, artists: [text], album: text, genres: [text] })),
      new Date(0),
    ),
  'artists of a file': (text) => {
    const artists = [...text].map((letter, at) => `${letter}${at}`);
    const tags = cutTags(makeRawTags({ artists: [artists.join(';'), ...artists] }));
    return toLibraryFile(found, tags, new Date(0));
  },
  'a path': (text) => readPath([text, text], text),
  'a query string': (text) =>
    readQuery(`?${encodeURIComponent(text).replaceAll('%26', '&').replaceAll('%3D', '=')}`),
  'repeated keys of JSON': (text) => checkJson(JSON.stringify({ [text]: text, list: [text, { text }] })),
  'an address': isWebAddress,
  'a partial date': isPartialDate,
  'a time': isDateTime,
  'a format of folders': findDirFormatProblem,
  'a path of a file': (text) => cleanPath([text, text]),
  'a path of a route': (text) => matchRoute('GET', `/prgs/${text}`),
  'an origin': (text) =>
    isFromForeignPage(
      { headers: { referer: text } },
      { url: new URL('http://localhost'), publicUrl: 'http://localhost' },
      [],
    ),
  'a path format': (text) => fillPlaceholders(text, values),
};

const piece = fc.string({
  unit: fc.constantFrom(
    ...' \t\n?:;,/&+-–.()[]{}"\\%_\'=aA0é\u0301\u202e',
    'feat. ',
    'the ',
    'spotify:',
    '%music%',
  ),
  maxLength: 3,
});
const pump = fc.tuple(
  piece,
  fc.string({
    unit: fc.constantFrom(...' \n?:;,/&-.([{)]}"\\%=a0', 'feat. ', '(feat ', 'aa;'),
    minLength: 1,
    maxLength: 3,
  }),
  piece,
);

function timeOf(parse: (text: string) => unknown, text: string): number {
  const startedAt = process.cpuUsage();
  try {
    parse(text);
  } catch {
    // Refused: that has to be fast too.
  }
  const { user, system } = process.cpuUsage(startedAt);
  return (user + system) / 1_000;
}

/** By the shortest of several tries, because noise only adds time. */
function isLinear(
  parse: (text: string) => unknown,
  [head, unit, tail]: [string, string, string],
  units = UNITS,
): boolean {
  const textOf = (count: number) => head + unit.repeat(count) + tail;
  const [once, twice] = [textOf(units), textOf(2 * units)];
  let [shortest, shortestTwice] = [Infinity, Infinity];
  for (let tries = 0; tries < TRIES; tries++) {
    shortestTwice = Math.min(shortestTwice, timeOf(parse, twice));
    if (shortestTwice < NOTICEABLE_MS) return true;
    shortest = Math.min(shortest, timeOf(parse, once));
  }
  return shortestTwice <= 3 * shortest;
}

describe('a parser of text from outside', () => {
  test.each(Object.entries(PARSERS))(
    'of %s takes at most three times as long for twice the text',
    (_name, parse) => {
      fc.assert(
        fc.property(pump, (parts) => isLinear(parse, parts)),
        { numRuns: 40 },
      );
    },
  );

  test('that is quadratic is found out', () => {
    const quadratic = (text: string) => /^(spotify:.*)\?.*$/.test(`spotify:${text}\nx`);
    expect(isLinear(quadratic, ['', '?', ''], 4 * UNITS)).toBe(false);
  });
});
