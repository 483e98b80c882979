// Two officers at the desk, three televisions, a receiver's screen and a broadcaster's station, in a real browser (steps.mjs).
//
// node browser.mjs --desk URL --tv URL --stations URL --receiver URL --box URL --server PROGRAM --data FOLDER --pictures FOLDER

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { Receiver, around } from "./station.mjs";
import { play } from "./steps.mjs";

const need = createRequire(new URL("../../sync-server/web/desk/package.json", import.meta.url));
const { chromium } = need("playwright-core");
const { PNG } = createRequire(new URL("../../sync-server/web/package.json", import.meta.url))("pngjs");

const text = { type: "string" };
const { values } = parseArgs({ options: { desk: text, tv: text, stations: text, receiver: text, box: text, server: text, data: text, pictures: text } });
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const WITHIN = 20_000;
/** 浜田 and 小島 of the demonstration's town, both in 浜町. */
const HOUSEHOLDS = ["4cd1690ae5b01575a84e43630e20ce4c", "e9b8d0896d33713275662f89ec51b64c"];

mkdirSync(values.pictures, { recursive: true });
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const complaints = [];
let pictures = 0;
const officers = [];
const televisions = [];
/** Of receivers. */
const screens = [];
const receiver = new Receiver();
/** The set that a card at a box is held for, and its code. */
let given;
let overlay;
let operator;

