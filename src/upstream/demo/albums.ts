import { MORE_ALBUMS } from './albums-more.js';
import { song, type DemoAlbum } from './music.js';

/** All tracks healthy and short: what `npm run demo` downloads. */
const nightFerry: DemoAlbum = {
  slug: 'night-ferry',
  number: 1,
  title: 'Night Ferry',
  by: ['saltglass-choir'],
  group: 'ALBUM',
  released: '2024-10-18',
  label: 'Harbour Light Recordings',
  genres: ['Ambient'],
  cover: { design: 'horizon', colors: ['#14213d', '#fca311', '#1f3a5f', '#2d5d7b', '#f4d9a0'] },
  discs: [
    [
      song('Casting Off', 12),
      song('Sodium Lamps on Wet Concrete', 18.5),
      song('Night Ferry', 24),
      song('Vending Machine Coffee', 14.2),
      song('All the Lifeboats Are Orange', 21, { with: ['otter-and-semaphore'] }),
      song('Deck Seven, Door Open', 16.4),
      song('Radar Sleeping', 19.6),
      song('Two Countries Visible', 22.8),
      song('First Light, Wrong Harbour', 25),
    ],
  ],
};

/** Two discs, each with a track of the same title. */
const atlas: DemoAlbum = {
  slug: 'atlas-of-small-rain',
  number: 2,
  title: 'An Atlas of Small Rain',
  by: ['cartographers-umbrella'],
  group: 'ALBUM',
  released: '2021-04-09',
  label: 'Folded Map',
  genres: ['Chamber Pop'],
  cover: { design: 'quarters', colors: ['#f1ede4', '#3d5a80', '#98c1d9', '#ee6c4d', '#293241'] },
  discs: [
    [
      song('Intro', 8),
      song('Legend and Scale', 17.5),
      song('Drizzle, 1:25,000', 20),
      song('The Lake Is Labelled Twice', 15.4),
      song('Contour Line Waltz', 22.1),
      song('Here Be Puddles', 13),
      song('A Bridge Since Removed', 18.8),
      song('Fold Along the River', 19),
    ],
    [
      song('Intro', 9),
      song('Mackerel Sky', 16.2),
      song('Isobars for Beginners', 14.7),
      song('Umbrella, Left on a Tram', 21.3),
      song('Barometer Falling Slowly', 24),
      song('Small Rain', 19.9, { with: ['soeurs-boussole'] }),
      song('Gutter Symphony', 11.5),
      song('Index of Places Not Visited', 23),
    ],
  ],
};

const semaphoreLoveSongs: DemoAlbum = {
  slug: 'semaphore-love-songs',
  number: 3,
  title: 'Semaphore Love Songs',
  by: ['otter-and-semaphore'],
  group: 'ALBUM',
  released: '2019',
  label: 'Harbour Light Recordings',
  genres: ['Indie Folk'],
  cover: { design: 'stripes', colors: ['#fefae0', '#dda15e', '#bc6c25', '#606c38', '#283618'] },
  discs: [
    [
      song('A Is for Both Arms', 14),
      song('Wave If You Can Read This', 19.2),
      song('The Otter Has the Map', 16),
      song('Kelp Hotel', 20.4),
      song('You Signed, I Misread', 17.3),
      song('Holding Hands So as Not to Drift', 22),
      song('Error, Error, Error', 12.6),
      song('Pier at a Quarter to Six', 18),
      song('River Mouth', 15.5),
      song('End of Message', 10),
    ],
  ],
};

/** Two explicit tracks, one of them beside its clean edit. */
const parkingLotRegatta: DemoAlbum = {
  slug: 'parking-lot-regatta',
  number: 4,
  title: 'Parking Lot Regatta',
  by: ['otter-and-semaphore'],
  group: 'ALBUM',
  released: '2023-06-02',
  label: 'Harbour Light Recordings',
  genres: ['Indie Folk', 'Punk'],
  cover: { design: 'dots', colors: ['#ffbe0b', '#d00000', '#032b43', '#3f88c5', '#ffffff'] },
  discs: [
    [
      song('Trailer Hitch', 13.1),
      song('Damn This Dinghy', 15, { explicit: true }),
      song('Damn This Dinghy (Clean Edit)', 15),
      song('Three Boats, One Puddle', 18.4),
      song('Life Jacket Weather', 12.2),
      song('Right of Way', 20),
      song('Swearing at the Spinnaker', 16.9, { explicit: true }),
      song('Second Place out of Two', 14.5),
      song('Jury Rig', 11),
      song('Asphalt at Low Tide', 21.7, { with: ['brass-meridian-nine'] }),
    ],
  ],
};

const brassForLighthouses: DemoAlbum = {
  slug: 'brass-for-lighthouses',
  number: 5,
  title: 'Brass for Lighthouses',
  by: ['brass-meridian-nine'],
  group: 'ALBUM',
  released: '2018-11-30',
  label: 'Ninth Parallel',
  genres: ['Brass', 'Jazz'],
  cover: { design: 'beams', colors: ['#0b132b', '#ffd166', '#1c2541', '#ef476f', '#f8f9fa'] },
  discs: [
    [
      song('Group Flashing Two', 14.4),
      song('Fog Signal in B Flat', 18),
      song('Keeper’s Breakfast', 12.5),
      song('Occulting', 20.2),
      song('One Hundred and Ninety-Six Steps', 24.6),
      song('Fresnel', 16),
      song('Supply Boat, Weather Permitting', 19.1),
      song('The Lamp Is Electric Now', 17),
      song('Moth Parade', 11.8),
      song('Automated in 1987', 22.5),
    ],
  ],
};

const kuestennebel: DemoAlbum = {
  slug: 'kuestennebel',
  number: 6,
  title: 'Küstennebel',
  by: ['moebel-fuer-moewen'],
  group: 'ALBUM',
  released: '2020-02-14',
  label: 'Rauschwerk',
  genres: ['Krautrock'],
  cover: { design: 'waves', colors: ['#e0e1dd', '#778da9', '#415a77', '#1b263b', '#0d1b2a'] },
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
  cover: { design: 'rings', colors: ['#006d77', '#edf6f9', '#83c5be', '#e29578'] },
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
  cover: { design: 'stripes', colors: ['#cddafd', '#f08080', '#fff1e6', '#4a4e69'] },
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
  cover: { design: 'dots', colors: ['#10002b', '#9d4edd', '#3c096c', '#e0aaff', '#80ffdb'] },
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
  cover: { design: 'peaks', colors: ['#cfe3f0', '#ffffff', '#8fb3cc', '#5b87a6', '#2f4858'] },
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
  cover: { design: 'peaks', colors: ['#fdf0d5', '#f77f00', '#a7c957', '#6a994e', '#386641'] },
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

export const ALBUMS: readonly DemoAlbum[] = [
  nightFerry,
  atlas,
  semaphoreLoveSongs,
  parkingLotRegatta,
  brassForLighthouses,
  kuestennebel,
  ueberfahrt,
  umbrellaWeather,
  voltageGardens,
  tinAlmanacWinter,
  tinAlmanacSpring,
  ...MORE_ALBUMS,
];
