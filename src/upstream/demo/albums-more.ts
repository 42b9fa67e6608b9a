import type { DemoAlbum } from './shapes.js';
import { song } from './song.js';

const kuestennebel: DemoAlbum = {
  slug: 'kuestennebel',
  number: 6,
  title: 'Küstennebel',
  by: ['moebel-fuer-moewen'],
  group: 'ALBUM',
  released: '2020-02-14',
  label: 'Rauschwerk',
  genres: ['Krautrock'],
  cover: { design: 'waves', colours: ['#e0e1dd', '#778da9', '#415a77', '#1b263b', '#0d1b2a'] },
  discs: [
    [
      song('Nebelhorn', 16.3),
      song('Schränke am Strand', 19),
      song('Die Möwe auf dem Sessel', 14.8),
      song('Gleichmäßig grau', 23.4),
      song('Übergröße', 12),
      song('Windstärke zwölf', 20.6),
      song('Ebbe im Wohnzimmer', 17.2),
      song('Straße ohne Ufer', 18),
      song('Motorik für Anfänger', 25.5),
      song('Süßwasser', 13.7),
    ],
  ],
};

const ueberfahrt: DemoAlbum = {
  slug: 'ueberfahrt',
  number: 7,
  title: 'Überfahrt',
  by: ['moebel-fuer-moewen'],
  group: 'SINGLE',
  released: '2022-09-23',
  label: 'Rauschwerk',
  genres: ['Krautrock'],
  cover: { design: 'rings', colours: ['#006d77', '#edf6f9', '#83c5be', '#e29578'] },
  discs: [[song('Überfahrt', 20)]],
};

const umbrellaWeather: DemoAlbum = {
  slug: 'umbrella-weather',
  number: 8,
  title: 'Umbrella Weather',
  by: ['cartographers-umbrella'],
  group: 'SINGLE',
  released: '2022-03-11',
  label: 'Folded Map',
  genres: ['Chamber Pop'],
  cover: { design: 'stripes', colours: ['#cddafd', '#f08080', '#fff1e6', '#4a4e69'] },
  discs: [
    [song('Umbrella Weather', 18.6, { with: ['lamp-keepers-club'] }), song('Inside Out by Noon', 13.4)],
  ],
};

/** Half of it as long as music usually is, for what takes longer than a moment. */
const voltageGardens: DemoAlbum = {
  slug: 'voltage-gardens',
  number: 9,
  title: 'Voltage Gardens',
  by: ['juniper-voltmeter'],
  group: 'ALBUM',
  released: '2017-05-05',
  label: 'Ohm Grown',
  genres: ['Electronic'],
  cover: { design: 'dots', colours: ['#10002b', '#9d4edd', '#3c096c', '#e0aaff', '#80ffdb'] },
  discs: [
    [
      song('Seedling (5 V)', 22),
      song('Greenhouse Oscillator', 180),
      song('Photosynthesiser', 194.5),
      song('Ground Fault Roses', 28.5),
      song('Pollen Is Just Noise', 203),
      song('Compost Loop', 26),
    ],
  ],
};

const tinAlmanacWinter: DemoAlbum = {
  slug: 'tin-almanac-1',
  number: 10,
  title: 'The Tin Almanac, Vol. 1: Winter',
  by: ['tin-almanac-orchestra'],
  group: 'ALBUM',
  released: '2015-12-04',
  label: 'Ninth Parallel',
  genres: ['Classical'],
  cover: { design: 'peaks', colours: ['#cfe3f0', '#ffffff', '#8fb3cc', '#5b87a6', '#2f4858'] },
  discs: [
    [
      song('Suite No. 1 in D Minor for Kettles: I. Allegro con vapore', 19),
      song('Suite No. 1 in D Minor for Kettles: II. Sarabande', 23.2),
      song('Suite No. 1 in D Minor for Kettles: III. Gigue', 15),
      song('December: The Gutter Freezes', 17.4),
      song('January: Tin Soldiers on the Sill', 14.9),
      song('February: A Short Month', 8),
      song('Nocturne for Roof and Sleet', 24.8),
      song('Toccata on a Dented Saucepan', 12.7),
    ],
  ],
};

const tinAlmanacSpring: DemoAlbum = {
  slug: 'tin-almanac-2',
  number: 11,
  title: 'The Tin Almanac, Vol. 2: Spring',
  by: ['tin-almanac-orchestra'],
  group: 'ALBUM',
  released: '2016-03-18',
  label: 'Ninth Parallel',
  genres: ['Classical'],
  cover: { design: 'peaks', colours: ['#fdf0d5', '#f77f00', '#a7c957', '#6a994e', '#386641'] },
  discs: [
    [
      song('Suite No. 2 in G Major for Watering Cans: I. Andante', 20.1),
      song('Suite No. 2 in G Major for Watering Cans: II. Minuet', 16.6),
      song('Suite No. 2 in G Major for Watering Cans: III. Presto', 11.2),
      song('March: March', 13),
      song('April: Rain, Then Rain', 22.4),
      song('May: The Weathercock Turns', 18.3),
      song('Pastorale for Bicycle Bells', 15.8),
      song('Fugue for Four Thimbles', 21),
    ],
  ],
};

const boussoleCassee: DemoAlbum = {
  slug: 'la-boussole-cassee',
  number: 12,
  title: 'La boussole cassée',
  by: ['soeurs-boussole'],
  group: 'ALBUM',
  released: '2022-10-07',
  label: 'Folded Map',
  genres: ['Chanson'],
  cover: { design: 'rings', colours: ['#582f0e', '#ede0d4', '#b08968', '#7f5539', '#c1121f'] },
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
  cover: { design: 'beams', colours: ['#2b2d42', '#ffafcc', '#3a3d5c', '#a2d2ff', '#fefae0'] },
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
  cover: { design: 'quarters', colours: ['#001219', '#0a9396', '#94d2bd', '#ee9b00', '#ae2012'] },
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
  cover: { design: 'waves', colours: ['#ffcdb2', '#ffb4a2', '#e5989b', '#b5838d', '#6d6875'] },
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
  cover: { design: 'horizon', colours: ['#22223b', '#f2e9e4', '#4a4e69', '#9a8c98', '#c9ada7'] },
  discs: [[song('Neap', 26), song('Spring', 28)]],
};

export const MORE_ALBUMS: readonly DemoAlbum[] = [
  kuestennebel,
  ueberfahrt,
  umbrellaWeather,
  voltageGardens,
  tinAlmanacWinter,
  tinAlmanacSpring,
  boussoleCassee,
  thirteenthLamp,
  hullFrequencies,
  lowTideRadio,
  neapAndSpring,
];
