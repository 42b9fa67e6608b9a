import { describe, expect, it } from 'vitest';
import type { Container } from '../../src/media/containers.js';
import { toFreeformAtoms, toId3Frames, toTagPairs } from '../../src/media/tags.js';
import { bareTags, fullTags } from '../kit/audio.js';

describe('tags by container', () => {
  it('are ID3v2.4 frames in MP3', () => {
    expect(toTagPairs(fullTags, 'mp3', '; ')).toEqual([
      ['TIT2', 'Ночной поезд 🚂'],
      ['TPE1', 'Ana Sol; Björk Ü'],
      ['TALB', 'Night Drive'],
      ['TPE2', 'Ana Sol'],
      ['TRCK', '3/12'],
      ['TPOS', '1/2'],
      ['TDRC', '2020-05-06'],
      ['TCON', 'Ambient; Électro'],
      ['TSRC', 'QZDEM2000003'],
      ['TPUB', 'Lämmchen Records'],
      ['TCOP', '© 2020 Lämmchen Records'],
      ['eng', 'From the demo, licence CC0 – naïve'],
      ['BARCODE', '0123456789012'],
    ]);
  });

  it.each(['ogg', 'opus', 'flac'] as const)('are Vorbis comments in %s', (container) => {
    expect(toTagPairs(fullTags, container, ' & ')).toEqual([
      ['TITLE', 'Ночной поезд 🚂'],
      ['ARTIST', 'Ana Sol & Björk Ü'],
      ['ALBUM', 'Night Drive'],
      ['ALBUMARTIST', 'Ana Sol'],
      ['TRACKNUMBER', '3'],
      ['TRACKTOTAL', '12'],
      ['DISCNUMBER', '1'],
      ['DISCTOTAL', '2'],
      ['DATE', '2020-05-06'],
      ['GENRE', 'Ambient & Électro'],
      ['ISRC', 'QZDEM2000003'],
      ['BARCODE', '0123456789012'],
      ['ORGANIZATION', 'Lämmchen Records'],
      ['LABEL', 'Lämmchen Records'],
      ['COPYRIGHT', '© 2020 Lämmchen Records'],
      ['DESCRIPTION', 'From the demo, licence CC0 – naïve'],
    ]);
  });

  it('are atoms in MP4, freeform for what it has none for', () => {
    expect(Object.fromEntries(toTagPairs(fullTags, 'm4a', '; '))).toMatchObject({
      title: 'Ночной поезд 🚂',
      album_artist: 'Ana Sol',
      track: '3/12',
      disc: '1/2',
    });
    expect(toFreeformAtoms(fullTags)).toEqual([
      ['ISRC', 'QZDEM2000003'],
      ['BARCODE', '0123456789012'],
      ['LABEL', 'Lämmchen Records'],
    ]);
  });

  it('are plain ASCII in RIFF INFO, where the character set is anyone’s guess', () => {
    expect(toTagPairs(fullTags, 'wav', '; ')).toEqual([
      ['album', 'Night Drive'],
      ['track', '3'],
      ['date', '2020-05-06'],
    ]);
  });
});

const CONTAINERS: Container[] = ['mp3', 'm4a', 'ogg', 'opus', 'flac', 'wav', 'mka'];

describe('any tags at all', () => {
  it.each(CONTAINERS)('leave out of %s what is absent or blank', (container) => {
    const tags = { ...bareTags, album: '', label: '  ', trackTotal: 9, isrc: '\0' };
    const keys = toTagPairs(tags, container, '; ').map(([key]) => key.toLowerCase());
    expect(keys.length).toBeLessThanOrEqual(3); // title, artist, and Vorbis's TRACKTOTAL
    expect(keys).not.toContain('album');
  });

  it('hold no NUL and no value past the limit', () => {
    const [[, title] = ['', '']] = toId3Frames({ ...bareTags, title: `a\0b${'x'.repeat(100_000)}` }, '; ');
    expect(title.startsWith('abx')).toBe(true);
    expect(title).toHaveLength(32_768);
  });
});
