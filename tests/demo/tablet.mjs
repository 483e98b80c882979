// An official's tablet with the town's map, in a real browser (steps.mjs). Everything that it was sent is kept, so that somebody can look for names in it.
//
// node tablet.mjs --map URL --pin HASH --own NAME --sent FILE --pictures FOLDER

import { appendFileSync, mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { complaints, inked, launch, look, press, see, settled, tablet } from "../../sync-server/web/map/test/browser.js";
import { play } from "./steps.mjs";

const text = { type: "string" };
const { values } = parseArgs({ options: { map: text, pin: text, own: text, sent: text, pictures: text } });
/** The check-point's box has to be silent for two minutes until its figures are old. */
const GROWS_OLD = 180_000;
const GREEN = [0x00, 0x68, 0x4b];

mkdirSync(values.pictures, { recursive: true });
// The key stands for the town's authority, in this browser alone.
const browser = await launch({ options: [`--ignore-certificate-errors-spki-list=${values.pin}`] });
const page = await tablet(browser, values.map);
page.setDefaultTimeout(20_000);
/** People who had arrived before somebody holds a card to a box, and how often the whole map had been read. */
let before;
let states = 0;

/** What differs in nothing but the time is kept once. */
const kept = new Set();

function keep(what, words) {
  const lasting = words.replace(/"(revision|at)":("[^"]*"|\d+),?/g, "");
  if (!kept.has(lasting)) {
    kept.add(lasting);
    // But the name of who is signed in.
    appendFileSync(values.sent, `${what}\n${words.replaceAll(values.own, "")}\n`);
  }
}

page.on("response", async (response) => {
  const { pathname } = new URL(response.url());
  if (!pathname.startsWith("/api/") || pathname.endsWith("/changes")) {
    return;
  }
  states += pathname.endsWith("/map/state") ? 1 : 0;
  // Of a page that is left nobody has the rest any more.
  const words = await response.text().catch(() => "");
  keep(`${response.status()} ${pathname}`, words);
});
const session = await page.context().newCDPSession(page);
await session.send("Network.enable");
session.on("Network.eventSourceMessageReceived", ({ eventName, data }) => keep(eventName, data));

const picture = (name) => look(page, name, values.pictures);

function ensure(holds, what) {
  if (!holds) {
    throw new Error(what);
  }
}

const figure = async (name) => {
  const shown = await page.locator(".figure", { hasText: name }).locator(".value").first().textContent();
  return Number(shown.replace(/[^0-9]/g, ""));
};

/** In the page: whether so many people have arrived. */
const arrived = (count) => Number(document.querySelector(".figure .value").textContent.replace(/[^0-9]/g, "")) >= count;

/** A site in the list of sites. */
async function site(name) {
  await press(page, "拠点");
  return page.locator(".row", { hasText: name });
}

async function leaveSite() {
  await page.keyboard.press("Escape");
  await press(page, "未確認");
}

async function signedIn() {
  await see(page, "まだ 確認できない 世帯");
  await settled(page);
}

const steps = {
  async enrol(link) {
    await page.goto(link);
    await see(page, "この 端末を 登録する");
    ensure(page.url() === `${values.map}/`, "the code stands in the address");
    await picture("enrol");
    await press(page, "登録する");
    await see(page, "✓ 登録できました");
    await press(page, "入る");
    await signedIn();
    await see(page, "避難の お知らせは 出ていません");
    await picture("calm");
    const other = await tablet(browser, values.map, { name: "another tablet" });
    await other.goto(link);
    await press(other, "登録する");
    await see(other, "新しい リンクを もらって ください");
    await other.context().close();
  },

  async site() {
    const row = await site("汐見小学校");
    await row.tap();
    await see(page, "つながっています");
    await see(page, "/ 300人");
    await page.waitForTimeout(700);
    await picture("site");
    await leaveSite();
  },

  async drill() {
    await page.goto(`${values.map}/#drill`);
    await see(page, "これは 訓練の 地図です");
    await page.locator(".bar .order", { hasText: "訓練" }).waitFor();
    await page.locator(".bar .tag", { hasText: "大津波警報" }).waitFor();
    await see(page, "訓練の 想定");
    await settled(page);
    await picture("drill");
    await page.getByRole("link", { name: "訓練を 出る・本番へ" }).tap();
    await page.locator(".band").first().waitFor({ state: "detached" });
    await signedIn();
    await see(page, "避難の お知らせは 出ていません");
  },

  async order() {
    await page.locator(".bar .tag", { hasText: "土砂災害" }).waitFor();
    await page.locator(".bar .order", { hasText: "浜町" }).waitFor();
    await see(page, "お知らせが 出てから");
    await picture("order");
  },

  async before() {
    before = { arrived: await figure("到着"), states };
  },

  /** So many people were received, and nobody read the map anew for it. */
  async moved(people) {
    const wanted = before.arrived + Number(people);
    await page.waitForFunction(arrived, wanted);
    ensure((await figure("到着")) === wanted, "more people arrived than came");
    ensure(states === before.states, "the whole map was read again");
    await settled(page);
    await picture(`arrived-${people}`);
  },

  /** At least so many people are at the school already. */
  async tsunami(people) {
    await page.locator(".bar .tag", { hasText: "大津波警報" }).waitFor();
    await see(page, "津波 到達予想");
    await page.locator(".countdown [role=timer]").waitFor();
    // Whether televisions were reached comes with the rows.
    await page.locator(".row", { hasText: "支援が 必要" }).first().waitFor();
    await page.waitForFunction(arrived, Number(people));
    const rows = await page.locator(".drawer .row").allTextContents();
    const first = rows.findIndex((row) => !row.includes("支援が 必要"));
    ensure(first > 0 && rows.slice(first).every((row) => !row.includes("支援が 必要")), "whoever needs support does not stand first");
    await settled(page);
    ensure((await inked(page, GREEN)) > 300, "nobody who arrived is drawn");
    await picture("tsunami");
  },

  /** The town hall's server is gone. */
  async cut() {
    await see(page, "つながっていません　最後の 確認");
    await settled(page);
    await picture("cut-off");
  },

  /** The server started anew, and everybody's session ended with it. */
  async back() {
    await see(page, "この 端末で 入る");
    await press(page, "この 端末で 入る");
    await signedIn();
  },

  /** The check-point's box is gone. */
  async stale() {
    const row = await site("潮見坂 登り口");
    await row.filter({ hasText: "最後の 連絡" }).waitFor({ timeout: GROWS_OLD });
    await row.tap();
    await see(page, "いまは 変わっているかもしれません");
    await page.waitForTimeout(700);
    await picture("site-stale");
    await page.keyboard.press("Escape");
    ensure((await page.locator(".row", { hasText: "汐見小学校" }).filter({ hasText: "最後の 連絡" }).count()) === 0, "a box that is heard is old");
    await press(page, "未確認");
  },

  async fresh() {
    const row = await site("潮見坂 登り口");
    await row.filter({ hasNotText: "最後の 連絡" }).waitFor();
    await press(page, "未確認");
  },

  /** Who is signed in was taken off the town's list: out at once, and not in again. */
  async out() {
    await see(page, "この 端末で 入る");
    ensure((await page.getByText("まだ 確認できない 世帯").count()) === 0, "the map is still there");
    await press(page, "この 端末で 入る");
    await page.getByRole("alert").filter({ hasText: /\S/ }).first().waitFor();
    ensure((await page.getByText("まだ 確認できない 世帯").count()) === 0, "the map is there again");
    await picture("taken-off");
  },

  async end() {
    ensure(complaints.length === 0, [...new Set(complaints)].join("; "));
  },
};

await play(browser, steps, values.pictures);
