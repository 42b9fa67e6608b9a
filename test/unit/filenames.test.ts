import { describe, expect, it } from 'vitest';
import { cleanPathPart, truncateBytes } from '../../src/lib/filenames.js';

describe('a path segment', () => {
  it.each([
    ['a plain title', 'Night Ferry', 'Night Ferry'],
    ['slashes of both kinds', 'North / South \\ East', 'North South East'],
    ['a way up', '../../../../etc/passwd', '........etcpasswd'],
    ['nothing but a way up', '..', 'Unknown'],
    ['nothing but this place', '.', 'Unknown'],
    ['what Windows forbids', '"Quoted" <Angles> | Pipes?*:', 'Quoted Angles Pipes'],
    ['control characters', 'a\u0000b\u0007c\u009bd', 'abcd'],
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
