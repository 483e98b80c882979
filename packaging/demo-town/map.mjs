// Draws the fictional town's map from a few hand-set corners: `node map.mjs` writes map.geojson and tsunami.geojson beside it.
// The layers' names are those that docs/map.md gives. Nothing here is a real place.

import { writeFileSync } from "node:fs";

const HERE = new URL("./", import.meta.url);
const STEPS = 8;

const round = (degrees) => Math.round(degrees * 1e6) / 1e6;
const written = (line) => line.map(([east, north]) => [round(east), round(north)]);

/** A soft line through the corners (Catmull-Rom). */
function soft(corners, isClosed = false) {
  const at = (index) => corners[isClosed ? (index + corners.length) % corners.length : Math.min(Math.max(index, 0), corners.length - 1)];
  const line = [];
  for (let index = 0; index < corners.length - (isClosed ? 0 : 1); index += 1) {
    const [a, b, c, d] = [at(index - 1), at(index), at(index + 1), at(index + 2)];
    for (let step = 0; step < STEPS; step += 1) {
      const t = step / STEPS;
      const part = (axis) =>
        0.5 * (2 * b[axis] + (c[axis] - a[axis]) * t + (2 * a[axis] - 5 * b[axis] + 4 * c[axis] - d[axis]) * t ** 2 + (3 * b[axis] - a[axis] - 3 * c[axis] + d[axis]) * t ** 3);
      line.push([part(0), part(1)]);
    }
  }
  line.push(at(isClosed ? 0 : corners.length - 1));
  return line;
}

const feature = (layer, kind, geometry, name) => ({ type: "Feature", properties: { layer, kind, ...(name === undefined ? {} : { name }) }, geometry });
const ring = (line) => {
  const closed = [...line, line[0]];
  // The outer ring goes against the clock (RFC 7946 §3.1.6).
  const turn = closed.slice(1).reduce((sum, [east, north], index) => sum + (east - closed[index][0]) * (north + closed[index][1] - 2 * 33.74), 0);
  return written(turn > 0 ? closed.reverse() : closed);
};
const area = (layer, kind, line, name) => feature(layer, kind, { type: "Polygon", coordinates: [ring(line)] }, name);
const way = (layer, kind, line, name) => feature(layer, kind, { type: "LineString", coordinates: written(line) }, name);
const place = (name, east, north) => feature("places", "place", { type: "Point", coordinates: [east, north] }, name);

const [WEST, EAST, NORTH] = [134.578, 134.65, 33.772];

// From the west to the east: a bay, the beach of 浜町, the mouth of the river, 汐見, the harbour of 港町 and a headland.
const coast = soft([
  [WEST, 33.7372], [134.585, 33.7366], [134.5905, 33.7384], [134.5945, 33.7371], [134.5985, 33.7352], [134.6028, 33.7366], [134.6062, 33.7392], [134.6096, 33.7399], [134.6122, 33.7396], [134.6129, 33.7404], [134.6136, 33.7395], [134.6168, 33.7393], [134.6192, 33.7399],
  [134.6199, 33.7409], [134.6212, 33.7411], [134.6218, 33.7399], [134.6236, 33.7386], [134.6262, 33.7378], [134.6285, 33.7357], [134.6318, 33.7349], [134.6346, 33.7366], [134.6352, 33.7398], [134.6388, 33.7421], [134.6438, 33.7427], [EAST, 33.7446],
]);
const earth = [...coast, [EAST, NORTH], [WEST, NORTH]];

const foothills = [
  ...soft([[WEST, 33.7402], [134.5862, 33.7398], [134.5912, 33.7412], [134.5975, 33.7404], [134.6022, 33.7422], [134.6052, 33.7452], [134.6088, 33.7468], [134.6118, 33.7478], [134.6142, 33.7482], [134.6176, 33.7472], [134.6204, 33.7458], [134.6232, 33.7442], [134.6252, 33.7418], [134.6272, 33.7396], [134.6294, 33.7372], [134.6318, 33.7364], [134.6334, 33.7388], [134.6344, 33.7428], [134.6392, 33.7449], [EAST, 33.7468]]),
  [EAST, NORTH],
  [WEST, NORTH],
];
const heights = [
  ...soft([[WEST, 33.7452], [134.5884, 33.7464], [134.5962, 33.7452], [134.6024, 33.7482], [134.6078, 33.7512], [134.6118, 33.7542], [134.6152, 33.7558], [134.6192, 33.7528], [134.6242, 33.7492], [134.6302, 33.7462], [134.6362, 33.7482], [EAST, 33.7512]]),
  [EAST, NORTH],
  [WEST, NORTH],
];
const river = soft([[134.6178, NORTH], [134.6162, 33.7642], [134.6138, 33.7578], [134.6146, 33.7526], [134.6132, 33.7482], [134.6129, 33.7442], [134.6129, 33.7402]]);
const brook = soft([[134.6008, 33.7528], [134.6018, 33.7472], [134.6042, 33.7422], [134.6048, 33.7384]]);

