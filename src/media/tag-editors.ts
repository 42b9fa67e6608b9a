import {
  AsfContentDescriptor,
  AsfObjectDataType,
  type AsfTag,
  ByteVector,
  type ApeTag,
  Id3v2CommentsFrame,
  Id3v2FrameClassType,
  Id3v2FrameIdentifier,
  Id3v2FrameIdentifiers,
  type Id3v2Tag,
  Id3v2TextInformationFrame,
  Id3v2UniqueFileIdentifierFrame,
  Id3v2UnsynchronizedLyricsFrame,
  Id3v2UserTextInformationFrame,
  type InfoTag,
  type Mpeg4AppleTag,
  Mpeg4AppleDataBoxFlagType,
  StringType,
  type XiphComment,
} from 'node-taglib-sharp';
import { nameIn, namesOf } from './tag-fields.js';

/** One tag of a file, by the fields of tag-fields.ts. No values remove a field. */
export interface TagEditor {
  get(field: string): string[];
  set(field: string, values: readonly string[]): void;
}

export function editXiph(tag: XiphComment): TagEditor {
  return {
    get: (field) => namesOf(field).flatMap((name) => tag.getField(name) ?? []),
    set(field, values) {
      for (const name of namesOf(field)) tag.removeField(name);
      if (values.length > 0) tag.setFieldAsStrings(field, ...values);
    },
  };
}

/** In ID3v2.3 a text has one value: there `separator` goes between several. */
export function editId3(tag: Id3v2Tag, separator: string): TagEditor {
  keepMusicianCredits(tag);
  const joined = (values: readonly string[]) =>
    tag.version < 4 && values.length > 1 ? [values.join(separator)] : [...values];
  return withFractions({
    get: (field) => framesOf(tag, id3NameOf(field)).flatMap(textsOf).filter(Boolean),
    set(field, values) {
      const name = id3NameOf(field);
      for (const frame of framesOf(tag, name)) tag.removeFrame(frame);
      const [first = ''] = values;
      if (name === 'TDRC' && tag.version < 4) oldDateFrames(first).forEach((frame) => tag.addFrame(frame));
      else if (values.length > 0) tag.addFrame(newFrame(name, joined(values)));
    },
  });
}

/** ID3v2.3 has a year, and a day as DDMM; the library swaps its halves. */
function oldDateFrames(date: string): Id3v2TextInformationFrame[] {
  const [year = '', month, day] = date.split('-');
  const frame = (id: string, text: string) =>
    Object.assign(Id3v2TextInformationFrame.fromIdentifier(identifierOf(id), UTF8), { text: [text] });
  return [frame('TYER', year), ...(month && day ? [frame('TDAT', `${day}${month}`)] : [])];
}

/** The library sets TMCL from roles that it reads on demand only, and so drops it from a tag that it writes. */
function keepMusicianCredits(tag: Id3v2Tag): void {
  const setTextFrame = tag.setTextFrame.bind(tag);
  tag.setTextFrame = (frame, ...text) => {
    if (frame !== Id3v2FrameIdentifiers['TMCL']) setTextFrame(frame, ...text);
  };
}

const id3NameOf = (field: string): string => nameIn('id3', field) ?? `TXXX:${field}`;

type TextFrame =
  | Id3v2TextInformationFrame
  | Id3v2CommentsFrame
  | Id3v2UnsynchronizedLyricsFrame
  | Id3v2UniqueFileIdentifierFrame;

function framesOf(tag: Id3v2Tag, name: string): TextFrame[] {
  const [id = '', detail = ''] = splitOnce(name);
  const all = tag.frames;
  if (id === 'TXXX') {
    return all
      .filter((frame) => frame instanceof Id3v2UserTextInformationFrame)
      .filter((frame) => frame.description.toUpperCase() === detail.toUpperCase());
  }
  if (id === 'UFID') {
    return all
      .filter((frame) => frame instanceof Id3v2UniqueFileIdentifierFrame)
      .filter((frame) => frame.owner === detail);
  }
  if (id === 'COMM') {
    return all.filter((frame) => frame instanceof Id3v2CommentsFrame).filter((frame) => !frame.description);
  }
  if (id === 'TDRC') return OLD_DATE_FRAMES.flatMap((each) => textFrames(tag, each));
  if (id === 'USLT') return all.filter((frame) => frame instanceof Id3v2UnsynchronizedLyricsFrame);
  return textFrames(tag, id);
}

