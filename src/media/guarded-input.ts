/**
 * What is read as audio. Playlists, concatenations and image sequences are left out: they make ffmpeg open further
 * files that whoever supplied the "audio" chose.
 */
const DEMUXERS =
  'aac,ac3,aiff,amr,ape,asf,au,caf,dsf,dts,eac3,flac,iff,matroska,webm,mov,mp3,mpc,mpc8,ogg,tta,w64,wav,wv';

/** For every file from outside, to ffmpeg and ffprobe alike: no network, no protocol that opens other things. */
export const GUARDED_INPUT = ['-protocol_whitelist', 'file,pipe', '-format_whitelist', DEMUXERS];
