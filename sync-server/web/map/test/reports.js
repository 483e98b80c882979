// Two officials send a 定時報告: `node test/reports.js [FOLDER FOR PICTURES]`.

import assert from "node:assert/strict";
import { complaints, finish, launch, look as looked, press, see, settled, tablet } from "./browser.js";
import { shiomi } from "./server.js";

const folder = process.argv[2];
const look = (page, name) => looked(page, `reports-${name}`, folder);
const step = (text) => console.log(`- ${text}`);

const town = shiomi(Date.now());
await town.listen(18_424);
const browser = await launch();

async function reach(page) {
  const [name, value] = town.letIn().split(";")[0].split("=");
  await page.context().addCookies([{ name, value, url: town.origin }]);
  await page.goto(town.origin);
  await settled(page);
  await press(page, "田中");
  await press(page, "定時報告へ");
  await see(page, "これまでの 報告");
}

const enabled = (page, name) => page.getByRole("button", { name, exact: true }).isEnabled();

try {
  const page = await tablet(browser, town.origin, { name: "official", serviceWorkers: "block" });

  step("the figures as they would be sent");
  await reach(page);
  assert.equal(await page.locator("h1").textContent(), "定時報告");
  assert.match(await page.locator("dl.counts").first().textContent(), /避難所内412/);
  await look(page, "next");

  step("frozen, then checked, with the differences to the last one; whoever checked cannot release");
  await press(page, "この 数で 止める");
  await see(page, "止めた 数（確かめる 前）");
  await see(page, "402 → ");
  assert.equal(town.reported.length, 1);
  await look(page, "frozen");
  await page.getByText("拠点ごとの 数").first().tap();
  await look(page, "sites");
  await press(page, "確かめた");
  await see(page, "確かめた 人は 出せません");
  assert.equal(await page.getByRole("button", { name: "出す（だれでも 見られます）" }).count(), 0);
  await look(page, "checked");

  step("figures that were frozen anew meanwhile are looked at again");
  town.who = "岬";
  await press(page, "もう一度 読む");
  await see(page, "出す（だれでも 見られます）");
  await look(page, "release");
  const [hour] = town.reports.live.values();
  hour.waiting.frozen_at += 1;
  await press(page, "出す（だれでも 見られます）");
  await see(page, "止め直しました");
  assert.equal(hour.released, null);

  step("another one releases, and files may be downloaded");
  await press(page, "もう一度 読む");
  await page.getByText("止め直しました").waitFor({ state: "detached" });
  await press(page, "出す（だれでも 見られます）");
  await see(page, "第1版（出しました）");
  assert.deepEqual([hour.released.checked_by, hour.released.released_by], ["田中", "岬"]);
  const hrefs = await page.locator("a[download]").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  assert.deepEqual(hrefs, ["pdf", "csv", "geojson"].map((kind) => `/api/v1/reports/live/${hour.until}/files/${kind}`));
  await look(page, "released");

  step("a correction is frozen, with the released version beside it");
  await press(page, "数を 直す（もう一度 止める）");
  await see(page, "止めた 数（確かめる 前）");
  await look(page, "correction");

  step("cut off: it says why it cannot");
  town.fall();
  await see(page, "つながって いないので");
  assert.equal(await enabled(page, "確かめた"), false);
  await look(page, "cut");
  town.rise();
  await page.getByText("つながって いないので").waitFor({ state: "detached", timeout: 40_000 });
  assert.equal(await enabled(page, "確かめた"), true);

  step("a drill's reports are apart, and say so; a telephone");
  await press(page, "田中");
  await page.getByRole("link", { name: "訓練の 定時報告へ" }).tap();
  await see(page, "これは 訓練の 定時報告です");
  await see(page, "まだ ありません");
  await look(page, "drill");
  await page.setViewportSize({ width: 390, height: 800 });
  await look(page, "telephone");

  step("an auditor reads and presses nothing");
  town.role = "auditor";
  const auditor = await tablet(browser, town.origin, { name: "auditor", serviceWorkers: "block" });
  await reach(auditor);
  assert.equal(await auditor.getByRole("button", { name: /第1版/ }).count(), 1);
  await auditor.getByRole("button", { name: /第1版/ }).tap();
  await see(auditor, "止めた 数（確かめる 前）");
  assert.equal(await auditor.getByRole("button", { name: "確かめた", exact: true }).count(), 0);

  step("a leader of a site has no such page");
  town.role = "leader";
  const leader = await tablet(browser, town.origin, { name: "leader", serviceWorkers: "block" });
  const [name, value] = town.letIn().split(";")[0].split("=");
  await leader.context().addCookies([{ name, value, url: town.origin }]);
  await leader.goto(town.origin);
  await settled(leader);
  await press(leader, "田中");
  assert.equal(await leader.getByRole("button", { name: "定時報告へ" }).count(), 0);
} catch (error) {
  complaints.unshift(error.stack);
} finally {
  await finish(browser, town);
}
