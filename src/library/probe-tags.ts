import type { RawTags } from './tag-reader.js';
import type { AudioProbe } from '../media/media.js';

/** What ffprobe says about a file, in our terms. */
export function tagsOfProbe(probe: AudioProbe): RawTags {
  const first = (...names: string[]) => names.map((name) => probe.tags[name]).find(Boolean) ?? null;
  const [trackNumber, trackTotal] = numbersOf(first('track', 'tracknumber'));
  const [discNumber, discTotal] = numbersOf(first('disc', 'discnumber'));
  const several = (text: string | null) => (text ? text.split(';') : []);
  return {
    title: first('title'),
    artists: several(first('artist')),
    albumArtist: first('album_artist', 'albumartist'),
    album: first('album'),
    compilation: first('compilation') === '1',
    isrc: first('isrc', 'tsrc'),
    upc: first('barcode', 'upc'),
    durationMs: probe.durationMs,
    trackNumber,
    trackTotal: trackTotal ?? numbersOf(first('tracktotal', 'totaltracks'))[0],
    discNumber,
    discTotal: discTotal ?? numbersOf(first('disctotal', 'totaldiscs'))[0],
    date: first('date', 'year'),
    genres: several(first('genre')),
    label: first('label', 'publisher', 'organization'),
    copyright: first('copyright'),
    licence: first('license', 'licence'),
    codec: probe.codec,
    bitrateKbps: probe.bitrateKbps,
  };
}

/** `3` or `3/12`. */
function numbersOf(text: string | null): [number | null, number | null] {
  const [number = '', total = ''] = (text ?? '').split('/');
  return [Number.parseInt(number, 10) || null, Number.parseInt(total, 10) || null];
}
