// The picture for the air: transparent but for its cards, areas only, and nothing in it that stands still when the town is silent.

import type { Cap } from "./cap.js";
import type { Counts, OnAir } from "./player.js";
import { ALL_CLEAR, ORDER } from "./player.js";
import { EXERCISE } from "./keys.js";
import { HAZARDS, skinOf, timeOf } from "./view.js";

export type Form = "lshape" | "lower";

const TSUNAMI: { [kind: string]: string } = { MajorWarning: "大津波警報", Warning: "津波警報", Advisory: "津波注意報" };
const ORDERS: { [order: string]: string } = { EvacuateElderly: "高齢者等避難", EvacuationOrder: "避難指示", SecureNow: "緊急安全確保" };
/** How long each page of districts and each sentence stands. */
const TURNS = 6000;
const WIDTH = 1920;

/** What stands in the picture, in words. */
interface Words {
  head: string;
  hazard: string;
  order: string;
  label: string;
  sentences: string[];
  english: string[];
}

function wordsOf(air: OnAir, counts: Counts | null): Words {
  const { cap, message } = air;
  const isOrder = message.kind === ORDER;
  const order = isOrder ? ORDERS[cap.order] || "" : "";
  const tsunami = TSUNAMI[cap.tsunami || ""];
  const level = cap.level === null ? "" : "警戒レベル" + cap.level;
  const ending = message.kind === ALL_CLEAR ? "解除" : "取消";
  const head = isOrder ? tsunami || level || order : ending;
  // What the head says already is not said again.
  const hazard = isOrder && tsunami !== undefined ? "" : tsunami || HAZARDS[cap.hazard] || "";
  const label = isOrder ? "避難する 地区" : "対象の 地区";
  if (message.cls === EXERCISE) {
    // No sentence of an exercise can be taken for one in earnest by somebody who looks up in the middle of it.
    const about = (tsunami || hazard + level) + "の 避難訓練を しています";
    const sentences = isOrder ? ["これは 訓練です", about, "本当の 災害では ありません"] : ["訓練は 終わりました", "ありがとう ございました"];
    const english = isOrder ? ["DRILL — This is an exercise", "DRILL — There is no emergency"] : ["The drill is over"];
    return { head: isOrder ? head : "訓練 終了", hazard, order, label, sentences, english };
  }
  const sentences = [cap.simple.headline].concat(sentencesOf(cap.simple.instruction, "。"));
  if (counts !== null && isOrder && counts.households > 0) {
    const arrived = counts.arrived === 0 ? counts.step + "世帯 未満" : "約" + counts.arrived + "世帯";
    sentences.push("避難が 済んだ 世帯　" + arrived + "（" + timeOf(counts.at) + " 現在）");
  }
  const english = [cap.english.headline].concat(sentencesOf(cap.english.instruction, ". "));
  return { head, hazard, order, label, sentences, english };
}

function sentencesOf(text: string, end: string): string[] {
  const all: string[] = [];
  const parts = text.split(end);
  for (let i = 0; i < parts.length; i += 1) {
    const part = (parts[i] as string).replace(/^\s+|[\s.]+$/g, "");
    if (part !== "") {
      all.push(part);
    }
  }
  return all;
}

function element(name: string, className: string, text: string, into: HTMLElement): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  if (text !== "") {
    made.appendChild(document.createTextNode(text));
  }
  into.appendChild(made);
  return made;
}

/** Makes it smaller until it fits; what does not fit at the smallest size is narrowed. */
function fit(line: HTMLElement, width: number, largest: number, smallest: number): void {
  // As wide as what stands in it.
  line.className += " fit";
  let size = largest;
  line.style.fontSize = size + "px";
  while (line.scrollWidth > width && size > smallest) {
    size -= 2;
    line.style.fontSize = size + "px";
  }
  if (line.scrollWidth > width) {
    line.style.transform = "scaleX(" + width / line.scrollWidth + ")";
  }
}

export class Overlay {
  private drawn = "";
  /** What stands there, and since when. */
  private digest = "";
  private began = 0;

  constructor(private readonly root: HTMLElement) {
    this.scale();
  }

  /** The picture is made for 1920 × 1080 and fills whatever it is in. */
  scale(): void {
    this.root.style.transform = "scale(" + window.innerWidth / WIDTH + ")";
  }

