// Two officials with a tablet each: sites are opened, closed and given a capacity, and of two at once one is told.

import assert from "node:assert/strict";
import { complaints, finish, launch, look as looked, press, see, tablet } from "./browser.js";
import { shiomi } from "./server.js";

const look = (page, name) => looked(page, `act-${name}`, process.argv[2]);
const step = (text) => console.log(`- ${text}`);

const town = shiomi(Date.now());
const gym = town.sites.find(({ id }) => id === "a1");
town.sites.push(
  { ...gym, id: "b1", name: "西の 納屋", kind: "shelter", own_shelter: true, here: 9, capacity: null, boxes: [], hazards: [] },
  { ...gym, id: "b2", name: "<script>alert(1)</script>", kind: "shelter", own_shelter: true, here: 2, capacity: null, boxes: [], hazards: [] },
);
await town.listen(18_423);
const browser = await launch();

async function enter(name, more = {}) {
  const [cookie, value] = town.letIn().split(";")[0].split("=");
  const page = await tablet(browser, town.origin, { name, serviceWorkers: "block", ...more });
  await page.context().addCookies([{ name: cookie, value, url: town.origin }]);
  await page.goto(town.origin);
  await press(page, "拠点");
  return page;
}

const open = async (page, name) => {
  await page.locator(".row", { hasText: name }).tap();
  await page.locator(".sheet h2", { hasText: name }).waitFor();
};
const leave = (page) => press(page, "閉じる");
const focused = (page) => page.evaluate(() => document.activeElement?.textContent ?? "");

