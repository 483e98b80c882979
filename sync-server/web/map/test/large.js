// A town of 100,000 households in 60 districts with 2,000 sites stays usable: `node test/large.js`. Times depend on the machine and are
// said, not judged; bytes are judged.

import assert from "node:assert/strict";
import { complaints, finish, launch, press, see, settled, tablet } from "./browser.js";
import { Town, dice } from "./server.js";

const next = dice(7);
const now = Date.now();
const [WEST, SOUTH, SIDE] = [134.5, 33.7, 0.2];
const STANDINGS = ["arrived", "arrived", "arrived", "arrived", "arrived", "arrived", "partly", "passed", "told_elsewhere", "not_arrived", "not_arrived", "unknown"];
const pick = (list) => list[Math.floor(next() * list.length)];
let id = 0;
const districts = Array.from({ length: 60 }, (_, index) => {
  const [west, south] = [WEST + ((index % 10) * SIDE) / 10, SOUTH + (Math.floor(index / 10) * SIDE) / 6];
  const households = Array.from({ length: index === 0 ? 1700 : 1666 }, () => {
    id += 1;
    const standing = pick(STANDINGS);
    return { id, group: `${1 + Math.floor(next() * 40)}班`, people: 1 + Math.floor(next() * 5), standing, support: standing !== "arrived" && next() < 0.1, television: pick(["going", "shown", "told", "unreachable", "help"]), position: [Math.round((west + next() * 0.018) * 1e6) / 1e6, Math.round((south + next() * 0.03) * 1e6) / 1e6] };
  });
  return { name: `第${index + 1}地区`, center: [west + 0.009, south + 0.015], households };
});
const sites = Array.from({ length: 2000 }, (_, index) => ({
  id: `s${index}`, name: `第${index + 1}避難所`, kind: index % 9 === 0 ? "check_point" : "shelter", position: [WEST + next() * SIDE, SOUTH + next() * SIDE], standing: pick(["open", "open", "full", "closed", "unknown"]), own_shelter: false, here: Math.floor(next() * 200), confirmed: 0, unnamed: 0, outside: false, unaccounted: 0, out: 0, capacity: 200,
  boxes: [{ id: `b${index}`, on_line: next() < 0.8, last_contact: now - 200_000, card_data: now - 3_600_000, unsent: 0, clock_sure: true, battery: null, on_mains: null }], hazards: [{ hazard: "tsunami", is_safe: next() < 0.9 }],
}));
const town = new Town({
  name: "大きな市", districts, sites,
  base: { bounds: [WEST, SOUTH, WEST + SIDE, SOUTH + SIDE], base: null, hazards: [], outlines: "/api/v1/map/outlines" },
  files: { "/api/v1/map/outlines": { type: "FeatureCollection", features: [] } },
  alert: { is_exercise: false, title: "避難指示", hazard: "tsunami", tsunami: "warning", sent: now - 300_000, expires: now + 3_600_000, districts: districts.map(({ name }) => name), arrives: now + 1_200_000 },
});
assert.equal(town.households.size, 99_994);
await town.listen(18_421);
const browser = await launch();
try {
  const page = await tablet(browser, town.origin, { serviceWorkers: "block" });
  const [key, value] = town.letIn().split(";")[0].split("=");
  await page.context().addCookies([{ name: key, value, url: town.origin }]);
  let begun = performance.now();
  const since = () => `${Math.round(performance.now() - begun)} ms`;
  await page.goto(town.origin);
  await see(page, "まだ 確認できない 世帯");
  console.log(`figures and list after ${since()}`);
  await page.locator(".maplibregl-canvas").waitFor();
  await page.waitForFunction(() => document.querySelector("canvas.marks")?.width > 400);
  console.log(`map after ${since()}`);
  await settled(page);
  const { sent } = town;
  console.log(`${Math.round(sent / 1000)} kB with gzip until then`);
  assert.ok(sent < 1_000_000, "more than 1 MB before the first picture");
  if (process.argv[2] !== undefined) await page.screenshot({ path: `${process.argv[2]}/large-town.png` });

  begun = performance.now();
  await press(page, "地区：すべて");
  await page.getByLabel(/^第1地区 /).tap();
  await page.keyboard.press("Escape");
  await page.locator(".row", { hasText: "第1地区" }).first().waitFor();
  console.log(`the households of a district are listed after ${since()}`);
  await page.waitForTimeout(800);
  if (process.argv[2] !== undefined) await page.screenshot({ path: `${process.argv[2]}/large-district.png` });

  // All of them, as after a long day of looking around.
  begun = performance.now();
  await press(page, "地区：第1地区");
  for (let index = 1; index < 60; index += 6) {
    await page.locator(".panel input").evaluateAll((boxes, first) => boxes.slice(1 + first, 7 + first).forEach((box) => box.click()), index);
    await page.waitForFunction(() => !document.querySelector(".go"), null, { timeout: 60_000 });
  }
  await page.getByLabel("すべての 地区").tap();
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector(".go"), null, { timeout: 90_000 });
  console.log(`all 100,000 households are here after ${since()}`);
  await press(page, "全体を 見る");
  await page.waitForTimeout(1500);
  if (process.argv[2] !== undefined) await page.screenshot({ path: `${process.argv[2]}/large-all.png` });

  const frames = page.evaluate(() => new Promise((done) => {
    const times = [];
    const turn = (at) => {
      times.push(at);
      if (times.length > 1 && at - times[0] > 2500) done(times.slice(1).map((time, index) => time - times[index]).sort((a, b) => a - b));
      else requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
  }));
  await page.mouse.move(500, 450);
  await page.mouse.down();
  for (let step = 0; step < 40; step += 1) await page.mouse.move(500 - step * 6, 450 - step * 2);
  await page.mouse.up();
  const gaps = await frames;
  console.log(`dragged with all of them: ${gaps.length} frames in 2.5 s, the median ${Math.round(gaps[gaps.length >> 1])} ms, the longest ${Math.round(gaps.at(-1))} ms`);

  begun = performance.now();
  const count = Number((await page.locator(".drawer-head .count").first().textContent()).replace(/,/g, ""));
  const arrive = districts.flatMap(({ households }) => households).filter(({ standing }) => standing === "not_arrived").slice(0, 500);
  town.move(arrive.map(({ id: household }) => [household, "arrived"]));
  await page.waitForFunction((wanted) => document.querySelector(".drawer-head .count")?.textContent === wanted, (count - 500).toLocaleString("ja-JP"));
  console.log(`500 households that arrived are drawn after ${since()}`);
} catch (error) {
  complaints.unshift(error.stack);
} finally {
  await finish(browser, town);
}
