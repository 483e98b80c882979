// Takes a picture of every state of the page: node test/pictures.mjs FOLDER [NAME...]

import { mkdirSync } from "node:fs";
import puppeteer from "puppeteer-core";
import { CONTENTS, Town, serve } from "./server.mjs";
import { Town as SigningTown, onTheWire, release } from "./unit-town.mjs";

const MINUTE = 60 * 1000;
const [folder = "pictures", ...only] = process.argv.slice(2);
const { tsunami, landslide } = CONTENTS;
const pause = (time) => new Promise((done) => setTimeout(done, time));
mkdirSync(folder, { recursive: true });

const RIGHT = "ArrowRight";
const OK = "Enter";
/** A key counts once the picture has stood for a moment. */
const press = async (page, ...keys) => {
  await page.waitForSelector(".order, .word");
  await pause(1900);
  for (const key of keys) {
    await page.keyboard.press(key);
  }
  await pause(700);
};
const inMinutes = (minutes) => Date.now() + minutes * MINUTE + 20000;
const live = (more) => (town) => town.say({ ...tsunami, sent: Date.now() - 2 * MINUTE, arrives: inMinutes(9), ...more });
const practice = (more) => (town) => town.say({ ...tsunami, sent: Date.now() - 2 * MINUTE, arrives: inMinutes(9), ...more }, true);
const family = (...arrived) =>
  ["さちこさん", "ゆうたさん", "ゆいさん"].map((name, i) => ({
    name, arrived: arrived.includes(i) ? Date.now() - (3 - i) * MINUTE : null, place: arrived.includes(i) ? "城山公園" : null,
  }));
const many = (count, seen) =>
  Array.from({ length: count }, (_none, i) => ({
    name: ["さちこさん", "ゆうたさん", "ゆいさん", "グエン・ティ・ホアさん", "おじいちゃん", "おばあちゃん"][i % 6],
    arrived: i < seen ? Date.now() - i * MINUTE : null, place: i < seen ? (i % 2 === 0 ? "城山公園" : "汐見町立第二中学校の体育館二階") : null,
  }));
const ends = (town, order, more, isExercise = false) =>
  town.say({ hazard: order.content.hazard, order: order.content.order, tsunami: order.content.tsunami, issuer: "汐見町", title: order.content.title, names: [], references: [order.content.id], speech: "", ...more }, isExercise);
/** Nobody bound the set. */
const nobodys = (town, code = "4821 7350") => { town.bound = false; town.code = code; };
const everybody = { names: ["浜町", "汐見", "本町の みなさん"], place: [["潮見坂", "しおみざか"], ["の "], ["上", "うえ"], [" か "], ["寺", "てら"], ["の "], ["境内", "けいだい"]], road: [], fact: "", english: "Hamamachi, Shiomi, Honmachi: Evacuate now. Go to the top of Shiomizaka or the temple grounds." };
const CANCEL = {
  message: "Cancel", act: [], english: "That alert was sent by mistake. You do not have to evacuate.",
  lines: [[["まちがいの お"], ["知", "し"], ["らせでした"]], [["避難", "ひなん"], [" しなくて だいじょうぶ"]], [["外", "そと"], ["に "], ["出", "で"], ["た "], ["人", "ひと"], ["は "], ["家", "いえ"], ["に "], ["戻", "もど"], ["れます"]], [["地震も 津波の発表も ありません"]]],
};
const CLEAR = {
  message: "AllClear", act: [["家", "いえ"], ["に "], ["戻", "もど"], ["れます"]], english: "The tsunami warning is over. You may go home. Keep away from the sea and rivers.",
  lines: [[["避難", "ひなん"], ["は "], ["終", "お"], ["わりです"]], [["海", "うみ"], ["と "], ["川", "かわ"], ["には まだ "], ["近", "ちか"], ["づかないで"]], [["石段は こわれています。県道を 通って"]]],
};

