// A clerk answers who asks after somebody: `node test/inquiry.js [FOLDER FOR PICTURES]`.

import assert from "node:assert/strict";
import { complaints, finish, launch, look as looked, press, see, settled, tablet } from "./browser.js";
import { shiomi } from "./server.js";

const folder = process.argv[2];
const look = (page, name) => looked(page, `inquiry-${name}`, folder);
const step = (text) => console.log(`- ${text}`);

const NOTHING = "お尋ねの方についてお伝えできる情報はありません。";
const town = shiomi(Date.now());
await town.listen(18_423);
const browser = await launch();

async function signedIn(page) {
  const [name, value] = town.letIn().split(";")[0].split("=");
  await page.context().addCookies([{ name, value, url: town.origin }]);
  await page.goto(town.origin);
}

const part = (page, name) => page.getByRole("region", { name });
const inquirer = (page) => part(page, "1　聞いている 人");
const sought = (page) => part(page, "2　さがしている 人");
const choose = (place, name) => place.getByRole("radio", { name, exact: true }).tap();
const ask = (page) => press(page, "答えを 見る（記録に 残ります）");
const sentence = (page) => page.locator("blockquote").textContent();

/** Everything that this browser keeps of the page, as text. */
const kept = (page) =>
  page.evaluate(async () => {
    const found = [document.documentElement.outerHTML, location.href, document.cookie, JSON.stringify({ ...localStorage, ...sessionStorage }), JSON.stringify(history.state)];
    for (const input of document.querySelectorAll("input")) found.push(input.type === "radio" ? "" : input.value);
    for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
    for (const { name } of await indexedDB.databases()) {
      const open = await new Promise((done) => { const request = indexedDB.open(name); request.onsuccess = () => done(request.result); });
      for (const store of open.objectStoreNames) {
        found.push(`${name}/${store}: ${await new Promise((done) => { const request = open.transaction(store).objectStore(store).count(); request.onsuccess = () => done(request.result); })}`);
      }
      open.close();
    }
    return found.join("\n");
  });

async function fill(page) {
  await inquirer(page).getByLabel("名前").fill("浜田 次郎");
  await inquirer(page).getByLabel("住所").fill("大阪府堺市1-2");
  await choose(inquirer(page), "運転免許証");
  await press(page, "「安否を 知りたい」");
  await sought(page).getByLabel("名前").fill("磯崎 トメ");
  await choose(sought(page), "そのほかの 親せき");
  await sought(page).getByLabel("年", { exact: true }).fill("２３");
  await sought(page).getByLabel("月", { exact: true }).fill("3");
  await sought(page).getByLabel("日", { exact: true }).fill("11");
}

