import { VARIOUS_ARTISTS } from './artists.js';
import type { DemoAlbum, DemoTrack } from './shapes.js';
import { song } from './song.js';

/** One track for each thing that can go wrong with audio, and one that is well. */
const roughCrossing: DemoAlbum = {
  slug: 'rough-crossing',
  number: 17,
  title: 'Rough Crossing',
  by: ['brass-meridian-nine'],
  group: 'ALBUM',
  released: '2023-11-17',
  label: 'Ninth Parallel',
  genres: ['Brass', 'Jazz'],
  cover: { design: 'waves', colours: ['#dad7cd', '#588157', '#3a5a40', '#344e41', '#1b2a22'] },
  discs: [
    [
      song('Dead Slow Ahead', 20, { trouble: 'slow' }),
      song('Third Time Lucky', 12, { trouble: 'flaky' }),
      song('Engine Trouble', 14, { trouble: 'failing' }),
      song('Lost Overboard', 16, { trouble: 'missing' }),
      song('Cut Adrift', 24, { trouble: 'cutOff' }),
      song('Static from the Bridge', 13, { trouble: 'garbage' }),
      song('Empty Hold', 11, { trouble: 'empty' }),
      song('Becalmed', 18, { trouble: 'stalled' }),
      song('Wait for the Harbour Pilot', 15, { trouble: 'limited' }),
      song('Safe in Port', 10),
    ],
  ],
};

/** Titles that break file names, paths, command lines, templates, markup and comparisons. */
const awkwardCargo: DemoAlbum = {
  slug: 'awkward-cargo',
  number: 18,
  title: 'Awkward Cargo: <Handle/With\\Care>?',
  by: ['juniper-voltmeter'],
  group: 'ALBUM',
  released: '2021-12-10',
  label: 'Ohm Grown',
  genres: ['Electronic'],
  cover: { design: 'stripes', colours: ['#f8f9fa', '#212529', '#ffc300', '#495057'] },
  discs: [
    [
      song('North / South \\ East', 8),
      song('"Quoted" <Angles> | Pipes?*:', 9),
      song('🌊🚢 (Emoji Crossing) 👩‍👩‍👧‍👦', 10),
      song('Ночной паром', 11),
      song('عبّارة الليل', 10.5),
      song('מעבורת לילה', 9.5),
      song('...And Leading Dots', 8.5),
      song('Trailing Dots and Space... ', 8),
      song('CON', 8),
      song('nul.mp3', 8),
      song('../../../../etc/passwd', 9),
      song('$(reboot) `reboot`; reboot & "%PATH%"', 8),
      song('-metadata title=Not This One', 8.2),
      song('%music% {title} %s ${title}', 8.4),
      song('Semi;colon = Hash # and a\nLine Break', 9.2),
      song('<b onclick="alert(1)">Bold</b> & Co.', 8.8),
      song('Quay\u202Egpm.exe', 9),
      song('Caf\u00e9 on the Quay', 10),
      song('Cafe\u0301 on the Quay', 10),
      song(longTitle(), 12),
    ],
  ],
};

/** Longer than any file name may be, in characters and more so in bytes. */
function longTitle(): string {
  const legs = ['the Outer Buoy', 'the Café at the Wrong Pier', 'an Island Nobody Had Ordered', 'Øresund'];
  const repeated = Array.from({ length: 12 }, (_, leg) => `by Way of ${legs[leg % legs.length]}`);
  return `The Very Long Way Home, ${repeated.join(', ')}, and Back Again`;
}

/** No label, so no UPC, no ISRCs, no copyright line; the year is all that is known. */
const harbourWallDemos: DemoAlbum = {
  slug: 'harbour-wall-demos',
  number: 19,
  title: 'Harbour Wall Demos',
  by: ['otter-and-semaphore'],
  group: 'ALBUM',
  released: '2016',
  label: null,
  genres: [],
  cover: { design: 'horizon', colours: ['#d6ccc2', '#e63946', '#8d99ae', '#5c677d', '#f5ebe0'] },
  discs: [
    [
      song('Kelp Hotel (Demo)', 14),
      song('Untitled', 9),
      song('Untitled', 12),
      song('Seagull Ruins the Take', 8),
      song('River Mouth (One Microphone)', 16.1),
    ],
  ],
};

const borrowed = (recording: string): DemoTrack => ({ title: '', seconds: 0, recording });

/** A sampler: recordings that are on other albums as well, with the same ISRCs. */
const harbourLights: DemoAlbum = {
  slug: 'harbour-lights',
  number: 20,
  title: 'Harbour Lights: A Sampler',
  by: [VARIOUS_ARTISTS],
  group: 'COMPILATION',
  released: '2025-03-28',
  label: 'Harbour Light Recordings',
  genres: ['Indie Folk', 'Ambient'],
  cover: { design: 'dots', colours: ['#03071e', '#faa307', '#370617', '#dc2f02', '#ffba08'] },
  discs: [
    [
      'night-ferry-1-03',
      'semaphore-love-songs-1-04',
      'atlas-of-small-rain-2-06',
      'brass-for-lighthouses-1-06',
      'kuestennebel-1-01',
      'la-boussole-cassee-1-02',
      'thirteenth-lamp-1-05',
      'hull-frequencies-1-05',
      'tin-almanac-1-1-08',
      'voltage-gardens-1-06',
    ].map(borrowed),
  ],
};

/** Tracks that are nowhere else. */
const songsForCrossingWater: DemoAlbum = {
  slug: 'songs-for-crossing-water',
  number: 21,
  title: 'Songs for Crossing Water',
  by: [VARIOUS_ARTISTS],
  group: 'COMPILATION',
  released: '2020-07-31',
  label: 'Moon Pull',
  genres: ['Indie Folk'],
  cover: { design: 'beams', colours: ['#264653', '#e9c46a', '#2a9d8f', '#e76f51', '#f4f1de'] },
  discs: [
    [
      song('Gangway', 13.5, { by: ['saltglass-choir'] }),
      song('Duty-Free Umbrella', 16.8, { by: ['cartographers-umbrella'] }),
      song('Ticket for an Otter', 15.2, { by: ['otter-and-semaphore'] }),
      song('Captain’s Second Table', 19.9, { by: ['brass-meridian-nine'] }),
      song('Alternating Current', 21.4, { by: ['juniper-voltmeter'] }),
      song('Sofa auf hoher See', 18.5, { by: ['moebel-fuer-moewen'] }),
      song('Mal de mer, mal de vous', 14, { by: ['soeurs-boussole'] }),
      song('Barcarolle for Rowlocks', 22.2, { by: ['tin-almanac-orchestra'] }),
      song('水平線の上で', 17.1, { by: ['lamp-keepers-club'] }),
      song('Car Deck', 20, { by: ['dj-barnacle-protocol'], with: ['brass-meridian-nine'] }),
    ],
  ],
};

export const ODD_ALBUMS: readonly DemoAlbum[] = [
  roughCrossing,
  awkwardCargo,
  harbourWallDemos,
  harbourLights,
  songsForCrossingWater,
];