  /** `running` turns the pages. */
  show(air: OnAir | null, form: Form, counts: Counts | null, running: number): void {
    const digest = air === null ? "" : air.message.digest;
    if (digest !== this.digest) {
      this.digest = digest;
      this.began = running;
    }
    const turn = Math.floor((running - this.began) / TURNS);
    const key = air === null ? "" : [air.message.digest, form, turn, timeOf(air.confirmed), JSON.stringify(counts)].join(" ");
    if (key === this.drawn) {
      return;
    }
    this.drawn = key;
    while (this.root.firstChild !== null) {
      this.root.removeChild(this.root.firstChild);
    }
    this.root.className = "";
    if (air === null) {
      return;
    }
    this.root.className = form + " skin-" + skinOf(air.message);
    const words = wordsOf(air, counts);
    if (form === "lower") {
      this.lower(air, words, turn);
    } else {
      this.lshape(air, words, turn);
    }
  }

  private lshape(air: OnAir, words: Words, turn: number): void {
    const { cap } = air;
    const isExercise = air.message.cls === EXERCISE;
    const side = element("div", "side", "", this.root);
    const bar = element("div", "bar", "", this.root);
    element("div", "edge-side", "", this.root);
    element("div", "edge-bar", "", this.root);
    const head = element("div", "head", "", side);
    if (isExercise) {
      element("span", "mark", "訓練", head);
      fit(element("div", "name", words.head, side), 256, 50, 30);
    } else {
      fit(element("div", "name", words.head, head), 276, 54, 30);
    }
    if (words.hazard !== "") {
      fit(element("div", "hazard", words.hazard, side), 256, 50, 30);
    }
    element("div", "label", words.label, side);
    const arrives = air.message.kind === ORDER ? cap.onset : null;
    const [page, of] = pageOf(cap.districts, arrives === null ? 5 : 3, turn);
    for (let i = 0; i < page.length; i += 1) {
      fit(district(page[i] as string, cap, side), 256, 74, 38);
    }
    if (of > 1) {
      element("div", "page", (turn % of) + 1 + "／" + of, side);
    }
    if (arrives !== null) {
      const arrival = element("div", "arrival", "", side);
      element("div", "label", isExercise ? "訓練の想定" : "到達予想", arrival);
      element("div", "clock", timeOf(arrives), arrival);
    }
    const foot = element("div", "foot", "", side);
    fit(element("div", "issuer", cap.issuer, foot), 270, 44, 26);
    element("div", "time", timeOf(cap.sent) + " 発表", foot);
    element("div", "time", timeOf(air.confirmed) + " 最終確認", foot);
    const box = isExercise ? "訓練" : words.order;
    const room = box === "" ? 1490 : 1490 - 90 - 56 * box.length;
    const line = element("div", "line", "", bar);
    if (isExercise) {
      element("span", "mark", "訓練", line);
    }
    line.appendChild(document.createTextNode(turned(words.sentences, turn)));
    fit(line, room, 66, 36);
    if (box !== "") {
      element("div", "box", box, bar);
    }
    fit(element("div", "english", turned(words.english, turn), bar), 1490, 44, 28);
  }

  private lower(air: OnAir, words: Words, turn: number): void {
    const { cap } = air;
    const isExercise = air.message.cls === EXERCISE;
    const card = element("div", "card", "", this.root);
    const mark = element("div", "mark", isExercise ? "訓練" : words.head, card);
    const checked = element("div", "checked", "最終確認 " + timeOf(air.confirmed), card);
    const [page, of] = pageOf(cap.districts, 4, turn);
    const number = of > 1 ? "　" + ((turn % of) + 1) + "／" + of : "";
    const about = isExercise ? words.head : words.hazard;
    const where = [cap.issuer, about, page.join("・") + number].filter((one) => one !== "").join("　");
    const line = element("div", "where", where, card);
    line.style.left = mark.offsetWidth + 56 + "px";
    fit(line, 1644 - mark.offsetWidth - checked.offsetWidth - 64, 62, 32);
    fit(element("div", "line", turned(words.sentences, turn), card), 1640, 60, 30);
    fit(element("div", "english", turned(words.english, turn), card), isExercise ? 1400 : 1640, 38, 24);
    if (isExercise) {
      element("div", "mark end", "訓練", card);
    }
  }
}

function turned(all: string[], turn: number): string {
  return all.length === 0 ? "" : (all[turn % all.length] as string);
}

/** So many districts at a time, and how many pages there are. */
function pageOf(districts: string[], most: number, turn: number): [string[], number] {
  const pages = Math.max(1, Math.ceil(districts.length / most));
  const at = (turn % pages) * most;
  return [districts.slice(at, at + most), pages];
}

function district(name: string, cap: Cap, into: HTMLElement): HTMLElement {
  const line = element("div", "district", "", into);
  const reading = Object.prototype.hasOwnProperty.call(cap.readings, name) ? cap.readings[name] : undefined;
  if (reading === undefined || reading === name) {
    line.appendChild(document.createTextNode(name));
  } else {
    const ruby = element("ruby", "", name, line);
    element("rt", "", reading, ruby);
  }
  return line;
}
