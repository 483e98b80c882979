// The overlay and the operator's page in Chromium: what is verified, what comes on the air and what leaves it, and that around it there is
// nothing. Pictures go to PICTURES, where that names a folder.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { PNG } from "pngjs";
import puppeteer from "puppeteer-core";
import { ALL_CLEAR, Kiosk, MINUTE, hex } from "./unit-town.mjs";
import { StationTown, serve } from "./station-town.mjs";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const pictures = process.env["PICTURES"];
const CARD = [0, 0, 0, 217];
let browser;
let port = 21700;

before(async () => {
  browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", headless: true, args: ["--no-sandbox"] });
  if (pictures !== undefined) {
    mkdirSync(pictures, { recursive: true });
  }
});
after(() => browser.close());

async function station(use, { path = "/overlay/", hash = "", size = { width: 1920, height: 1080 } } = {}) {
  const town = new StationTown();
  port += 1;
  const server = serve(town, port);
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const faults = [];
  page.on("console", (line) => {
    if (line.type() === "error" && !town.isSilent && town.takes === 200 && !/401|favicon/.test(line.text())) {
      faults.push(line.text());
    }
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.setViewport(size);
  const open = (more = hash) => page.goto(`http://127.0.0.1:${port}${path}#key=${town.secret}&root=${hex(town.root.key)}${more}`);
  try {
    await use({ town, page, open, context });
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
    server.close();
  }
}

const shows = (page, text) => page.waitForFunction((wanted) => document.getElementById("overlay").textContent.includes(wanted), { timeout: 4000 }, text);
const isEmpty = (page) => page.waitForFunction(() => document.getElementById("overlay").childNodes.length === 0, { timeout: 4000 });
const pause = (time) => new Promise((done) => setTimeout(done, time));
/** Long enough for whatever would come on the air by mistake. */
const staysEmpty = async (page) => {
  await pause(1200);
  await isEmpty(page);
};

async function pixels(page, name) {
  const bytes = await page.screenshot({ omitBackground: true });
  if (pictures !== undefined) {
    const path = `${pictures}/${name}.png`;
    await page.screenshot({ omitBackground: true, path });
  }
  const png = PNG.sync.read(Buffer.from(bytes));
  return { width: png.width, height: png.height, at: (x, y) => [...png.data.subarray((y * png.width + x) * 4, (y * png.width + x) * 4 + 4)] };
}

/** How many pixels of a rectangle are not fully transparent. */
function drawn(image, left, top, right, bottom) {
  let count = 0;
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      count += image.at(x, y)[3] === 0 ? 0 : 1;
    }
  }
  return count;
}

test("nothing is on the air without TAKE, and around it there is nothing", () =>
  station(async ({ town, page, open }) => {
    await open();
    const order = town.say({ onset: Date.now() + 12 * MINUTE });
    await staysEmpty(page);
    const before = await pixels(page, "01-empty");
    assert.equal(drawn(before, 0, 0, 1920, 1080), 0);
    town.take(order.digest);
    await shows(page, "大津波警報");
    await shows(page, "最終確認");
    const image = await pixels(page, "02-lshape");
    assert.equal(drawn(image, 336, 0, 1920, 891), 0, "the station's own picture");
    assert.deepEqual([image.at(10, 10), image.at(10, 500), image.at(1900, 1070)], [[200, 0, 255, 255], CARD, CARD]);
    town.take(null);
    await isEmpty(page);
  }));

const MANY = [["浜町", "はままち"], ["汐見", "しおみ"], ["港町", "みなとまち"], ["本町", "ほんまち"], ["東浜三丁目", "ひがしはまさんちょうめ"], ["西浜", "にしはま"]];
/** An exercise first: it is not on the air beside anything in earnest. */
const KINDS = {
  exercise: { isExercise: true, onset: Date.now() + 12 * MINUTE },
  warning: { tsunami: "Warning" },
  advisory: { tsunami: "Advisory" },
  level3: { hazard: "Flood", tsunami: null, level: 3, order: "EvacuateElderly" },
  level4: { hazard: "Landslide", tsunami: null, level: 4, districts: MANY },
  level5: { hazard: "Landslide", tsunami: null, level: 5, order: "SecureNow" },
  plain: { hazard: "Fire", tsunami: null },
};

