import { createMedia } from './src/media/create-media.js';
import { createLogger } from './src/lib/logger.js';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
const media = await createMedia({ ffmpegPath: null, ffprobePath: null, log: createLogger('warn') });
const ff = media.tools!.ffmpegPath; const signal = new AbortController().signal;
execFileSync(ff, ['-v','error','-y','-f','lavfi','-i','anoisesrc=d=200:c=pink:a=0.4:r=44100','-ac','2','/tmp/m/b.flac']);
const input = await media.probe('/tmp/m/b.flac', signal);
const tags: any = { title: "t", artists:['A'], album:null, albumArtists:[], trackNumber:3, trackTotal:12, discNumber:1, discTotal:2, date:null, isrc:'USABC1234567', upc:null, genres:[], label:null, copyright:null, comment:'c' };
const cover = readFileSync('/tmp/m/mid.jpg');
const bare: any = { MP3:['-c:a','libmp3lame','-b:a','320k','-f','mp3'], OPUS:['-c:a','libopus','-b:a','160k','-f','opus'], FLAC:['-c:a','copy','-f','flac'], WAV: ['-f','wav'], AAC:['-c:a','aac','-b:a','256k','-f','ipod'] };
for (const format of Object.keys(bare)) {
  const times: number[][] = [[],[],[]];
  for (let i=0;i<(format==='FLAC'||format==='WAV'?15:4);i++) {
    let t = performance.now();
    execFileSync(ff, ['-nostdin','-v','error','-y','-i','/tmp/m/b.flac',...bare[format],'/tmp/m/b.out']);
    times[0]!.push(performance.now()-t); t = performance.now();
    await media.transcode({ inputPath:'/tmp/m/b.flac', outputPath:'/tmp/m/b.out2', input, format: format as any, bitrateKbps:null, artistSeparator:'; ', tags, cover }, { signal, onProgress(){} });
    times[1]!.push(performance.now()-t); t = performance.now();
    await media.probe('/tmp/m/b.flac', signal); await media.probe('/tmp/m/b.out2', signal);
    times[2]!.push(performance.now()-t);
  }
  const med = times.map(x=>x.sort((a,b)=>a-b)[x.length>>1]!.toFixed(0));
  console.log(format, 'bare', med[0], 'ours', med[1], 'two probes', med[2]);
}