const administrator = (name, ...rest) =>
  execFileSync(values.server, ["alert", name, "--data", values.data, ...rest], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

async function open(name, viewport) {
  const context = await browser.newContext({ viewport, locale: "ja-JP" });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) {
      complaints.push(`${name}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
  return page;
}

async function picture(page, name) {
  pictures += 1;
  await page.screenshot({ path: `${values.pictures}/${String(pictures).padStart(2, "0")}-${name}.png` });
}

const see = (page, what) => page.getByText(what).first().waitFor({ timeout: WITHIN });

const bare = (text) => text.replace(/\s/g, "");

/** What a television has on its screen, without the readings beside it, and without spaces. */
const onScreen = (page) =>
  page.evaluate(() => {
    const copy = document.getElementById("tv").cloneNode(true);
    copy.querySelectorAll("rt, rp").forEach((reading) => reading.remove());
    return copy.textContent.replace(/\s/g, "");
  });

async function shows(page, ...words) {
  const deadline = Date.now() + WITHIN;
  let seen = "";
  while (Date.now() < deadline) {
    seen = await onScreen(page);
    if (words.every((word) => seen.includes(bare(word)))) {
      return;
    }
    await page.waitForTimeout(50);
  }
  throw new Error(`a television shows 「${seen.slice(0, 200)}」 and not ${words.join(", ")}`);
}

/** What a television that nobody has shows. */
async function codeOn(page) {
  const deadline = Date.now() + WITHIN;
  while (Date.now() < deadline) {
    const code = /(\d{4})(\d{4})/.exec(await onScreen(page));
    if (code !== null) {
      return code.slice(1).join("");
    }
    await page.waitForTimeout(50);
  }
  throw new Error("a new television shows no code");
}

/** A television counts down, with so many minutes left. */
async function counts(page, from, to) {
  const deadline = Date.now() + WITHIN;
  let seen = "";
  while (Date.now() < deadline) {
    seen = await onScreen(page);
    const minutes = Number(/あと(\d+)分/.exec(seen)?.[1] ?? Number.NaN);
    if (minutes >= from && minutes <= to) {
      return;
    }
    await page.waitForTimeout(50);
  }
  throw new Error(`a television shows 「${seen.slice(0, 200)}」 and not ${from} to ${to} minutes`);
}

function ensure(holds, what) {
  if (!holds) {
    throw new Error(what);
  }
}

async function press(page, name) {
  // A screen takes no press in its first moment.
  await page.waitForTimeout(450);
  await page.getByRole("button", { name, exact: true }).first().click({ timeout: WITHIN });
}

/** A device with a passkey of its own that joins by a code: its page, and the words that it shows. */
async function device(id, code) {
  const page = await open(`officer ${id}`, { width: 1280, height: 800 });
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await page.goto(`${values.desk}/desk/#enrol`);
  await page.getByLabel("管理者から もらった コード").fill(code);
  await press(page, "つぎへ");
  await press(page, "本番の パスキーを 作る");
  await see(page, "✓ できました");
  await press(page, "訓練の パスキーを 作る");
  await press(page, "登録して 3つの ことばを 見る");
  await see(page, "この 3つの ことばを");
  const words = (await page.locator(".words").first().textContent()).trim();
  await picture(page, `officer-${id}-words`);
  return [page, words];
}

async function officer(id) {
  const [page, words] = await device(id, administrator("invite", "--id", String(id)));
  const listed = administrator("officers");
  const waits = listed.split("\n").find((line) => line.includes("waits to be let in"));
  const said = waits.split("  ").at(-1).split(" (")[0];
  ensure(words.replace(/\s|・/g, "") === said.replace(/・/g, ""), `the desk shows ${words}, the server ${said}`);
  administrator("admit", "--words", said);
  return signIn(page);
}

async function signIn(page) {
  // The server looks at its files twice a second.
  await page.waitForTimeout(1_200);
  await page.goto(`${values.desk}/desk/`);
  await page.reload();
  await press(page, "サインインする");
  await see(page, "お知らせを 作る");
  return page;
}

/** Two officers take another one in, whose device one of them invites and the other one lets in. */
async function changeStaff() {
  const [first, other] = officers;
  await first.goto(`${values.desk}/desk/#live/staff`);
  await press(first, "＋ 職員を 加える");
  const line = first.locator(".line.new");
  await line.getByLabel("名前").fill("新田 光");
  await line.getByLabel("役職").fill("危機管理課");
  await line.getByLabel("電話").fill("090-5555-6666");
  // The day in Japan, wherever the server stands.
  await line.getByLabel("始まりの 日").fill(new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10));
  await line.getByRole("button", { name: /上へ$/ }).click();
  await picture(first, "desk-staff-table");
  await press(first, "何が 変わるか 確かめる");
  await see(first, "新田 光さん（危機管理課）が 加わります");
  await see(first, "すぐに 署名できる 人が 2人だけに なります");
  await press(first, "1人目として 署名する");
  await see(first, "あなたは 署名しました");
  ensure(!administrator("staff").includes("新田"), "one signature changed the staff");
  await other.goto(`${values.desk}/desk/#live/staff`);
  await see(other, "署名を 待っている 変更");
  const words = (page) => page.locator(".staff .words").first().textContent();
  ensure((await words(first)) === (await words(other)), "two officers see other words");
  await picture(other, "desk-staff-second");
  await press(other, "2人目として 署名して 変える");
  await other.getByRole("button", { name: /^招待の 番号を 出す/ }).click({ timeout: WITHIN });
  await see(other, "この 番号を 新田 光さんに");
  const [page, spoken] = await device("new", await words(other));
  await see(first, "の 端末が 待っています");
  ensure((await words(first)).trim() === spoken, `the device says ${spoken}, the desk ${await words(first)}`);
  ensure((await other.getByText("の 端末が 待っています").count()) === 0, "whoever saw the code compares the words");
  await picture(first, "desk-staff-device");
  await press(first, "同じ ことばなので 登録する");
  await signIn(page);
  await see(page, "署名できる職員 3人");
  await page.getByRole("button", { name: /署名できる職員/ }).click();
  await picture(page, "desk-signers");
  ensure(/able  yes  危機管理課  新田 光$/m.test(administrator("staff")), `the administrator reads ${administrator("staff")}`);
  await page.context().close();
  await home(first);
  await home(other);
}

async function home(page) {
  await page.goto(`${values.desk}/desk/`);
  await page.reload();
}

/** A prepared message for 浜町, up to the first officer's signature or, for a drill, out. */
async function compose(page, hazard, label, isDrill) {
  await home(page);
  await press(page, isDrill ? "訓練へ" : "お知らせを 作る");
  if (isDrill) {
    const make = page.getByRole("button", { name: "訓練として 作る" });
    await page.waitForTimeout(600);
    if ((await make.count()) > 0) {
      await press(page, "訓練として 作る");
    }
  }
  await page.getByText(hazard, { exact: true }).first().click();
  await page.getByText(label, { exact: true }).first().click();
  await page.getByLabel("浜町").check();
  if (hazard === "津波") {
    await page.getByText("あと 何分").click();
    await page.locator(".arrival input").fill("12");
  }
  await picture(page, isDrill ? "desk-compose-drill" : "desk-compose");
  await press(page, isDrill ? "訓練として 内容を 確かめて 署名へ" : "内容を 確かめて 署名へ");
  await see(page, "署名する 内容");
}

/** Counts what a television sounds from now on. */
const listen = (page) =>
  page.evaluate(() => {
    const { prototype } = globalThis.AudioContext;
    const { createOscillator } = prototype;
    globalThis.tones = 0;
    prototype.createOscillator = function () {
      globalThis.tones += 1;
      return createOscillator.call(this);
    };
  });
const tones = (page) => page.evaluate(() => globalThis.tones);

async function downloads(page, button) {
  await page.waitForTimeout(450);
  const [file] = await Promise.all([page.waitForEvent("download", { timeout: WITHIN }), page.getByRole("button", { name: button, exact: true }).first().click({ timeout: WITHIN })]);
  const bytes = readFileSync(await file.path());
  ensure(bytes.subarray(0, 5).toString() === "%PDF-", `what is downloaded is no PDF: ${bytes.subarray(0, 40)}`);
  await file.saveAs(`${values.pictures}/${file.suggestedFilename()}`);
}

async function second(page, button) {
  await home(page);
  await press(page, "読んで 署名へ");
  // What an officer signs is on the screen as a television shows it.
  await page.frameLocator(".television iframe").locator("#tv").getByText(/\S/).first().waitFor({ timeout: WITHIN });
  await picture(page, "desk-second");
  await press(page, button);
  await see(page, "に 送りました");
}

async function openStation() {
  const [, certificate, root] = /^([^]*-----END CERTIFICATE-----)\nroot (\w+)$/.exec(administrator("certificate"));
  const added = administrator("add-station", "--name", "汐見ケーブルテレビ", "--push", await receiver.listen(certificate));
  const key = /^secret (\w+)$/m.exec(added)[1];
  // The server looks at its files twice a second.
  await new Promise((done) => setTimeout(done, 1_200));
  overlay = await open("the overlay", { width: 1920, height: 1080 });
  await overlay.goto(`${values.stations}/overlay/#key=${key}&root=${root}`);
  operator = await open("the operator's page", { width: 1366, height: 900 });
  await operator.goto(`${values.stations}/station/#key=${key}&root=${root}`);
  await see(operator, "つながって います");
  await see(operator, "お知らせは ありません");
}

/** Another overlay of the station, to which its playout system hands the file that was pushed. */
async function handOver(shown) {
  const page = await overlay.context().newPage();
  await page.goto(overlay.url());
  const file = [...receiver.files.values()].find((text) => text.includes(shown) && text.includes("<status>Actual"));
  ensure(file !== undefined, "no such file was pushed");
  const text = () => page.evaluate(() => document.getElementById("overlay").textContent);
  await page.evaluate((json) => globalThis.update(json), JSON.stringify({ file }));
  await page.waitForTimeout(1_500);
  ensure((await text()) === "", "a file is on the air before play");
  await page.evaluate(() => globalThis.play());
  await page.waitForFunction((wanted) => document.getElementById("overlay").textContent.includes(wanted), shown, { timeout: WITHIN });
  await page.evaluate((json) => (globalThis.stop(), globalThis.update(json), globalThis.play()), JSON.stringify({ file: file.replace("浜町", "山町") }));
  await page.waitForTimeout(1_500);
  // The line has brought the same message too: what its envelope names is shown as it was signed.
  ensure(!(await text()).includes("山町"), "a bent file is on the air");
  await page.close();
}

const onAir = (wanted) =>
  overlay.waitForFunction((text) => {
    const shown = document.getElementById("overlay").textContent;
    return text === "" ? shown === "" : shown.includes(text);
  }, wanted, { timeout: WITHIN });

/** The operator takes the message that has these words. */
async function take(words, shown) {
  await onAir("");
  await operator.locator("#list button", { hasText: words }).first().click({ timeout: WITHIN });
  await operator.waitForFunction(() => !document.getElementById("take").disabled, undefined, { timeout: WITHIN });
  await operator.waitForTimeout(400);
  await picture(operator, "station-chosen");
  await onAir("");
  await operator.locator("#take").click();
  await onAir(shown);
  pictures += 1;
  const path = `${values.pictures}/${String(pictures).padStart(2, "0")}-overlay.png`;
  const png = PNG.sync.read(await overlay.screenshot({ omitBackground: true, path }));
  const { outside, hasCard } = around(png);
  ensure(hasCard && outside === 0, `the overlay covers ${outside} pixels of the station's picture`);
}

/** An auditor who has the files, the list of keys and the town's root, and nothing else of the town. */
function auditFromFiles(messages) {
  const root = /^root (\w+)$/m.exec(administrator("certificate"))[1];
  const folder = `${values.pictures}/../history-${Date.now()}`;
  administrator("export", folder);
  const files = readdirSync(`${folder}/alerts`).map((name) => `${folder}/alerts/${name}`);
  const verify = (...given) =>
    spawnSync(join(dirname(values.server), "hinamorictl"), ["alert", "verify", "--root", root, "--keys", `${folder}/keys`, ...given], { encoding: "utf8" });
  const { status, stdout } = verify(...files);
  ensure(status === 0 && stdout.split("by officers").length === messages + 1, `an auditor is told: ${stdout}`);
  writeFileSync(`${folder}/bent.xml`, readFileSync(files[0], "utf8").replace("浜町", "山町"));
  ensure(verify(`${folder}/bent.xml`).status !== 0, "an auditor believes a bent alert");
}

const steps = {
  async begin() {
    officers.push(await officer(1), await officer(2));
    await changeStaff();
    // The last one is the screen of 小島's receiver, which serves the page itself.
    for (const [address, household] of [...[...HOUSEHOLDS, null].map((household) => [values.tv, household]), [values.receiver, HOUSEHOLDS[1]]]) {
      const page = await open("a television", { width: 1920, height: 1080 });
      await page.goto(`${address}/tv/`);
      const code = await codeOn(page);
      if (household === null) {
        await picture(page, "tv-code");
      } else {
        administrator("bind", "--code", code, "--household", household);
        await shows(page, "お知らせは ありません");
      }
      (address === values.receiver ? screens : televisions).push(page);
    }
    await picture(televisions[0], "tv-calm");
    await openStation();
  },

  /** A television that nobody has: its code. */
  async newset() {
    const page = await open("a television that a card is held for", { width: 1920, height: 1080 });
    await page.goto(`${values.tv}/tv/`);
    given = { page, code: await codeOn(page) };
    return given.code;
  },

  /** It was given to 浜田 at a box. */
  async setbound() {
    const { page, code } = given;
    await shows(page, "花子さん", "の テレビ", "お知らせは ありません");
    await picture(page, "tv-given-at-a-box");
    const [first] = officers;
    await home(first);
    await press(first, "避難所で つないだ テレビ（1）");
    const shown = await first.locator(".televisions").textContent();
    ensure(!shown.includes("花子") && !shown.includes("体育館"), "the desk says who or where");
    await first.getByRole("button", { name: "世帯から はずす", exact: true }).click({ timeout: WITHIN });
    await see(first, "新しい 登録番号が 出ます");
    await picture(first, "desk-televisions");
    await press(first, "はずす");
    await see(first, "いまは ありません。");
    ensure((await codeOn(page)) !== code, "a code is good once");
    ensure(!(await onScreen(page)).includes("花子"), "a set that was taken back names somebody");
    await page.context().close();
    await home(first);
  },

  async order() {
    const [first, other] = officers;
    const [own, neighbour, stranger] = televisions;
    const [behind] = screens;
    await press(first, "訓練中止・本番へ");
    await compose(first, "土砂災害", "土砂災害 レベル4", false);
    await picture(first, "desk-draft");
    await press(first, "1人目として 署名する");
    await see(first, "あなたは 署名しました");
    ensure((await onScreen(own)).includes("訓練"), "one signature ended a drill");
    await second(other, "2人目として 署名して 送る");
    await shows(own, "警戒レベル4", "花子さん", "危ない", "汐見小学校");
    await shows(neighbour, "警戒レベル4", "節子さん");
    await shows(behind, "警戒レベル4", "節子さん");
    await picture(behind, "tv-receiver");
    for (const page of televisions) {
      ensure(!(await onScreen(page)).includes("訓練"), "a live alert wears 訓練");
    }
    // Nobody's set says whose alert it is, and its code below.
    await shows(stranger, "警戒レベル4", "浜町の みなさん", "汐見小学校", "登録番号");
    ensure(!(await onScreen(stranger)).includes("避難します"), "nobody's set takes an answer");
    await picture(stranger, "tv-nobodys");
    await picture(own, "tv-order");
    // The drill leaves the air by itself, and nothing takes its place before the operator says so.
    await take("警戒レベル4", "土砂災害");
    await handOver("土砂災害");
    // A press in the first moment is none.
    await own.waitForTimeout(1_700);
    await own.keyboard.press("Enter");
    await shows(own, "届きました");
    await picture(own, "tv-going");
    await neighbour.waitForTimeout(200);
    await neighbour.keyboard.press("ArrowRight");
    await neighbour.keyboard.press("Enter");
    await shows(neighbour, "119");
    await shows(behind, "119");
    await picture(neighbour, "tv-help");
    await home(first);
    await press(first, "引き受ける");
    await see(first, "✓ 田中 誠");
    await picture(first, "desk-follow");
  },

  async arrived() {
    await shows(televisions[0], "花子さん", "着きました");
    await picture(televisions[0], "tv-arrivals");
  },

  async again() {
    const [first, other] = officers;
    const [own, neighbour] = televisions;
    const hasArrived = (await onScreen(own)).includes("着きました");
    await home(first);
    await first.getByRole("button", { name: /^まだ 着いていない 世帯を 見る/ }).first().click({ timeout: WITHIN });
    await see(first, "経過");
    const rows = await first.locator(".missing tbody tr").allTextContents();
    const firstWithout = rows.findIndex((row) => !row.includes("支援"));
    const heard = /助けが 必要|避難すると 答えた|途中/;
    ensure(firstWithout > 0 && rows.slice(0, firstWithout - 1).every((row) => !heard.test(row)), "nobody who needs support and was not heard of is called first");
    const asks = rows.findIndex((row) => row.includes("助けが 必要"));
    ensure(asks === firstWithout || asks === firstWithout - 1, `who asked for help stands at ${asks}, behind ${firstWithout}`);
    ensure(rows.every((row) => !/花子|節子/.test(row)), "somebody is named");
    const passed = first.locator(".thread.live .stages tr", { hasText: "途中" }).locator(".bar b").first();
    // Those of the family were recorded at two boxes, each of which sends when it likes.
    await passed.filter({ hasText: new RegExp(`^${hasArrived ? 1 : 0}$`) }).waitFor({ timeout: WITHIN });
    await picture(first, "desk-missing");
    await downloads(first, "避難の 報告（PDF）");
    await Promise.all([own, neighbour].map(listen));
    await first.getByRole("button", { name: /^まだの \d+世帯に もう一度 送る$/ }).first().click({ timeout: WITHIN });
    await see(first, "着いた 世帯の 画面は そのままです。");
    await picture(first, "desk-again");
    await press(first, "1人目として 署名する");
    await see(first, "あなたは 署名しました");
    ensure((await tones(neighbour)) === 0, "one signature is heard");
    await second(other, "2人目として 署名して 送る");
    // Whoever is missing hears it again, and is asked again.
    await shows(neighbour, "警戒レベル4", "節子さん", "避難します");
    const deadline = Date.now() + WITHIN;
    while ((await tones(neighbour)) === 0 && Date.now() < deadline) {
      await neighbour.waitForTimeout(50);
    }
    ensure((await tones(neighbour)) > 0, "a household that is missing hears nothing");
    await picture(neighbour, "tv-again");
    if (hasArrived) {
      // Two of the family are still on their way, so that their household is called again too.
      await shows(own, "警戒レベル4", "花子さん");
      ensure((await tones(own)) > 0, "a household of which two are missing hears nothing");
    }
  },

  async cancel() {
    const [, other] = officers;
    await home(other);
    await press(other, "取消へ（署名 1回で 送る）");
    await press(other, "署名して 取消を 送る");
    await see(other, "に 送りました");
    for (const page of televisions.slice(0, 2)) {
      await shows(page, "取消", "まちがいの");
    }
    await onAir("");
    await shows(televisions[2], "取消", "まちがいの");
    await picture(televisions[0], "tv-cancel");
  },

  async drill() {
    await compose(officers[0], "津波", "大津波警報", true);
    await press(officers[0], "訓練として 署名して 送る");
    await see(officers[0], "に 送りました");
    for (const page of televisions.slice(0, 2)) {
      await shows(page, "訓練", "大津波警報", "逃げて");
    }
    await picture(televisions[0], "tv-drill");
    await take("【訓練】", "これは 訓練です");
  },

  async prepare() {
    const [first, other] = officers;
    await home(first);
    await press(first, "事前の 署名");
    await see(first, "気象庁の 電文を 受けています");
    await first.getByText("大津波警報", { exact: true }).first().click();
    await first.getByLabel("浜町").check();
    await press(first, "作って 署名へ");
    await press(first, "1人目として 事前に 署名する");
    await see(first, "あなたは 署名しました");
    await home(other);
    await press(other, "事前の 署名");
    await picture(other, "desk-release");
    await press(other, "2人目として 事前に 署名する");
    await see(other, "✓ 用意できています");
    await picture(other, "desk-release-stands");
    for (const page of televisions.slice(0, 2)) {
      ensure(!(await onScreen(page)).includes("大津波警報"), "what is signed in advance is out before the agency warns");
    }
  },

  async tsunami() {
    const [first, other] = officers;
    for (const page of [...televisions.slice(0, 2), ...screens]) {
      await shows(page, "大津波警報", "逃げて", "あと");
    }
    await shows(televisions[2], "大津波警報", "浜町の みなさん");
    await picture(televisions[1], "tv-tsunami");
    await picture(screens[0], "tv-tsunami-receiver");
    await take("大津波警報", "到達予想");
    await see(other, "徳島県：大津波警報");
    await picture(other, "desk-release-heard");
    await home(first);
    await see(first, "気象庁の 大津波警報で 自動");
    await see(first, "1人では 取り消せません");
    await picture(first, "desk-tsunami");
  },

  async box() {
    const page = await open("a television at the box", { width: 1920, height: 1080 });
    await page.goto(`${values.box}/tv/`);
    await shows(page, "大津波警報", "浜町の みなさん", "逃げて", "登録番号");
    await picture(page, "box-nobodys");
    const code = /登録番号(\d{4})(\d{4})/.exec(await onScreen(page));
    given = { page };
    return `${code[1]}${code[2]}`;
  },

  /** It was given to 浜田 by a card at the same box. */
  async boxbound() {
    const { page } = given;
    await shows(page, "花子さん", "避難します");
    await page.waitForTimeout(1_700);
    await page.keyboard.press("Enter");
    await shows(page, "役場に 届きました");
    televisions.push(page);
  },

  async boxalone() {
    const bound = televisions[3];
    const page = await open("a television that was off", { width: 1920, height: 1080 });
    await page.goto(`${values.box}/tv/`);
    await shows(page, "大津波警報", "浜町の みなさん", "119番");
    await picture(page, "box-alone-nobodys");
    await page.close();
    await bound.keyboard.press("ArrowRight");
    await bound.keyboard.press("Enter");
    await shows(bound, "まだ 役場に 届いていません", "預かりました", "119番");
    await picture(bound, "box-alone-help");
  },

  /** Two officers said at the box's kiosk when the tsunami comes: 45 minutes, and no longer 12. */
  async boxchange() {
    await counts(televisions[3], 40, 45);
    await picture(televisions[3], "box-changed");
    const page = await open("a television that was off", { width: 1920, height: 1080 });
    await page.goto(`${values.box}/tv/`);
    await shows(page, "大津波警報", "浜町", "汐見の みなさん");
    await counts(page, 40, 45);
    await page.close();
  },

  async boxback() {
    // What the officers changed asks the household anew; its call for help stands at the desk.
    await shows(televisions[3], "避難します");
    await picture(televisions[3], "box-back");
    // What the box said is at the town hall, and on its sets.
    for (const page of televisions.slice(0, 2)) {
      await counts(page, 38, 45);
    }
    await picture(televisions[0], "tv-changed-at-box");
    for (const page of officers) {
      await home(page);
      await press(page, "サインインする");
      await see(page, "解除を 始める");
    }
    await see(officers[0], "引き受ける");
    await see(officers[0], "避難所の 箱で 署名して 出しました");
    await see(officers[0], /津波 \d\d:\d\dごろ/);
    await picture(officers[0], "desk-help-from-box");
    await officers[0].getByRole("button", { name: /署名できる職員/ }).click();
    await see(officers[0], "✓ 箱の 鍵");
    await picture(officers[0], "desk-signers-at-boxes");
  },

  async allclear() {
    const [first, other] = officers;
    await home(first);
    await press(first, "解除を 始める");
    await press(first, "1人目として 署名する");
    await see(first, "あなたは 署名しました");
    await second(other, "2人目として 署名して 解除を 送る");
    await shows(televisions[0], "解除", "戻れます");
    await picture(televisions[0], "tv-all-clear");
    await take("解除", "もう にげなくて");
    await home(first);
    await downloads(first, "訓練の 報告（PDF）");
  },

  async end() {
    const kinds = [...receiver.files.values()].map((file) => `${/<status>(\w+)/.exec(file)[1]} ${/JP-evac:Message<\/valueName>\s*<value>(\w+)/.exec(file)[1]}`);
    const expected = ["Exercise Order", "Actual Order", "Actual Order", "Actual Cancel", "Actual Order", "Actual Order", "Actual AllClear"];
    ensure(JSON.stringify(kinds) === JSON.stringify(expected), `the station was brought ${kinds.join(", ")}`);
    ensure(receiver.refused.length === 0, "a push was not signed");
    receiver.close();
    auditFromFiles(expected.length);
    ensure(complaints.length === 0, [...new Set(complaints)].join("; "));
  },
};

await play(browser, steps, values.pictures);
