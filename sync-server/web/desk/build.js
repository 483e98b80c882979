// Bundles the page into dist/ and copies the rest beside it.

import { copyFileSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

buildSync({
  entryPoints: ["src/main.tsx"],
  bundle: true,
  target: "es2022",
  format: "iife",
  platform: "browser",
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  minify: true,
  banner: { js: "/* Contains Preact (https://preactjs.com), MIT License, Copyright (c) 2015-present Jason Miller */" },
  outfile: "dist/desk.js",
});
for (const name of ["desk.html", "desk.css"]) {
  copyFileSync(`src/${name}`, `dist/${name}`);
}
for (const name of ["desk.js", "desk.css"]) {
  const bytes = readFileSync(`dist/${name}`);
  console.log(`dist/${name}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} with gzip`);
}