for (const form of ["lshape", "lower"]) {
  test(`each colour of the form ${form}`, () =>
    station(async ({ town, page, open }) => {
      await open(`&form=${form}&counts=1`);
      for (const [name, bend] of Object.entries(KINDS)) {
        const said = town.say(bend);
        town.counts = { at: Date.now() - 5 * MINUTE, step: 50, households: 1200, arrived: 850 };
        town.take(said.digest);
        await page.waitForFunction((skin) => document.getElementById("overlay").className === skin, { timeout: 4000 }, `${form} skin-${name}`);
        const image = await pixels(page, `10-${form}-${name}`);
        const [left, bottom] = form === "lshape" ? [336, 891] : [0, 770];
        assert.equal(drawn(image, left, 0, 1920, bottom), 0);
      }
    }));
}

test("what the officers did not sign is not shown, whoever serves it", () =>
  station(async ({ town, page, open }) => {
    await open();
    const forged = [
      town.say({ bytes: (alert) => Buffer.from(alert.toString().replace("浜町", "山町")) }),
      town.say({ signers: [town.mayor] }),
      town.say({ signers: [town.mayor, town.mayorPasskey] }),
      town.say({ signers: [town.mayor, new Kiosk()] }),
      town.say({ signers: [town.mayorDrill, town.chiefDrillPasskey] }),
    ];
    for (const { digest } of forged) {
      town.take(digest);
      await staysEmpty(page);
    }
  }));

test("another town's root puts nothing on the air", () =>
  station(async ({ town, page, open }) => {
    const order = town.say();
    town.take(order.digest);
    await open();
    await shows(page, "大津波警報");
    await page.goto("about:blank");
    town.root = new Kiosk();
    town.said = [];
    const other = town.say();
    town.take(other.digest);
    // The pinned root is the old one's.
    await page.goBack();
    await pause(1500);
    await page.waitForFunction((digest) => !document.getElementById("overlay").textContent.includes(digest), {}, other.digest);
    const shown = await page.evaluate(() => document.getElementById("overlay").childNodes.length);
    assert.equal(shown, 0);
  }));

test("a cancel and an all-clear take it off at once, and are themselves not on the air before they are taken", () =>
  station(async ({ town, page, open }) => {
    await open();
    const order = town.say({ hazard: "Landslide", tsunami: null, level: 4 });
    town.take(order.digest);
    await shows(page, "警戒レベル4");
    const cancel = town.cancel(order, { hazard: "Landslide", tsunami: null, level: 4, signers: [town.mayor] });
    await isEmpty(page);
    town.take(cancel.digest);
    await shows(page, "取消");
    await pixels(page, "20-cancel");
    const tsunami = town.say();
    town.take(tsunami.digest);
    await shows(page, "大津波警報");
    // One officer takes no tsunami back.
    town.cancel(tsunami, { signers: [town.mayor] });
    await pause(1200);
    await shows(page, "大津波警報");
    const clear = town.cancel(tsunami, { kind: ALL_CLEAR });
    await isEmpty(page);
    town.take(clear.digest);
    await shows(page, "解除");
    await pixels(page, "21-allclear");
  }));

test("an update waits for its TAKE, and what stands says up to when it was so", () =>
  station(async ({ town, page, open }) => {
    await open();
    const order = town.say({ sent: Math.floor(Date.now() / 1000) * 1000 - 9 * MINUTE });
    town.take(order.digest);
    await shows(page, "浜町");
    const sent = Math.floor(Date.now() / 1000) * 1000 - 5 * MINUTE;
    const update = town.say({ references: [order.id], sent, districts: [["山手", "やまて"]] });
    const shownAt = new Date(sent + 9 * 60 * MINUTE).toISOString().slice(11, 16).replace(/^0/, "");
    await shows(page, `${shownAt} 最終確認`);
    await shows(page, "浜町");
    town.take(update.digest);
    await shows(page, "山手");
  }));

