// Bundles the page into dist/: the page itself, either map that it may read later, MapLibre's worker, and the service worker that
// keeps them. The names are fixed: the server has each file in it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

mkdirSync("dist", { recursive: true });
for (const name of readdirSync("dist")) {
  // make goes by the time of this one.
  if (name !== "built") {
    rmSync(`dist/${name}`);
  }
}
const common = { bundle: true, target: "es2022", platform: "browser", charset: "utf8", minify: true, legalComments: "none" };

const bundle = (entryPoints, external) =>
  buildSync({ ...common, entryPoints, external, format: "esm", jsx: "automatic", jsxImportSource: "preact", outdir: "dist" });
// Either map is a piece by itself: what the page reads at once knows only their names.
bundle({ map: "src/main.tsx" }, ["./maplibre.js", "./leaflet.js"]);
bundle({ maplibre: "src/chart/maplibre.ts", leaflet: "src/chart/leaflet.ts" }, []);
const licences = {
  map: "Contains Preact (https://preactjs.com), MIT License, Copyright (c) 2015-present Jason Miller",
  maplibre: "Contains MapLibre GL JS (https://maplibre.org) and PMTiles (https://pmtiles.io), BSD-3-Clause",
  leaflet: "Contains Leaflet (https://leafletjs.com), BSD-2-Clause, Copyright (c) 2010-2023 Volodymyr Agafonkin, 2010-2011 CloudMade",
};
for (const [name, licence] of Object.entries(licences)) {
  writeFileSync(`dist/${name}.js`, `/* ${licence} */\n${readFileSync(`dist/${name}.js`, "utf8")}`);
}
copyFileSync("node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs", "dist/maplibre-worker.js");
for (const name of ["map.html", "manifest.webmanifest", "icon.svg"]) {
  copyFileSync(`src/${name}`, `dist/${name}`);
}
// Of the libraries’ style sheets only what a map without their own buttons needs is in ours.
buildSync({ ...common, entryPoints: ["src/map.css"], outfile: "dist/map.css" });

const page = ["icon.svg", "leaflet.js", "manifest.webmanifest", "map.css", "map.html", "map.js", "maplibre-worker.js", "maplibre.js"];
assert.deepEqual(readdirSync("dist").filter((name) => name !== "built").sort(), page, "the server has other files in it");
const hash = createHash("sha256");
for (const name of page) {
  hash.update(readFileSync(`dist/${name}`));
}
const paths = page.map((name) => (name === "map.html" ? "/" : `/map/${name}`));
buildSync({
  ...common,
  entryPoints: ["worker/sw.ts"],
  format: "iife",
  define: { FILES: JSON.stringify(paths), VERSION: JSON.stringify(`map-${hash.digest("hex").slice(0, 16)}`) },
  outfile: "dist/sw.js",
});
for (const name of [...page, "sw.js"]) {
  const bytes = readFileSync(`dist/${name}`);
  console.log(`dist/${name}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} with gzip, ${brotliCompressSync(bytes).length} with brotli`);
}
