// What the page does when the server resets, refuses, numbers anew or is gone: `node test/cut.js`.

import assert from "node:assert/strict";
import { complaints, drawn, finish, launch, look as looked, press, see, settled, tablet } from "./browser.js";
import { shiomi } from "./server.js";

const folder = process.argv[2];
const step = (text) => console.log(`- ${text}`);
const town = shiomi(Date.now());
await town.listen(18_427);
const browser = await launch();
const LAND = [0xef, 0xed, 0xe4];
const asked = (path) => town.asked.filter((line) => line.startsWith(path)).length;
/** Until the page has asked for it so often. */
const until = async (page, path, times) => {
  for (let turn = 0; asked(path) < times; turn += 1) {
    assert.ok(turn < 2000, `${path} was not asked for`);
    await page.waitForTimeout(20);
  }
};
const enter = async (name, more = {}) => {
  const [key, value] = town.letIn().split(";")[0].split("=");
  const page = await tablet(browser, town.origin, { name, serviceWorkers: "block", ...more });
  await page.context().addCookies([{ name: key, value, url: town.origin }]);
  await page.goto(town.origin);
  await see(page, "まだ 確認できない 世帯");
  return page;
};
const hold = (path) => {
  let resolve;
  town.held.set(path, new Promise((done) => (resolve = done)));
  return () => {
    town.held.delete(path);
    resolve();
  };
};
/** When the last state of a mode was kept; 0 if it is not. */
const keptAt = (page, mode) =>
  page.evaluate(async (wanted) => {
    const open = await new Promise((done) => { const request = indexedDB.open("hinamori-map"); request.onsuccess = () => done(request.result); });
    const found = await new Promise((done) => { const request = open.transaction("kept").objectStore("kept").get(wanted); request.onsuccess = () => done(request.result); });
    open.close();
    return found?.at ?? 0;
  }, mode);

try {
  step("a reset fetches the whole once, however long it takes");
  let page = await enter("reset", {});
  await settled(page);
  // Whom nothing is told yet no reset reaches.
  for (let turn = 0; town.streams.size === 0 && turn < 500; turn += 1) await page.waitForTimeout(20);
  await page.clock.install();
  town.asked.length = 0;
  let release = hold("map/state");
  town.reset();
  await until(page, "GET /api/v1/map/state", 1);
  // As a tablet that is taken up, and whose network is back: neither opens the stream before the state is here.
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await page.clock.fastForward(10_000);
  await page.waitForTimeout(300);
  assert.equal(asked("GET /api/v1/map/state"), 1, "the whole was asked for again while it was on its way");
  assert.equal(asked("GET /api/v1/map/changes"), 0, "the stream was opened from the revision of before");
  release();
  await until(page, "GET /api/v1/map/changes", 1);
  await see(page, "現在");
  assert.ok(town.asked.some((line) => line.endsWith(`from=${town.mark()}`)));
  await page.context().close();

  step("who arrived needs no support any more, also where no order is in force");
  const { alert } = town;
  town.alert = null;
  page = await enter("support");
  await settled(page);
  await page.clock.install();
  const [waiting] = town.districts[1].households.filter(({ support }) => support);
  waiting.support = false;
  town.asked.length = 0;
  town.move([[waiting.id, "partly"]]);
  await page.clock.fastForward(12_000);
  await until(page, "GET /api/v1/map/districts/1/households", 1);
  assert.equal(asked("GET /api/v1/map/districts/"), 1, "districts were read that no change touched");
  town.alert = alert;

  step("a sign-out while cut off: nobody is in before the server heard it");
  town.fall();
  await press(page, "田中");
  await press(page, "出る（この 端末に 何も 残しません）");
  await see(page, "まだ「出る」が 届いていません");
  await looked(page, "unheard", folder);
  assert.equal(town.sessions.size, 2);
  town.rise();
  // Reloaded as soon as the network is back; the sign-out does not get through yet.
  town.refused.set("session", 429);
  town.asked.length = 0;
  await page.reload();
  await see(page, "まだ「出る」が 届いていません");
  assert.deepEqual(town.asked.filter((line) => line.includes("/api/")), ["DELETE /api/v1/session"], "something was asked in the name of who signed out");
  town.refused.clear();
  await page.reload();
  await page.getByText("まだ「出る」が 届いていません").waitFor({ state: "detached" });
  await see(page, "この 端末で 入る");
  await until(page, "DELETE /api/v1/session", 2);
  await page.waitForTimeout(300);
  assert.equal(town.sessions.size, 1, "the session lives on");
  await page.reload();
  await see(page, "この 端末で 入る");
  assert.equal(asked("DELETE /api/v1/session"), 2, "it was said again");
  await page.context().close();

  step("a role that may not see the map any more: nothing that was kept is shown");
  page = await enter("refused");
  await settled(page);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  for (let turn = 0; (await keptAt(page, "live")) === 0 && turn < 100; turn += 1) await page.waitForTimeout(50);
  assert.ok(await keptAt(page, "live"));
  town.refused.set("map/state", 429);
  await page.reload();
  await see(page, "この 役割では 地図を 見られません");
  assert.equal(await page.locator(".figures").count(), 0, "what was kept is shown to whom the server refused");
  town.refused.set("map/state", 403);
  await page.reload();
  await see(page, "この 端末で 入る");
  await see(page, "この 役割では 地図を 見られません");
  await page.waitForTimeout(200);
  assert.equal(await keptAt(page, "live"), 0, "what was kept stays");
  town.refused.clear();

  step("what is too old goes when the page is opened, of the drill too");
  await page.evaluate(async () => {
    const open = await new Promise((done) => { const request = indexedDB.open("hinamori-map"); request.onsuccess = () => done(request.result); });
    const store = open.transaction("kept", "readwrite").objectStore("kept");
    store.put({ at: Date.now() - 13 * 3_600_000, nonce: new Uint8Array(12), bytes: new ArrayBuffer(8) }, "drill");
    await new Promise((done) => (store.transaction.oncomplete = done));
    open.close();
  });
  await page.reload();
  await see(page, "まだ 確認できない 世帯");
  await page.waitForTimeout(200);
  assert.equal(await keptAt(page, "drill"), 0, "the drill of yesterday is kept");

  step("cut off as soon as the map came: it is kept, though the state was kept before it came");
  await page.context().close();
  release = hold("map/base");
  page = await enter("base");
  let first = 0;
  for (let turn = 0; first === 0 && turn < 500; turn += 1) {
    await page.waitForTimeout(20);
    first = await keptAt(page, "live");
  }
  assert.notEqual(first, 0, "the state is not kept");
  release();
  await drawn(page, LAND, 6, 3_000, "no land is drawn");
  // Well before the twenty seconds after which it is kept anyway.
  for (let turn = 0; (await keptAt(page, "live")) === first && turn < 500; turn += 1) await page.waitForTimeout(20);
  // Not as a page that is put away, which keeps once more.
  await page.evaluate(() => Object.defineProperty(document, "hidden", { get: () => false }));
  town.refused.set("map/state", 503);
  await page.reload();
  await see(page, "つながっていません　最後の 確認");
  await drawn(page, [0xdc, 0xdb, 0xdc], 6, 3_000, "no land is drawn without a network");
} catch (error) {
  complaints.unshift(error.stack);
} finally {
  await finish(browser, town);
}