test("what is over leaves the air also where the town is silent", () =>
  station(async ({ town, page, open }) => {
    await open();
    const sent = Math.floor(Date.now() / 1000) * 1000 - MINUTE;
    const order = town.say({ sent, expires: sent + MINUTE + 4000 });
    town.take(order.digest);
    await shows(page, "大津波警報");
    town.isSilent = true;
    town.change();
    await page.waitForFunction(() => document.getElementById("overlay").childNodes.length === 0, { timeout: 8000 });
  }));

test("something in earnest ends an exercise on the air for good", () =>
  station(async ({ town, page, open }) => {
    await open();
    const exercise = town.say({ isExercise: true });
    town.take(exercise.digest);
    await shows(page, "訓練");
    const sent = Math.floor(Date.now() / 1000) * 1000 - MINUTE;
    town.say({ sent, expires: sent + MINUTE + 3000 });
    await isEmpty(page);
    await pause(4000);
    await isEmpty(page);
    await page.reload();
    await staysEmpty(page);
    town.take(exercise.digest);
    await shows(page, "訓練");
  }));

test("what was withdrawn does not come back with a new order, and a withdrawal does not stand beside one", () =>
  station(async ({ town, page, open }) => {
    await open();
    const now = Math.floor(Date.now() / 1000) * 1000;
    const about = { hazard: "Landslide", tsunami: null, level: 4 };
    const order = town.say({ ...about, sent: now - 9 * MINUTE });
    town.take(order.digest);
    await shows(page, "警戒レベル4");
    const cancel = town.cancel(order, { ...about, sent: now - 5 * MINUTE });
    await isEmpty(page);
    town.say({ ...about, references: [order.id, cancel.id], sent: now - 3 * MINUTE, districts: [["山手", "やまて"]] });
    await staysEmpty(page);
    town.take(order.digest);
    await staysEmpty(page);
    const other = town.say({ ...about, sent: now - 2 * MINUTE });
    const clear = town.cancel(other, { ...about, kind: ALL_CLEAR, sent: now - MINUTE });
    town.take(clear.digest);
    await shows(page, "解除");
    town.say({ ...about, references: [other.id, clear.id], sent: now });
    await isEmpty(page);
  }));

test("a mistake that one officer took back is not back after a reload, though a tsunami's order is older than the cancel", () =>
  station(async ({ town, page, open }) => {
    await open();
    const now = Math.floor(Date.now() / 1000) * 1000;
    const about = { hazard: "Landslide", tsunami: null, level: 4 };
    const order = town.say({ ...about, sent: now - 3 * MINUTE });
    town.take(order.digest);
    await shows(page, "警戒レベル4");
    town.cancel(order, { ...about, signers: [town.mayor], sent: now - MINUTE });
    await isEmpty(page);
    town.say({ sent: now - 2 * MINUTE });
    await pause(600);
    await page.reload();
    town.take(order.digest);
    await staysEmpty(page);
  }));

test("a withdrawal by two is not undone by its own message with one signature", () =>
  station(async ({ town, page, open }) => {
    await open();
    const order = town.say();
    town.take(order.digest);
    await shows(page, "大津波警報");
    const cancel = town.cancel(order);
    await isEmpty(page);
    town.said = town.said.filter(({ digest }) => digest !== cancel.digest);
    town.said.unshift(town.stripped(cancel));
    town.change();
    await pause(800);
    town.said.shift();
    await page.reload();
    town.take(order.digest);
    await staysEmpty(page);
  }));

test("what is over does not come back with a reload without a line, nor with a clock that is held back", () =>
  station(async ({ town, page, open }) => {
    await open();
    const sent = Math.floor(Date.now() / 1000) * 1000 - MINUTE;
    const order = town.say({ sent, expires: sent + MINUTE + 5000 });
    town.take(order.digest);
    await shows(page, "大津波警報");
    // A heartbeat that says the same moment again and again.
    town.beatAt = Date.now();
    for (let i = 0; i < 12; i += 1) {
      town.beatAt += 1;
      town.change();
      await pause(600);
    }
    await isEmpty(page);
    town.isSilent = true;
    await page.reload();
    await page.evaluate((message) => (window.update({ message }), window.play()), order.digest);
    await staysEmpty(page);
  }));