const TWELVE = Array.from({ length: 12 }, (_none, i) => ["さちこさん", "ゆうたさん", "ゆいさん", "おばあちゃん"][i % 4]);
const LONG_PLACE = [["汐見町立第二中学校", "しおみちょうりつだいにちゅうがっこう"], ["の "], ["体育館", "たいいくかん"], ["の "], ["二階", "にかい"], ["ホール"]];

/** What two officers signed in advance, and the agency's warning released. */
function released(town) {
  const signing = new SigningTown();
  town.root = { plain: signing.root.key, sign: (bytes) => signing.root.raw(bytes) };
  town.beatKey = { plain: signing.beatKey.key, sign: (bytes) => signing.beatKey.raw(bytes) };
  const forEver = signing.devices().map((device) => ({ ...device, until: 4e12 }));
  town.list = signing.list({ release: 1, devices: forEver });
  const sent = Math.floor(Date.now() / 1000) * 1000 - MINUTE;
  const prepared = { from: sent - 1000, until: sent + MINUTE };
  const said = release(signing, { household: town.household, sent, prepared, trigger: { arrives: inMinutes(11) }, content: CONTENTS.tsunami });
  town.messages.push(onTheWire(said));
  town.change();
}

/** What the town does before the picture, and what the household does. */
const PICTURES = {
  "01-binding": [(town) => { town.bound = false; town.code = "4821 7350"; }],
  "02-connecting": [(town) => { town.isSilent = true; }],
  "03-calm": [() => undefined],
  "03-given": [(town) => town.arrive(["花子さん", "みさきちゃん", "トヨさん", "ご家族"].map((name) => ({ name, arrived: null, place: null })))],
  "04-major": [live({})],
  "04-released": [released],
  "05-warning": [live({ tsunami: "Warning", title: "津波警報　避難指示" })],
  "06-advisory": [live({ tsunami: "Advisory", title: "津波注意報　避難指示", act: [["海", "うみ"], ["から "], ["離", "はな"], ["れて"]], arrives: inMinutes(130) })],
  "07-level3": [(town) => town.say({ ...landslide, hazard: "Flood", level: 3, order: "EvacuateElderly", title: "警戒レベル3　高齢者等避難", english: "Flood, level 3. Older people: leave now. Go to Chuo Community Hall." })],
  "08-level4": [(town) => town.say(landslide)],
  "09-level5": [(town) => town.say({ ...landslide, level: 5, order: "SecureNow", title: "警戒レベル5　緊急安全確保", act: [["命", "いのち"], ["を "], ["守", "まも"], ["って ください"]], place: [["家", "いえ"], ["の "], ["二階", "にかい"]], road: [["がけから "], ["離", "はな"], ["れた "], ["部屋", "へや"], ["へ"]], english: "Landslide, level 5. Protect your life now: go upstairs, away from the slope." })],
  "10-fire": [(town) => town.say({ ...landslide, hazard: "Fire", level: null, title: "避難指示", road: [], english: "Fire. Leave now. Go to Chuo Community Hall." })],
  "11-soon": [live({ arrives: Date.now() - MINUTE })],
  "12-focus-help": [live({}), (page) => press(page, RIGHT)],
  "13-sending": [(town) => { live({})(town); town.answering = "hang"; }, (page) => press(page, OK)],
  "14-stuck": [(town) => { live({})(town); town.answering = "fail"; }, (page) => press(page, OK)],
  "15-acknowledged": [live({}), (page) => press(page, OK)],
  "16-help-sending": [(town) => { live({})(town); town.answering = "hang"; }, (page) => press(page, RIGHT, OK)],
  "17-help-stuck": [(town) => { live({})(town); town.answering = "fail"; }, (page) => press(page, RIGHT, OK)],
  "18-help-asked": [live({}), (page) => press(page, RIGHT, OK)],
  "19-arrivals": [(town) => { live({})(town); town.arrive(family(0, 1)); }, (page) => press(page, OK)],
  "20-arrivals-12": [(town) => { live({})(town); town.arrive(many(12, 7)); }, (page) => press(page, OK)],
  "21-arrivals-12-later": [(town) => { live({})(town); town.arrive(many(12, 7)); }, async (page) => { await press(page, OK); await pause(12500); }],
  "22-all-arrived": [(town) => { live({})(town); town.arrive(family(0, 1, 2)); }, (page) => press(page, OK)],
  "23-cancel": [(town) => ends(town, live({})(town), CANCEL)],
  "24-all-clear": [(town) => ends(town, live({})(town), CLEAR)],
  "25-closed": [(town) => ends(town, live({})(town), CLEAR), (page) => press(page, OK)],
  "30-exercise": [practice({})],
  "31-exercise-acknowledged": [practice({}), (page) => press(page, OK)],
  "32-exercise-help": [practice({}), (page) => press(page, RIGHT, OK)],
  "33-exercise-arrivals": [(town) => { practice({})(town); town.arrive(family(0, 1)); }, (page) => press(page, OK)],
  "34-exercise-all-arrived": [(town) => { practice({})(town); town.arrive(family(0, 1, 2)); }, (page) => press(page, OK)],
  "35-exercise-cancel": [(town) => ends(town, practice({})(town), CANCEL, true)],
  "36-exercise-all-clear": [(town) => ends(town, practice({})(town), CLEAR, true)],
  "37-exercise-english": [practice({}), () => pause(8000)],
  "38-exercise-level5": [(town) => town.say({ ...landslide, level: 5, title: "警戒レベル5　緊急安全確保" }, true)],
  "40-cut-off": [(town) => town, (page, town) => cutOff(page, town)],
  "41-cut-off-instruction": [live({}), (page, town) => cutOff(page, town)],
  "42-cut-off-exercise": [practice({}), (page, town) => cutOff(page, town)],
  "43-cut-off-all-clear": [(town) => ends(town, live({})(town), CLEAR), (page, town) => cutOff(page, town)],
  "44-restart-without-line": [live({}), async (page, town) => { await page.waitForSelector(".order"); await pause(800); town.isSilent = true; await page.reload(); await pause(1500); }],
  "45-root-changed": [() => undefined, async (page, town) => { await page.waitForSelector(".calm"); town.otherRoot = new Town().root; town.change(); await pause(1500); }],
  "50-long": [live({ names: TWELVE, place: LONG_PLACE, road: [["国道", "こくどう"], ["を 渡らずに、"], ["神社", "じんじゃ"], ["の 裏の 坂道を のぼる"]], act: [["今", "いま"], ["すぐに "], ["高台", "たかだい"], ["へ "], ["逃", "に"], ["げて"]], english: "Major tsunami warning. Run to the second floor hall of the gymnasium of Shiomi Second Junior High School now. Do not cross the national road." })],
  "51-long-help": [live({ place: LONG_PLACE }), (page) => press(page, RIGHT, OK)],
  "52-bare": [live({ names: [], place: [], road: [], fact: "", arrives: null, english: "" })],
  "53-help-no-countdown": [(town) => town.say(landslide), (page) => press(page, RIGHT, OK)],
  "54-nobodys": [(town) => { nobodys(town); live(everybody)(town); }],
  "55-nobodys-without-code": [(town) => { nobodys(town, null); town.say({ ...landslide, names: ["汐見町の みなさん"], place: [["汐見小学校", "しおみしょうがっこう"], [" か "], ["港公民館", "みなとこうみんかん"], [" か "], ["中央公民館", "ちゅうおうこうみんかん"]], road: [], fact: "" }); }],
  "56-nobodys-all-clear": [(town) => { nobodys(town); ends(town, live(everybody)(town), CLEAR); }],
  "57-nobodys-exercise": [(town) => { nobodys(town); practice(everybody)(town); }],
  "70-box": [(town) => { town.leaveToBox(20 * MINUTE); nobodys(town, null); }, () => undefined],
  "71-box-order": [(town) => { live({ sent: Date.now() - 18 * MINUTE })(town); town.leaveToBox(20 * MINUTE); }],
  "72-box-going": [(town) => { live({})(town); town.leaveToBox(20 * MINUTE); }, (page) => press(page, OK)],
  "73-box-help": [(town) => { live({})(town); town.leaveToBox(20 * MINUTE); }, (page) => press(page, RIGHT, OK)],
  "74-box-nobodys": [(town) => { nobodys(town, null); live(everybody)(town); town.leaveToBox(20 * MINUTE); }],
  "75-box-connected": [(town) => { nobodys(town, null); town.leaveToBox(5000); }],
  "60-preview": ["preview", { ...tsunami, id: "a", references: [], sent: Date.now(), expires: Date.now() + 60 * MINUTE, arrives: inMinutes(9) }, false],
  "61-preview-exercise": ["preview", { ...tsunami, id: "a", references: [], sent: Date.now(), expires: Date.now() + 60 * MINUTE }, true],
  "62-preview-cancel": ["preview", { ...tsunami, ...CANCEL, id: "a", references: [], sent: Date.now(), expires: Date.now() + 60 * MINUTE }, false],
};

