// Two officers go through the desk in a real browser with passkeys of their own: `node test/walk.js [FOLDER FOR PICTURES]`.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import axe from "axe-core";
import { chromium } from "playwright-core";
import { Town } from "./server.js";

const PORT = 18_417;
const MINUTE = 60_000;
const folder = process.argv[2];
const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);

const town = new Town({
  codes: [
    { code: "SIOMI-4821", id: 1, name: "田中", title: "危機管理課長" },
    { code: "SIOMI-7350", id: 2, name: "<script>山口</script>", title: "副町長" },
  ],
});
await town.listen(PORT);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const complaints = [];
let pictures = 0;

async function officer(name) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "ja-JP", timezoneId: "America/New_York", permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  page.on("console", (message) => {
    // That the server is gone is meant; the browser writes it down all the same.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) {
      complaints.push(`${name}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
  page.on("dialog", (dialog) => complaints.push(`${name}: a dialog came up: ${dialog.message()}`));
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  return page;
}

/** Keeps a picture, and asks axe what it thinks of the screen. */
async function look(page, name, { full = false } = {}) {
  await page.waitForTimeout(500);
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    pictures += 1;
    await page.screenshot({ path: `${folder}/${String(pictures).padStart(2, "0")}-${name}.png`, fullPage: full });
  }
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => globalThis.axe.run({ iframes: false }));
  for (const violation of found.violations) {
    complaints.push(`${name}: ${violation.id}: ${violation.help}: ${violation.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
  }
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, summary, input:not([type=checkbox], [type=radio]), label.chip, label.message, label.pick")]
      .map((element) => ({ box: element.getBoundingClientRect(), text: element.textContent }))
      .filter(({ box }) => box.width > 0 && (box.height < 47.5 || box.width < 47.5))
      .map(({ box, text }) => `${text} ${Math.round(box.width)}x${Math.round(box.height)}`),
  );
  complaints.push(...small.map((text) => `${name}: too small to touch: ${text}`));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) {
    complaints.push(`${name}: ${wide} pixels stick out to the right`);
  }
}

/** The page does not take presses in the first moment of a screen. */
const settle = (page) => page.waitForTimeout(450);
const button = (page, name) => page.getByRole("button", { name, exact: true }).first();
async function press(page, name) {
  await settle(page);
  await button(page, name).click();
}
/** Its name has the counts of what waits. */
async function home(page) {
  await settle(page);
  await page.locator(".tab").first().click();
}
const see = (page, text) => page.getByText(text).first().waitFor({ timeout: 8000 });
const step = (text) => console.log(`- ${text}`);

async function enrol(page, code, name) {
  await page.goto(`${town.origin}/desk/#enrol`);
  if (name === "first") {
    await look(page, "enrol-code");
    await page.getByLabel("管理者から もらった コード").fill("WRONG");
    await press(page, "つぎへ");
    await see(page, "この コードは 使えません");
  }
  await page.getByLabel("管理者から もらった コード").fill(` ${code} `);
  await press(page, "つぎへ");
  await see(page, "パスキーを 2つ 作る");
  await press(page, "本番の パスキーを 作る");
  await see(page, "✓ できました");
  if (name === "first") await look(page, "enrol-keys");
  await press(page, "訓練の パスキーを 作る");
  await press(page, "登録して 3つの ことばを 見る");
  await see(page, "この 3つの ことばを");
  if (name === "first") await look(page, "enrol-words");
}

async function signIn(page) {
  await page.goto(`${town.origin}/desk/`);
  await page.reload();
  await see(page, "サインインする");
}

