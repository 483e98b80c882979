// Where things are on the screen, and what stands so close together that it is drawn as one.

import type { Position } from "./contract.js";

/** The earth as a square of side 1, north up (spherical Mercator, EPSG 3857). */
export interface Point {
  x: number;
  y: number;
}

const MERCATOR_END = 85.051129;

export function mercator([longitude, latitude]: Position): Point {
  const sine = Math.sin((Math.min(Math.max(latitude, -MERCATOR_END), MERCATOR_END) * Math.PI) / 180);
  return { x: longitude / 360 + 0.5, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}

export function position({ x, y }: Point): Position {
  return [(x - 0.5) * 360, (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI];
}

/** What of the earth the map shows: its middle, and how many pixels the earth is wide. */
export interface View {
  center: Point;
  scale: number;
  width: number;
  height: number;
}

export const onScreen = (view: View, point: Point): Point => ({
  x: (point.x - view.center.x) * view.scale + view.width / 2,
  y: (point.y - view.center.y) * view.scale + view.height / 2,
});

export interface Box {
  west: number;
  north: number;
  east: number;
  south: number;
}

export function around(points: Iterable<Point>): Box | null {
  const box = { west: Infinity, north: Infinity, east: -Infinity, south: -Infinity };
  for (const { x, y } of points) {
    box.west = Math.min(box.west, x);
    box.east = Math.max(box.east, x);
    box.north = Math.min(box.north, y);
    box.south = Math.max(box.south, y);
  }
  return box.west <= box.east ? box : null;
}

export interface Cluster<T> {
  /** Where its first member is: a real place, and never under another cluster. */
  at: Point;
  members: T[];
}

/**
 * Puts what is nearer than `apart` to its leader together; `widest` is the most that `apart` ever says. Whoever comes first leads, so
 * that the order of `items` says what stays visible by itself.
 */
export function cluster<T extends { point: Point }>(items: T[], apart: (leader: T, item: T) => number, widest: number): Array<Cluster<T>> {
  if (widest <= 0) {
    return items.map((item) => ({ at: item.point, members: [item] }));
  }
  const cells = new Map<number, Array<{ leader: T; cluster: Cluster<T> }>>();
  const clusters: Array<Cluster<T>> = [];
  // Cells are as wide as the widest distance: a leader is in one of nine.
  const columns = Math.ceil(1 / widest) + 3;
  const cellOf = (point: Point): number => Math.floor(point.y / widest) * columns + Math.floor(point.x / widest);
  for (const item of items) {
    const home = cellOf(item.point);
    let nearest: Cluster<T> | null = null;
    let distance = Infinity;
    for (let row = -columns; row <= columns; row += columns) {
      for (let column = -1; column <= 1; column += 1) {
        for (const { leader, cluster: led } of cells.get(home + row + column) ?? []) {
          const away = Math.hypot(led.at.x - item.point.x, led.at.y - item.point.y);
          if (away < distance && away < apart(leader, item)) {
            nearest = led;
            distance = away;
          }
        }
      }
    }
    if (nearest !== null) {
      nearest.members.push(item);
      continue;
    }
    const made = { at: item.point, members: [item] };
    clusters.push(made);
    const cell = cells.get(home);
    if (cell === undefined) {
      cells.set(home, [{ leader: item, cluster: made }]);
    } else {
      cell.push({ leader: item, cluster: made });
    }
  }
  return clusters;
}

/** Places for `count` symbols around one that they share, in pixels from it: rings that leave it free. */
export function spread(count: number, gap: number): Point[] {
  const places: Point[] = [];
  for (let ring = 1; places.length < count; ring += 1) {
    const radius = ring * gap;
    const fit = Math.min(Math.floor((2 * Math.PI * radius) / gap), count - places.length);
    for (let index = 0; index < fit; index += 1) {
      const angle = (2 * Math.PI * index) / fit - Math.PI / 2;
      places.push({ x: Math.cos(angle) * radius, y: Math.sin(angle) * radius });
    }
  }
  return places;
}
