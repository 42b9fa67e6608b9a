import { MORE_ALBUMS } from './albums-more.js';
import { ODD_ALBUMS } from './albums-odd.js';
import type { DemoAlbum } from './shapes.js';
import { song } from './song.js';

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
  cover: { design: 'horizon', colours: ['#14213d', '#fca311', '#1f3a5f', '#2d5d7b', '#f4d9a0'] },
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
  cover: { design: 'quarters', colours: ['#f1ede4', '#3d5a80', '#98c1d9', '#ee6c4d', '#293241'] },
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
  cover: { design: 'stripes', colours: ['#fefae0', '#dda15e', '#bc6c25', '#606c38', '#283618'] },
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
  cover: { design: 'dots', colours: ['#ffbe0b', '#d00000', '#032b43', '#3f88c5', '#ffffff'] },
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
  cover: { design: 'beams', colours: ['#0b132b', '#ffd166', '#1c2541', '#ef476f', '#f8f9fa'] },
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

export const ALBUMS: readonly DemoAlbum[] = [
  nightFerry,
  atlas,
  semaphoreLoveSongs,
  parkingLotRegatta,
  brassForLighthouses,
  ...MORE_ALBUMS,
  ...ODD_ALBUMS,
];