try {
  const [one, other] = [await enter("one"), await enter("other")];

  step("a site is closed after one more question; whoever has it open sees it");
  await open(one, "潮見坂の 上");
  await open(other, "潮見坂の 上");
  await look(one, "buttons");
  await press(one, "閉める");
  await see(one, "潮見坂の 上を 閉めますか。来た 人は、これまで通り 受け付けます。");
  assert.match(await focused(one), /閉めますか/, "the question is not read out");
  assert.deepEqual(town.acts, [], "it was done before it was asked");
  await look(one, "question");
  await press(one, "やめる");
  assert.deepEqual(town.acts, []);
  await press(one, "閉める");
  await press(one, "閉める");
  await one.locator(".standing.closed").waitFor();
  await see(one, "潮見坂の 上を「閉鎖」に しました");
  await see(other, "本部の 指示（");
  assert.deepEqual(town.acts, [{ site: "a1", mode: "live", seen: null, standing: "closed", capacity: null }]);
  await look(one, "closed");
  assert.equal(await one.getByRole("button", { name: "✓ 閉める" }).getAttribute("aria-pressed"), "true");

  step("two at once: the second one is told, sees how it is, and decides again");
  town.tellsLater = [];
  await press(one, "開ける");
  await press(other, "満員");
  await see(other, "潮見坂の 上を「満員」に しますか");
  await press(one, "開ける");
  await see(one, "を「開設」に しました");
  await press(other, "満員に する");
  await see(other, "ほかの 人が 先に 変えました");
  assert.equal(town.acts.length, 2, "both were taken");
  await see(other, "）：開設");
  town.tellsLater.forEach((told) => told());
  town.tellsLater = undefined;
  await other.locator(".standing.open").waitFor();
  await look(other, "slower");
  await press(other, "満員");
  await press(other, "満員に する");
  await other.locator(".standing.full").waitFor();
  await one.locator(".standing.full").waitFor();
  assert.equal(town.acts.at(-1).seen, "2");

  step("the capacity, by the keyboard alone");
  const field = one.getByLabel("定員（人）");
  await field.fill("０");
  await see(one, "1から 99999までの 数で 書いて ください");
  await look(one, "wrong-capacity");
  await field.fill("２４０人");
  await field.press("Enter");
  await see(one, "潮見坂の 上の 定員を 240人に しますか。");
  await one.keyboard.press("Tab");
  assert.equal(await focused(one), "変える");
  await one.keyboard.press("Enter");
  await see(one, "定員 240人");
  const { standing, capacity } = town.acts.at(-1);
  assert.deepEqual([standing, capacity], ["full", 240], "the standing went with it");
  await see(other, "定員 240人");
  await press(one, "現地の 通りに 戻す");
  await press(one, "戻す");
  await see(one, "を 現地の 通りに 戻しました");
  assert.deepEqual([town.acts.at(-1).standing, town.acts.at(-1).capacity], [null, 240]);

  step("opened there although it was closed, and one that is not safe");
  town.change("a1", { standing: "closed", word: { id: "x", at: town.now() - 600_000, standing: "closed", capacity: null, opened_since: true } });
  await see(one, "現地で 開けました");
  await look(one, "opened-since");
  await leave(one);
  await open(one, "汐見小学校");
  await press(one, "開ける");
  await see(one, "いまの 災害には 使えません。それでも 開けますか。");
  await look(one, "unsafe");
  await leave(one);

  step("what the server refuses, and no answer");
  await open(one, "寺の 境内");
  town.refuses = [429, "短い 時間に たくさん 変えすぎました。すこし 待って、もう一度 押して ください"];
  await press(one, "閉める");
  await press(one, "閉める");
  await see(one, "たくさん 変えすぎました");
  town.refuses = [503, "-"];
  await press(one, "閉める");
  await press(one, "閉める");
  await see(one, "届いたか どうか わかりません");
  town.refuses = null;
  await leave(one);

  step("shelters that people opened: adopted, joined, closed");
  await open(one, "西の 納屋");
  await leave(other);
  await open(other, "<script>");
  await look(one, "own-shelter");
  await press(one, "ほかの 避難所に 合わせる");
  await one.getByLabel("どの 避難所に 合わせますか").selectOption("a2");
  await press(one, "ここに 合わせる");
  await see(one, "西の 納屋の 人を 寺の 境内の 人として 数えますか。");
  await look(one, "join");
  await press(one, "やめる");
  await press(one, "町の 避難所に する");
  await press(one, "町の 避難所に する");
  await see(one, "西の 納屋を 町の 避難所に しました");
  await one.getByRole("button", { name: "開ける" }).waitFor();
  await press(other, "避難所を 閉じる");
  await see(other, "を 閉じますか。まだ いる 人の 記録は 残ります。");
  await press(other, "避難所を 閉じる");
  await other.locator(".standing.closed").waitFor();
  assert.deepEqual(town.acts.slice(-2).map(({ site, wanted }) => [site, wanted]), [["b1", "adopt"], ["b2", "close"]]);
  await leave(other);

  step("not while cut off");
  await open(other, "寺の 境内");
  await other.getByRole("button", { name: "閉める" }).waitFor();
  town.fall();
  await see(other, "いまは 変えられません。電話か 無線で 伝えて ください。");
  assert.equal(await other.getByRole("button", { name: "閉める" }).count(), 0);
  await look(other, "cut-off");
  town.rise();
  await other.getByRole("button", { name: "閉める" }).waitFor({ timeout: 20_000 });

  step("a drill, at night, upright");
  await other.context().close();
  const drill = await enter("drill", { width: 800, height: 1280, dark: true });
  await drill.goto(`${town.origin}/#drill`);
  await see(drill, "これは 訓練の 地図です");
  await open(drill, "寺の 境内");
  await press(drill, "閉める");
  await see(drill, "訓練：寺の 境内を 閉めますか。");
  await look(drill, "drill");
  await press(drill, "閉める");
  await drill.locator(".standing.closed").waitFor();
  assert.equal(town.acts.at(-1).mode, "drill");
  await drill.context().close();

  step("who may not has no buttons");
  await one.context().close();
  for (const [role, worksAt, site] of [["leader", [], "潮見坂の 上"], ["official", ["a2"], "潮見坂の 上"], ["official", [], "登り口"]]) {
    Object.assign(town, { role, worksAt });
    const looker = await enter(`${role} ${worksAt}`);
    await open(looker, site);
    assert.equal(await looker.getByRole("button", { name: "閉める" }).count(), 0, role);
    await looker.context().close();
  }
} catch (error) {
  complaints.unshift(error.stack);
} finally {
  await finish(browser, town);
}
