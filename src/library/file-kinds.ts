import { extname } from 'node:path';
import { INCOMING_DIRECTORY, TRASH_DIRECTORY, WAITING_PREFIX } from '../settings/path-rules.js';

/** Lower case, with the dot: what ffmpeg or music-metadata reads. `npm run docs` lists them. */
export const AUDIO_EXTENSIONS: ReadonlySet<string> = new Set(
  [
    '.mp3 .mp2 .mp1 .mpga .flac .ogg .oga .ogx .opus .spx .m4a .m4b .m4r .mp4 .aac .adts .alac .wav .wave .bwf .rf64',
    '.w64 .aif .aiff .aifc .caf .au .snd .wma .asf .ape .wv .tta .tak .shn .mpc .mpp .mp+ .dsf .dff .mka .weba .webm',
    '.ac3 .eac3 .dts .mlp .thd .amr .awb .3ga .3gp .ra .voc',
  ].flatMap((line) => line.split(' ')),
);

/** These may hold a film: then they are not music. */
export const VIDEO_EXTENSIONS: ReadonlySet<string> = new Set('.mp4 .webm .3gp .asf'.split(' '));

/** What lies beside music, and is passed over without a word. */
const COMPANIONS: ReadonlySet<string> = new Set(
  [
    '.jpg .jpeg .png .gif .webp .bmp .tif .tiff .avif .heic .svg .ico .psd .txt .nfo .md .log .cue .toc .m3u .m3u8 .pls',
    '.xspf .wpl .asx .htm .html .xml .json .yml .yaml .csv .rtf .doc .docx .odt .pdf .lrc .srt .md5 .sha1 .sha256 .sfv',
    '.ffp .accurip .st5 .par2 .ini .db .db-journal .url .webloc .desktop .lnk .torrent .opf .plist .itl .nsp .bak',
  ].flatMap((line) => line.split(' ')),
);

/** Of systems, NAS devices and programs, and of Reprise: copies, thumbnails and what was thrown away. */
const SYSTEM_FOLDERS: ReadonlySet<string> = new Set(
  [
    `${INCOMING_DIRECTORY} ${TRASH_DIRECTORY}`,
    '.trash .trashes .recycle #recycle $recycle.bin recycler @eadir @recycle @recently-snapshot .@__thumb',
    '.snapshot .snapshots #snapshot .zfs .git .stfolder .stversions .sync .spotlight-v100 .fseventsd .temporaryitems',
    '.documentrevisions-v100 .appledouble .appledb .appledesktop .dropbox.cache lost+found .thumbnails .cache',
  ].flatMap((line) => line.split(' ')),
);

export type FileKind = 'audio' | 'companion' | 'unknown';

export function kindOfFile(name: string): FileKind {
  const extension = extensionOf(name);
  // Resource forks of macOS are named like the file that they belong to.
  if (name.startsWith('._') || name.startsWith(WAITING_PREFIX)) return 'companion';
  if (AUDIO_EXTENSIONS.has(extension)) return 'audio';
  return COMPANIONS.has(extension) || (name.startsWith('.') && extension === '') ? 'companion' : 'unknown';
}

export function isSystemFolder(name: string): boolean {
  const lower = name.toLowerCase();
  return SYSTEM_FOLDERS.has(lower) || /^\.trash-\d+$/.test(lower) || lower === 'system volume information';
}

/** Of ".mp3", which has none for Node, it is ".mp3" here. */
export const extensionOf = (name: string): string =>
  (extname(name) || (AUDIO_EXTENSIONS.has(name.toLowerCase()) ? name : '')).toLowerCase();
