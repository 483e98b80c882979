// An official goes through the map on a tablet with a passkey: `node test/walk.js [FOLDER FOR PICTURES]`.

import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { complaints, drawn, finish, inked, launch, look as looked, press, see, settled, tablet } from "./browser.js";
import { writePmtiles } from "./pmtiles.js";
import { shiomi } from "./server.js";

const folder = process.argv[2];
const look = (page, name) => looked(page, name, folder);
const step = (text) => console.log(`- ${text}`);
const RED = [0xc4, 0x26, 0x0b];
const RING = [0xff, 0xd4, 0x00];

const town = shiomi(Date.now());
town.codes.set("SHIOMI-4821", "田中");
await town.listen(18_419);
let browser = await launch();
const count = (page) => page.locator(".drawer-head .count").first().textContent();

try {
  const page = await tablet(browser, town.origin);

  step("a device is enrolled by a link whose code goes out of the address, and signs in");
  await page.goto(`${town.origin}/#enrol=SHIOMI-4821`);
  await see(page, "この 端末を 登録する");
  assert.equal(page.url(), `${town.origin}/`, "the code stands in the address");
  assert.equal(await page.getByLabel("管理者から もらった コード").inputValue(), "SHIOMI-4821");
  await look(page, "enrol");
  await page.getByLabel("管理者から もらった コード").fill("WRONG");
  await press(page, "登録する");
  await see(page, "この コードは 使えません");
  await page.getByLabel("管理者から もらった コード").fill(" ＳＨＩＯＭＩ-4821 ");
  await press(page, "登録する");
  await see(page, "✓ 登録できました");
  assert.equal(town.devices.size, 1);
  await page.goto(town.origin);
  await see(page, "この 端末で 入る");
  await look(page, "sign-in");
  await press(page, "この 端末で 入る");
  await see(page, "まだ 確認できない 世帯");
  await settled(page);
  await drawn(page, RED, 8, 300, "no household that has not arrived is drawn");
  await drawn(page, RING, 2, 300, "no ring of support is drawn");
  await look(page, "live");

  step("a change arrives");
  const before = Number(await count(page));
  const away = town.districts[0].households.filter(({ standing }) => standing === "not_arrived").slice(0, 2);
  const shown = await page.locator(".figure .value").nth(0).textContent();
  town.move(away.map(({ id }) => [id, "arrived"]));
  await page.waitForFunction((wanted) => document.querySelector(".drawer-head .count")?.textContent === String(wanted), before - away.length);
  assert.notEqual(await page.locator(".figure .value").nth(0).textContent(), shown);

  step("one district in list and map, then only those who are unknown");
  await press(page, "地区：すべて");
  await look(page, "districts");
  await page.getByLabel(/^汐見 確認/).tap();
  await page.keyboard.press("Escape");
  await page.waitForTimeout(900);
  const names = await page.locator(".row-name").allTextContents();
  assert.ok(names.length > 0 && names.every((name) => name.startsWith("汐見")), `other districts are listed: ${names.join("、")}`);
  await look(page, "one-district");
  await press(page, "表示を 選ぶ");
  await look(page, "layers");
  await page.getByLabel("未到着", { exact: true }).tap();
  await page.keyboard.press("Escape");
  await page.waitForTimeout(300);
  assert.ok((await inked(page, RED)) < 60, "households that were switched off are drawn");
  const lines = await page.locator(".row-line").allTextContents();
  assert.ok(lines.every((line) => !line.startsWith("未到着")), "households that were switched off are listed");
  await press(page, "表示を 選ぶ");
  await page.getByLabel("未到着", { exact: true }).tap();
  await page.keyboard.press("Escape");

  step("households of one house are spread, and one of them is opened");
  await page.locator(".row", { hasText: "汐見 9班" }).first().tap();
  await see(page, "支援が 必要な 人が、まだ 着いていません");
  await page.waitForTimeout(900);
  const box = await page.locator("canvas.marks").boundingBox();
  // Where the map brings what was chosen: the middle of what is free.
  const middle = { x: box.x + (40 + box.width - 72) / 2, y: box.y + (72 + box.height - 104) / 2 };
  for (let nearer = 0; nearer < 5 && (await page.locator("canvas.marks[data-spread]").count()) === 0; nearer += 1) {
    await page.touchscreen.tap(middle.x, middle.y);
    await page.waitForTimeout(700);
  }
  assert.equal(await page.locator("canvas.marks").getAttribute("data-spread"), "4", "the households of one house did not open");
  await look(page, "spread");
  await page.touchscreen.tap(middle.x, middle.y - 54);
  await page.locator(".sheet h2").waitFor();
  assert.match(await page.locator(".sheet h2").textContent(), /^汐見 9班の 世帯$/);
  await look(page, "household");
  await press(page, "閉じる");

  step("the sheet of a site, from the list");
  await press(page, "全体を 見る");
  await press(page, "地区：汐見");
  await page.getByLabel("すべての 地区").tap();
  await page.keyboard.press("Escape");
  await press(page, "拠点");
  await page.locator(".row", { hasText: "潮見坂の 上" }).tap();
  await see(page, "あと 88人");
  await see(page, "つながっています");
  await page.waitForTimeout(900);
  await look(page, "site");
  await page.keyboard.press("Escape");
  await page.locator(".row", { hasText: "汐見小学校" }).tap();
  await see(page, "危　津波には 使えません");
  await look(page, "site-unsafe");
  await page.keyboard.press("Escape");
  await page.locator(".row", { hasText: "岬の 高台" }).tap();
  await see(page, "いまは 変わっているかもしれません");
  assert.match(await page.locator(".sheet-head .dim").textContent(), /^指定緊急避難場所/);
  assert.equal(await page.locator(".sheet").getByText("閉鎖").count(), 0, "what a site is not is said of it");
  await page.waitForTimeout(700);
  await look(page, "site-old");
  await page.keyboard.press("Escape");
  await press(page, "未確認");

  step("the list instead of the map");
  await press(page, "一覧");
  await look(page, "list");
  await press(page, "地図");
  await settled(page);

  step("cut off: everything is of then, and nothing is kept with a name");
  await page.waitForTimeout(1000);
  town.fall();
  await see(page, "つながっていません　最後の 確認");
  await settled(page);
  await look(page, "cut-off");
  assert.ok((await inked(page, RED)) === 0, "what is old has the colour of what is now");
  const missed = town.districts[0].households.filter(({ standing }) => standing === "arrived").slice(0, 3);
  town.move(missed.map(({ id }) => [id, "not_arrived"]));

  step("started anew without a network: the last state, encrypted, and old at once");
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await see(page, "つながっていません　最後の 確認");
  await see(page, "まだ 確認できない 世帯");
  await settled(page);
  await look(page, "cold-start");
  const cached = await page.evaluate(async () => {
    const found = [];
    for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
    return found.sort();
  });
  assert.ok(cached.includes("/") && cached.every((path) => path === "/" || path.startsWith("/map/")), `kept: ${cached.join(" ")}`);
  const stored = await page.evaluate(async () => {
    const open = await new Promise((done) => { const request = indexedDB.open("hinamori-map"); request.onsuccess = () => done(request.result); });
    const all = await new Promise((done) => { const request = open.transaction("kept").objectStore("kept").getAll(); request.onsuccess = () => done(request.result); });
    const text = all.map((one) => (one instanceof CryptoKey ? `key ${one.extractable}` : new TextDecoder().decode(one.bytes ?? new Uint8Array()))).join("\n");
    open.close();
    return text;
  });
  assert.match(stored, /key false/);
  assert.doesNotMatch(stored, /浜町|households|revision/);

  await drawn(page, [0xdc, 0xdb, 0xdc], 6, 3_000, "no land is drawn without a network");
  const later = await page.context().newPage();
  await later.addInitScript(() => {
    const now = Date.now;
    Date.now = () => now() + 13 * 3_600_000;
  });
  await later.goto(town.origin);
  await later.waitForTimeout(600);
  assert.equal(await later.locator(".figures").count(), 0, "what is older than twelve hours is shown");
  await later.close();

  step("back: what was missed comes");
  town.rise();
  await see(page, "現在");
  await page.waitForFunction((wanted) => document.querySelector(".drawer-head .count")?.textContent === String(wanted), town.figures().households.not_arrived + town.figures().households.unknown);
  const from = () => town.asked.filter((line) => line.includes("map/changes")).at(-1);
  const mark = town.mark();
  town.fall();
  await page.waitForTimeout(300);
  town.move([[missed[0].id, "arrived"]]);
  town.rise();
  await page.waitForFunction((wanted) => document.querySelector(".drawer-head .count")?.textContent === String(wanted), town.figures().households.not_arrived + town.figures().households.unknown);
  assert.ok(from().endsWith(`from=${mark}`), `went on from elsewhere: ${from()}`);
  const states = town.asked.filter((line) => line.includes("map/state")).length;
  town.reset();
  await page.waitForTimeout(800);
  assert.equal(town.asked.filter((line) => line.includes("map/state")).length, states + 1, "a reset did not fetch the state anew");

  step("0 is said in words");
  town.ahead = 6 * 60_000;
  town.beat();
  await see(page, "すぐ 来ます");
  await look(page, "zero");
  town.ahead = 0;
  town.beat();

  step("a drill looks different");
  await press(page, "田中");
  await see(page, "（町の 職員）");
  await look(page, "menu");
  await page.getByRole("link", { name: "訓練の 地図へ" }).tap();
  await see(page, "これは 訓練の 地図です");
  await settled(page);
  await look(page, "drill");
  await page.getByRole("link", { name: "訓練を 出る・本番へ" }).tap();
  await page.locator(".band").first().waitFor({ state: "detached" });
  await settled(page);

  step("night by the switch");
  await press(page, "田中");
  await press(page, "夜");
  await page.keyboard.press("Escape");
  await settled(page);
  await look(page, "night");
  await press(page, "拠点");
  await page.locator(".row", { hasText: "潮見坂の 上" }).tap();
  await look(page, "night-site");
  await page.keyboard.press("Escape");
  await press(page, "田中");
  await press(page, "端末と 同じ");
  await page.keyboard.press("Escape");

  step("upright, and 820 wide");
  await page.setViewportSize({ width: 800, height: 1280 });
  await settled(page);
  await look(page, "upright");
  await page.setViewportSize({ width: 820, height: 1180 });
  await press(page, "一覧");
  await look(page, "upright-list");
  await press(page, "地図");
  await page.setViewportSize({ width: 1280, height: 800 });

  step("hostile names");
  const hostile = ["<script>alert(1)</script>", "\u202eあべこべ\u202c\u200f", "長".repeat(300)];
  town.districts.slice(0, 3).forEach((district, index) => (district.name = hostile[index]));
  town.sites.slice(0, 3).forEach((site, index) => (site.name = hostile[index]));
  town.districts.flatMap(({ households }) => households).forEach((household, index) => (household.group = hostile[index % 3]));
  town.name = "<script>alert(2)</script>町";
  town.alert = { ...town.alert, districts: hostile };
  town.reset();
  await page.locator(".bar h1", { hasText: "<script>" }).waitFor();
  await page.waitForTimeout(900);
  await press(page, "未確認");
  await look(page, "hostile");
  assert.equal(await page.evaluate(() => [...document.querySelectorAll("#page *")].some((element) => /[\u202a-\u202e\u2066-\u2069\u200e\u200f]/.test(element.textContent))), false, "marks that turn the text came through");
  await press(page, "一覧");
  await look(page, "hostile-list");
  await press(page, "地図");

  step("signed out: nothing stays");
  await settled(page);
  await press(page, "田中");
  await press(page, "出る（この 端末に 何も 残しません）");
  await see(page, "この 端末で 入る");
  await page.waitForTimeout(300);
  const left = await page.evaluate(async () => {
    const open = await new Promise((done) => { const request = indexedDB.open("hinamori-map"); request.onsuccess = () => done(request.result); });
    const all = await new Promise((done) => { const request = open.transaction("kept").objectStore("kept").count(); request.onsuccess = () => done(request.result); });
    open.close();
    return all;
  });
  assert.equal(left, 0, "something is kept after the sign-out");

  step("a district whose households have no position: by their 班, at its name");
  const rows = shiomi(Date.now());
  town.districts = rows.districts.map((district, id) => ({ ...district, id }));
  town.name = rows.name;
  town.sites = rows.sites;
  town.alert = rows.alert;
  town.households = rows.households;
  const [cookie, value_] = town.letIn().split(";")[0].split("=");
  const placeless = await tablet(browser, town.origin, { name: "rows", serviceWorkers: "block" });
  await placeless.context().addCookies([{ name: cookie, value: value_, url: town.origin }]);
  await placeless.goto(town.origin);
  await settled(placeless);
  await press(placeless, "地区：すべて");
  await placeless.getByLabel(/^港町 確認/).tap();
  await placeless.keyboard.press("Escape");
  await placeless.waitForTimeout(900);
  await drawn(placeless, RED, 8, 100, "households without a position are not at their district");
  await look(placeless, "rows");
  await placeless.context().close();

  step("a base map of tiles, read by ranges");
  const base = JSON.parse(readFileSync(town.files["/api/v1/map/files/map.geojson"].path));
  const path = join(tmpdir(), `hinamori-map-${process.pid}.pmtiles`);
  const tiles = writePmtiles(path, base, [134.578, 33.73, 134.65, 33.772]);
  assert.ok(tiles > 20);
  town.files["/api/v1/map/files/map.pmtiles"] = { path };
  const geojson = town.base;
  town.base = { ...geojson, base: { ...geojson.base, url: "/api/v1/map/files/map.pmtiles", format: "pmtiles" } };
  const [name, session] = town.letIn().split(";")[0].split("=");
  const tiled = await tablet(browser, town.origin, { name: "tiles", serviceWorkers: "block" });
  await tiled.context().addCookies([{ name, value: session, url: town.origin }]);
  await tiled.goto(town.origin);
  await settled(tiled);
  await look(tiled, "tiles");
  // The woods' green is nowhere but in the tiles.
  await drawn(tiled, [0xd3, 0xde, 0xc6], 4, 5_000, "the tiles are not drawn");
  await browser.close();

  step("without WebGL 2");
  browser = await launch({ webgl: false });
  const plain = await tablet(browser, town.origin, { name: "no WebGL", serviceWorkers: "block" });
  const [key, value] = town.letIn().split(";")[0].split("=");
  await plain.context().addCookies([{ name: key, value, url: town.origin }]);
  town.asked.length = 0;
  await plain.goto(town.origin);
  await settled(plain);
  await look(plain, "no-webgl");
  assert.ok(town.asked.includes("GET /map/leaflet.js") && !town.asked.some((line) => line.includes("maplibre")), "the wrong map was read");
  await drawn(plain, RED, 8, 300, "the symbols lie under the map");
  await see(plain, "この 端末では 出せません：地図");
  town.base = geojson;
  await plain.reload();
  await settled(plain);
  await drawn(plain, [0xd3, 0xde, 0xc6], 4, 5_000, "GeoJSON is not drawn");
  await look(plain, "no-webgl-geojson");
} catch (error) {
  complaints.unshift(error.stack);
} finally {
  rmSync(join(tmpdir(), `hinamori-map-${process.pid}.pmtiles`), { force: true });
  await finish(browser, town);
}
