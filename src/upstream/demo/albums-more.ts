import { VARIOUS_ARTISTS } from './artists.js';
import { song, type DemoAlbum, type DemoTrack } from './music.js';

const boussoleCassee: DemoAlbum = {
  slug: 'la-boussole-cassee',
  number: 12,
  title: 'La boussole cassée',
  by: ['soeurs-boussole'],
  group: 'ALBUM',
  released: '2022-10-07',
  label: 'Folded Map',
  genres: ['Chanson'],
  cover: { design: 'rings', colors: ['#582f0e', '#ede0d4', '#b08968', '#7f5539', '#c1121f'] },
  discs: [
    [
      song('Le nord est à gauche', 17),
      song('Cœur magnétique', 19.7),
      song('L’été à contre-courant', 14.1),
      song('Garçon, une marée', 16.5),
      song('Déjà vu, jamais bu', 12.9),
      song('Où est passé l’ouest ?', 20.8),
      song('Noël en haute mer', 23),
      song('La mer n’a pas signé', 18.2, { with: ['saltglass-choir'] }),
      song('Rose des vents, fanée', 21.6),
    ],
  ],
};

/** Titles in a script without spaces. */
const thirteenthLamp: DemoAlbum = {
  slug: 'thirteenth-lamp',
  number: 13,
  title: '十三番目の灯',
  by: ['lamp-keepers-club'],
  group: 'ALBUM',
  released: '2023-08-25',
  label: 'Ninth Parallel',
  genres: ['City Pop'],
  cover: { design: 'beams', colors: ['#2b2d42', '#ffafcc', '#3a3d5c', '#a2d2ff', '#fefae0'] },
  discs: [
    [
      song('夜のフェリー', 18),
      song('灯台守のタクシー', 21.2),
      song('回転レンズ', 15.6),
      song('Neon Buoy', 17.8),
      song('十三番目の灯', 24),
      song('霧笛とソーダ水', 14.3),
      song('港町エレベーター', 19.4),
      song('最終便', 22.7),
    ],
  ],
};

/** Remixes with two and three artists. */
const hullFrequencies: DemoAlbum = {
  slug: 'hull-frequencies',
  number: 14,
  title: 'Hull Frequencies',
  by: ['dj-barnacle-protocol'],
  group: 'ALBUM',
  released: '2024-02-29',
  label: 'Ohm Grown',
  genres: ['Dub', 'Electronic'],
  cover: { design: 'quarters', colors: ['#001219', '#0a9396', '#94d2bd', '#ee9b00', '#ae2012'] },
  discs: [
    [
      song('Dry Dock', 16),
      song('Night Ferry (Barnacle Version)', 27.3, { with: ['saltglass-choir'] }),
      song('Ballast Dub', 25),
      song('Photosynthesiser (Underwater Mix)', 29.1, { with: ['juniper-voltmeter'] }),
      song('Limpet Handshake', 14.6, { with: ['otter-and-semaphore', 'lamp-keepers-club'] }),
      song('Sonar Etiquette', 20.5),
      song('Keelhaul Bassline', 23.8, { explicit: true }),
      song('Copper Paint', 18.9),
    ],
  ],
};

/** One single by three artists at once. */
const lowTideRadio: DemoAlbum = {
  slug: 'low-tide-radio',
  number: 15,
  title: 'Low Tide Radio',
  by: ['dj-barnacle-protocol', 'otter-and-semaphore', 'lamp-keepers-club'],
  group: 'SINGLE',
  released: '2025-01-17',
  label: 'Ohm Grown',
  genres: ['Electronic'],
  cover: { design: 'waves', colors: ['#ffcdb2', '#ffb4a2', '#e5989b', '#b5838d', '#6d6875'] },
  discs: [
    [song('Low Tide Radio', 19.3), song('Low Tide Radio (Instrumental)', 19.3), song('Shipping News', 11.9)],
  ],
};

const neapAndSpring: DemoAlbum = {
  slug: 'neap-and-spring',
  number: 16,
  title: 'Neap and Spring',
  by: ['ten-thousand-tides'],
  group: 'SINGLE',
  released: '2026-01-03',
  label: 'Moon Pull',
  genres: ['Drone'],
  cover: { design: 'horizon', colors: ['#22223b', '#f2e9e4', '#4a4e69', '#9a8c98', '#c9ada7'] },
  discs: [[song('Neap', 26), song('Spring', 28)]],
};

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
  cover: { design: 'waves', colors: ['#dad7cd', '#588157', '#3a5a40', '#344e41', '#1b2a22'] },
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
  cover: { design: 'stripes', colors: ['#f8f9fa', '#212529', '#ffc300', '#495057'] },
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
  cover: { design: 'horizon', colors: ['#d6ccc2', '#e63946', '#8d99ae', '#5c677d', '#f5ebe0'] },
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
  cover: { design: 'dots', colors: ['#03071e', '#faa307', '#370617', '#dc2f02', '#ffba08'] },
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
  cover: { design: 'beams', colors: ['#264653', '#e9c46a', '#2a9d8f', '#e76f51', '#f4f1de'] },
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

export const MORE_ALBUMS: readonly DemoAlbum[] = [
  boussoleCassee,
  thirteenthLamp,
  hullFrequencies,
  lowTideRadio,
  neapAndSpring,
  roughCrossing,
  awkwardCargo,
  harbourWallDemos,
  harbourLights,
  songsForCrossingWater,
];