try {
  const first = await officer("first");
  const second = await officer("second");

  step("both enrol and sign in");
  await enrol(first, "SIOMI-4821", "first");
  await enrol(second, "SIOMI-7350", "second");
  assert.equal(town.devices.size, 4);
  for (const page of [first, second]) {
    await signIn(page);
    if (page === first) await look(page, "sign-in");
    await press(page, "サインインする");
    await see(page, "いま 出ている お知らせは ありません");
  }
  await look(first, "calm");

  step("an order that two sign in advance, until it ends, and what the agency says");
  await press(first, "事前の 署名");
  await see(first, "電文を 受ける 機械が 答えません");
  await see(first, "署名した お知らせは ありません");
  await look(first, "releases-none", { full: true });
  town.releases.clock = -200_000;
  town.change();
  await see(first, "時計が 3分 おくれて います");
  await look(first, "releases-clock", { full: true });
  town.releases.clock = null;
  const word = (status, kind) => ({ status, info: "Issued", reported: Date.now(), unknown: 0, areas: [{ segment: 580, name: "徳島県", kind, arrives: null }] });
  town.releases.heard = { at: Date.now(), silent: false, message: word("Normal", null), drill: null };
  town.change();
  await see(first, "徳島県：警報なし");
  town.releases.heard.drill = word("Exercise", "MajorWarning");
  town.change();
  await see(first, "訓練・試験の 電文（何も 出ません）");
  await look(first, "releases-drill", { full: true });
  await settle(first);
  await first.getByLabel("大津波警報　避難指示").check();
  await first.getByRole("checkbox", { name: "西浜", exact: true }).check();
  await first.getByRole("checkbox", { name: "磯崎", exact: true }).check();
  await see(first, "磯崎高台を 使う理由を 書く");
  await first.getByLabel(/磯崎高台を 使う理由/).fill("9月1日に 課長が 見た");
  await first.getByLabel(/^30日/).check();
  await press(first, "作って 署名へ");
  await see(first, "署名待ち　あと 2人");
  await press(first, "1人目として 事前に 署名する");
  await see(first, "✓ あなたは 署名しました");
  assert.equal(await first.getByRole("button", { name: /事前に 署名する/ }).count(), 0, "one officer, one signature");
  await press(second, "事前の 署名");
  await look(second, "releases-waits", { full: true });
  await press(second, "2人目として 事前に 署名する");
  await see(second, "✓ 用意できています");
  const [prepared] = town.prepared.values();
  assert.deepEqual([prepared.signed.length, prepared.reasons[0].place], [2, "磯崎高台"]);
  prepared.alarms = ["ends", "left"];
  prepared.until = Date.now() + 10 * 24 * 60 * MINUTE + 5000;
  town.change();
  await see(first, "あと 10日で 終わります。署名した 職員が 署名できなくなりました");
  await see(first, "！ 1");
  await look(first, "releases-alarm", { full: true });
  step("the agency's warning brings it, and an officer on duty signs");
  const draft = town.trigger(prepared);
  await home(second);
  await see(second, "気象庁の 大津波警報で 自動");
  await second.evaluate((id) => (location.hash = `#live/draft/${id}`), draft.id);
  await see(second, "署名して 送る");
  await look(second, "releases-duty", { full: true });
  await press(second, "送らないで 捨てる…");
  await second.getByLabel(/^捨てる理由/).fill("別の 職員が もう 出した");
  await press(second, "捨てる（送りません）");
  await see(second, "同じ 警報では もう 自動で 出ません");
  await look(second, "releases-dropped");
  await see(first, "が 捨てました：気象庁の 大津波警報（徳島県）");
  await look(first, "releases-dropped-list", { full: true });
  town.releases.dropped = [];
  const unsent = (title, why) => ({ kind: "MajorWarning", coast: "徳島県", title, why, at: Date.now() });
  town.releases.unsent = [unsent("大津波警報　避難指示", "overtaken"), unsent("", "not_standing")];
  town.change();
  await see(first, "先に ほかの お知らせが 出ました");
  await see(first, "用意された お知らせ");
  await see(first, "！ 3");
  await first.evaluate(() => scrollTo(0, 0));
  await look(first, "releases-refused");
  town.releases.unsent = [unsent("大津波警報　避難指示", "lapsed")];
  town.change();
  await see(first, "署名が ないまま 消えました");
  await see(first, "！ 1");
  await home(second);
  await see(second, "気象庁の つぎの 電文で また 用意されます");
  await look(second, "releases-lapsed");
  town.releases.unsent = [];
  town.change();
  await press(first, "やめる…");
  await press(first, "やめる（気象庁の 警報で 出なくなります）");
  await see(first, "署名した お知らせは ありません");
  await home(first);
  await home(second);

  step("a tsunami, with a reason for a place that nobody knows");
  await press(first, "お知らせを 作る");
  await look(first, "compose-empty");
  await first.getByText("津波", { exact: true }).click();
  await first.getByText("大津波警報　避難指示").click();
  await first.getByLabel("すべての 地区").check();
  assert.equal(await first.getByLabel("<script>alert(1)</script>浜").isDisabled(), true, "who would be sent to a dangerous place is not chosen");
  await look(first, "compose-gaps", { full: true });

  step("the same choice on the map");
  const area = (name) => first.locator(`[data-district="${name}"]`);
  assert.deepEqual([await area("西浜").getAttribute("class"), await area("磯崎").getAttribute("class"), await area("<script>alert(1)</script>浜").getAttribute("class")], ["area plain chosen", "area doubted chosen", "area unsafe "]);
  const touch = async (name) => {
    // Where a finger goes: on the name, which hides nothing from the touch.
    const middle = await first.locator("svg .reach").nth(town.names().indexOf(name)).boundingBox();
    await first.mouse.click(middle.x + middle.width / 2, middle.y + middle.height / 2);
  };
  await touch("西浜");
  assert.equal(await first.getByLabel("西浜", { exact: true }).isChecked(), false, "what is touched is left out in the list too");
  await touch("<script>alert(1)</script>浜");
  assert.equal(await area("<script>alert(1)</script>浜").getAttribute("class"), "area unsafe ", "a dangerous one is not to be chosen");
  await look(first, "compose-map", { full: true });
  await first.setViewportSize({ width: 820, height: 1180 });
  await look(first, "compose-map-upright", { full: true });
  await first.setViewportSize({ width: 1280, height: 800 });
  await first.getByLabel("西浜", { exact: true }).check();
  assert.match(await area("西浜").getAttribute("class"), /chosen/, "and the other way round");
  await button(first, "内容を 確かめて 署名へ").click({ force: true });
  assert.equal(town.acts.includes("drafts"), false, "nothing is made while something is missing");
  await first.getByText("あと 何分").click();
  await first.locator(".arrival input").fill("１２");
  const reason = first.locator("#reason-0");
  await reason.pressSequentially("13:40 の見回りで");
  const before = await reason.boundingBox();
  town.help.push({ id: "early", district: "西浜", group: "2班", people: 2, support: false, at: Date.now(), owner: null });
  town.change();
  await see(first, "助け 1");
  assert.deepEqual(await reason.boundingBox(), before, "nothing moves under somebody who types");
  await first.keyboard.type(" 道は通れた");
  assert.equal(await reason.inputValue(), "13:40 の見回りで 道は通れた");
  await first.getByRole("tab", { name: "English" }).click();
  await look(first, "compose-ready");
  town.delay = 300;
  await settle(first);
  await button(first, "内容を 確かめて 署名へ").dblclick();
  await see(first, "署名する 内容");
  town.delay = 0;
  assert.equal(town.acts.filter((act) => act === "drafts").length, 1, "a double press makes one draft");
  await see(first, "3地区 168世帯の テレビに「大津波警報・避難指示」が 出ます。");
  await look(first, "draft-first", { full: true });

  step("the first signs, and cannot sign twice");
  await press(first, "1人目として 署名する");
  await see(first, "あなたは 署名しました");
  assert.equal(await first.getByRole("button", { name: /署名して 送る/ }).count(), 0);
  assert.equal(town.threads.length, 0, "nothing went out with one signature");
  await look(first, "draft-signed-here");
  const again = await first.evaluate(async () => {
    const state = await (await fetch("/desk/api/state")).json();
    const [draft] = state.drafts;
    const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const given = await navigator.credentials.get({ publicKey: { rpId: state.party, challenge: bytes(draft.digest), allowCredentials: [{ type: "public-key", id: bytes(state.credentials.live[0]) }], userVerification: "required" } });
    const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
    const body = { credential: given.id, authenticator: text(given.response.authenticatorData), client: text(given.response.clientDataJSON), signature: text(given.response.signature) };
    const response = await fetch(`/desk/api/drafts/${draft.id}/sign`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    return response.status;
  });
  assert.equal(again, 409, "nor does the server take it");

  step("the second reads, compares, signs");
  await see(second, "署名待ち　大津波警報");
  await look(second, "second-sees-it");
  await press(second, "読んで 署名へ");
  assert.equal(await second.locator(".words").textContent(), await first.locator(".words").textContent());
  await look(second, "draft-second");
  await press(second, "2人目として 署名して 送る");
  await see(second, "に 送りました");
  await see(first, "に 送りました");
  assert.deepEqual(town.lastSent.reasons, [{ place: "磯崎高台", reason: "13:40 の見回りで 道は通れた" }]);
  assert.ok(Math.abs(town.lastSent.arrives - (Date.now() + 12 * MINUTE)) < MINUTE);
  assert.equal(town.lastSent.signatures, 2);
  await first.locator("summary", { hasText: "エリアメール" }).click();
  await first.getByRole("button", { name: /写す.*防災無線/ }).click();
  await see(first, "✓ 写しました");
  assert.match(await first.evaluate(() => navigator.clipboard.readText()), /今すぐ 逃げて/);
  await look(first, "sent", { full: true });

  step("follow-up, and somebody takes who needs help");
  const [wave] = town.threads;
  Object.assign(wave.stages, { delivered: { count: 157, median: 2000 }, shown: { count: 151, median: 4000 }, answered: { count: 128, median: 48_000 }, check_point: { count: 124, median: 192_000 }, arrived: { count: 121, median: 264_000 } });
  town.help[0].owner = { name: "消防2班", at: Date.now() };
  town.help.push({ id: "late", district: "宮ノ下", group: "1班", people: 1, support: true, at: Date.now() - 3.2 * MINUTE, owner: null });
  town.able.live = 2;
  town.change();
  await press(second, "いまの ようすを 見る");
  await see(second, "津波の お知らせが 出ているので、1人では 取り消せません");
  await see(second, "担当が いません");
  await look(second, "follow-tsunami", { full: true });
  town.help[1].owner = { name: "田中", at: Date.now() };
  await press(second, "引き受ける");
  await see(second, "ほかの 職員が 先に");
  town.help[1].owner = null;
  town.change();
  await press(second, "引き受ける");
  await second.getByText(/✓ <script>山口<\/script>/).waitFor();
  wave.believed = false;
  town.change();
  await see(second, "いまから 電源が 入る テレビには");
  await look(second, "follow-unbelieved");
  wave.believed = true;
  town.change();
  town.able.live = 4;

  step("who can sign, and a test of one's own passkey");
  town.able.live = 2;
  town.change();
  await press(second, "！ 署名できる職員 2人だけ");
  await see(second, "から 試していません");
  await see(second, "端末が ありません");
  assert.deepEqual(await second.locator(".signers tbody .place").allTextContents(), ["1", "2", "3", "4", "5", "－"]);
  assert.equal(await second.locator(".signers .telephone").first().getAttribute("href"), "tel:09012345678");
  await look(second, "signers", { full: true });
  await second.setViewportSize({ width: 820, height: 1180 });
  await look(second, "signers-upright", { full: true });
  await second.setViewportSize({ width: 1280, height: 800 });
  await press(second, "本番の パスキーを 試す");
  await second.getByText("！ パスキー：").waitFor({ state: "detached" });
  await see(second, "！ 箱の 鍵：");
  town.able.live = 4;
  town.change();
  await press(second, "いまの ようす");

  step("the change of staff: the whole table, two signatures, and a newcomer's first device");
  await press(second, "署名できる職員 4人");
  await press(second, "職員の 交代（加える・外す・順番）");
  await press(second, "＋ 職員を 加える");
  await second.getByLabel("4行目の 新しい 職員の 名前").fill("新田 光");
  await see(second, "あと 1つ：4行目の 役職");
  await second.getByLabel("4行目の 新しい 職員の 役職").fill("危機管理課");
  await second.getByLabel("4行目の 新しい 職員の 電話").fill("０９０-5555-6666");
  await second.getByRole("button", { name: "4行目の 新しい 職員を 上へ" }).click();
  await second.getByLabel("田中の 終わりの 日").fill(`${new Date().getUTCFullYear() + 1}-12-31`);
  await second.getByRole("button", { name: /^すぐ 外す.*橋本 和子/ }).click();
  await look(second, "staff-table", { full: true });
  await second.setViewportSize({ width: 820, height: 1180 });
  await look(second, "staff-table-upright", { full: true });
  await second.setViewportSize({ width: 1280, height: 800 });
  await press(second, "何が 変わるか 確かめる");
  await see(second, "署名を 待っている 変更");
  const [, , newcomer, out] = town.pending.wanted.officers;
  assert.deepEqual([newcomer.id, newcomer.name, newcomer.telephone, out.id, out.until], [null, "新田 光", "090-5555-6666", 8, 0]);
  assert.equal(new Date(newcomer.from).toISOString().slice(5), "03-31T15:00:00.000Z", "the first moment of a day in Japan, wherever the computer stands");
  assert.equal(new Date(newcomer.until).toISOString().slice(5), "03-31T14:59:59.999Z");
  assert.equal(town.pending.wanted.officers[1].until, town.table()[1].until, "what nobody touched stays to the millisecond");
  await press(second, "1人目として 署名する");
  await see(second, "あなたは 署名しました");
  await look(second, "staff-signed-here", { full: true });
  assert.equal(town.table().length, 3, "one signature changes nothing");
  await first.goto(`${town.origin}/desk/#live/staff`);
  await see(first, "署名を 待っている 変更");
  assert.equal(await first.locator(".staff .words").first().textContent(), await second.locator(".staff .words").first().textContent());
  await look(first, "staff-second", { full: true });
  await press(first, "2人目として 署名して 変える");
  await see(first, "新しい 職員の 端末");
  assert.deepEqual(town.table().map((row) => row.name), ["田中", "<script>山口</script>", "新田 光"]);
  await settle(first);
  await first.getByRole("button", { name: /^招待の 番号を 出す/ }).click();
  await see(first, "NIPO-NIPO-4821");
  await look(first, "staff-code", { full: true });
  const third = await officer("third");
  await enrol(third, "NIPO-NIPO-4821", "third");
  const spoken = await third.locator(".words").textContent();
  await see(second, "の 端末が 待っています");
  assert.equal(await second.locator(".staff .words").first().textContent(), spoken);
  await first.locator(".newcomer").waitFor({ state: "detached" });
  assert.equal(await first.getByText("の 端末が 待っています").count(), 0, "whoever saw the code does not compare the words");
  await look(second, "staff-device", { full: true });
  await press(second, "同じ ことばなので 登録する");
  await second.getByText("の 端末が 待っています").waitFor({ state: "detached" });
  assert.equal(town.table()[2].devices, 1);
  await third.context().close();
  town.invitedBy = undefined;
  // An order that waits for its day is not taken back by whoever changes something else.
  const later = town.table().map((row) => row.id).reverse();
  town.nextOrder = { day: Date.parse(`${new Date().getUTCFullYear() + 1}-06-01T00:00:00+09:00`), officers: later };
  town.change();
  await see(second, "順を 動かさなければ この 予定は そのままです");
  assert.deepEqual(await second.locator(".staff .whom-of-line b").allTextContents(), town.table().map((row) => row.name).reverse());
  assert.equal(await second.getByLabel("新しい 呼ぶ 順は いつから").inputValue(), `${new Date().getUTCFullYear() + 1}-06-01`);
  await look(second, "staff-next-order", { full: true });
  town.nextOrder = null;
  town.change();
  await second.getByText("順を 動かさなければ").waitFor({ state: "detached" });
  await press(first, "いまの ようす");
  await press(second, "いまの ようす");

  step("a television that was given to a household at a box, and taken off it again");
  const set = (place) => ({ id: String(place).padStart(64, "0"), district: place === 2 ? "" : "西浜", group: place === 2 ? "" : `${place}班`, people: place === 2 ? 0 : 3, day: Date.now() });
  town.televisions = [set(1), set(2), set(3)];
  town.change();
  await press(second, "避難所で つないだ テレビ（3）");
  await see(second, "名簿に ない 世帯");
  await second.getByRole("button", { name: "世帯から はずす", exact: true }).first().click();
  await see(second, "新しい 登録番号が 出ます");
  await look(second, "televisions", { full: true });
  await press(second, "やめる");
  assert.equal(town.televisions.length, 3, "one press takes nothing off");
  await second.getByRole("button", { name: "世帯から はずす", exact: true }).last().click();
  await press(second, "はずす");
  await second.locator(".televisions tbody tr").nth(2).waitFor({ state: "detached" });
  assert.deepEqual(town.televisions.map((one) => one.group), ["1班", ""]);
  town.televisions = [];
  town.change();
  await see(second, "いまは ありません。");
  await press(second, "いまの ようす");

  step("who is missing, whoever may need somebody first; once more to them by two, and the report");
  const household = (place, standing, support = false) => ({ district: "西浜", group: `${(place % 9) + 1}班`, people: (place % 4) + 1, support, standing, since: Date.now() - (place + 1) * MINUTE });
  town.missing = [
    household(3, "not_answered", true),
    household(4, "without_set", true),
    household(1, "help"),
    household(2, "not_answered"),
    household(5, "unreachable"),
    household(6, "without_set"),
    household(7, "going"),
    household(8, "check_point"),
  ];
  town.threads[0].stages.unreachable = 1;
  town.change();
  await press(second, "まだ 着いていない 世帯を 見る（47）");
  await see(second, "助けが 必要 1・答えなし 2・テレビに 届かない 1・テレビなし 2・避難すると 答えた 1・途中 1");
  await see(second, /いま\s*1世帯は テレビに 届きません/);
  const list = second.locator(".missing tbody tr");
  assert.match(await list.first().textContent(), /西浜　4班4人支援答えなし/);
  await look(second, "follow-missing", { full: true });
  await second.setViewportSize({ width: 820, height: 1180 });
  await look(second, "follow-missing-upright", { full: true });
  await second.setViewportSize({ width: 1280, height: 800 });
  // A town of ten thousand: page by page, and it follows what is new.
  town.missing = [...town.missing, ...Array.from({ length: 142 }, (_, place) => household(place, "without_set"))];
  await second.waitForTimeout(3200);
  town.change();
  await see(second, "1 / 2 ページ");
  assert.equal(await list.count(), 100);
  await button(second, "前の ページ").focus();
  await second.keyboard.press("Tab");
  await second.keyboard.press("Enter");
  await see(second, "2 / 2 ページ");
  assert.equal(await list.count(), 50);
  assert.equal(await button(second, "次の ページ").evaluate((element) => element === document.activeElement), true, "the focus stays");
  town.missing = town.missing.slice(0, 47);
  await second.waitForTimeout(3200);
  town.change();
  await see(second, "テレビなし 41");
  await list.nth(46).waitFor();
  assert.equal(await list.count(), 47, "a page that is gone gives way to the first one");
  await settle(second);
  const [pdf] = await Promise.all([second.waitForEvent("download"), button(second, "避難の 報告（PDF）").click()]);
  assert.match(pdf.suggestedFilename(), /^避難の報告-\d{8}-\d{4}\.pdf$/);
  assert.match(readFileSync(await pdf.path(), "latin1"), /^%PDF/);
  await see(second, "報告を 出しました。");
  await press(second, "まだの 47世帯に もう一度 送る");
  await see(second, "まだ 着いていない 47世帯の うち テレビの ある 6世帯に「大津波警報・避難指示」が もう一度 出ます。着いた 世帯の 画面は そのままです。");
  await look(second, "draft-again", { full: true });
  await press(second, "1人目として 署名する");
  await see(second, "あなたは 署名しました");
  await home(first);
  await see(first, "署名待ち　もう一度　大津波警報");
  await press(first, "読んで 署名へ");
  await press(first, "2人目として 署名して 送る");
  await see(first, "に 送りました");
  assert.deepEqual([town.lastSent.again, town.lastSent.households, town.lastSent.signatures, town.lastSent.thread], [true, 47, 2, wave.id]);
  await press(second, "いまの ようすを 見る");
  await press(second, "まだ 着いていない 世帯を とじる");
  town.missing = [];

  step("the tsunami is over: all-clear by two");
  await press(second, "解除を 始める");
  await see(second, "まだ 1台にも 送っていません");
  await look(second, "draft-all-clear");
  await press(second, "1人目として 署名する");
  await see(second, "あなたは 署名しました");
  await press(first, "いまの ようすを 見る");
  await press(first, "読んで 署名へ");
  await press(first, "2人目として 署名して 解除を 送る");
  await see(first, "に 送りました");
  assert.deepEqual([town.lastSent.kind, town.lastSent.signatures], ["AllClear", 2]);
  wave.in_force = false;
  town.change();

  step("a flood that was a mistake: cancelled by one officer in two presses");
  await press(first, "お知らせを 作る");
  await first.getByText("洪水", { exact: true }).click();
  await first.getByText("避難指示", { exact: true }).click();
  await first.getByLabel("宮ノ下").check();
  await press(first, "内容を 確かめて 署名へ");
  await press(first, "1人目として 署名する");
  await see(first, "あなたは 署名しました");
  await home(second);
  await press(second, "読んで 署名へ");
  await press(second, "2人目として 署名して 送る");
  await see(second, "に 送りました");
  await press(second, "いまの ようすを 見る");
  await see(second, "1人で できるのは あと");
  await look(second, "follow-flood", { full: true });
  const began = Date.now();
  await press(second, "取消へ（署名 1回で 送る）");
  await settle(second);
  await look(second, "draft-cancel");
  await press(second, "署名して 取消を 送る");
  await see(second, "に 送りました");
  assert.deepEqual([town.lastSent.kind, town.lastSent.signatures], ["Cancel", 1]);
  console.log(`  cancelled ${Date.now() - began} ms after the first press, with the pictures between`);
  await look(second, "sent-cancel");

  step("too late for one officer");
  await press(second, "お知らせを 作る");
  await second.getByText("洪水", { exact: true }).click();
  await second.getByText("高齢者等避難", { exact: true }).click();
  await second.getByLabel("磯崎").check();
  await press(second, "内容を 確かめて 署名へ");
  await see(second, "磯崎集会所");
  await press(second, "送らないで 捨てる…");
  await second.getByLabel("捨てる理由（必要）").fill("地区を まちがえた");
  await look(second, "draft-drop", { full: true });
  await press(second, "捨てる（送りません）");
  await see(second, "お知らせを 作る");
  assert.equal(await second.getByLabel("磯崎").isChecked(), true, "who drops a draft goes on from it");
  assert.equal(town.drafts.size, 0);
  await second.getByLabel("磯崎").uncheck();
  await second.getByLabel("宮ノ下").check();
  await press(second, "内容を 確かめて 署名へ");
  await press(second, "1人目として 署名する");
  await see(second, "あなたは 署名しました");
  await home(first);
  await press(first, "読んで 署名へ");
  await press(first, "2人目として 署名して 送る");
  await see(first, "に 送りました");
  town.threads.at(-1).sent -= 11 * MINUTE;
  town.change();
  await press(first, "いまの ようすを 見る");
  await see(first, "送ってから 10分を すぎたので");
  assert.equal(await first.getByRole("button", { name: "2人で 取消を 始める" }).count(), 1);

  step("an update of what is out");
  await press(first, "内容を 変えて 送る（更新）");
  await see(first, "を 更新する");
  assert.equal(await first.getByLabel("宮ノ下").isChecked(), true);
  await look(first, "compose-update");

  step("a drill by one officer, beside what is live");
  await press(first, "訓練へ");
  await see(first, "訓練中止・本番へ");
  assert.equal(await first.getByLabel("宮ノ下").isChecked(), false, "nothing of live goes into the drill");
  await first.getByText("津波", { exact: true }).click();
  await first.getByText("津波警報　避難指示").nth(1).click();
  await first.getByText("わからない", { exact: true }).click();
  await first.getByLabel("西浜").check();
  await look(first, "drill-compose");
  await press(first, "訓練として 内容を 確かめて 署名へ");
  await look(first, "drill-draft");
  await press(first, "訓練として 署名して 送る");
  await see(first, "に 送りました");
  assert.deepEqual([town.lastSent.class, town.lastSent.signatures], ["exercise", 1]);
  await press(first, "いまの ようすを 見る");
  await see(first, "訓練として 取り消す");
  assert.deepEqual(await first.locator(".thread > header .plate").allTextContents(), ["本番", "訓練"], "live before drill");
  await look(first, "drill-follow", { full: true });
  await first.evaluate(() => scrollTo(0, document.body.scrollHeight));
  assert.ok((await button(first, "訓練中止・本番へ").boundingBox()).y >= 0, "the way out of the drill is there while the page is scrolled");

  step("the drill ends this instant, and leaves nothing behind");
  await press(first, "訓練として 作る");
  await first.getByText("津波", { exact: true }).click();
  await first.getByLabel("西浜").check();
  town.delay = 1500;
  await first.getByText("津波警報　避難指示").nth(1).click();
  await first.getByText("わからない", { exact: true }).click();
  await press(first, "訓練として 内容を 確かめて 署名へ");
  await first.waitForTimeout(300);
  await button(first, "訓練中止・本番へ").click();
  await see(first, "まだ 1台にも 送っていません");
  assert.equal(await first.locator("html.drill").count(), 0);
  assert.equal(await first.locator("main :checked").count(), 0);
  await first.waitForTimeout(2000);
  assert.equal(await first.locator("html.drill").count(), 0, "a late answer does not lead back into the drill");
  assert.match(first.url(), /#live\/compose$/);
  town.delay = 0;
  await look(first, "drill-ended");

  step("the server goes, and comes back");
  await home(first);
  await see(first, "解除を 始める");
  await settle(first);
  const above = await first.locator("h1").boundingBox();
  town.fall();
  await see(first, "サーバーに つながりません。送れません。");
  await first.waitForTimeout(1500);
  assert.deepEqual(await first.locator("h1").boundingBox(), above, "the banner moves nothing");
  assert.equal(await button(first, "解除を 始める").getAttribute("aria-disabled"), "true");
  const acts = town.acts.length;
  await button(first, "解除を 始める").click({ force: true });
  await look(first, "stale");
  town.rise();
  assert.equal(town.acts.length, acts);
  await see(first, "サーバーと つながっています");
  await first.locator(".stale").waitFor({ state: "detached", timeout: 20_000 });

  step("by keyboard, and leaving");
  await first.keyboard.press("Tab");
  await first.keyboard.press("Tab");
  await look(first, "focus");
  await press(first, "終わる");
  await see(first, "サインインする");

  for (const name of readdirSync(new URL("../src/", import.meta.url), { recursive: true }).filter((name) => /tsx?$/.test(name))) {
    assert.doesNotMatch(readFileSync(new URL(`../src/${name}`, import.meta.url), "utf8"), /innerHTML|dangerouslySetInnerHTML|style=\{|\beval\(/, `${name} writes text only`);
  }
} catch (error) {
  complaints.push(error.stack);
  if (folder !== undefined) {
    for (const [index, context] of browser.contexts().entries()) {
      await context.pages()[0].screenshot({ path: `${folder}/failed-${index}.png` });
    }
  }
}
await browser.close();
town.server.closeAllConnections();
town.server.close();
if (complaints.length > 0) {
  console.error([...new Set(complaints)].join("\n"));
  process.exit(1);
}
console.log("all well");
