import { describe, expect, it } from 'vitest';
import { artistKey, normalizeText, titleKey, titleQualifiers } from '../../src/catalog/normalize.js';
import { wordPatterns } from '../../src/catalog/normalize.js';

describe('normalizeText', () => {
  it.each([
    ['Beyoncé', 'beyonce'],
    ['Sigur Rós – ( )', 'sigur ros'],
    ['BJÖRK  &  Þórr', 'bjork and thorr'],
    ['Don’t Stop', 'dont stop'],
    ["Don't Stop", 'dont stop'],
    ['AC/DC', 'ac dc'],
    ['R.E.M.', 'rem'],
    ['Mr. Brightside', 'mr brightside'],
    ['Straße Łódź Ærø', 'strasse lodz aero'],
    ['Ёлка', 'елка'],
    ['ﬁnale', 'finale'],
    ['ガラス', 'ガラス'],
    ['한국어', '한국어'],
    ['हिन्दी', 'हिन्दी'],
    ['Cafe\u0301', 'cafe'],
    ['???', '???'],
    [' ÷ ', '÷'],
    ['', ''],
  ])('makes %j into %j', (text, expected) => {
    expect(normalizeText(text)).toBe(expected);
  });

  it('keeps voiced and unvoiced kana apart', () => {
    expect(normalizeText('ガラス')).not.toBe(normalizeText('カラス'));
  });
});

describe('artistKey', () => {
  it.each([
    ['The Beatles', 'beatles'],
    ['Beatles', 'beatles'],
    ['The', 'the'],
    ['The The', 'the'],
    ['Thelonious Monk', 'thelonious monk'],
  ])('makes %j into %j', (name, expected) => {
    expect(artistKey(name)).toBe(expected);
  });
});

describe('titleKey', () => {
  it.each([
    ['Song (Remastered 2011)', 'song'],
    ['Song - 2011 Remaster', 'song'],
    ['Song - Remastered', 'song'],
    ['Song (2009 Digital Remaster)', 'song'],
    ['Song [Bonus Track]', 'song'],
    ['Song (Album Version)', 'song'],
    ['Song (Explicit)', 'song'],
    ['Song (Official Video)', 'song'],
    ['Song (feat. Someone)', 'song'],
    ['Song [ft. Someone & Another]', 'song'],
    ['Song feat. Someone', 'song'],
    ['Song ft Someone - Live', 'song live'],
    ['Song featuring Someone (Remix)', 'song remix'],
    ['Skyfall (From "Skyfall")', 'skyfall'],
    ['Let It Go - From "Frozen"', 'let it go'],
    ['Song - Live', 'song live'],
    ['Song (Live)', 'song live'],
    ['Song (Live / Remastered 2009)', 'song live'],
    ['Song - Live - Remastered 2011', 'song live'],
    ['Song (Radio Edit)', 'song radio edit'],
    ["Song (Taylor's Version)", 'song taylors version'],
    ['Song (Part 2)', 'song part 2'],
    ['1979 - Remastered 2012', '1979'],
    ['1999', '1999'],
    ['(Remastered)', 'remastered'],
    ['No Feat', 'no feat'],
    ['Feather', 'feather'],
    ['Live and Let Die', 'live and let die'],
    ['Self-Control', 'self control'],
    ['???', '???'],
  ])('makes %j into %j', (title, expected) => {
    expect(titleKey(title)).toBe(expected);
  });

  it('does not take forever on a hostile title', () => {
    const hostile = `${'('.repeat(250)}${' feat '.repeat(250)}${' - '.repeat(250)}`;
    expect(titleKey(hostile)).toBeTypeOf('string');
  });
});

describe('titleQualifiers', () => {
  it('lists what is in brackets and after dashes, without guests', () => {
    expect(titleQualifiers('Song (feat. X) [Live at Home] - Remastered 2011')).toEqual([
      'live at home',
      'remastered 2011',
    ]);
  });
});

describe('wordPatterns', () => {
  it('makes one pattern a word and none of nothing', () => {
    expect(wordPatterns(' Ólafur  ARNALDS ')).toEqual(['%olafur%', '%arnalds%']);
    expect(wordPatterns('   ')).toEqual([]);
  });

  it('takes wildcards literally', () => {
    expect(wordPatterns('%')).toEqual(['% \\%%']);
    expect(wordPatterns('___')).toEqual(['%\\_\\_\\_%']);
  });
});
