// The outlines of districts as a flat map, north at the top. Small enough an area that a degree is everywhere as long.

export interface Point {
  x: number;
  y: number;
}

export interface Shape {
  name: string;
  /** Without the last point, which repeats the first one. */
  ring: Point[];
  /** In the middle of it: where its sign stands. */
  middle: Point;
  width: number;
}

export interface Sheet {
  width: number;
  height: number;
  shapes: Shape[];
}

/** The map is so wide in its own units, and at the most so high. */
const WIDTH = 600;
const HIGHEST = 420;
const MARGIN = 14;

/** "latitude,longitude latitude,longitude …" as CAP writes a ring; `null` for what is none. */
function ringOf(text: string): Point[] | null {
  const points = text.split(/\s+/).map((pair) => {
    const [latitude = Number.NaN, longitude = Number.NaN] = pair.split(",").map(Number);
    return { x: longitude, y: -latitude };
  });
  const ring = points.slice(0, -1);
  return ring.length >= 3 && ring.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)) ? ring : null;
}

/** So many points across and down are tried for where a name stands, along at most so many edges. */
const TRIES = 16;
const EDGES = 200;

/** The point that is farthest within: a centre of mass lies outside a district that is bent around something. Names are wide, so room to the sides counts half. */
function middleOf(ring: Point[]): Point {
  const step = Math.ceil(ring.length / EDGES);
  const edges = edgesOf(ring.filter((_, index) => index % step === 0).map(({ x, y }) => ({ x: x / 2, y })));
  const [west, east] = extentOf(ring.map(({ x }) => x / 2));
  const [north, south] = extentOf(ring.map(({ y }) => y));
  const tried = Array.from({ length: TRIES * TRIES }, (_, index) => ({
    x: west + ((east - west) * ((index % TRIES) + 0.5)) / TRIES,
    y: north + ((south - north) * (Math.floor(index / TRIES) + 0.5)) / TRIES,
  }));
  const best = tried
    .filter((point) => isWithin(point, edges))
    .map((point) => ({ point, room: Math.min(...edges.map((edge) => distance(point, edge))) }))
    .reduce((known, next) => (next.room > known.room ? next : known), { point: { x: (west + east) / 2, y: (north + south) / 2 }, room: 0 });
  return { x: best.point.x * 2, y: best.point.y };
}

function isWithin({ x, y }: Point, edges: Array<[Point, Point]>): boolean {
  const crossed = edges.filter(([a, b]) => a.y > y !== b.y > y && x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x));
  return crossed.length % 2 === 1;
}

function distance({ x, y }: Point, [a, b]: [Point, Point]): number {
  const [across, down] = [b.x - a.x, b.y - a.y];
  const length = across ** 2 + down ** 2;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - a.x) * across + (y - a.y) * down) / length));
  return Math.hypot(x - a.x - along * across, y - a.y - along * down);
}

function edgesOf(ring: Point[]): Array<[Point, Point]> {
  return ring.flatMap((from, index) => {
    const to = ring[(index + 1) % ring.length];
    return to === undefined ? [] : [[from, to] as [Point, Point]];
  });
}

/** `null` where no district has an outline. */
export function sheetOf(outlines: Record<string, string>): Sheet | null {
  const rings = Object.entries(outlines).flatMap(([name, text]) => {
    const ring = ringOf(text);
    return ring === null ? [] : [{ name, ring }];
  });
  if (rings.length === 0) {
    return null;
  }
  const points = rings.flatMap(({ ring }) => ring);
  const [west, east] = extentOf(points.map(({ x }) => x));
  const [north, south] = extentOf(points.map(({ y }) => y));
  // A degree to the east is shorter than one to the north.
  const squeeze = Math.cos((((north + south) / 2) * Math.PI) / 180);
  const [across, down] = [Math.max((east - west) * squeeze, 1e-9), Math.max(south - north, 1e-9)];
  const scale = Math.min((WIDTH - 2 * MARGIN) / across, (HIGHEST - 2 * MARGIN) / down);
  const height = down * scale + 2 * MARGIN;
  const left = (WIDTH - across * scale) / 2;
  const shapes = rings.map(({ name, ring: degrees }) => {
    const ring = degrees.map(({ x, y }) => ({ x: left + (x - west) * squeeze * scale, y: MARGIN + (y - north) * scale }));
    const [from, to] = extentOf(ring.map(({ x }) => x));
    return { name, ring, middle: middleOf(ring), width: to - from };
  });
  return { width: WIDTH, height, shapes };
}

function extentOf(values: number[]): [number, number] {
  return values.reduce<[number, number]>(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
}