const prefectural = soft([[WEST, 33.7388], [134.5872, 33.7386], [134.5932, 33.7396], [134.5992, 33.7386], [134.6042, 33.7408], [134.6078, 33.7434], [134.6128, 33.7441], [134.6182, 33.7436], [134.6222, 33.7424], [134.6262, 33.7398], [134.6292, 33.7392], [134.6338, 33.7418], [134.6392, 33.7436], [EAST, 33.7456]]);
const inland = soft([[134.6112, 33.7439], [134.6108, 33.7462], [134.6122, 33.7492], [134.6128, 33.7532], [134.6118, 33.7578], [134.6146, 33.7642], [134.6158, NORTH]]);
const harbour = soft([[134.6198, 33.7431], [134.6206, 33.7418], [134.6222, 33.7414], [134.6232, 33.7396]]);
const temple = soft([[134.6086, 33.7436], [134.6062, 33.7456], [134.6034, 33.7462]]);
const school = soft([[134.6158, 33.7437], [134.6162, 33.7456], [134.6152, 33.7476], [134.6128, 33.7492]]);
const shore = soft([[134.6052, 33.7398], [134.6088, 33.7407], [134.6124, 33.7407], [134.6168, 33.7404], [134.6196, 33.7412]]);
const lanes = [
  [[134.6076, 33.7418], [134.6126, 33.7421]], [[134.6078, 33.7428], [134.6126, 33.7431]], [[134.6082, 33.7449], [134.6126, 33.7451]],
  [[134.6088, 33.7407], [134.6088, 33.7449]], [[134.6102, 33.7407], [134.6102, 33.7450]], [[134.6116, 33.7407], [134.6116, 33.7451]],
  [[134.6132, 33.7416], [134.6188, 33.7413]], [[134.6132, 33.7426], [134.6186, 33.7424]], [[134.6134, 33.7449], [134.6182, 33.7447]], [[134.6138, 33.7459], [134.6174, 33.7458]],
  [[134.6146, 33.7405], [134.6146, 33.7459]], [[134.6172, 33.7404], [134.6172, 33.7458]], [[134.6186, 33.7411], [134.6184, 33.7435]],
  [[134.6206, 33.7432], [134.6242, 33.7410]],
];

const base = [
  area("earth", "land", earth),
  area("landuse", "hill", foothills),
  area("landuse", "forest", heights),
  way("water", "river", river, "汐見川"),
  way("water", "stream", brook),
  way("roads", "main", prefectural, "県道"),
  way("roads", "main", inland),
  ...[harbour, temple, school, shore, ...lanes].map((line) => way("roads", "minor", line)),
  place("潮見坂", 134.6122, 33.7506),
  place("寺", 134.6032, 33.7466),
  place("港", 134.6207, 33.7402),
  place("汐見湾", 134.6128, 33.7352),
];

const wet = [
  ...soft([[WEST, 33.7386], [134.5874, 33.7384], [134.5922, 33.7398], [134.5982, 33.7388], [134.6026, 33.7404], [134.6058, 33.7428], [134.6092, 33.7442], [134.6118, 33.7452], [134.6127, 33.7488], [134.6136, 33.7488], [134.6148, 33.7450], [134.6182, 33.7444], [134.6212, 33.7436], [134.6238, 33.7412], [134.6262, 33.7394], [134.6292, 33.7368], [134.6322, 33.7358], [134.6338, 33.7372], [134.6344, 33.7404], [134.6392, 33.7430], [EAST, 33.7452]]),
  ...[...coast].reverse(),
];

const save = (name, features) => {
  const lines = features.map((one) => JSON.stringify(one));
  writeFileSync(new URL(name, HERE), `{"type":"FeatureCollection","features":[\n${lines.join(",\n")}\n]}\n`);
};
save("map.geojson", base);
save("tsunami.geojson", [{ type: "Feature", properties: { kind: "tsunami", name: "津波の 浸水想定（架空）" }, geometry: { type: "Polygon", coordinates: [ring(wet)] } }]);
