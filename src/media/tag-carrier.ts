/**
 * A tiny Matroska file: an argument over 128 KiB cannot be passed, and ffmpeg's own text form for tags loses
 * all beyond 1,023 bytes a line up to 2019. Works with ffmpeg of 2018 and of 2026.
 */
export function buildTagCarrier(tags: readonly (readonly [string, string])[], cover: Cover | null): Buffer {
  const simpleTags = tags.map(([key, value]) =>
    element(ID.SimpleTag, [
      element(ID.TagName, [Buffer.from(key)]),
      element(ID.TagString, [Buffer.from(value)]),
    ]),
  );
  return Buffer.concat([
    element(ID.EBML, [
      element(ID.DocType, [Buffer.from('matroska')]),
      element(ID.DocTypeVersion, [Buffer.of(4)]),
      element(ID.DocTypeReadVersion, [Buffer.of(2)]),
    ]),
    element(ID.Segment, [
      element(ID.Info, [element(ID.TimestampScale, [Buffer.of(0x0f, 0x42, 0x40)])]),
      ...(cover ? [attachment(cover)] : []),
      element(ID.Tags, [element(ID.Tag, simpleTags)]),
      // Without a cluster, be it empty, ffmpeg reads to the end of the file and then refuses it.
      element(ID.Cluster, [element(ID.Timestamp, [Buffer.of(0)])]),
    ]),
  ]);
}

export interface Cover {
  mime: 'image/jpeg' | 'image/png';
  bytes: Uint8Array;
  widthPx: number;
  heightPx: number;
}

/** RFC 9559, section 5 (and RFC 8794 for the first three). */
const ID = {
  EBML: '1a45dfa3',
  DocType: '4282',
  DocTypeVersion: '4287',
  DocTypeReadVersion: '4285',
  Segment: '18538067',
  Info: '1549a966',
  TimestampScale: '2ad7b1',
  Attachments: '1941a469',
  AttachedFile: '61a7',
  FileName: '466e',
  FileMediaType: '4660',
  FileData: '465c',
  FileUID: '46ae',
  Tags: '1254c367',
  Tag: '7373',
  SimpleTag: '67c8',
  TagName: '45a3',
  TagString: '4487',
  Cluster: '1f43b675',
  Timestamp: 'e7',
};

function attachment(cover: Cover): Buffer {
  return element(ID.Attachments, [
    element(ID.AttachedFile, [
      element(ID.FileName, [Buffer.from('cover')]),
      element(ID.FileMediaType, [Buffer.from(cover.mime)]),
      element(ID.FileData, [cover.bytes]),
      element(ID.FileUID, [Buffer.of(1)]),
    ]),
  ]);
}

function element(id: string, parts: Uint8Array[]): Buffer {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(bytes) | (1n << 56n)); // a size of eight bytes: one marker bit, then 56 bits
  return Buffer.concat([Buffer.from(id, 'hex'), size, ...parts]);
}
