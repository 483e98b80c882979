// A television's page in a real browser. Reads a step a line from its standard input and answers each with a line:
//   open            a new television: its code
//   see WORD...     when all of these are on the screen at once, in milliseconds since 1970, after they were painted
//   press KEY       a key of its remote control, once the page takes it for one
//   close
//
// node television.mjs --tv URL

import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { follow } from "./steps.mjs";

const need = createRequire(new URL("../../../sync-server/web/desk/package.json", import.meta.url));
const { chromium } = need("playwright-core");

const { values } = parseArgs({ options: { tv: { type: "string" } } });
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let page = null;

/** Waits in the page itself, so that nothing is added by asking for it again and again. */
const seen = (words) =>
  page.evaluate(
    (words) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const copy = document.getElementById("tv").cloneNode(true);
          copy.querySelectorAll("rt, rp").forEach((reading) => reading.remove());
          const text = copy.textContent.replace(/\s/g, "");
          const isThere = words.every((word) => (word.startsWith("!") ? !text.includes(word.slice(1)) : text.includes(word)));
          if (isThere) {
            watcher.disconnect();
            // The second frame begins when the first one was painted.
            requestAnimationFrame(() => requestAnimationFrame(() => resolve([text, Date.now()])));
          }
          return isThere;
        };
        const watcher = new MutationObserver(look);
        watcher.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
        setTimeout(() => reject(new Error(`not seen: ${words}; ${document.body.textContent.slice(0, 120)}`)), 20_000);
        look();
      }),
    words,
  );

const steps = {
  async open() {
    const context = await browser.newContext({ viewport: { width: 1920, height: 1080 }, locale: "ja-JP" });
    page = await context.newPage();
    await page.goto(`${values.tv}/tv/`);
    for (;;) {
      const [text] = await seen([]);
      const code = /(\d{4})(\d{4})/.exec(text);
      if (code !== null) {
        return code[1] + code[2];
      }
      await page.waitForTimeout(20);
    }
  },
  async see(...words) {
    const [, at] = await seen(words);
    return String(at);
  },
  async press(key) {
    // A press in the first moment is none.
    await page.waitForTimeout(1_700);
    await page.keyboard.press(key);
    return "ok";
  },
  async close() {
    await page.context().close();
    return "ok";
  },
};

await follow(steps);
await browser.close();
