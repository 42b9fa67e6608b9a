import { parseFile, type IAudioMetadata, type IPicture } from 'music-metadata';
import { cleanValue, fieldNamed, type TagFormat, type TagValues } from './tag-fields.js';

export interface SourceTags {
  values: TagValues;
  pictures: readonly IPicture[];
}

/** Best first: the first format of a file that has a field decides. */
const FORMATS: [RegExp, TagFormat][] = [
  [/^(?:vorbis|matroska)$/, 'vorbis'],
  [/^ID3v2/, 'id3'],
  [/^iTunes$/, 'mp4'],
  [/^APEv2$/, 'ape'],
  [/^asf$/, 'asf'],
  [/^exif$/, 'riff'],
];

/** About the bytes of the file that they stand in; another file has its own. */
const TECHNICAL = new RegExp(
  '^(?:ENCODER|ENCODING|ENCODERSETTINGS|ENCODED_BY_TOOL|TSSE|TLEN|TFLT|©TOO|ISFT|ITUNSMPB|ITUNNORM|ENCODING PARAMS|CDEC' +
    '|DURATION|MAJOR_BRAND|MINOR_VERSION|COMPATIBLE_BRANDS|METADATA_BLOCK_PICTURE|COVERART.*|ISVBR|RATING' +
    '|WM/ENCODING.*|WM/PICTURE|WMFSDK.*|DEVICECONFORMANCE.*|AVERAGELEVEL|PEAKVALUE|CHAPTER\\d.*|FILEID|_STATISTICS.*' +
    '|NUMBER_OF_.*|BPS|MCDI|PRIV.*|APIC|PIC|COVR|CHAP|CTOC|GEOB.*|SYLT|POPM|PCNT|RVA2?|GNRE|TDAT|TIME|TRDA)$',
);

/** All texts of the file, by music-metadata, which reads every container that ffmpeg is allowed to. */
export async function readSourceTags(path: string): Promise<SourceTags> {
  const read = await parseFile(path, { duration: false });
  const values = new Map<string, string[]>();
  for (const [format, native] of nativesOf(read)) {
    const found = new Map<string, string[]>();
    for (const [field, value] of native) found.set(field, [...(found.get(field) ?? []), value]);
    for (const [field, texts] of found)
      if (!values.has(field)) values.set(field, rejoin(format, field, texts));
  }
  const date = joinOldDate(read.native);
  if (date) values.set('DATE', [date]);
  return { values: splitTotals(values), pictures: read.common.picture ?? [] };
}

/** ID3v2.3: a year, and a day as DDMM. */
function joinOldDate(native: IAudioMetadata['native']): string | null {
  const [year, day] = ['TYER', 'TDAT'].map((id) =>
    textOf(native['ID3v2.3']?.find((tag) => tag.id === id)?.value),
  );
  return /^\d{4}$/.test(year ?? '') && /^\d{4}$/.test(day ?? '') && day
    ? `${year}-${day.slice(2)}-${day.slice(0, 2)}`
    : null;
}

/** ID3v2.3 has no separator of its own: what the reader took apart at a slash may be one name. */
function rejoin(format: string, field: string, values: readonly string[]): string[] {
  const isOneText = format === 'ID3v2.3' && field !== 'GENRE' && values.length > 1;
  return isOneText ? [values.join('/')] : [...new Set(values)];
}

type Native = readonly [field: string, value: string][];

function nativesOf({ native }: IAudioMetadata): [format: string, Native][] {
  return FORMATS.flatMap(([pattern, format]) =>
    Object.entries(native)
      .filter(([name]) => pattern.test(name))
      .map(([name, tags]): [string, Native] => [
        name,
        tags.flatMap(({ id, value }): [string, string][] => {
          const field = fieldNamed(format, id);
          const text = textOf(value);
          return text === '' || TECHNICAL.test(field) ? [] : [[field, text]];
        }),
      ]),
  );
}

/** COMM and USLT are objects with a text, UFID with an identifier. A comment with a name is a program's (iTunNORM). */
function textOf(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return cleanValue(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value !== 'object' || value === null) return '';
  if ('text' in value && typeof value.text === 'string') {
    return 'descriptor' in value && /^iTun/.test(String(value.descriptor)) ? '' : cleanValue(value.text);
  }
  if ('identifier' in value && value.identifier instanceof Uint8Array) {
    return cleanValue(Buffer.from(value.identifier).toString('latin1'));
  }
  return '';
}

/** `3/12` as two fields. */
function splitTotals(values: Map<string, string[]>): TagValues {
  for (const [numbers, totals] of [
    ['TRACKNUMBER', 'TRACKTOTAL'],
    ['DISCNUMBER', 'DISCTOTAL'],
  ] as const) {
    const [number = '', total = ''] = (values.get(numbers)?.[0] ?? '').split('/');
    if (number !== '') values.set(numbers, [number]);
    if (Number(total) > 0 && !values.has(totals)) values.set(totals, [total]);
  }
  return [...values];
}
