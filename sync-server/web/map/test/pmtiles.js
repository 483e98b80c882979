// Writes GeoJSON with a `layer` in each feature as a PMTiles file (version 3), for the tests: nothing compressed, one directory.

import { writeFileSync } from "node:fs";
import { GeoJSONVT } from "@maplibre/geojson-vt";
import { fromGeojsonVt } from "@maplibre/vt-pbf";
import { zxyToTileId } from "pmtiles";

function varint(value, into) {
  let rest = value;
  while (rest > 127) {
    into.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  into.push(rest);
}

export function writePmtiles(path, collection, [west, south, east, north], deepest = 14) {
  const names = [...new Set(collection.features.map(({ properties }) => properties.layer))];
  const layers = names.map((name) => [name, new GeoJSONVT({ ...collection, features: collection.features.filter(({ properties }) => properties.layer === name) }, { maxZoom: deepest, indexMaxZoom: 0, buffer: 128 })]);
  const column = (longitude, zoom) => Math.floor(((longitude + 180) / 360) * 2 ** zoom);
  const row = (latitude, zoom) => Math.floor((0.5 - Math.asinh(Math.tan((latitude * Math.PI) / 180)) / (2 * Math.PI)) * 2 ** zoom);
  const tiles = [];
  for (let zoom = 0; zoom <= deepest; zoom += 1) {
    for (let x = column(west, zoom); x <= column(east, zoom); x += 1) {
      for (let y = row(north, zoom); y <= row(south, zoom); y += 1) {
        const found = layers.map(([name, index]) => [name, index.getTile(zoom, x, y)]).filter(([, tile]) => tile !== null);
        if (found.length > 0) tiles.push({ id: zxyToTileId(zoom, x, y), bytes: Buffer.from(fromGeojsonVt(Object.fromEntries(found), { version: 2 })) });
      }
    }
  }
  tiles.sort((a, b) => a.id - b.id);
  const directory = [];
  varint(tiles.length, directory);
  tiles.forEach(({ id }, index) => varint(id - (tiles[index - 1]?.id ?? 0), directory));
  tiles.forEach(() => varint(1, directory));
  tiles.forEach(({ bytes }) => varint(bytes.length, directory));
  // Each follows the one before it; the first is at 0, which is written as 1.
  tiles.forEach((_, index) => varint(index === 0 ? 1 : 0, directory));
  const metadata = Buffer.from(JSON.stringify({ vector_layers: names.map((id) => ({ id, fields: {} })) }));
  const data = Buffer.concat(tiles.map(({ bytes }) => bytes));
  const header = Buffer.alloc(127);
  header.write("PMTiles");
  header[7] = 3;
  const root = 127;
  const numbers = [root, directory.length, root + directory.length, metadata.length, root + directory.length + metadata.length, 0, root + directory.length + metadata.length, data.length, tiles.length, tiles.length, tiles.length];
  numbers.forEach((value, index) => header.writeBigUInt64LE(BigInt(value), 8 + index * 8));
  header.set([1, 1, 1, 1, 0, deepest], 96);
  [west, south, east, north].forEach((degrees, index) => header.writeInt32LE(Math.round(degrees * 1e7), 102 + index * 4));
  header[118] = deepest;
  header.writeInt32LE(Math.round(((west + east) / 2) * 1e7), 119);
  header.writeInt32LE(Math.round(((south + north) / 2) * 1e7), 123);
  writeFileSync(path, Buffer.concat([header, Buffer.from(directory), metadata, data]));
  return tiles.length;
}
