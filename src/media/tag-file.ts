import {
  AacFileSettings,
  ApeTag,
  AsfFile,
  AsfHeaderObject,
  AsfTag,
  ByteVector,
  File,
  FileAccessMode,
  Id3v1Tag,
  type Id3v2FrameIdentifier,
  Id3v2FrameIdentifiers,
  Id3v2Settings,
  Id3v2Tag,
  InfoTag,
  type IFileAbstraction,
  MpegAudioFileSettings,
  Mpeg4AppleTag,
  Picture,
  PictureType,
  Properties,
  ReadStyle,
  SandwichFile,
  StringType,
  type Tag,
  TagTypes,
  WaveFileSettings,
  XiphComment,
} from 'node-taglib-sharp';
import type { Cover } from './artwork.js';
import { editApe, editAsf, editId3, editMp4, editRiffInfo, editXiph, type TagEditor } from './tag-editors.js';
import type { SourceTags } from './read-tags.js';
import { TAG_OF_EXTENSION } from './tag-fields.js';

const TAG_TYPES: Record<(typeof TAG_OF_EXTENSION)[string], TagTypes> = {
  id3: TagTypes.Id3v2,
  mp4: TagTypes.Apple,
  vorbis: TagTypes.Xiph,
  asf: TagTypes.Asf,
  ape: TagTypes.Ape,
};

/** WavPack, TTA and Musepack, of which the library knows the tag at the end but not the file. */
class TailTaggedFile extends SandwichFile {
  constructor(file: IFileAbstraction, style: ReadStyle) {
    super(file, style, new Map([[TagTypes.Ape, () => true]]), TagTypes.Ape);
  }

  protected readProperties(): Properties {
    return new Properties(0, []);
  }
}

/** The library's own `save` writes a header that has grown over the start of the audio. */
class WmaFile extends AsfFile {
  override save(): void {
    this.preSave();
    this.mode = FileAccessMode.Write;
    try {
      const header = AsfHeaderObject.fromFile(this, 0);
      const tag = this.getTag(TagTypes.Asf);
      if (!(tag instanceof AsfTag)) return;
      header.addUniqueObject(tag.contentDescriptionObject);
      header.addUniqueObject(tag.extendedContentDescriptionObject);
      header.extension.addUniqueObject(tag.metadataLibraryObject);
      const rendered = header.render();
      stateSize(rendered, this.length - header.originalSize + rendered.length);
      this.insert(rendered, 0, header.originalSize);
    } finally {
      this.mode = FileAccessMode.Closed;
    }
  }
}

const ASF_FILE_PROPERTIES = ByteVector.fromByteArray(Buffer.from('a1dcab8c47a9cf118ee400c00c205365', 'hex'));
/** Behind the object's id and size, and the file's id. */
const ASF_FILE_SIZE_AT = 40;

/** ffmpeg guesses the length of a file whose size is not what its header states. */
function stateSize(header: ByteVector, bytes: number): void {
  const at = header.find(ASF_FILE_PROPERTIES);
  if (at < 0) return;
  ByteVector.fromUlong(bytes, false)
    .toByteArray()
    .forEach((byte, index) => header.set(at + ASF_FILE_SIZE_AT + index, byte));
}

for (const extension of ['wv', 'tta', 'mpc']) File.addFileType(`taglib/${extension}`, TailTaggedFile, true);
for (const extension of ['wma', 'asf']) File.addFileType(`taglib/${extension}`, WmaFile, true);
// Only what the format needs: by default the library adds ID3v1, and MovieID and DivX to WAV.
MpegAudioFileSettings.defaultTagTypes = TagTypes.Id3v2;
AacFileSettings.defaultTagTypes = TagTypes.Id3v2;
WaveFileSettings.defaultTagTypes = TagTypes.Id3v2;
Id3v2Settings.defaultVersion = 4;
Id3v2Settings.defaultEncoding = StringType.UTF8;
Id3v2Settings.useNumericGenres = false;

/** Taggers write these frames of ID3v2.4 (sort names, mood) in ID3v2.3 too; the library would drop them. */
for (const frame of Object.values(Id3v2FrameIdentifiers)) {
  if (!isIn(frame, 3) && isIn(frame, 4)) Object.assign(frame, { _version3: frame.render(4) });
}

