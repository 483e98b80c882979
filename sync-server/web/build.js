// Builds the page. `sjcl`: puts the parts of SJCL that the page needs into one module, as SJCL's own `configure` does.
// `page`: bundles what the compiler wrote into dist/tv.js and copies the rest beside it.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

function sjcl() {
  // Hashing, and verifying on P-256. No ciphers, no random numbers.
  const parts = ["sjcl", "bitArray", "codecHex", "sha256", "bn", "ecc"];
  const source = parts.map((part) => readFileSync(`node_modules/sjcl/core/${part}.js`, "utf8")).join("\n");
  mkdirSync("build", { recursive: true });
  writeFileSync("build/sjcl.js", `${source}\nexport default sjcl;\n`);
}

function page() {
  buildSync({
    entryPoints: ["build/main.js"],
    bundle: true,
    // Newer syntax than a television of 2015 reads fails the build.
    target: "es5",
    format: "iife",
    platform: "browser",
    charset: "ascii",
    minify: true,
    legalComments: "eof",
    outfile: "dist/tv.js",
  });
  for (const name of ["tv.html", "tv.css"]) {
    copyFileSync(`src/${name}`, `dist/${name}`);
  }
  const bytes = readFileSync("dist/tv.js");
  console.log(`dist/tv.js: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} with gzip`);
}

const steps = { sjcl, page };
for (const name of process.argv.slice(2)) {
  steps[name]();
}