const OLD_DATE_FRAMES = ['TDRC', 'TYER', 'TDAT'];

function textFrames(tag: Id3v2Tag, id: string): Id3v2TextInformationFrame[] {
  return tag.getFramesByIdentifier(Id3v2FrameClassType.TextInformationFrame, identifierOf(id));
}

/** Not `split`: a URL has colons. */
function splitOnce(name: string): [string, string] {
  const colon = name.indexOf(':');
  return colon < 0 ? [name, ''] : [name.slice(0, colon), name.slice(colon + 1)];
}

function identifierOf(id: string): Id3v2FrameIdentifier {
  return Id3v2FrameIdentifiers[id] ?? new Id3v2FrameIdentifier(id, id, '');
}

function textsOf(frame: TextFrame): string[] {
  if (frame instanceof Id3v2UniqueFileIdentifierFrame) return [frame.identifier.toString(StringType.Latin1)];
  return typeof frame.text === 'string' ? [frame.text] : frame.text;
}

const UNKNOWN_LANGUAGE = 'XXX';
const UTF8 = StringType.UTF8;

function newFrame(name: string, values: string[]): TextFrame {
  const [id, detail] = splitOnce(name);
  const first = values.join('\n');
  if (id === 'UFID')
    return Id3v2UniqueFileIdentifierFrame.fromData(detail, ByteVector.fromString(first, StringType.Latin1));
  if (id === 'COMM') {
    return Object.assign(Id3v2CommentsFrame.fromDescription('', UNKNOWN_LANGUAGE, UTF8), { text: first });
  }
  if (id === 'USLT') {
    return Object.assign(Id3v2UnsynchronizedLyricsFrame.fromData('', UNKNOWN_LANGUAGE, UTF8), {
      text: first,
    });
  }
  const frame =
    id === 'TXXX'
      ? Id3v2UserTextInformationFrame.fromDescription(detail, UTF8)
      : Id3v2TextInformationFrame.fromIdentifier(identifierOf(id), UTF8);
  return Object.assign(frame, { text: values });
}

export function editApe(tag: ApeTag): TagEditor {
  const nameOf = (field: string) => nameIn('ape', field) ?? field;
  return withFractions({
    get: (field) => tag.getItem(nameOf(field))?.text ?? [],
    set: (field, values) => tag.setStringValues(nameOf(field), [...values]),
  });
}

const APPLE = 'com.apple.iTunes';

/** Atoms of MP4 take several values; the library's own setter joins them. */
export function editMp4(tag: Mpeg4AppleTag): TagEditor {
  const atomOf = (field: string) => {
    const name = nameIn('mp4', field);
    return name?.length === 4 ? ByteVector.fromString(name, StringType.Latin1) : null;
  };
  const freeNameOf = (field: string) => nameIn('mp4', field) ?? field;
  const fraction = (number: number, total: number) =>
    number === 0 ? [] : [total === 0 ? String(number) : `${number}/${total}`];
  return withFractions({
    get(field) {
      if (field === 'TRACKNUMBER') return fraction(tag.track, tag.trackCount);
      if (field === 'DISCNUMBER') return fraction(tag.disc, tag.discCount);
      if (field === 'BPM') return tag.beatsPerMinute ? [String(tag.beatsPerMinute)] : [];
      if (field === 'COMPILATION') return tag.isCompilation ? ['1'] : [];
      if (field === 'GENRE') return tag.genres.filter(Boolean);
      const atom = atomOf(field);
      return (atom ? tag.getQuickTimeStrings(atom) : tag.getItunesStrings(APPLE, freeNameOf(field))) ?? [];
    },
    set(field, values) {
      const [number = 0, total = 0] = (values[0] ?? '')
        .split('/')
        .map((text) => Number.parseInt(text, 10) || 0);
      if (field === 'TRACKNUMBER') return void Object.assign(tag, { track: number, trackCount: total });
      if (field === 'DISCNUMBER') return void Object.assign(tag, { disc: number, discCount: total });
      if (field === 'BPM') return void (tag.beatsPerMinute = number);
      if (field === 'COMPILATION') return void (tag.isCompilation = number === 1);
      const atom = atomOf(field);
      if (!atom) return tag.setItunesStrings(APPLE, freeNameOf(field), ...values);
      if (field === 'GENRE') tag.setQuickTimeData(GENRE_NUMBER, []);
      const texts = values.map((value) => ByteVector.fromString(value, UTF8));
      tag.setQuickTimeData(atom, texts, Mpeg4AppleDataBoxFlagType.ContainsText);
    },
  });
}