test("one hostile message ends no line", () =>
  station(async ({ town, page, open }) => {
    await open();
    town.say({ isExercise: true, bytes: () => Buffer.from("<alert") });
    town.said.unshift({ digest: "x", envelope: 7, alert: null }, null, { digest: "y", envelope: "", alert: "" });
    town.said = town.said.filter((one) => one !== null);
    town.say({ isExercise: true, parameters: ["constructor", "__proto__", "toString"] });
    const order = town.say();
    town.take(order.digest);
    await shows(page, "大津波警報");
    town.cancel(order);
    await isEmpty(page);
  }));

test("a playout system's update, play and stop rule alone, and what comes later waits for the next play", () =>
  station(async ({ town, page, open }) => {
    await open();
    const order = town.say();
    town.take(order.digest);
    await shows(page, "大津波警報");
    await page.evaluate(() => window.update(JSON.stringify({ form: "lower" })));
    await isEmpty(page);
    await page.evaluate(() => window.play());
    await shows(page, "浜町・汐見");
    await page.evaluate(() => window.stop());
    await isEmpty(page);
    const later = town.say({ districts: [["山手", "やまて"]], hazard: "Fire", tsunami: null });
    await staysEmpty(page);
    await page.evaluate((message) => (window.update({ message }), window.play()), later.digest);
    await shows(page, "山手");
    await page.evaluate(() => window.update({ message: null }));
    for (const odd of ["", "{", "null", "[1]", "7", '{"message":7,"form":{}}', "<templateData/>"]) {
      await page.evaluate((data) => window.update(data), odd);
    }
    await shows(page, "山手");
    // Play as soon as the page is there: before anybody knows what counts.
    await page.reload();
    await page.evaluate(() => window.play());
    await shows(page, "大津波警報");
  }));

test("a playout system hands over a file: it is judged like everything else, and waits for play", () =>
  station(async ({ town, page, open }) => {
    await open();
    const other = town.say({ districts: [["山手", "やまて"]], hazard: "Fire", tsunami: null });
    town.take(other.digest);
    await shows(page, "山手");
    const { file } = town.file({ onset: Date.now() + 12 * MINUTE });
    const update = (data) => page.evaluate((json) => window.update(json), JSON.stringify(data));
    await update({ file });
    await staysEmpty(page);
    await page.evaluate(() => window.play());
    await shows(page, "大津波警報");
    await pixels(page, "40-file");
    // Also where its last line feed was lost on the way; and stop is stop.
    await page.evaluate(() => window.stop());
    await isEmpty(page);
    await update({ file: file.trimEnd() });
    await staysEmpty(page);
    await page.evaluate(() => window.play());
    await shows(page, "大津波警報");
    // What does not hold is not on the air, and nothing else comes in its place.
    const wrong = [
      town.file({ signers: [town.mayor] }).file,
      town.file({ signers: [town.mayor, new Kiosk()] }).file,
      town.file({ signers: [town.mayor, town.mayorPasskey] }).file,
      town.file().file.replaceAll("浜町", "山町"),
      town.file({ sent: Date.now() - 3 * 60 * MINUTE }).file,
      file.replace("<Signature", "<Signatur"),
      "<alert/>",
      7,
      null,
    ];
    for (const [index, one] of wrong.entries()) {
      await page.evaluate(() => window.stop());
      await update({ file: one });
      await page.evaluate(() => window.play());
      await pause(300);
      assert.equal(await page.evaluate(() => document.getElementById("overlay").textContent), "", `file ${index}`);
    }
    // What was handed over is ended like everything else.
    const order = town.file();
    await update({ file: order.file });
    await page.evaluate(() => window.play());
    await shows(page, "大津波警報");
    const id = /<identifier>([^<]*)</.exec(order.file)[1];
    town.cancel({ id });
    await isEmpty(page);
    await update({ file: order.file });
    await page.evaluate(() => window.play());
    await staysEmpty(page);
  }));