/** Ninety seconds without a heartbeat, without waiting for them: the page's running time is put ahead. */
async function cutOff(page, town) {
  await page.waitForSelector(".order, .word, .calm");
  town.isSilent = true;
  town.change();
  await pause(800);
  await page.evaluate(() => {
    const own = performance.now.bind(performance);
    performance.now = () => own() + 4 * 60 * 1000;
  });
  await pause(1500);
}

const CHROMIUM = {
  executablePath: "/usr/bin/chromium",
  headless: true,
  args: ["--no-sandbox", "--mute-audio", "--autoplay-policy=no-user-gesture-required"],
};
let port = 21500;
let faults = 0;

async function take(name, [before, after, isExercise]) {
  const town = new Town();
  port += 1;
  const own = port;
  const server = serve(town, own);
  // A page that is not in front is not painted.
  const browser = await puppeteer.launch(CHROMIUM);
  const [page] = await browser.pages();
  let isOver = false;
  await page.emulateTimezone("America/New_York");
  await page.setViewport({ width: 1920, height: 1080 });
  const isLineCut = () => isOver || town.isSilent || town.answering === "fail";
  page.on("console", (line) => {
    if ((line.type() === "error" || line.type() === "warn") && !isLineCut()) {
      faults += 1;
      console.log(`${name}: ${line.text()}`);
    }
  });
  page.on("pageerror", (error) => {
    faults += 1;
    console.log(`${name}: ${error}`);
  });
  const isPreview = before === "preview";
  const made = isPreview ? null : before(town);
  await page.goto(`http://127.0.0.1:${own}/tv/${isPreview ? "?preview" : ""}`);
  if (isPreview) {
    await page.evaluate((content, exercise) => window.postMessage({ hinamori: "preview", content, exercise }, location.origin), after, isExercise);
  } else if (after !== undefined) {
    await page.waitForSelector(".order, .word, .calm, .binding, .cutoff");
    await after(page, town, made);
  }
  await pause(1000);
  const small = await page.evaluate(() => {
    // What is cut off, or stands outside of what a set shows.
    const found = [];
    for (const inner of document.querySelectorAll(".inner")) {
      const [own, box] = [inner.getBoundingClientRect(), inner.parentNode.getBoundingClientRect()];
      if (getComputedStyle(inner).visibility === "visible" && (own.bottom > box.bottom + 2 || inner.scrollWidth > inner.parentNode.clientWidth + 2)) {
        found.push(`${inner.parentNode.className} is too small for ${inner.textContent}`);
      }
    }
    return found;
  });
  for (const one of small) {
    faults += 1;
    console.log(`${name}: ${one}`);
  }
  await page.screenshot({ path: `${folder}/${name}.png` });
  isOver = true;
  await browser.close();
  server.close();
}

const names = Object.keys(PICTURES).filter((name) => only.length === 0 || only.some((one) => name.includes(one)));
for (let i = 0; i < names.length; i += 5) {
  await Promise.all(names.slice(i, i + 5).map((name) => take(name, PICTURES[name])));
}
console.log(`${names.length} pictures in ${folder}, ${faults} faults`);
process.exitCode = faults === 0 ? 0 : 1;