const GENRE_NUMBER = ByteVector.fromString('gnre', StringType.Latin1);

/** Its lengths are of 16 bits, in bytes of UTF-16. */
const ASF_MAX_LENGTH = 32_000;

export function editAsf(tag: AsfTag, separator: string): TagEditor {
  const description = tag.contentDescriptionObject;
  const fixed: Record<string, 'title' | 'author' | 'copyright' | 'description'> = {
    TITLE: 'title',
    ARTIST: 'author',
    COPYRIGHT: 'copyright',
    COMMENT: 'description',
  };
  const nameOf = (field: string) => nameIn('asf', field) ?? field;
  return withFractions({
    get(field) {
      const place = fixed[field];
      const texts = place
        ? [description[place]]
        : tag.getDescriptors(nameOf(field)).map((each) => each.toString());
      return texts.filter(Boolean);
    },
    set(field, values) {
      const place = fixed[field];
      const texts = values.map((value) => value.slice(0, ASF_MAX_LENGTH));
      if (place) {
        description[place] = texts.join(separator);
        // ffmpeg writes, and prefers, a second title in lower case.
        return [nameOf(field), place].forEach((name) => tag.removeDescriptors(name));
      }
      const toDescriptor = (text: string) =>
        new AsfContentDescriptor(nameOf(field), AsfObjectDataType.Unicode, text);
      tag.removeDescriptors(nameOf(field));
      tag.setDescriptors(nameOf(field), ...texts.map(toDescriptor));
    },
  });
}

/** RIFF INFO names no character set: ffmpeg reads UTF-8, and 5.1 passes over the ID3 chunk where there is INFO. */
export function editRiffInfo(tag: InfoTag, separator: string): TagEditor {
  return {
    get(field) {
      const name = nameIn('riff', field);
      return name === null ? [] : tag.getValuesAsStrings(name).filter(Boolean);
    },
    set(field, values) {
      const name = nameIn('riff', field);
      if (name === null) return;
      const text = values.join(separator);
      tag.setValuesFromStrings(name, text === '' ? [] : [text]);
    },
  };
}

const TOTALS: Record<string, string> = { TRACKTOTAL: 'TRACKNUMBER', DISCTOTAL: 'DISCNUMBER' };

/** For formats that keep a number and its total as one text, `3/12`. */
function withFractions(editor: TagEditor): TagEditor {
  const partsOf = (field: string): [string, string] => {
    const [number = '', total = ''] = (editor.get(field)[0] ?? '').split('/');
    return [number, total];
  };
  return {
    get(field) {
      const numbers = TOTALS[field];
      const isNumber = Object.values(TOTALS).includes(field);
      if (!numbers && !isNumber) return editor.get(field);
      const part = numbers ? partsOf(numbers)[1] : partsOf(field)[0];
      return Number(part) > 0 ? [part] : [];
    },
    set(field, values) {
      const numbers = TOTALS[field];
      const [value = ''] = values;
      if (numbers) {
        const [number] = partsOf(numbers);
        if (number !== '') editor.set(numbers, [value === '' ? number : `${number}/${value}`]);
      } else if (Object.values(TOTALS).includes(field) && value !== '') {
        const [, total] = partsOf(field);
        editor.set(field, [total === '' ? value : `${value}/${total}`]);
      } else editor.set(field, values);
    },
  };
}
