import { describe, expect, it } from 'vitest';
import type { Track } from '../../src/catalog/catalog-item.js';
import { explainMatch, isSameRecording, type Candidate } from '../../src/catalog/match-track.js';

const ALBUM: NonNullable<Track['album']> = {
  type: 'ALBUM',
  id: 'demo:album',
  title: 'Album',
  artists: [],
  group: 'ALBUM',
  releaseDate: null,
  trackTotal: 1,
  discTotal: 1,
  upc: null,
  label: null,
  copyright: null,
  genres: [],
  images: [],
  url: null,
};

const named = (name: string) => ({ id: `demo:${name}`, name });

function wanted(changes: Partial<Track> = {}): Track {
  return {
    type: 'TRACK',
    id: 'demo:track',
    title: 'Night Drive',
    artists: [named('The Lanterns')],
    album: ALBUM,
    durationMs: 200_000,
    explicit: false,
    trackNumber: 1,
    discNumber: 1,
    isrc: null,
    genres: [],
    url: null,
    ...changes,
  };
}

function candidate(changes: Partial<Candidate> = {}): Candidate {
  return {
    title: 'Night Drive',
    artists: ['The Lanterns'],
    album: 'Album',
    durationMs: 200_000,
    isrc: null,
    ...changes,
  };
}

const by = (...names: string[]) => ({ artists: names.map(named) });
const onAlbum = (title: string) => ({ album: { ...ALBUM, title } });

describe('a recording is the same', () => {
  it.each<[string, Partial<Track>, Partial<Candidate>]>([
    ['with equal title, artist and length', {}, {}],
    ['3 s longer', {}, { durationMs: 203_000 }],
    ['3 s shorter', {}, { durationMs: 197_000 }],
    ['spelt in another way', { title: 'Nïght drive!' }, { title: 'NIGHT DRIVE' }],
    ['without "the"', {}, { artists: ['Lanterns'] }],
    ['when only one says remastered', { title: 'Night Drive - 2011 Remaster' }, {}],
    ['when only one names the guest', { title: 'Night Drive (feat. Mira)' }, {}],
    ['when the guest is in the artist', by('The Lanterns', 'Mira'), { artists: ['The Lanterns feat. Mira'] }],
    ['when artists are in another order', by('The Lanterns', 'Mira'), { artists: ['Mira', 'The Lanterns'] }],
    ['when the file joins the artists', by('The Lanterns', 'Mira'), { artists: ['The Lanterns & Mira'] }],
    ['when the catalogue joins them', by('Lanterns, Mira'), { artists: ['Lanterns', 'Mira'] }],
    ['when the band has an "&"', by('Earth, Wind & Fire'), { artists: ['Earth, Wind & Fire'] }],
    ['on another album', {}, { album: 'Best of' }],
    ['on no album', { album: null }, { album: null }],
    ['when both are live', { title: 'Night Drive - Live' }, { title: 'Night Drive (Live)' }],
    [
      'on a live album and marked so',
      { title: 'Night Drive (Live)' },
      { title: 'Night Drive (Live)', album: 'Live at Home' },
    ],
    [
      'with the same ISRC, whatever the names',
      { isrc: 'USRC17607839' },
      { isrc: 'USRC17607839', title: 'X', artists: [] },
    ],
    [
      'with the same ISRC written with hyphens',
      { isrc: 'us-rc1-76-07839' },
      { isrc: 'USRC17607839', title: 'X' },
    ],
    [
      'with the same ISRC and no length',
      { isrc: 'USRC17607839' },
      { isrc: 'USRC17607839', durationMs: null },
    ],
    [
      'with the same ISRC and 10 s of silence',
      { isrc: 'USRC17607839' },
      { isrc: 'USRC17607839', durationMs: 210_000 },
    ],
    ['with a new ISRC after a re-release', { isrc: 'USRC17607839' }, { isrc: 'GBAYE0601498' }],
    ['with an ISRC on one side only', { isrc: 'USRC17607839' }, {}],
    ['with "live" as a plain word', { title: 'Live Forever' }, { title: 'Live Forever' }],
    ['on an album that only has "live" in its name', onAlbum('Live Through This'), { album: 'Best of' }],
  ])('%s', (_, track, file) => {
    expect(isSameRecording(wanted(track), candidate(file))).toBe(true);
  });
});

describe('a recording is another one', () => {
  it.each<[string, Partial<Track>, Partial<Candidate>]>([
    ['when it is over 3 s longer', {}, { durationMs: 203_001 }],
    ['when its length is not known', {}, { durationMs: null }],
    ['when neither length is known', { durationMs: null }, { durationMs: null }],
    ['when it is short and the length is not known', { durationMs: null }, { durationMs: 2_000 }],
    ['with another title', {}, { title: 'Night Driver' }],
    ['with a longer title', {}, { title: 'Night Drive Home' }],
    ['with another artist', {}, { artists: ['Someone Else'] }],
    ['without any artist', {}, { artists: [] }],
    ['when the wanted one has no artist', { artists: [] }, {}],
    ['by one name of a joint credit', by('Earth, Wind & Fire'), { artists: ['Earth'] }],
    ['by the guest alone', by('The Lanterns', 'Mira'), { artists: ['Mira'] }],
    ['by an artist whose name is part of a word', by('Ann'), { artists: ['Anna'] }],
    ['when it is live', {}, { title: 'Night Drive (Live)' }],
    ['when it is a remix', {}, { title: 'Night Drive (Mira Remix)' }],
    ['when it is another remix', { title: 'Night Drive (Mira Remix)' }, { title: 'Night Drive (Nox Remix)' }],
    ['when it is instrumental', {}, { title: 'Night Drive (Instrumental)' }],
    ['when it is karaoke', {}, { title: 'Night Drive - Karaoke Version' }],
    ['when only its album is live', {}, { album: 'Live at Home' }],
    ['when its album is marked live', {}, { album: 'Home (Live)' }],
    ['when its album is unplugged', {}, { album: 'MTV Unplugged' }],
    ['when it is a radio edit', {}, { title: 'Night Drive (Radio Edit)' }],
    ['when it is another part', { title: 'Night Drive (Part 1)' }, { title: 'Night Drive (Part 2)' }],
    [
      'with the same ISRC but over 10 s longer',
      { isrc: 'USRC17607839' },
      { isrc: 'USRC17607839', durationMs: 210_001 },
    ],
    ['with empty titles', { title: '' }, { title: 'Night Drive' }],
  ])('%s', (_, track, file) => {
    expect(isSameRecording(wanted(track), candidate(file))).toBe(false);
  });
});

describe('the report of a match', () => {
  it.each<[string, Partial<Track>, Partial<Candidate>, { score: number; reason: string }]>([
    ['all but the ISRC', {}, {}, { score: 75, reason: 'equal: title, artist, length, version' }],
    [
      'the ISRC alone',
      { isrc: 'X' },
      { isrc: 'X', title: 'Other', artists: ['B'] },
      { score: 50, reason: 'equal: ISRC, length' },
    ],
    ['another length', {}, { durationMs: 260_000 }, { score: 60, reason: 'differs: length' }],
    ['another artist', {}, { artists: ['Somebody'] }, { score: 55, reason: 'differs: artist' }],
    ['a live version', {}, { title: 'Night Drive (Live)' }, { score: 35, reason: 'differs: title, version' }],
  ])('says of %s what counts', (_, track, file, { score, reason }) => {
    const report = explainMatch(wanted(track), candidate(file));
    expect(report.score).toBe(score);
    expect(report.reason).toContain(reason);
    expect(report.isSame).toBe(isSameRecording(wanted(track), candidate(file)));
  });
});
