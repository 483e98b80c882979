// The background by Leaflet, for tablets without WebGL 2. It draws GeoJSON; for files of tiles the outlines must do.

import * as leaflet from "leaflet";
import type { Feature, GeoJsonObject } from "geojson";
import type { MapFile } from "../contract.js";
import type { Chart, ChartOptions, Colours } from "./chart.js";

const TILE = 256;

/** Beneath comes first. */
function look(feature: Feature | undefined, colours: Colours): leaflet.PathOptions & { order: number } {
  const { layer, kind } = (feature?.properties ?? {}) as { layer?: string; kind?: string };
  const isLine = feature?.geometry.type.includes("LineString") === true;
  const area = (order: number, fillColor: string) => ({ order, stroke: false, fillColor, fillOpacity: 1 });
  const line = (order: number, color: string, weight: number) => ({ order, color, weight, fill: false });
  switch (layer) {
    case "earth":
      return { ...area(0, colours.land), stroke: true, color: colours.shore, weight: 6 };
    case "landuse":
      return area(1, colours.hill);
    case "buildings":
      return area(2, colours.built);
    case "water":
      return isLine ? line(4, colours.river, 5) : area(3, colours.sea);
    case "roads":
      return line(5, colours.road, kind === "main" || kind === "major_road" || kind === "highway" ? 5 : 2.5);
    default:
      return { order: 9, stroke: false, fill: false };
  }
}

const mercatorOf = ({ lat, lng }: leaflet.LatLng) => {
  const { x, y } = leaflet.CRS.EPSG3857.latLngToPoint(leaflet.latLng(lat, lng), 0);
  return { x: x / TILE, y: y / TILE };
};
const latLngOf = (x: number, y: number): leaflet.LatLng => leaflet.CRS.EPSG3857.pointToLatLng(leaflet.point(x * TILE, y * TILE), 0);
const boundsOf = (box: { west: number; north: number; east: number; south: number }) => leaflet.latLngBounds(latLngOf(box.west, box.south), latLngOf(box.east, box.north));

export function make(options: ChartOptions): Chart {
  const { container, base, outlines, start, room } = options;
  const map = leaflet.map(container, {
    preferCanvas: true,
    zoomSnap: 0,
    zoomAnimation: false,
    fadeAnimation: false,
    inertia: false,
    attributionControl: false,
    zoomControl: false,
    maxZoom: 20,
    minZoom: 5,
    doubleClickZoom: true,
  });
  const fitted = (space: typeof room, maxZoom: number) => ({ paddingTopLeft: leaflet.point(space.left, space.top), paddingBottomRight: leaflet.point(space.right, space.bottom), maxZoom, animate: false });
  map.fitBounds(boundsOf(start), fitted(room, 17));

  let night = options.night;
  let hidden = options.hidden;
  const colours = () => options.colours[night ? "night" : "day"];
  const basis = leaflet.layerGroup().addTo(map);
  const hazards = new Map<string, leaflet.GeoJSON>();
  let features: Feature[] = [];
  const borders = leaflet.geoJSON(undefined, { interactive: false }).addTo(map);
  if (outlines !== null) {
    borders.addData(outlines as GeoJsonObject);
  }

  const paint = () => {
    container.style.background = features.length > 0 ? colours().sea : colours().land;
    basis.clearLayers();
    for (const feature of features) {
      basis.addLayer(leaflet.geoJSON(feature, { interactive: false, style: look(feature, colours()), pointToLayer: (_point, at) => leaflet.circleMarker(at, { radius: 0, stroke: false, fill: false }) }));
    }
    for (const [name, layer] of hazards) {
      layer.setStyle({ color: colours().hazard, weight: 1.5, dashArray: "6 4", fillColor: colours().hazard, fillOpacity: 0.18 });
      if (hidden.has(name)) {
        layer.remove();
      } else {
        layer.addTo(map);
      }
    }
    borders.setStyle({ color: colours().outline, weight: 1.8, dashArray: "9 5 2 5", fill: false });
    borders.bringToFront();
  };
  const readAll = async () => {
    const read = async (file: MapFile): Promise<GeoJsonObject | null> => {
      if (file.format !== "geojson") {
        options.lacks(file);
        return null;
      }
      return Promise.resolve(options.files[file.url] ?? options.file(file.url)).then(
        (found) => found as GeoJsonObject,
        () => {
          options.lacks(file);
          return null;
        },
      );
    };
    const found = base?.base == null ? null : await read(base.base);
    if (found !== null) {
      features = [...((found as { features?: Feature[] }).features ?? [])].sort((a, b) => look(a, colours()).order - look(b, colours()).order);
    }
    for (const file of base?.hazards ?? []) {
      const area = await read(file);
      if (area !== null) {
        hazards.set(file.name, leaflet.geoJSON(area, { interactive: false }));
      }
    }
    paint();
  };
  paint();
  void readAll();

  map.on("move zoom viewreset resize", () => options.moved());
  map.on("moveend zoomend", () => options.settled());
  map.on("click", (event) => options.tapped({ x: event.containerPoint.x, y: event.containerPoint.y }));
  // Nobody has drawn anything yet when the map is there.
  queueMicrotask(() => {
    options.moved();
    options.settled();
  });
  return {
    view: () => ({ center: mercatorOf(map.getCenter()), scale: TILE * 2 ** map.getZoom(), width: container.clientWidth, height: container.clientHeight }),
    show(box, space, deepest) {
      map.fitBounds(boundsOf(box), fitted(space, deepest + 1));
    },
    zoomBy(steps) {
      map.setZoom(map.getZoom() + steps);
    },
    dress(isNight, hide) {
      if (isNight !== night || hide !== hidden) {
        night = isNight;
        hidden = hide;
        paint();
      }
    },
    resize: () => map.invalidateSize(),
    remove: () => map.remove(),
  };
}