test("a file that comes before the line waits for the list of keys and the clock", () =>
  station(async ({ town, page, open }) => {
    const { file } = town.file();
    town.isSilent = true;
    await open();
    await page.evaluate((json) => (window.update(json), window.play()), JSON.stringify({ file }));
    await staysEmpty(page);
    town.isSilent = false;
    await page.waitForFunction(() => document.getElementById("overlay").textContent.includes("大津波警報"), { timeout: 20000 });
  }));

test("a restart keeps what was believed, and a cancel that did not count does not count after it", () =>
  station(async ({ town, page, open }) => {
    await open();
    const sent = Math.floor(Date.now() / 1000) * 1000;
    const order = town.say({ hazard: "Landslide", tsunami: null, level: 4, sent: sent - 8 * MINUTE });
    town.take(order.digest);
    await shows(page, "警戒レベル4");
    // Antedated by five minutes: whoever was on the line would have heard it.
    town.cancel(order, { hazard: "Landslide", tsunami: null, level: 4, signers: [town.mayor], sent: sent - 5 * MINUTE });
    await pause(1200);
    await shows(page, "警戒レベル4");
    town.said = town.said.slice(1);
    await page.reload();
    await shows(page, "警戒レベル4");
  }));

test("the operator chooses, sees, takes and clears; a failure is said and changes nothing", () =>
  station(
    async ({ town, page, open, context }) => {
      await page.goto(`http://127.0.0.1:${port}/station/#key=WRONG&root=${hex(town.root.key)}`);
      await page.waitForFunction(() => document.getElementById("door").style.display === "" && document.getElementById("link").textContent.includes("入れません"));
      await page.type("#key", town.secret);
      await page.click("#door button");
      await page.waitForFunction(() => document.getElementById("link").className === "good");
      await page.goto("about:blank");
      await open();
      await page.waitForFunction(() => document.getElementById("link").className === "good");
      assert.equal((await page.url()).includes(town.secret), false, "the key leaves the address");
      await page.waitForSelector("#empty");
      town.say({ isExercise: true });
      const order = town.say({ onset: Date.now() + 12 * MINUTE, hazard: "Landslide", tsunami: null, level: 4 });
      await page.waitForSelector(`#m${order.digest}`);
      assert.equal(await page.$eval("#take", (button) => button.disabled), true, "nothing is chosen");
      await page.click(`#m${order.digest}`);
      const frame = await (await page.$("#preview")).contentFrame();
      await shows(frame, "警戒レベル4");
      assert.equal(town.air, null);
      if (pictures !== undefined) {
        await page.screenshot({ path: `${pictures}/30-station-chosen.png` });
      }
      town.takes = 503;
      await page.click("#take");
      await page.waitForFunction(() => document.getElementById("note").textContent.includes("返事が ありません"));
      assert.equal(town.air, null);
      town.takes = 200;
      await page.click("#take");
      await page.waitForFunction(() => document.getElementById("tally").textContent.includes("指示ずみ"));
      assert.equal(town.air, order.digest);
      await page.waitForFunction(() => document.getElementById("overlay").textContent.includes("つながって いません"));
      const other = await context.newPage();
      await other.goto(`http://127.0.0.1:${port}/overlay/#key=${town.secret}&root=${hex(town.root.key)}`);
      await page.bringToFront();
      await page.waitForFunction(() => document.getElementById("tally").textContent.includes("オンエア中（L字）"));
      town.say({ references: [order.id], hazard: "Landslide", tsunami: null, level: 4, sent: Math.floor(Date.now() / 1000) * 1000 });
      await page.waitForFunction(() => document.getElementById("note").textContent.includes("更新"));
      if (pictures !== undefined) {
        await page.screenshot({ path: `${pictures}/31-station-update.png` });
      }
      // Axe is a script from elsewhere, which the page's policy keeps out.
      await page.setBypassCSP(true);
      await page.reload();
      await page.waitForFunction(() => document.getElementById("link").className === "good");
      await page.addScriptTag({ path: axe });
      const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"], iframes: false }));
      assert.deepEqual(found.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
      await page.click("#clear");
      await page.waitForFunction(() => document.getElementById("tally").className === "off");
      assert.equal(town.air, null);
      await other.close();
    },
    { path: "/station/", size: { width: 1366, height: 900 } },
  ));
