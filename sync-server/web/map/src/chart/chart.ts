// The map beneath the symbols. Two draw it: MapLibre, and Leaflet where a tablet has no WebGL 2. Both are read only when they are
// used, and neither knows anything of households.

import type { MapBase, MapFile } from "../contract.js";
import type { Box, Point, View } from "../geo.js";

export interface Chart {
  view(): View;
  /** Shows a box of the earth, with so many pixels free around it. */
  show(box: Box, room: Room, deepest: number): void;
  zoomBy(steps: number): void;
  /** Which hazard layers are hidden, and whether it is night. */
  dress(night: boolean, hidden: ReadonlySet<string>): void;
  resize(): void;
  remove(): void;
}

export interface Room {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface ChartOptions {
  container: HTMLElement;
  base: MapBase | null;
  outlines: unknown;
  /** GeoJSON that is here already, by its address. */
  files: Record<string, unknown>;
  start: Box;
  room: Room;
  night: boolean;
  hidden: ReadonlySet<string>;
  colours: Record<"day" | "night", Colours>;
  /** Of a file of the server, as a whole address. */
  own(url: string): string;
  file(url: string): Promise<unknown>;
  moved(): void;
  settled(): void;
  tapped(at: Point): void;
  /** Something of the background cannot be shown. */
  lacks(file: MapFile): void;
}

export interface Colours {
  sea: string;
  land: string;
  hill: string;
  road: string;
  roadEdge: string;
  river: string;
  built: string;
  shore: string;
  outline: string;
  hazard: string;
  ink: string;
  halo: string;
}

export const COLOURS: Record<"day" | "night", Colours> = {
  day: { sea: "#cfe0e8", land: "#efede4", hill: "#d3dec6", road: "#ffffff", roadEdge: "#c9c4b5", river: "#bcd4df", built: "#e6e1d2", shore: "#b7cfdb", outline: "#77715f", hazard: "#3b79a8", ink: "#4a5963", halo: "#ffffff" },
  night: { sea: "#081016", land: "#18232a", hill: "#1d2f2e", road: "#3a4a53", roadEdge: "#0e161b", river: "#0b171f", built: "#1f2b33", shore: "#0d1a22", outline: "#7f8d95", hazard: "#4e93c4", ink: "#a3b3bc", halo: "#0c1318" },
};

export function hasWebGl2(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}

export async function makeChart(options: ChartOptions): Promise<Chart> {
  const made = hasWebGl2() ? await import("./maplibre.js") : await import("./leaflet.js");
  return made.make(options);
}