function isIn(frame: Id3v2FrameIdentifier, version: number): boolean {
  try {
    return frame.render(version).length > 0;
  } catch {
    return false;
  }
}

export interface TagFile {
  /** The first is the file's main tag. */
  editors: TagEditor[];
  pictures(): TagPicture[];
  setPictures(pictures: TagPicture[]): void;
  save(): void;
  close(): void;
}

type TagPicture = Tag['pictures'][number];

export function openTagFile(path: string, extension: string, separator: string): TagFile {
  const file = File.createFromPath(path, `taglib/${extension}`, ReadStyle.None);
  // Bytes after the last frame are not audio, and `flac -t` fails on them.
  if (extension === 'flac') file.removeTags(TagTypes.Id3v1);
  const kind = TAG_OF_EXTENSION[extension];
  const mainType = kind ? TAG_TYPES[kind] : TagTypes.None;
  const main = file.getTag(mainType, true);
  const others = EDITED_TYPES.filter((type) => type !== mainType && (file.tagTypesOnDisk & type) !== 0)
    .filter((type) => extension !== 'flac' || type !== TagTypes.Id3v1)
    .map((type) => file.getTag(type, false));
  return {
    editors: [main, ...others].flatMap((tag) => toEditor(tag, separator) ?? []),
    // FLAC has its pictures beside the comments.
    pictures: () => (extension === 'flac' ? file.tag : main).pictures,
    setPictures: (pictures) => void ((extension === 'flac' ? file.tag : main).pictures = pictures),
    save: () => file.save(),
    close: () => file.dispose(),
  };
}

const EDITED_TYPES = [TagTypes.Id3v2, TagTypes.Id3v1, TagTypes.Ape, TagTypes.RiffInfo];

function toEditor(tag: Tag, separator: string): TagEditor | null {
  if (tag instanceof XiphComment) return editXiph(tag);
  if (tag instanceof Id3v2Tag) return editId3(tag, separator);
  if (tag instanceof Mpeg4AppleTag) return editMp4(tag);
  if (tag instanceof ApeTag) return editApe(tag);
  if (tag instanceof AsfTag) return editAsf(tag, separator);
  if (tag instanceof InfoTag) return editRiffInfo(tag, separator);
  return tag instanceof Id3v1Tag ? editId3v1(tag, separator) : null;
}

/** Thirty bytes a text: it is corrected where it is, never made. */
function editId3v1(tag: Id3v1Tag, separator: string): TagEditor {
  return {
    get: (field) => (field in ID3V1_FIELDS ? ['kept'] : []),
    set(field, values) {
      const text = values.join(separator);
      if (field === 'TITLE') tag.title = text;
      if (field === 'ARTIST') tag.performers = [text];
      if (field === 'ALBUM') tag.album = text;
      if (field === 'DATE') tag.year = Number.parseInt(text, 10) || 0;
      if (field === 'TRACKNUMBER') tag.track = Math.min(255, Number.parseInt(text, 10) || 0);
    },
  };
}
const ID3V1_FIELDS = { TITLE: 1, ARTIST: 1, ALBUM: 1, DATE: 1, TRACKNUMBER: 1 };

const KINDS = [
  ['Cover (front)', PictureType.FrontCover],
  ['Cover (back)', PictureType.BackCover],
  ['Leaflet page', PictureType.LeafletPage],
  ['Media (e.g. label side of CD)', PictureType.Media],
  ['Artist/performer', PictureType.Artist],
] as const;

export function toPictures(pictures: SourceTags['pictures']): TagPicture[] {
  return pictures.map(({ data, format, type, description }) => {
    const kind = KINDS.find(([name]) => name === type)?.[1];
    // MP4 and Matroska name no kind: the first is the front.
    return newPicture(data, kind ?? PictureType.FrontCover, { mime: format, description: description ?? '' });
  });
}

export function frontCover(cover: Cover): TagPicture {
  return newPicture(cover.bytes, PictureType.FrontCover, { mime: cover.mime, description: '' });
}

export function isFront({ type }: TagPicture): boolean {
  return type === PictureType.FrontCover;
}

function newPicture(bytes: Uint8Array, type: PictureType, text: { mime: string; description: string }) {
  return Picture.fromFullData(ByteVector.fromByteArray(bytes), type, text.mime, text.description);
}
