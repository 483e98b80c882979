// An official's tablet in a real browser, with the large town's map. Reads a step a line from its standard input and answers each with a line:
//   enrol LINK      a passkey, and in with it: the session's cookie
//   first           the map opened as on a new tablet: milliseconds until figures and list are there, and until the map is
//   await COUNT     when so many people have arrived on the screen, in milliseconds since 1970, after they were painted
//   arrived         how many have
//   empty, opened, all
//                   frames in 2.5 s while the map is dragged: with nothing on it, as it was opened, with all households read
//   close
//
// node map.mjs --map URL --pin HASH --link HOST:PORT

import { parseArgs } from "node:util";
import { follow } from "./steps.mjs";
import { launch, press, see, settled, tablet } from "../../../sync-server/web/map/test/browser.js";

const text = { type: "string" };
const { values } = parseArgs({ options: { map: text, pin: text, link: text } });
const { host } = new URL(values.map);
const browser = await launch({ options: [`--ignore-certificate-errors-spki-list=${values.pin}`, `--host-resolver-rules=MAP ${host} ${values.link}`] });
let page;
let cookies;

const fresh = async () => {
  const of = await tablet(browser, values.map);
  of.setDefaultTimeout(60_000);
  await of.context().addCookies(cookies ?? []);
  return of;
};

/** As a finger does it, and how many frames the browser made meanwhile. */
async function drag() {
  const box = await page.locator("canvas.marks").boundingBox();
  const from = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const frames = page.evaluate(
    () =>
      new Promise((done) => {
        let [count, first] = [0, null];
        const turn = (at) => {
          first ??= at;
          count += 1;
          if (at - first > 2_500) done((count * 1_000) / (at - first));
          else requestAnimationFrame(turn);
        };
        requestAnimationFrame(turn);
      }),
  );
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  const until = performance.now() + 2_600;
  for (let step = 0; performance.now() < until; step += 1) {
    await page.mouse.move(from.x + 120 * Math.sin(step / 9), from.y + 70 * Math.cos(step / 7));
  }
  await page.mouse.up();
  return frames;
}

async function median(times, of) {
  const found = [];
  for (let turn = 0; turn < times; turn += 1) found.push(await of());
  return found.sort((a, b) => a - b)[times >> 1];
}


/** What is drawn of households and sites, off or on again; the map beneath stays. */
async function layers() {
  await press(page, "表示を 選ぶ");
  await page.locator(".panel input[type=checkbox]").evaluateAll((boxes) => boxes.slice(0, 7).forEach((box) => box.click()));
  await page.keyboard.press("Escape");
  await page.waitForTimeout(1_500);
}

const steps = {
  async enrol(link) {
    page = await fresh();
    await page.goto(link);
    await press(page, "登録する");
    await see(page, "✓ 登録できました");
    await press(page, "入る");
    await see(page, "まだ 確認できない 世帯");
    cookies = await page.context().cookies();
    await page.context().close();
    return cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  },

  async first() {
    page = await fresh();
    const begun = performance.now();
    await page.goto(values.map, { waitUntil: "commit" });
    await see(page, "まだ 確認できない 世帯");
    const figures = performance.now() - begun;
    await page.locator(".maplibregl-canvas").waitFor();
    await page.waitForFunction(() => document.querySelector("canvas.marks")?.width > 400);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    return `${figures} ${performance.now() - begun}`;
  },

  async shoot(path) {
    await settled(page);
    await page.screenshot({ path });
    return "";
  },

  async arrived() {
    return (await page.locator(".figure .value").first().textContent()).replace(/[^0-9]/g, "");
  },

  /** Waits in the page itself, so that nothing is added by asking for it again and again. */
  async await(count) {
    return page.evaluate(
      (wanted) =>
        new Promise((resolve, reject) => {
          const look = () => {
            if (Number(document.querySelector(".figure .value").textContent.replace(/[^0-9]/g, "")) >= wanted) {
              watcher.disconnect();
              // The second frame begins when the first one was painted.
              requestAnimationFrame(() => requestAnimationFrame(() => resolve(Date.now())));
            }
          };
          const watcher = new MutationObserver(look);
          watcher.observe(document, { subtree: true, childList: true, characterData: true });
          setTimeout(() => reject(new Error(`not seen: ${wanted}`)), 20_000);
          look();
        }),
      Number(count),
    );
  },

  async opened() {
    await settled(page);
    return median(5, drag);
  },

  async empty() {
    await layers();
    const frames = await median(5, drag);
    await layers();
    return frames;
  },

  async all() {
    await press(page, "地区：すべて");
    const boxes = page.locator(".panel input");
    const count = await boxes.count();
    for (let index = 1; index < count; index += 6) {
      await boxes.evaluateAll((all, first) => all.slice(first, first + 6).forEach((box) => box.click()), index);
      await page.waitForFunction(() => !document.querySelector(".go"), null, { timeout: 60_000 });
    }
    await page.getByLabel("すべての 地区").tap();
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.querySelector(".go"), null, { timeout: 90_000 });
    await press(page, "全体を 見る");
    await page.waitForTimeout(2_000);
    return median(5, drag);
  },

  async close() {
    await page.context().close();
    return "";
  },
};

await follow(steps);
await browser.close();
