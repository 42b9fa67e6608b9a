import { hashOf, pick } from './codes.js';
import type { PlacedTrack } from './music.js';

/** Semitones above the key's root. */
type Chord = readonly [number, number, number];

const PROGRESSIONS: readonly (readonly Chord[])[] = [
  [
    [0, 3, 7],
    [-4, 0, 3],
    [3, 7, 10],
    [-2, 2, 5],
  ],
  [
    [0, 4, 7],
    [-3, 0, 4],
    [5, 9, 12],
    [-5, -1, 2],
  ],
  [
    [0, 4, 7],
    [4, 7, 11],
    [-3, 0, 4],
    [5, 8, 12],
  ],
  [
    [0, 3, 7],
    [5, 8, 12],
    [-2, 2, 5],
    [3, 7, 10],
  ],
  [
    [0, 5, 7],
    [-2, 2, 7],
    [-4, 0, 3],
    [-5, 0, 2],
  ],
  [
    [2, 5, 9],
    [-5, -1, 2],
    [0, 4, 7],
    [-3, 0, 4],
  ],
];

/** Which note of the chord each half beat plays; 3 to 5 are an octave higher. */
const FIGURES: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 2, 1, 2, 1],
  [0, 2, 1, 2, 3, 2, 1, 2],
  [3, 2, 1, 0, 1, 2, 3, 4],
  [0, 3, 1, 4, 2, 5, 1, 3],
  [0, 1, 3, 1, 4, 1, 3, 2],
];

/** A note's wave and how fast it fades. `W` is its angle since it began, `E` its fading from 1 to 0. */
const INSTRUMENTS = [
  { wave: 'sin(W+2.2*E*sin(2*W))', fading: 3 },
  { wave: '(sin(W)+0.5*sin(2*W)+0.33*sin(3*W)+0.2*sin(5*W))*0.7', fading: 5 },
  { wave: '(sin(W)+0.4*sin(2*W)+0.3*sin(4*W))*0.75', fading: 1.2 },
  { wave: 'sin(W+0.9*sin(W))', fading: 2 },
] as const;

const LOWEST_KEY = 46;
const KEYS = 11;
/** A bar is this long at least, and longer by a multiple of the step, which is a whole number of samples. */
const SHORTEST_BAR_MS = 1_600;
const BAR_STEP_MS = 20;
const BAR_STEPS = 40;
const SAMPLE_RATE_HZ = 44_100;
const BEATS = 4;
/** Of the four voices of a bar; the pad is what makes it wide. */
const MIX = 'pan=stereo|c0=0.3*c0+c1+c2|c1=0.2*c0+c1+c3';

interface Style {
  key: number;
  barMs: number;
  progression: readonly Chord[];
  figure: readonly number[];
  instrument: (typeof INSTRUMENTS)[number];
  drum: boolean;
}

/**
 * A track as a filter graph of ffmpeg: four bars of chord, figure, bass and drum, repeated to the track's length.
 * Key, tempo and notes follow from its recording, the instrument from its artist. Only four bars are computed.
 */
export function composeGraph(track: PlacedTrack): string {
  const style = styleOf(track);
  const bars = style.progression.map((chord, index) => `${composeBar(style, chord)}[bar${index}]`);
  const joined = bars.map((_, index) => `[bar${index}]`).join('');
  const loopSamples = (bars.length * style.barMs * SAMPLE_RATE_HZ) / 1000;
  const seconds = track.durationMs / 1000;
  const loops = Math.ceil(track.durationMs / (bars.length * style.barMs));
  const fadeOut = Math.min(2, seconds / 6);
  const chain = [
    `${joined}concat=n=${bars.length}:v=0:a=1`,
    MIX,
    // Without new time stamps before and after it aloop yields broken ones after a concat (ffmpeg 4.1).
    'asetpts=N/SR/TB',
    `aloop=loop=${loops}:size=${loopSamples}`,
    'asetpts=N/SR/TB',
    `atrim=end=${seconds}`,
    'afade=t=in:d=0.2',
    `afade=t=out:st=${seconds - fadeOut}:d=${fadeOut}`,
  ].join(',');
  return [...bars, chain].join(';');
}

function styleOf({ recording, artists }: PlacedTrack): Style {
  return {
    key: LOWEST_KEY + (hashOf(`${recording}/key`) % KEYS),
    barMs: SHORTEST_BAR_MS + BAR_STEP_MS * (hashOf(`${recording}/tempo`) % BAR_STEPS),
    progression: pick(PROGRESSIONS, `${recording}/progression`),
    figure: pick(FIGURES, `${recording}/figure`),
    instrument: pick(INSTRUMENTS, `${artists[0]?.slug}/instrument`),
    drum: hashOf(`${recording}/drum`) % 3 > 0,
  };
}

/** Four voices, which MIX lays over one another: figure, bass and drum, pad, and pad again a little out of tune. */
function composeBar(style: Style, chord: Chord): string {
  const seconds = style.barMs / 1000;
  const voices = [
    figureVoice(style, chord),
    groundVoice(style, chord),
    padVoice(style, chord, 1),
    padVoice(style, chord, 1.004),
  ].join('|');
  return `aevalsrc='${voices}':s=${SAMPLE_RATE_HZ}:d=${seconds}:c=quad`;
}

/** In ffmpeg's expressions `t` is the time in the bar; registers 0 to 3 hold the note that plays. */
function figureVoice({ key, barMs, figure, instrument }: Style, chord: Chord): string {
  const noteSeconds = barMs / 1000 / figure.length;
  const notes = figure.map((step) => key + 12 + (chord[step % 3] ?? 0) + 12 * Math.floor(step / 3));
  const wave = instrument.wave.replaceAll('W', 'ld(2)').replaceAll('E', 'ld(3)');
  return [
    `st(0,mod(t,${noteSeconds}))`,
    `st(1,floor(t/${noteSeconds}))`,
    `st(2,ld(0)*${choose(notes.map((note) => angular(note)))})`,
    `st(3,min(1,min(ld(0),${noteSeconds}-ld(0))*150)*exp(-${instrument.fading}*ld(0)))`,
    `ld(3)*${wave}`,
  ].join(';');
}

function groundVoice(style: Style, chord: Chord): string {
  const bass = `${fadedEdges(style)}*0.18*sin(${angular(style.key - 12 + chord[0])}*t)`;
  const beat = `st(0,mod(t,${style.barMs / 1000 / BEATS}))`;
  const drum = '0.3*exp(-14*ld(0))*sin(260*ld(0)+6*(1-exp(-40*ld(0))))';
  return style.drum ? `${beat};${bass}+${drum}` : bass;
}

function padVoice(style: Style, chord: Chord, detune: number): string {
  const notes = chord.map((note) => `sin(${angular(style.key + note, detune)}*t)`);
  return `${fadedEdges(style)}*0.06*(${notes.join('+')})`;
}

/** So that a bar neither begins nor ends with a click. */
function fadedEdges({ barMs }: Style): string {
  return `min(1,min(t,${barMs / 1000}-t)*30)`;
}

/** The value whose place register 1 names. */
function choose(values: readonly number[]): string {
  return values.reduceRight<string>(
    (rest, value, place) => (rest ? `if(lt(ld(1),${place + 1}),${value},${rest})` : String(value)),
    '',
  );
}

/** Radians a second of a note by its MIDI number. */
function angular(note: number, detune = 1): number {
  return Math.round(2 * Math.PI * 440 * 2 ** ((note - 69) / 12) * detune * 1000) / 1000;
}
