import type { CoverDesign } from './music.js';

/** A part of the picture, which goes from 0 to 1 both ways, y downwards. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

interface Shape {
  /** How deep a point lies inside; negative outside. Near the edge it is the distance to it, for smooth edges. */
  depth(x: number, y: number): number;
  /** Nothing of the shape is outside of it. */
  box: Box;
}

export interface Layer {
  ink: string;
  shape: Shape;
}

interface Palette {
  /** The album's colors without the background. */
  inks: readonly string[];
  random: () => number;
}

const WHOLE: Box = { left: 0, top: 0, right: 1, bottom: 1 };

const circle = (cx: number, cy: number, radius: number): Shape => ({
  depth: (x, y) => radius - Math.sqrt((x - cx) ** 2 + (y - cy) ** 2),
  box: { left: cx - radius, top: cy - radius, right: cx + radius, bottom: cy + radius },
});

type Point = readonly [x: number, y: number];

const rect = ([left, top]: Point, [right, bottom]: Point): Shape => ({
  depth: (x, y) => Math.min(x - left, right - x, y - top, bottom - y),
  box: { left, top, right, bottom },
});

const both = (one: Shape, other: Shape): Shape => ({
  depth: (x, y) => Math.min(one.depth(x, y), other.depth(x, y)),
  box: {
    left: Math.max(one.box.left, other.box.left),
    top: Math.max(one.box.top, other.box.top),
    right: Math.min(one.box.right, other.box.right),
    bottom: Math.min(one.box.bottom, other.box.bottom),
  },
});

/** What is below a line that `heightAt` draws. */
const below = (heightAt: (x: number) => number): Shape => ({ depth: (x, y) => y - heightAt(x), box: WHOLE });

/** The part of the plane to the right of someone who stands at a point and looks along an angle. */
const rightOf = (cx: number, cy: number, angle: number): Shape => {
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  return { depth: (x, y) => (y - cy) * dx - (x - cx) * dy, box: WHOLE };
};

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

const layersOf = ({ inks }: Palette, shapes: readonly Shape[], firstInk = 0): Layer[] =>
  shapes.map((shape, index) => ({ ink: inks[(index + firstInk) % inks.length] ?? '#ffffff', shape }));

function horizon(palette: Palette): Layer[] {
  const x = 0.3 + 0.4 * palette.random();
  const sun = circle(x, 0.42, 0.24);
  const glints = times(7, (row) => {
    const top = 0.61 + row * 0.052;
    const half = (0.2 - row * 0.022) * (0.7 + 0.5 * palette.random());
    const shift = (palette.random() - 0.5) * 0.1;
    return rect([x + shift - half, top], [x + shift + half, top + 0.016 + row * 0.002]);
  });
  const [, sea = '', deep = '', light = ''] = palette.inks;
  return [
    ...layersOf(palette, [sun]),
    { ink: sea, shape: rect([-1, 0.58], [2, 2]) },
    { ink: deep, shape: rect([-1, 0.86], [2, 2]) },
    ...glints.map((shape) => ({ ink: light, shape })),
  ];
}

function rings(palette: Palette): Layer[] {
  const [x, y] = [0.35 + 0.3 * palette.random(), 0.35 + 0.3 * palette.random()];
  return layersOf(
    palette,
    times(9, (ring) => circle(x + ring * 0.008, y - ring * 0.006, 0.62 - ring * 0.068)),
  );
}

function quarters(palette: Palette): Layer[] {
  const tiles = 4;
  return times(tiles * tiles, (tile) => {
    const [left, top] = [(tile % tiles) / tiles, Math.floor(tile / tiles) / tiles];
    const square = rect([left, top], [left + 1 / tiles, top + 1 / tiles]);
    const corner = Math.floor(palette.random() * 5);
    const [cx, cy] = corner === 4 ? [0.5, 0.5] : [corner % 2, Math.floor(corner / 2)];
    const disc = circle(left + cx / tiles, top + cy / tiles, (corner === 4 ? 0.5 : 1) / tiles);
    const [ground = 0, figure = 0] = [palette.random(), palette.random()].map((share) =>
      Math.floor(share * palette.inks.length),
    );
    const shapes = layersOf(palette, [both(square, disc)], figure === ground ? figure + 1 : figure);
    return palette.random() < 0.55 ? [...layersOf(palette, [square], ground), ...shapes] : shapes;
  }).flat();
}

