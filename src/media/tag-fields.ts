import type { TrackTags } from './media.js';

/** A tag by its name in Vorbis comments, which is how taggers call it everywhere. */
export type TagValues = readonly (readonly [field: string, values: readonly string[]])[];

/** What a format calls a field; absent where it has no name of its own for it (`nameIn`). */
interface FieldNames {
  id3?: string;
  mp4?: string;
  ape?: string;
  asf?: string;
  riff?: string;
}
export type TagFormat = keyof FieldNames | 'vorbis';

/** The tag that a file of each extension gets when it has none; what is not here is not edited. */
export const TAG_OF_EXTENSION: Readonly<Record<string, Exclude<TagFormat, 'riff'>>> = {
  mp3: 'id3',
  mp2: 'id3',
  aac: 'id3',
  aif: 'id3',
  aiff: 'id3',
  aifc: 'id3',
  wav: 'id3',
  m4a: 'mp4',
  m4b: 'mp4',
  mp4: 'mp4',
  ogg: 'vorbis',
  oga: 'vorbis',
  opus: 'vorbis',
  flac: 'vorbis',
  wma: 'asf',
  asf: 'asf',
  ape: 'ape',
  wv: 'ape',
  tta: 'ape',
  mpc: 'ape',
};

export function isEditable(extension: string): boolean {
  return extension in TAG_OF_EXTENSION;
}

const MUSICBRAINZ: Record<string, string> = {
  MUSICBRAINZ_TRACKID: 'Track Id',
  MUSICBRAINZ_RELEASETRACKID: 'Release Track Id',
  MUSICBRAINZ_ALBUMID: 'Album Id',
  MUSICBRAINZ_ARTISTID: 'Artist Id',
  MUSICBRAINZ_ALBUMARTISTID: 'Album Artist Id',
  MUSICBRAINZ_RELEASEGROUPID: 'Release Group Id',
  MUSICBRAINZ_WORKID: 'Work Id',
  MUSICBRAINZ_DISCID: 'Disc Id',
  RELEASETYPE: 'Album Type',
  RELEASESTATUS: 'Album Status',
  RELEASECOUNTRY: 'Album Release Country',
};

