// What the page does when the server resets, refuses, numbers anew or is gone: `node test/cut.js`.

import assert from "node:assert/strict";
import { complaints, launch, press, see, settled, tablet } from "./browser.js";
import { shiomi } from "./server.js";

const step = (text) => console.log(`- ${text}`);
const town = shiomi(Date.now());
await town.listen(18_423);
const browser = await launch();
const asked = (path) => town.asked.filter((line) => line.startsWith(path)).length;
/** Until the page has asked for it so often. */
const until = async (page, path, times) => {
  for (let turn = 0; asked(path) < times; turn += 1) {
    assert.ok(turn < 600, `${path} was not asked for`);
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

try {
  step("a reset fetches the whole once, however long it takes");
  let page = await enter("reset", {});
  await settled(page);
  await page.clock.install();
  town.asked.length = 0;
  let release = hold("map/state");
  town.reset();
  await until(page, "GET /api/v1/map/state", 1);
  // As a tablet that is taken up, and whose network is back: neither opens the stream before the state is here.
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await page.clock.runFor(10_000);
  await page.waitForTimeout(300);
  assert.equal(asked("GET /api/v1/map/state"), 1, "the whole was asked for again while it was on its way");
  assert.equal(asked("GET /api/v1/map/changes"), 0, "the stream was opened from the revision of before");
  release();
  await until(page, "GET /api/v1/map/changes", 1);
  await see(page, "現在");
  assert.ok(town.asked.some((line) => line.endsWith(`from=${town.mark()}`)));
  await page.context().close();
} catch (error) {
  complaints.unshift(error.stack);
} finally {
  await browser.close();
  town.server.close();
  town.server.closeAllConnections();
}
if (complaints.length > 0) {
  console.error([...new Set(complaints)].join("\n"));
  process.exitCode = 1;
}