function stripes(palette: Palette): Layer[] {
  const window = circle(0.5, 0.5, 0.4);
  const angle = Math.PI * (0.15 + 0.7 * palette.random());
  const [dx, dy] = [-Math.sin(angle), Math.cos(angle)];
  const count = 8;
  return layersOf(
    palette,
    times(count, (stripe) => {
      const along = (stripe / count - 0.5) * 0.8;
      return both(window, rightOf(0.5 + dx * along, 0.5 + dy * along, angle));
    }),
  );
}

function waves(palette: Palette): Layer[] {
  const moon = circle(0.2 + 0.6 * palette.random(), 0.2, 0.1);
  const rows = times(7, (row) => {
    const [phase, length] = [palette.random() * 7, 1.6 + palette.random() * 1.2];
    return below((x) => 0.34 + row * 0.1 + 0.035 * Math.sin(phase + x * length * Math.PI));
  });
  return [...layersOf(palette, [moon], palette.inks.length - 1), ...layersOf(palette, rows)];
}

function dots(palette: Palette): Layer[] {
  const side = 8;
  const phase = palette.random() * 6;
  return times(side * side, (dot) => {
    const [column, row] = [dot % side, Math.floor(dot / side)];
    const swell = Math.sin(phase + column * 0.7 + row * 0.45);
    const radius = (0.18 + 0.26 * (0.5 + 0.5 * swell)) / side;
    const disc = circle((column + 0.5) / side, (row + 0.5) / side, radius);
    return layersOf(palette, [disc], Math.floor(palette.random() ** 2 * palette.inks.length));
  }).flat();
}

function peaks(palette: Palette): Layer[] {
  const disc = circle(0.25 + 0.5 * palette.random(), 0.27, 0.13);
  const hills = times(6, (hill) => {
    const [x, y] = [0.1 + 0.8 * palette.random(), 0.36 + hill * 0.09];
    const slope = 0.75 + 0.5 * palette.random();
    return below((at) => y + slope * Math.abs(at - x) * 0.9);
  });
  return [...layersOf(palette, [disc]), ...layersOf(palette, hills, 1)];
}

function beams(palette: Palette): Layer[] {
  const [x, y] = [0.28 + 0.44 * palette.random(), 0.4];
  const turn = palette.random() * Math.PI;
  const count = 6;
  const wedges = times(count, (wedge) => {
    const from = turn + (wedge * 2 * Math.PI) / count;
    return both(rightOf(x, y, from), rightOf(x, y, from + Math.PI / 9 + Math.PI));
  });
  const [beam = '', dark = '', stripe = '', tower = ''] = palette.inks;
  const tapered = (at: number, height: number) => 0.045 + (height - y) * 0.09 - Math.abs(at - x);
  const trunk = both(rect([x - 0.1, y], [x + 0.1, 0.86]), { depth: tapered, box: WHOLE });
  const bands = times(2, (band) => both(trunk, rect([0, y + 0.12 + band * 0.2], [1, y + 0.22 + band * 0.2])));
  return [
    ...wedges.map((shape) => ({ ink: beam, shape })),
    { ink: dark, shape: below((at) => 0.84 + 0.012 * Math.sin(at * 40)) },
    { ink: tower, shape: trunk },
    ...bands.map((shape) => ({ ink: stripe, shape })),
    { ink: tower, shape: circle(x, y - 0.01, 0.062) },
    { ink: stripe, shape: circle(x, y - 0.01, 0.034) },
  ];
}

export const DESIGNS: Record<CoverDesign, (palette: Palette) => Layer[]> = {
  horizon,
  rings,
  quarters,
  stripes,
  waves,
  dots,
  peaks,
  beams,
};