/** ID3v2.4's, MP4's, APEv2's, ASF's and RIFF's names, as MusicBrainz Picard's documentation maps them. */
const NAMES: Record<string, FieldNames> = {
  TITLE: { id3: 'TIT2', mp4: '©nam', ape: 'Title', asf: 'Title', riff: 'INAM' },
  ARTIST: { id3: 'TPE1', mp4: '©ART', ape: 'Artist', asf: 'Author', riff: 'IART' },
  ALBUM: { id3: 'TALB', mp4: '©alb', ape: 'Album', asf: 'WM/AlbumTitle', riff: 'IPRD' },
  ALBUMARTIST: { id3: 'TPE2', mp4: 'aART', ape: 'Album Artist', asf: 'WM/AlbumArtist' },
  TRACKNUMBER: { id3: 'TRCK', mp4: 'trkn', ape: 'Track', asf: 'WM/TrackNumber', riff: 'ITRK' },
  DISCNUMBER: { id3: 'TPOS', mp4: 'disk', ape: 'Disc', asf: 'WM/PartOfSet' },
  DATE: { id3: 'TDRC', mp4: '©day', ape: 'Year', asf: 'WM/Year', riff: 'ICRD' },
  GENRE: { id3: 'TCON', mp4: '©gen', ape: 'Genre', asf: 'WM/Genre', riff: 'IGNR' },
  COPYRIGHT: { id3: 'TCOP', mp4: 'cprt', ape: 'Copyright', asf: 'Copyright', riff: 'ICOP' },
  COMMENT: { id3: 'COMM', mp4: '©cmt', ape: 'Comment', asf: 'Description', riff: 'ICMT' },
  ISRC: { id3: 'TSRC', asf: 'WM/ISRC' },
  BARCODE: { ape: 'Barcode', asf: 'WM/Barcode' },
  LABEL: { id3: 'TPUB', ape: 'Label', asf: 'WM/Publisher' },
  COMPOSER: { id3: 'TCOM', mp4: '©wrt', ape: 'Composer', asf: 'WM/Composer' },
  LYRICS: { id3: 'USLT', mp4: '©lyr', ape: 'Lyrics', asf: 'WM/Lyrics' },
  CONDUCTOR: { id3: 'TPE3', ape: 'Conductor', asf: 'WM/Conductor' },
  LYRICIST: { id3: 'TEXT', ape: 'Lyricist', asf: 'WM/Writer' },
  REMIXER: { id3: 'TPE4', ape: 'MixArtist', asf: 'WM/ModifiedBy' },
  BPM: { id3: 'TBPM', mp4: 'tmpo', asf: 'WM/BeatsPerMinute' },
  MOOD: { id3: 'TMOO', ape: 'Mood', asf: 'WM/Mood' },
  KEY: { id3: 'TKEY', mp4: 'initialkey', asf: 'WM/InitialKey' },
  LANGUAGE: { id3: 'TLAN', ape: 'Language', asf: 'WM/Language' },
  MEDIA: { id3: 'TMED', ape: 'Media', asf: 'WM/Media' },
  GROUPING: { id3: 'TIT1', mp4: '©grp', ape: 'Grouping', asf: 'WM/ContentGroupDescription' },
  SUBTITLE: { id3: 'TIT3', ape: 'Subtitle', asf: 'WM/SubTitle' },
  DISCSUBTITLE: { id3: 'TSST', asf: 'WM/SetSubTitle' },
  WORK: { mp4: '©wrk', asf: 'WM/Work' },
  ENCODEDBY: { id3: 'TENC', ape: 'EncodedBy', asf: 'WM/EncodedBy' },
  ORIGINALDATE: { id3: 'TDOR', asf: 'WM/OriginalReleaseTime' },
  TITLESORT: { id3: 'TSOT', mp4: 'sonm', asf: 'WM/TitleSortOrder' },
  ARTISTSORT: { id3: 'TSOP', mp4: 'soar', asf: 'WM/ArtistSortOrder' },
  ALBUMSORT: { id3: 'TSOA', mp4: 'soal', asf: 'WM/AlbumSortOrder' },
  ALBUMARTISTSORT: { id3: 'TSO2', mp4: 'soaa', asf: 'WM/AlbumArtistSortOrder' },
  COMPOSERSORT: { id3: 'TSOC', mp4: 'soco', asf: 'WM/ComposerSortOrder' },
  COMPILATION: { id3: 'TCMP', mp4: 'cpil', ape: 'Compilation', asf: 'WM/IsCompilation' },
  ACOUSTID_ID: { id3: 'TXXX:Acoustid Id', mp4: 'Acoustid Id', asf: 'Acoustid/Id' },
  ...Object.fromEntries(
    Object.entries(MUSICBRAINZ).map(([field, name]) => [
      field,
      { id3: `TXXX:MusicBrainz ${name}`, mp4: `MusicBrainz ${name}`, asf: `MusicBrainz/${name}` },
    ]),
  ),
};
const MUSICBRAINZ_OWNER = 'http://musicbrainz.org';
NAMES['MUSICBRAINZ_TRACKID'] = { ...NAMES['MUSICBRAINZ_TRACKID'], id3: `UFID:${MUSICBRAINZ_OWNER}` };

/** Other names that a field has in files. */
const ALIASES: Record<string, string> = {
  'ALBUM ARTIST': 'ALBUMARTIST',
  ALBUM_ARTIST: 'ALBUMARTIST',
  TOTALTRACKS: 'TRACKTOTAL',
  TRACK: 'TRACKNUMBER',
  PART_NUMBER: 'TRACKNUMBER',
  TOTAL_PARTS: 'TRACKTOTAL',
  TOTALDISCS: 'DISCTOTAL',
  DISC: 'DISCNUMBER',
  YEAR: 'DATE',
  DATE_RELEASED: 'DATE',
  UPC: 'BARCODE',
  ORGANIZATION: 'LABEL',
  PUBLISHER: 'LABEL',
  LICENCE: 'LICENSE',
  DESCRIPTION: 'COMMENT',
  UNSYNCEDLYRICS: 'LYRICS',
  USLT: 'LYRICS',
  ORIGINALYEAR: 'ORIGINALDATE',
  TYER: 'DATE',
  TORY: 'ORIGINALDATE',
  TSRC: 'ISRC',
};