try {
  town.role = "inquiry_clerk";
  const page = await tablet(browser, town.origin, { name: "clerk" });

  step("a clerk sees the form and no map");
  await signedIn(page);
  await see(page, "1　聞いている 人");
  assert.equal(await page.locator("h1").textContent(), "安否の 照会");
  assert.equal(await page.locator("section.map, .figures").count(), 0);
  assert.ok(!town.asked.some((line) => line.includes("map/changes")));
  await look(page, "form");

  step("what is missing is said where it is missing, and nobody is asked");
  await ask(page);
  await see(page, "赤い ところを 直して ください");
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => document.activeElement?.id), "name");
  await look(page, "missing");
  await fill(page);
  await sought(page).getByLabel("月", { exact: true }).fill("13");
  await ask(page);
  await see(page, "13月11日は ありません");
  assert.equal(town.inquiries.length, 0);
  await sought(page).getByLabel("月", { exact: true }).fill("3");
  await see(page, "＝ 1948年（昭和23年）3月11日・いま");
  await look(page, "filled");

  step("the sentence, and nothing else of anybody");
  town.answers.set("磯崎 トメ", { sentence: "お尋ねの方についての情報があります。けがや病気の情報はありません。", desk: false });
  await ask(page);
  await see(page, "この 文だけを 言って ください");
  assert.equal(await sentence(page), town.answers.get("磯崎 トメ").sentence);
  assert.equal(await page.evaluate(() => document.activeElement?.id), "say", "who listens hears nothing of the answer");
  assert.deepEqual(town.inquiries[0], {
    mode: "live",
    inquirer: { name: "浜田 次郎", address: "大阪府堺市1-2", reason: "安否を 知りたい", identity_document: "運転免許証", relation: "relative" },
    sought: { name: "磯崎 トメ", address: null, birth: "1948-03-11", sex: "unknown" },
  });
  await look(page, "told");

  step("the same inquirer asks after another, who is hidden, or whom nobody holds: one picture");
  await press(page, "同じ 人が、もう 1人の ことを 聞いている");
  assert.equal(await inquirer(page).getByLabel("名前").inputValue(), "浜田 次郎");
  const pictures = [];
  for (const name of ["浜田 太郎", "山川 海子"]) {
    assert.equal(await sought(page).getByLabel("名前").inputValue(), "");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "soughtName");
    await sought(page).getByLabel("名前").fill(name);
    assert.equal(await sought(page).getByRole("radio", { name: "そのほかの 親せき" }).isChecked(), false, "another person, the same relation");
    await choose(sought(page), "友だち・知り合い");
    await sought(page).getByLabel("住所").fill("浜町");
    await ask(page);
    await see(page, NOTHING);
    // The number of the record counts up with each.
    await page.locator("b.number").evaluate((number) => (number.textContent = "0"));
    pictures.push((await page.screenshot()).toString("base64"));
    if (pictures.length === 1) {
      await look(page, "nothing");
      await press(page, "同じ 人が、もう 1人の ことを 聞いている");
    }
  }
  assert.equal(pictures[0], pictures[1]);

  step("closed: nothing is kept, also not after a reload");
  await press(page, "閉じる（ぜんぶ 消えます）");
  await see(page, "1　聞いている 人");
  const names = /次郎|堺市|トメ|太郎|海子|運転免許証・|お伝えできる情報/;
  assert.doesNotMatch(await kept(page), names);
  await fill(page);
  await page.reload();
  await see(page, "1　聞いている 人");
  assert.doesNotMatch(await kept(page), names);
  assert.doesNotMatch(await kept(page), /hinamori-map\/kept: [1-9]/);

  step("a death is told by people");
  town.answers.set("磯崎 トメ", { sentence: "担当の職員がお答えします。しばらくお待ちください。", desk: true });
  await fill(page);
  await ask(page);
  await see(page, "担当の 職員を 呼んで ください");
  await look(page, "desk");
  await press(page, "閉じる（ぜんぶ 消えます）");

  step("too many, no answer, and a line that is back: the form stays");
  await fill(page);
  town.refuses = [429, "短い 時間に たくさん 聞きすぎました。"];
  await ask(page);
  await see(page, "短い 時間に たくさん 聞きすぎました。");
  await look(page, "too-many");
  town.refuses = null;
  town.fall();
  await ask(page);
  await see(page, "サーバーから 返事が ありません。");
  town.rise();
  await ask(page);
  await see(page, "この 文だけを 言って ください");
  await press(page, "閉じる（ぜんぶ 消えます）");

  step("by keyboard alone");
  await page.locator("#name").focus();
  const key = async (...keys) => { for (const one of keys) await page.keyboard.press(one); };
  const type = (text) => page.keyboard.insertText(text);
  await type("浜田 次郎");
  await key("Enter", "Tab");
  await type("堺市");
  await key("Tab", "Space", "ArrowDown", "Tab");
  await type("安否");
  await key("Tab");
  await type("磯崎 トメ");
  await key("Tab", "Space", "ArrowDown", "Tab", "ArrowRight", "Tab");
  await type("2");
  await key("Tab");
  await type("1");
  await key("Tab");
  await type("8");
  const before = town.inquiries.length;
  await key("Tab", "Tab", "Tab", "Enter");
  await see(page, "この 文だけを 言って ください");
  assert.equal(town.inquiries.length, before + 1);
  const { inquirer: who, sought: whom } = town.inquiries.at(-1);
  assert.deepEqual([who.relation, who.identity_document, whom.birth], ["relative", "運転免許証", "1990-01-08"]);
  await key("Tab", "Enter");
  await see(page, "1　聞いている 人");

  step("what somebody wrote turns no text around");
  town.answers.set("磯崎 トメ", { sentence: "居場所:\u202e<script>alert(1)</script>\u200f館。", desk: false });
  await fill(page);
  await ask(page);
  assert.equal(await sentence(page), "居場所:<script>alert(1)</script>館。");
  await press(page, "閉じる（ぜんぶ 消えます）");

  step("a drill, a night, upright and a telephone");
  await press(page, "田中");
  await look(page, "menu");
  await page.getByRole("link", { name: "訓練の 照会へ" }).tap();
  await see(page, "これは 訓練の 照会です");
  await fill(page);
  await ask(page);
  await see(page, "この 文だけを 言って ください");
  assert.equal(town.inquiries.at(-1).mode, "drill");
  await look(page, "drill");
  await page.getByRole("link", { name: "訓練を 出る・本番へ" }).tap();
  await page.locator(".band").first().waitFor({ state: "detached" });
  await press(page, "田中");
  await press(page, "夜");
  await page.keyboard.press("Escape");
  await fill(page);
  await look(page, "night");
  await page.setViewportSize({ width: 800, height: 1280 });
  await look(page, "upright");
  await page.setViewportSize({ width: 390, height: 800 });
  await look(page, "telephone");
  await page.setViewportSize({ width: 1280, height: 800 });

  step("a session that is over says so when the first letter is typed, and nothing stays");
  await page.reload();
  await see(page, "1　聞いている 人");
  town.sessions.clear();
  await inquirer(page).getByLabel("名前").fill("浜");
  await see(page, "この 端末で 入る");
  await look(page, "over");

  step("what was left lying for half an hour is gone");
  const left = await tablet(browser, town.origin, { name: "left lying", serviceWorkers: "block" });
  await left.clock.install();
  await signedIn(left);
  await see(left, "1　聞いている 人");
  await fill(left);
  await left.clock.fastForward("29:00");
  assert.equal(await inquirer(left).getByLabel("名前").inputValue(), "浜田 次郎");
  await left.clock.runFor("03:00");
  assert.equal(await inquirer(left).getByLabel("名前").inputValue(), "");
  assert.doesNotMatch(await kept(left), names);

  step("an official comes from the map and goes back");
  town.role = "official";
  const official = await tablet(browser, town.origin, { name: "official", serviceWorkers: "block" });
  await signedIn(official);
  await settled(official);
  await press(official, "田中");
  await look(official, "official-menu");
  await press(official, "安否の 照会へ");
  await see(official, "1　聞いている 人");
  await fill(official);
  await press(official, "田中");
  await press(official, "避難の 地図へ");
  await settled(official);
  await press(official, "田中");
  await press(official, "安否の 照会へ");
  assert.equal(await inquirer(official).getByLabel("名前").inputValue(), "", "what was typed came back");

  step("a clerk who signs in after an official on the same device has none of the map");
  await official.waitForTimeout(1_500);
  assert.match(await kept(official), /hinamori-map\/kept: [1-9]/, "the official's map was not kept: this proves nothing");
  town.role = "inquiry_clerk";
  await official.reload();
  await see(official, "1　聞いている 人");
  await official.waitForTimeout(300);
  assert.match(await kept(official), /hinamori-map\/kept: 0/);

  step("a nurse has no such button");
  town.role = "nurse";
  const nurse = await tablet(browser, town.origin, { name: "nurse", serviceWorkers: "block" });
  await signedIn(nurse);
  await settled(nurse);
  await press(nurse, "田中");
  assert.equal(await nurse.getByRole("button", { name: "安否の 照会へ" }).count(), 0);
} catch (error) {
  complaints.unshift(error.stack);
} finally {
  await finish(browser, town);
}
