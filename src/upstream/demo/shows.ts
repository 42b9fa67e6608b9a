import type { DemoEpisode, DemoShow } from './music.js';

const DAY_MS = 24 * 60 * 60_000;

const KEEPERS_HOURS: readonly DemoEpisode[] = [
  episode('The Lamp Room', 'Why a lens of two tonnes turns at the push of a finger.', ['2024-01-09', 1_840]),
  episode('Wick, Oil, Prism', 'Three centuries of making a small flame go far.', ['2024-01-23', 2_105]),
  episode('A Night Without Radio', 'The keeper of Saltglass Point on the storm of 1978.', [
    '2024-02-06',
    2_460,
  ]),
  episode('Fog Signals, Ranked', 'Bells, guns, reeds and the diaphone, loudest last.', ['2024-02-20', 1_990]),
  episode('Who Paints the Rocks?', 'Daymarks, and the people who hang off cliffs for them.', [
    '2024-03-05',
    1_725,
  ]),
  episode('Letters from the Relief Boat', 'What was sent, what was eaten, what was read.', [
    '2024-03-19',
    2_310,
  ]),
  episode('The Last Watch', 'Automation day, told by those who handed over the keys.', ['2024-04-02', 2_880]),
];

const SEA_AREAS = ['Outer Skerry', 'Long Sound', 'Saltglass', 'Three Widows', 'North Bank', 'Quiet Deep'];
const FORECASTS = 180;
const FIRST_FORECAST = Date.parse('2025-01-01T00:00:00Z');

/** One a day for half a year: enough for a list of several pages. */
function forecasts(): DemoEpisode[] {
  return Array.from({ length: FORECASTS }, (_, day) => {
    const area = SEA_AREAS[day % SEA_AREAS.length] ?? '';
    const released = new Date(FIRST_FORECAST + day * DAY_MS).toISOString().slice(0, 10);
    return episode(`Forecast ${day + 1}: ${area}`, `Winds, seas and visibility for ${area}, read slowly.`, [
      released,
      300 + (day % 7) * 15,
    ]);
  });
}

const KUESTENFUNK: readonly DemoEpisode[] = [
  episode('Möwen und andere Nachbarn', 'Ein Gespräch über Lärm am frühen Morgen.', ['2023-05-12', 1_260]),
  episode('Überfahrt mit Hindernissen', 'Warum die Fähre am Freitag nie pünktlich ist.', [
    '2023-06-09',
    1_515,
  ]),
  episode('Ebbe, Flut, Feierabend', 'Hörerpost, unzensiert vorgelesen.', ['2023-07-14', 1_380]),
];

export const SHOWS: readonly DemoShow[] = [
  {
    slug: 'keepers-hours',
    title: 'Keeper’s Hours',
    publisher: 'Harbour Radio',
    description: 'Conversations about lighthouses and those who kept them.',
    languages: ['en'],
    explicit: false,
    episodes: KEEPERS_HOURS,
  },
  {
    slug: 'slow-forecast',
    title: 'The Slow Forecast',
    publisher: 'Harbour Radio',
    description: 'The shipping forecast for waters that are on no chart.',
    languages: ['en'],
    explicit: false,
    episodes: forecasts(),
  },
  {
    slug: 'kuestenfunk',
    title: 'Küstenfunk',
    publisher: 'Möbel für Möwen',
    description: 'Drei Freunde, ein Mikrofon und Wind.',
    languages: ['de'],
    explicit: true,
    episodes: KUESTENFUNK,
  },
];

function episode(title: string, description: string, [released, seconds]: [string, number]): DemoEpisode {
  return { title, description, released, seconds };
}