const upper = (name: string) => name.toUpperCase();

const FIELD_OF: Record<Exclude<TagFormat, 'vorbis'>, ReadonlyMap<string, string>> = {
  id3: fieldsBy('id3'),
  mp4: fieldsBy('mp4'),
  ape: fieldsBy('ape'),
  asf: fieldsBy('asf'),
  riff: fieldsBy('riff'),
};

function fieldsBy(format: keyof FieldNames): ReadonlyMap<string, string> {
  const pairs = Object.entries(NAMES).map(
    ([field, names]) => [upper(names[format] ?? field), field] as const,
  );
  return new Map(pairs);
}

export function nameIn(format: keyof FieldNames, field: string): string | null {
  return NAMES[field]?.[format] ?? null;
}

export function fieldNamed(format: TagFormat, name: string): string {
  const bare = upper(
    name.replace(/^(?:TXXX|----:com\.apple\.iTunes|segment|track|album|UFID):(?!http)/i, ''),
  );
  const known =
    format === 'vorbis' ? undefined : (FIELD_OF[format].get(upper(name)) ?? FIELD_OF[format].get(bare));
  return known ?? ALIASES[bare] ?? bare;
}

/** Names of the field in Vorbis comments, which a new value has to replace. */
export function namesOf(field: string): string[] {
  return [
    field,
    ...Object.keys(ALIASES).filter((alias) => ALIASES[alias] === field && alias !== 'DESCRIPTION'),
  ];
}

export const isMusicBrainzId = (field: string): boolean => field.startsWith('MUSICBRAINZ_');

/** In characters: far above any title, far below what breaks a reader. */
const MAX_VALUE_LENGTH = 32_768;

/** What this program knows of a track; absent values are left out. */
export function toTagValues(tags: TrackTags): TagValues {
  const pairs: [string, (string | number | null)[]][] = [
    ['TITLE', [tags.title]],
    ['ARTIST', tags.artists],
    ['ALBUM', [tags.album]],
    ['ALBUMARTIST', tags.albumArtists],
    ['TRACKNUMBER', [tags.trackNumber]],
    ['TRACKTOTAL', [totalOf(tags.trackNumber, tags.trackTotal)]],
    ['DISCNUMBER', [tags.discNumber]],
    ['DISCTOTAL', [totalOf(tags.discNumber, tags.discTotal)]],
    ['DATE', [tags.date]],
    ['GENRE', tags.genres],
    ['ISRC', [tags.isrc]],
    ['BARCODE', [tags.upc]],
    ['LABEL', [tags.label]],
    ['COPYRIGHT', [tags.copyright]],
    ['SOURCE', [tags.source]],
    ['LICENSE', [tags.licence]],
    ['MUSICBRAINZ_TRACKID', [tags.musicBrainz?.recordingId ?? null]],
    ['MUSICBRAINZ_RELEASETRACKID', [tags.musicBrainz?.releaseTrackId ?? null]],
    ['MUSICBRAINZ_ALBUMID', [tags.musicBrainz?.releaseId ?? null]],
    ['MUSICBRAINZ_RELEASEGROUPID', [tags.musicBrainz?.releaseGroupId ?? null]],
    ['MUSICBRAINZ_ARTISTID', tags.musicBrainz?.artistIds ?? []],
    ['MUSICBRAINZ_ALBUMARTISTID', tags.musicBrainz?.albumArtistIds ?? []],
  ];
  return pairs
    .map(([field, values]) => [field, values.map(cleanValue).filter((value) => value !== '')] as const)
    .filter(([, values]) => values.length > 0);
}

/** A total may be a count of the files that happen to be there. */
function totalOf(number: number | null, total: number | null): number | null {
  return number !== null && total !== null && total >= number ? total : null;
}

/** A NUL would end a value in most containers. */
export function cleanValue(value: string | number | null): string {
  return String(value ?? '')
    .replaceAll('\0', '')
    .slice(0, MAX_VALUE_LENGTH)
    .trim();
}
