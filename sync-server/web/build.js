// Builds the page. `sjcl`: puts the parts of SJCL that the page needs into one module, as SJCL's own `configure` does.
// `page`: bundles what the compiler wrote into dist/ and copies the rest beside it.

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

/** What each page begins with, and what is copied beside it. */
const pages = { tv: "main", overlay: "overlay-main", station: "station-main" };

function page() {
  for (const [page, entry] of Object.entries(pages)) {
    const outfile = `dist/${page}.js`;
    buildSync({
      entryPoints: [`build/${entry}.js`],
      bundle: true,
      // Newer syntax than a television of 2015 reads fails the build.
      target: "es5",
      format: "iife",
      platform: "browser",
      charset: "ascii",
      minify: true,
      legalComments: "eof",
      outfile,
    });
    for (const kind of ["html", "css"]) {
      copyFileSync(`src/${page}.${kind}`, `dist/${page}.${kind}`);
    }
    const bytes = readFileSync(outfile);
    console.log(`${outfile}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} with gzip`);
  }
}

const steps = { sjcl, page };
for (const name of process.argv.slice(2)) {
  steps[name]();
}
