import { describe, expect, it } from 'vitest';
import { cleanPathPart, truncateBytes } from '../../src/lib/filenames.js';

describe('a path segment', () => {
  it.each([
    ['a plain title', 'Night Ferry', 'Night Ferry'],
    ['slashes of both kinds', 'North / South \\ East', 'North South East'],
    ['a way up', '../../../../etc/passwd', 'etcpasswd'],
    ['nothing but a way up', '..', 'Unknown'],
    ['nothing but this place', '.', 'Unknown'],
    ['what Windows forbids', '"Quoted" <Angles> | Pipes?*:', 'Quoted Angles Pipes'],
    ['control characters', 'a\u0000b\u0007c\u009bd', 'abcd'],
    ['dots at the start', '...And Justice', 'And Justice'],
    ['the folder of unfinished files', '.incoming', 'incoming'],
    ['a dot that only an invisible character hides', '\u200b.\u200dincoming', 'incoming'],
    ['dots and spaces at the start', ' . .hidden', 'hidden'],
    ['a dash at the start, which begins an option', '-rf', '_rf'],
    ['a dash behind a dot', '.--version', '_version'],
    ['a dash within', 'Night - Ferry', 'Night - Ferry'],
    ['overrides of the direction', 'gpj\u202e.3pm\u202c \u2066a\u2069', 'gpj.3pm a'],
    ['marks of the direction', 'a\u200eb\u200fc\u061cd', 'abcd'],
    ['letters without width', 'p\u200bl\u200ca\u200dy\u2060l\ufeffist\u00ads', 'playlists'],
    ['fillers without ink', '\u3164\u115f\uffa0', 'Unknown'],
    ['half of a surrogate pair', 'a\ud800b\udc00', 'ab'],
    ['letters that come apart by an invisible one', 'Cafe\u200b\u0301', 'Caf\u00e9'],
    ['a line break', 'first\nsecond', 'firstsecond'],
    ['dots and spaces at the end', 'Trailing... ', 'Trailing'],
    ['spaces in a row', '  a \t b  ', 'a b'],
    ['a device of Windows', 'CON', '_CON'],
    ['a device of Windows with an extension', 'nul.mp3', '_nul.mp3'],
    ['a device of Windows in a number', 'com1', '_com1'],
    ['a word that begins like a device', 'Console', 'Console'],
    ['an empty value', '', 'Unknown'],
    ['only forbidden characters', '???', 'Unknown'],
    ['letters of any script', 'Ночной паром 灯台守', 'Ночной паром 灯台守'],
  ])('cleans %s', (_what, raw, cleaned) => {
    expect(cleanPathPart(raw)).toBe(cleaned);
  });

  it('spells a letter with an accent in one way, however it came', () => {
    expect(cleanPathPart('Cafe\u0301')).toBe('Caf\u00e9');
  });

  it('is never longer than 200 bytes, and ends with a whole character', () => {
    const cut = cleanPathPart('灯'.repeat(300));
    expect(cut).toBe('灯'.repeat(66));
    expect(Buffer.byteLength(cut)).toBe(198);
  });

  it('does not end with a dot or a space that only the cut brought to the end', () => {
    expect(cleanPathPart(`${'a'.repeat(198)}. tail`)).toBe('a'.repeat(198));
  });
});

describe('a cut at a number of bytes', () => {
  it('keeps what fits', () => {
    expect(truncateBytes('abc', 3)).toBe('abc');
    expect(truncateBytes('abc', 2)).toBe('ab');
    expect(truncateBytes('', 0)).toBe('');
  });

  it('does not cut a character of four bytes', () => {
    expect(truncateBytes('a🌊', 4)).toBe('a');
    expect(truncateBytes('a🌊', 5)).toBe('a🌊');
  });
});
