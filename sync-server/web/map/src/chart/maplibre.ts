// The background by MapLibre. Nothing of ours is imported but types: this file and the library are one piece, read by itself.

import * as maplibre from "maplibre-gl";
import type { DataDrivenPropertyValueSpecification, FilterSpecification, LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import { Protocol } from "pmtiles";
import type { MapFile } from "../contract.js";
import type { Point } from "../geo.js";
import type { Chart, ChartOptions, Colours } from "./chart.js";

maplibre.setWorkerUrl(new URL("/map/maplibre-worker.js", location.href).href);
maplibre.addProtocol("pmtiles", new Protocol().tile);

const TILE = 512;

function source(file: MapFile, { own, files }: ChartOptions): SourceSpecification {
  return file.format === "pmtiles" ? { type: "vector", url: `pmtiles://${own(file.url)}` } : { type: "geojson", data: (files[file.url] as GeoJSON.GeoJSON | undefined) ?? own(file.url) };
}

/**
 * Layers of the base map. A file of tiles has them as source layers, named as the basemap of Protomaps names them; GeoJSON has the
 * name in each feature's `layer`.
 */
function baseLayers(file: MapFile, colours: Colours): LayerSpecification[] {
  const isTiled = file.format === "pmtiles";
  const part = (name: string, filter?: unknown[]) => ({
    source: "base",
    ...(isTiled ? { "source-layer": name } : {}),
    filter: ["all", ...(isTiled ? [] : [["==", ["get", "layer"], name]]), ...(filter === undefined ? [] : [filter])] as unknown as FilterSpecification,
  });
  const areas = ["match", ["geometry-type"], ["Polygon", "MultiPolygon"], true, false];
  const lines = ["match", ["geometry-type"], ["LineString", "MultiLineString"], true, false];
  const isGreen = ["in", ["get", "kind"], ["literal", ["forest", "wood", "hill", "park", "nature_reserve", "grass", "scrub", "national_park"]]];
  const isMain = ["in", ["get", "kind"], ["literal", ["highway", "major_road", "main"]]];
  const wide = (factor: number): DataDrivenPropertyValueSpecification<number> =>
    ["interpolate", ["exponential", 1.5], ["zoom"], 10, ["*", factor, ["case", isMain, 1, 0.3]], 14, ["*", factor, ["case", isMain, 5, 2.5]], 18, ["*", factor, ["case", isMain, 18, 11]]] as unknown as DataDrivenPropertyValueSpecification<number>;
  const rounded = { "line-cap": "round", "line-join": "round" } as const;
  return [
    { id: "earth", type: "fill", ...part("earth", areas), paint: { "fill-color": colours.land } },
    { id: "shore-2", type: "line", ...part("earth", areas), layout: rounded, paint: { "line-color": colours.shore, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 2, 16, 26], "line-opacity": 0.45 } },
    { id: "shore-1", type: "line", ...part("earth", areas), layout: rounded, paint: { "line-color": colours.shore, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 1, 16, 10], "line-opacity": 0.8 } },
    { id: "land", type: "fill", ...part("earth", areas), paint: { "fill-color": colours.land } },
    { id: "green", type: "fill", ...part("landuse", isGreen), paint: { "fill-color": colours.hill, "fill-opacity": ["match", ["get", "kind"], "hill", 0.75, 1] } },
    { id: "built", type: "fill", ...part("buildings", areas), minzoom: 13, paint: { "fill-color": colours.built } },
    { id: "water", type: "fill", ...part("water", areas), paint: { "fill-color": colours.sea } },
    { id: "river", type: "line", ...part("water", lines), layout: rounded, paint: { "line-color": colours.river, "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 10, 1, 14, 6, 18, 26] } },
    { id: "road-edge", type: "line", ...part("roads", lines), layout: rounded, paint: { "line-color": colours.roadEdge, "line-width": wide(1.45) } },
    { id: "road", type: "line", ...part("roads", lines), layout: rounded, paint: { "line-color": colours.road, "line-width": wide(1) } },
    {
      id: "names",
      type: "symbol",
      ...part("places"),
      layout: { "text-field": ["coalesce", ["get", "name:ja"], ["get", "name"], ""], "text-size": 14, "text-max-width": 12 },
      paint: { "text-color": colours.ink, "text-halo-color": colours.halo, "text-halo-width": 2 },
    },
  ];
}

function style(options: ChartOptions, night: boolean, hidden: ReadonlySet<string>): StyleSpecification {
  const { base, outlines } = options;
  const colours = options.colours[night ? "night" : "day"];
  const sources: Record<string, SourceSpecification> = {};
  const layers: LayerSpecification[] = [{ id: "ground", type: "background", paint: { "background-color": base?.base != null ? colours.sea : colours.land } }];
  if (base?.base != null) {
    sources.base = source(base.base, options);
    layers.push(...baseLayers(base.base, colours));
  }
  for (const [index, hazard] of (base?.hazards ?? []).entries()) {
    const id = `hazard-${index}`;
    sources[id] = source(hazard, options);
    if (!hidden.has(hazard.name)) {
      // Files of tiles have one layer, named as the file's own tools named it: by custom `hazard`.
      const of = { source: id, ...(hazard.format === "pmtiles" ? { "source-layer": "hazard" } : {}) };
      layers.push(
        { id: `${id}-area`, type: "fill", ...of, paint: { "fill-pattern": night ? "hatch-night" : "hatch-day" } },
        { id: `${id}-edge`, type: "line", ...of, paint: { "line-color": colours.hazard, "line-width": 1.5, "line-opacity": 0.7 } },
      );
    }
  }
  if (outlines !== null) {
    sources.outlines = { type: "geojson", data: outlines as never };
    layers.push({ id: "outlines", type: "line", source: "outlines", paint: { "line-color": colours.outline, "line-width": 1.8, "line-dasharray": [5, 2.5, 1, 2.5] } });
  }
  return { version: 8, sources, layers };
}

/** Lines that go up to the right, as an inundation is hatched; what is old is hatched the other way. */
function hatch(colour: string): { width: number; height: number; data: Uint8ClampedArray } | null {
  const side = 18;
  const canvas = document.createElement("canvas");
  canvas.width = side;
  canvas.height = side;
  const context = canvas.getContext("2d");
  if (context === null) {
    return null;
  }
  context.strokeStyle = colour;
  context.globalAlpha = 0.5;
  context.lineWidth = 2.6;
  for (const offset of [-side, 0, side]) {
    context.beginPath();
    context.moveTo(offset - 2, side + 2);
    context.lineTo(offset + side + 2, -2);
    context.stroke();
  }
  return context.getImageData(0, 0, side, side);
}

const byLngLat = (point: Point): [number, number] => {
  const { lng, lat } = new maplibre.MercatorCoordinate(point.x, point.y).toLngLat();
  return [lng, lat];
};

export function make(options: ChartOptions): Chart {
  const { container, start, room } = options;
  const key = (night: boolean, hidden: ReadonlySet<string>): string => `${night} ${[...hidden].join("\n")}`;
  let dressed = key(options.night, options.hidden);
  const map = new maplibre.Map({
    container,
    style: style(options, options.night, options.hidden),
    bounds: [byLngLat({ x: start.west, y: start.south }), byLngLat({ x: start.east, y: start.north })],
    fitBoundsOptions: { padding: room, maxZoom: 16 },
    maxZoom: 19,
    minZoom: 4,
    maxPitch: 0,
    dragRotate: false,
    pitchWithRotate: false,
    rollEnabled: false,
    renderWorldCopies: false,
    attributionControl: false,
    maplibreLogo: false,
    fadeDuration: 0,
    localIdeographFontFamily: '"BIZ UDPGothic", "Noto Sans CJK JP", "Hiragino Sans", sans-serif',
    locale: { "Map.Title": "動かせる 地図" },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.setMissingStyleImageResolver((id) => {
    const image = id === "hatch-day" ? hatch(options.colours.day.hazard) : id === "hatch-night" ? hatch(options.colours.night.hazard) : null;
    if (image !== null) {
      map.addImage(id, image, { pixelRatio: 2 });
    }
  });
  map.on("render", options.moved);
  map.on("moveend", options.settled);
  map.on("idle", options.settled);
  map.on("click", (event) => options.tapped({ x: event.point.x, y: event.point.y }));
  map.on("error", (event) => {
    const id = (event as unknown as { sourceId?: string }).sourceId ?? "";
    const file = id === "base" ? options.base?.base : options.base?.hazards[Number(id.replace("hazard-", ""))];
    if (id !== "" && file != null) {
      if (id === "base") {
        // Where nothing is drawn, nobody must take it for the sea.
        map.setPaintProperty("ground", "background-color", options.colours[options.night ? "night" : "day"].land);
      }
      options.lacks(file);
    }
  });
  return {
    view() {
      const center = maplibre.MercatorCoordinate.fromLngLat(map.getCenter());
      return { center: { x: center.x, y: center.y }, scale: TILE * 2 ** map.getZoom(), width: container.clientWidth, height: container.clientHeight };
    },
    show(box, space, deepest) {
      map.fitBounds([byLngLat({ x: box.west, y: box.south }), byLngLat({ x: box.east, y: box.north })], { padding: space, maxZoom: deepest, duration: 350 });
    },
    zoomBy(steps) {
      map.easeTo({ zoom: map.getZoom() + steps, duration: 200 });
    },
    dress(night, hidden) {
      const wanted = key(night, hidden);
      if (wanted !== dressed) {
        map.setStyle(style(options, night, hidden), { diff: true });
        dressed = wanted;
      }
    },
    resize: () => map.resize(),
    remove: () => map.remove(),
  };
}
