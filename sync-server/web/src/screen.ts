// Puts a page on the set. Text only ever becomes text; every picture is built anew and measured before it is painted.

import type { Ruby } from "./leaf.js";
import { type Countdown, type CutOff, type Head, type Order, type Page, type Receipt, type Row, type Word, ruby } from "./view.js";

const [WIDTH, HEIGHT] = [1920, 1080];
/** Pages of what does not fit turn no faster than somebody reads. */
const TURN = 7 * 1000;
const ROWS_AT_ONCE = 4;
/** Where a name or a place is longer than fits into one line, rows are higher. */
const HIGH_ROWS_AT_ONCE = 3;
const [SHORT_NAME, SHORT_PLACE] = [6, 8];
/** So many letters of English fit into one line. */
const MOST_LETTERS = 56;
const SVG = "http://www.w3.org/2000/svg";

export type Key = "going" | "help" | "close";
type Fill = (into: HTMLElement) => void;

export class Screen {
  private readonly stage: HTMLElement;
  private drawn = "";
  /** What has to be measured once it is in the document. */
  private measures: (() => void)[] = [];
  /** Groups of elements of which one is seen at a time. */
  private turning: HTMLElement[][] = [];
  private since = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly pressed: (key: Key) => void,
  ) {
    this.stage = add(root, "stage");
    this.scale();
  }

  /** The picture is 1920 by 1080 and grows or shrinks as a whole. */
  scale(): void {
    const [width, height] = [window.innerWidth || WIDTH, window.innerHeight || HEIGHT];
    const factor = Math.min(width / WIDTH, height / HEIGHT);
    const [left, top] = [(width - WIDTH * factor) / 2, (height - HEIGHT * factor) / 2];
    const transform = "translate(" + left + "px," + top + "px) scale(" + factor + ")";
    this.stage.style.transform = transform;
    (this.stage.style as unknown as { [name: string]: string })["webkitTransform"] = transform;
  }

  /** Draws the page where it is another one than before. Whether it was. */
  show(page: Page, focus: Key | null, running: number): boolean {
    const drawn = JSON.stringify([page, focus]);
    if (drawn === this.drawn) {
      this.turn(running);
      return false;
    }
    this.drawn = drawn;
    this.measures = [];
    this.turning = [];
    while (this.stage.firstChild !== null) {
      this.stage.removeChild(this.stage.firstChild);
    }
    const skin = page.kind === "order" || page.kind === "word" ? page.head.skin : page.kind;
    this.root.className = "skin-" + skin;
    this.stage.className = "stage " + page.kind;
    this.draw(page, focus);
    for (let i = 0; i < this.measures.length; i += 1) {
      (this.measures[i] as () => void)();
    }
    this.turn(running);
    return true;
  }

  private turn(running: number): void {
    const count = Math.floor((running - this.since) / TURN);
    for (let i = 0; i < this.turning.length; i += 1) {
      const group = this.turning[i] as HTMLElement[];
      for (let k = 0; k < group.length; k += 1) {
        (group[k] as HTMLElement).style.visibility = k === count % group.length ? "visible" : "hidden";
      }
    }
  }

  /** The next turning begins with its first pages. */
  beginTurning(running: number): void {
    this.since = running;
  }

  private draw(page: Page, focus: Key | null): void {
    switch (page.kind) {
      case "binding":
        this.line("top", ruby("この テレビを {登録|とうろく} します"), 96, 72);
        this.line("code", [[page.code]], 300, 160);
        this.line("first", ruby("この {番号|ばんごう}を {役場|やくば}か {避難所|ひなんじょ}の"), 84, 72);
        this.line("second", ruby("{職員|しょくいん}に {見|み}せて ください"), 84, 72);
        this.line(
          "bottom",
          ruby(page.isCutOff ? "いま {役場|やくば}と つながって いません" : "{登録|とうろく}が すむと、この {画面|がめん}は {自動|じどう}で {変|か}わります"),
          60,
          52,
        );
        break;
      case "connecting":
        this.line("middle", ruby("{役場|やくば}に つないで います"), 112, 72);
        this.line("below", ruby("すこし お{待|ま}ち ください"), 76, 72);
        break;
      case "calm":
        this.line("left", page.whose === null ? ruby("ひなもり") : [[page.whose]], 56, 40);
        this.line("right", [[page.date]], 56, 48);
        this.line("clock", [[page.time]], 250, 160);
        this.line("middle", ruby("{避難|ひなん}の お{知|し}らせは ありません"), 112, 96);
        this.connected(page.checked);
        this.line("first", ruby("{海|うみ}や {川|かわ}の {近|ちか}くで {強|つよ}く ゆれたら"), 72, 60);
        this.line("second", ruby("お{知|し}らせを {待|ま}たずに {高|たか}い {所|ところ}へ"), 72, 60);
        break;
      case "cutoff":
        add(this.stage, "frame");
        picture(add(this.stage, "sign"), SET_WITH_CROSS, 250, 190);
        this.line("top", ruby("{役場|やくば}と つながって いません"), 108, 84);
        this.line("checked", [[lastChecked(page)]], 76, 60);
        this.line("first", ruby("お{知|し}らせが {出|で}ない ことが あります"), 92, 72);
        this.line("second", ruby("ラジオや {防災無線|ぼうさいむせん}も {聞|き}いて ください"), 84, 72);
        this.line("panel wide", ruby("{強|つよ}く ゆれたら すぐ {高|たか}い {所|ところ}へ"), 112, 84);
        this.line(
          "bottom",
          [[page.isAtBox ? "避難所の 機械とは つながって います。直ったら 自動で 変わります" : "つなぎ直して います。直ったら 自動で 変わります"]],
          56,
          48,
        );
        break;
      case "refused":
        add(this.stage, "frame");
        picture(add(this.stage, "sign"), SET_WITH_CROSS, 250, 190);
        this.line("top", ruby("お{知|し}らせを {受|う}け{取|と}れません"), 108, 84);
        this.line("first", ruby("{相手|あいて}が {本当|ほんとう}の {役場|やくば}か わかりません"), 88, 72);
        this.line("second", ruby("この テレビは お{知|し}らせを {出|だ}しません"), 88, 72);
        this.line("panel wide", ruby("{役場|やくば}に {電話|でんわ} して ください"), 112, 84);
        this.line("bottom", [["それまでは ラジオや 防災無線を 聞いて ください"]], 60, 48);
        break;
      case "order":
        this.order(page, focus);
        break;
      case "word":
        this.word(page, focus);
        break;
    }
  }

  private connected(checked: string): void {
    const box = add(this.stage, "below");
    const inner = add(box, "inner");
    picture(add(inner, "sign", "span"), TICK, 88, 88);
    put(inner, [["役場と つながって います"]]);
    put(add(inner, "checked", "span"), [["最後の確認 " + checked]]);
    this.measures.push(() => fit(box, 72, 60));
  }

  private order(page: Order, focus: Key | null): void {
    const { content, head } = page;
    this.frame(head);
    if (page.body === "instruction") {
      if (page.going.delivery === "none") {
        this.turns("row", listOf(content.names), 96, 96, "　");
      } else {
        this.receipt(page.going);
      }
      this.line("act", content.act, 164, 96);
      this.destination(page);
    } else if (page.body === "help") {
      this.help(page);
    } else {
      this.arrivals(page);
    }
    if (page.nobodys !== null) {
      this.nobodys(page.nobodys.code);
    } else if (page.help.delivery !== "none" && page.body !== "all arrived") {
      this.line("whole", helpedBy(page.rows), 72, 60);
    } else {
      if (page.going.delivery === "none") {
        this.key("key going", "going", focus, ["決定"], "避難します");
      } else if (page.body === "instruction") {
        this.line("answered", [[content.after === "" ? "すぐ 出て ください" : content.after]], 76, 60);
      } else {
        this.line("answered", [[page.body === "all arrived" ? "役場も 確認しました" : "役場が 確認しています"]], 72, 60);
      }
      if (page.help.delivery === "none") {
        this.key("key help", "help", focus, focus === "help" ? ["決定"] : ["▶", "決定"], "助けが必要");
      } else {
        this.line("asked", [["助けを 頼みました"]], 72, 60);
      }
    }
  }

  /** Where the keys stand on a household's set. */
  private nobodys(code: string | null): void {
    this.line(code === null ? "whole" : "answered", ruby("{助|たす}けが {要|い}る ときは {119番|ひゃくじゅうきゅうばん}"), 76, 60);
    if (code !== null) {
      this.line("asked", [["登録番号 " + code]], 72, 48);
    }
  }

  /** The head, the frame and what stands at the bottom. */
  private frame(head: Head): void {
    add(this.stage, "frame");
    const band = add(this.stage, "head");
    if (head.isExercise) {
      put(add(band, "mark"), [["訓練"]]);
    }
    const plate = add(band, head.checked === null ? "plate" : "plate old");
    put(add(plate, "said"), [[(head.isPreview ? "見本　" : "") + head.issuer + "　" + head.time]]);
    if (head.checked !== null) {
      put(add(plate, "said"), [["最後の確認 " + head.checked]]);
    }
    const title = add(band, "title");
    put(add(title, "inner"), [[head.title]]);
    this.measures.push(() => {
      title.style.right = plate.offsetWidth + (head.isExercise ? 96 : 72) + 28 + "px";
      fit(title, 84, 60);
    });
    this.bottom(head);
  }

  private bottom(head: Head): void {
    const words = listOf(sentencesOf(head.english));
    if (!head.isExercise) {
      this.turns("english", words, 52, 48, " ");
      return;
    }
    const band = add(this.stage, "band");
    put(add(band, "mark first"), [["訓練"]]);
    put(add(band, "mark last"), [["訓練"]]);
    const own: Fill[] = [(into) => put(into, [["これは 訓練です。本物では ありません"]])];
    this.turns("between", words, 52, 48, " ", own);
  }

  private receipt(going: Receipt): void {
    const box = add(this.stage, "row receipt");
    const inner = add(box, "inner");
    picture(add(inner, "sign"), going.delivery === "got" ? TICK : WAITING, 88, 88);
    const said =
      going.delivery === "got"
        ? "「避難します」が 役場に 届きました　" + going.time
        : going.delivery === "sending"
          ? "「避難します」を 送っています…"
          : going.delivery === "kept"
          ? "避難所の 機械が 預かりました。役場へは あとで 送ります"
          : "まだ 届いていません。つづけて 送ります";
    put(inner, [[said]]);
    this.measures.push(() => fit(box, 76, 60));
  }

  private destination(page: Order): void {
    const { content, countdown } = page;
    const box = add(this.stage, countdown === null ? "panel destination wide" : "panel destination");
    const inner = add(box, "inner");
    if (content.place.length > 0) {
      const place = add(inner, "place");
      put(add(place, "label", "span"), [["行き先"]]);
      put(place, content.place);
      if (content.fact !== "") {
        put(add(place, "fact", "span"), [[content.fact]]);
      }
    }
    if (content.road.length > 0) {
      const road = add(inner, "road");
      put(add(road, "label", "span"), [["道"]]);
      put(road, content.road);
    }
    if (inner.firstChild === null) {
      put(add(inner, "place"), ruby("{役場|やくば}の {放送|ほうそう}を {聞|き}いて ください"));
    }
    // The road is a little smaller than the place.
    this.measures.push(() => fit(box, 120, 56));
    if (countdown !== null) {
      this.countdown(countdown, page.head.isExercise);
    }
  }

  private countdown(countdown: Countdown, isExercise: boolean): void {
    const box = add(this.stage, "countdown");
    const label = countdown.kind === "time" ? "津波の 時刻" : countdown.kind === "soon" ? "津波が" : isExercise ? "津波まで" : "津波が 来るまで";
    this.lineIn(box, "label", [[isExercise ? "訓練の " + label : label]], 60, 48);
    const value = add(box, "value");
    fillCountdown(add(value, "inner"), countdown);
    this.measures.push(() => fit(value, 152, 80));
    if (countdown.kind === "minutes") {
      add(add(box, "bar"), "part").style.width = Math.round(countdown.part * 100) + "%";
    }
  }

  private help(page: Order): void {
    const { help, head, content, countdown } = page;
    const said = head.isExercise ? "{訓練|くんれん}として " : "";
    if (help.delivery === "got") {
      this.line("asking", ruby(said + "{役場|やくば}に {伝|つた}えました"), 120, 84);
      this.line("since", [[help.time + " 受付"]], 72, 60);
    } else if (help.delivery === "sending") {
      this.line("asking", ruby(said + "{役場|やくば}に {送|おく}っています…"), 120, 84);
    } else {
      this.line("asking", ruby("まだ {役場|やくば}に {届|とど}いていません"), 120, 84);
      this.line("since", [[help.delivery === "kept" ? help.time + " 預かりました" : "送り直し中"]], 72, 60);
    }
    if (head.isExercise) {
      this.line("second", ruby("これは {訓練|くんれん}です"), 96, 72);
      this.line("third", ruby("{本当|ほんとう}に {困|こま}った {時|とき}は {119番|ひゃくじゅうきゅうばん}に {電話|でんわ}"), 96, 72);
    } else {
      this.line("second", ruby(help.delivery === "got" ? "すぐ {行|い}けない ことが あります" : "{待|ま}たずに {119番|ひゃくじゅうきゅうばん}に {電話|でんわ}"), 96, 72);
      this.line("third", ruby(afterHelp(help)), 96, 72);
    }
    const box = add(this.stage, countdown === null ? "panel low wide" : "panel low");
    const inner = add(box, "inner");
    put(add(inner, "label", "span"), [["動けるなら"]]);
    put(inner, content.place.length > 0 ? content.place : ruby("{安全|あんぜん}な {所|ところ}"));
    put(inner, [["へ"]]);
    this.measures.push(() => fit(box, 100, 60));
    if (countdown !== null) {
      const low = add(this.stage, "countdown low");
      fillCountdownInLine(add(low, "inner"), countdown, head.isExercise);
      this.measures.push(() => fit(low, 72, 48));
    }
  }

  private arrivals(page: Order): void {
    const isAll = page.body === "all arrived";
    const { rows, countdown } = page;
    this.line("heading", [["みんなの ようす（" + page.rowsAt + " 現在）"]], 72, 60);
    if (countdown !== null) {
      const small = add(this.stage, "countdown small");
      fillCountdownInLine(add(small, "inner"), countdown, page.head.isExercise);
      this.measures.push(() => fit(small, 60, 48));
    }
    const atOnce = rows.some((row) => row.name.length > SHORT_NAME || (row.place || "").length > SHORT_PLACE) ? HIGH_ROWS_AT_ONCE : ROWS_AT_ONCE;
    const pages = Math.ceil(rows.length / atOnce);
    const group: HTMLElement[] = [];
    for (let k = 0; k < pages; k += 1) {
      const sheet = add(this.stage, "sheet");
      const some = rows.slice(k * atOnce, (k + 1) * atOnce);
      for (let i = 0; i < some.length; i += 1) {
        const height = Math.min(148, Math.floor(448 / (pages > 1 ? atOnce : some.length)));
        this.person(sheet, some[i] as Row, i * height, height - 12);
      }
      if (pages > 1) {
        put(add(sheet, "count"), [[k + 1 + "/" + pages]]);
      }
      group.push(sheet);
    }
    this.turning.push(group);
    this.line("warning", ruby(isAll ? "{全員|ぜんいん} {着|つ}きました。{解除|かいじょ}まで {戻|もど}らないで" : "さがしに {戻|もど}らないで"), 112, 72);
  }

  private person(sheet: HTMLElement, row: Row, top: number, height: number): void {
    const box = add(sheet, row.hasArrived ? "person arrived" : "person open");
    box.style.top = top + "px";
    box.style.height = height + "px";
    const sign = add(box, "sign");
    sign.style.top = (height - 88) / 2 - 5 + "px";
    picture(sign, row.hasArrived ? TICK : NOT_SEEN, 88, 88);
    this.lineIn(box, "name", [[row.name]], 84, 60);
    const said = !row.hasArrived ? "まだ 確認できません" : row.place === null ? "着きました" : row.place + "に 着きました";
    this.lineIn(box, "where", [[said]], 72, 48);
    this.lineIn(box, "at", [[row.time]], 60, 48);
  }

  private word(page: Word, focus: Key | null): void {
    const { head } = page;
    add(this.stage, "frame");
    if (head.isExercise) {
      put(add(add(this.stage, "head"), "mark"), [["訓練"]]);
      this.line("practice", [[head.title]], 76, 60);
    } else {
      this.line("title", [[head.title]], 64, 52);
    }
    picture(add(this.stage, "symbol"), page.isAllClear ? RING_WITH_TICK : CROSSED_NOTICE, 330, 330);
    this.line("name", [[page.isAllClear ? "解除" : "取消"]], 116, 96);
    const [first, rest] = [page.lines[0], page.lines.slice(1)];
    if (first !== undefined) {
      this.line("first", first, 104, 72);
    }
    if (page.now.length > 0) {
      this.line("panel now", page.now, 112, 72);
    }
    const fills: Fill[] = [];
    for (let i = 0; i < rest.length; i += 1) {
      fills.push((into) => put(add(into, "one"), rest[i] as Ruby));
    }
    this.turns("rest", fills, 80, 72, "");
    const checked = head.checked === null ? "" : "　最後の確認 " + head.checked;
    const name = page.isAllClear ? "解除" : "取消";
    this.line("issuer", [[(head.isPreview ? "見本　" : "") + head.issuer + "　" + head.time + " " + name + checked]], 56, 48);
    this.key("key close", "close", focus, ["決定"], "閉じる");
    this.bottom(head);
  }

  private key(name: string, key: Key, focus: Key | null, caps: string[], label: string): void {
    const box = add(this.stage, focus === key ? name + " focus" : name);
    const inner = add(box, "inner");
    const cap = add(inner, "cap", "span");
    put(cap, [[caps.join("")]]);
    put(inner, [[label]]);
    box.onclick = () => this.pressed(key);
    this.measures.push(() => fit(box, 84, 60));
    if (focus === key) {
      add(this.stage, name + " ring");
    }
  }

  private line(name: string, said: Ruby, most: number, least: number): void {
    this.lineIn(this.stage, name, said, most, least);
  }

  private lineIn(parent: HTMLElement, name: string, said: Ruby, most: number, least: number): void {
    const box = add(parent, name);
    put(add(box, "inner"), said);
    this.measures.push(() => fit(box, most, least));
  }

  /** As many as fit stand together; the others come after them. `own` come first, each alone. */
  private turns(name: string, items: Fill[], most: number, least: number, between: string, own: Fill[] = []): void {
    const group: HTMLElement[] = [];
    const page = (): HTMLElement => {
      const box = add(this.stage, name);
      group.push(box);
      return add(box, "inner");
    };
    this.measures.push(() => {
      for (let i = 0; i < own.length; i += 1) {
        (own[i] as Fill)(page());
      }
      let inner: HTMLElement | null = null;
      for (let i = 0; i < items.length; i += 1) {
        const before: number = inner === null ? 0 : inner.childNodes.length;
        if (inner !== null) {
          put(inner, between === "" ? [] : [[between]]);
          (items[i] as Fill)(inner);
        }
        if (inner === null || !fits(inner, least)) {
          while (inner !== null && inner.childNodes.length > before) {
            inner.removeChild(inner.lastChild as Node);
          }
          inner = page();
          (items[i] as Fill)(inner);
        }
      }
      for (let i = 0; i < group.length; i += 1) {
        fit(group[i] as HTMLElement, most, Math.min(least, 48));
      }
    });
    this.turning.push(group);
  }
}

function lastChecked({ checked, ago, isAtBox }: CutOff): string {
  if (checked === null) {
    return "まだ 一度も 確認できません";
  }
  const at = ago === null ? checked : checked + "（" + ago + "）";
  return isAtBox ? "ここに あるのは " + at + " までの お知らせです" : "最後の確認 " + at;
}

function afterHelp(help: Receipt): string {
  switch (help.delivery) {
    case "got":
      return "{119番|ひゃくじゅうきゅうばん}にも {電話|でんわ} して ください";
    case "kept":
      return "{電話|でんわ}が だめなら {避難所|ひなんじょ}の {人|ひと}に";
    default:
      return "テレビを {消|け}さないで ください";
  }
}

/** English is turned by sentences; a long one by its words. */
function sentencesOf(english: string): string[] {
  const sentences = english.replace(/([.!?]) /g, "$1\n").split("\n");
  let parts: string[] = [];
  for (let i = 0; i < sentences.length; i += 1) {
    const sentence = sentences[i] as string;
    parts = parts.concat(sentence.length <= MOST_LETTERS ? (sentence === "" ? [] : [sentence]) : sentence.split(" "));
  }
  return parts;
}

function listOf(texts: string[]): Fill[] {
  const fills: Fill[] = [];
  for (let i = 0; i < texts.length; i += 1) {
    fills.push((into) => put(add(into, "item", "span"), [[texts[i] as string]]));
  }
  return fills;
}

/** What stands at the bottom while a household waits for help. */
function helpedBy(rows: Row[]): Ruby {
  const names: string[] = [];
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] as Row;
    if (row.hasArrived) {
      names.push(row.name);
    }
  }
  return names.length > 0 ? [["着いた人　" + names.join("　")]] : [["近所の 人にも 声を かけて ください"]];
}

function fillCountdown(inner: HTMLElement, countdown: Countdown): void {
  if (countdown.kind === "soon") {
    put(add(inner, "soon", "span"), [["すぐ 来ます"]]);
  } else if (countdown.kind === "time") {
    put(add(inner, "digits", "span"), [[countdown.time]]);
    put(add(inner, "unit", "span"), [["ごろ"]]);
  } else {
    put(add(inner, "unit", "span"), [["あと "]]);
    put(add(inner, "digits", "span"), [[String(countdown.minutes)]]);
    put(add(inner, "unit", "span"), [[" 分"]]);
  }
}

function fillCountdownInLine(inner: HTMLElement, countdown: Countdown, isExercise: boolean): void {
  put(inner, [[(isExercise ? "訓練 " : "") + "津波 "]]);
  if (countdown.kind === "soon") {
    put(add(inner, "digits", "span"), [["すぐ 来ます"]]);
  } else if (countdown.kind === "time") {
    put(add(inner, "digits", "span"), [[countdown.time]]);
    put(inner, [["ごろ"]]);
  } else {
    const left = add(inner, "item", "span");
    put(left, [["あと "]]);
    put(add(left, "digits", "span"), [[String(countdown.minutes)]]);
    put(left, [["分"]]);
  }
}

function add(parent: HTMLElement, name: string, tag = "div"): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  parent.appendChild(element);
  return element;
}

function put(into: HTMLElement, said: Ruby): void {
  for (let i = 0; i < said.length; i += 1) {
    const [written, reading] = said[i] as [string, string?];
    if (reading === undefined) {
      into.appendChild(document.createTextNode(written));
    } else {
      const element = document.createElement("ruby");
      element.appendChild(document.createTextNode(written));
      const above = document.createElement("rt");
      above.appendChild(document.createTextNode(reading));
      element.appendChild(above);
      into.appendChild(element);
    }
  }
}

/** How far readings stand out above the text that they belong to; browsers do not agree on that. */
function above(inner: HTMLElement): number {
  const readings = inner.getElementsByTagName("rt");
  const own = inner.getBoundingClientRect();
  let most = 0;
  for (let i = 0; i < readings.length; i += 1) {
    most = Math.max(most, own.top - (readings[i] as Element).getBoundingClientRect().top);
  }
  // The picture is scaled as a whole.
  return own.width === 0 ? 0 : Math.ceil((most * inner.offsetWidth) / own.width);
}

function fits(inner: HTMLElement, size: number): boolean {
  const box = inner.parentNode as HTMLElement;
  inner.style.fontSize = size + "px";
  return inner.scrollWidth <= inner.clientWidth && inner.offsetHeight + above(inner) <= box.clientHeight;
}

/** The largest size in which the box's text fits into it, in one line or more, in the middle of its height. */
function fit(box: HTMLElement, most: number, least: number): void {
  const inner = box.firstChild as HTMLElement;
  let size = most;
  // Below the least size it is hard to read, but what is cut off cannot be read at all.
  while (!fits(inner, size) && size > Math.min(least, 24)) {
    size -= 4;
  }
  const over = above(inner);
  const free = box.clientHeight - inner.offsetHeight - over;
  // Not a margin: readings would take its place.
  inner.style.top = over + Math.max(0, Math.floor(free / 2)) + "px";
}

type Shape = { [attribute: string]: string };

function picture(into: HTMLElement, shapes: Shape[], width: number, height: number): void {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(height));
  svg.setAttribute("viewBox", "0 0 " + width + " " + height);
  for (let i = 0; i < shapes.length; i += 1) {
    const path = document.createElementNS(SVG, "path");
    const shape = shapes[i] as Shape;
    path.setAttribute("fill", "none");
    path.setAttribute("stroke", "currentColor");
    for (const name in shape) {
      path.setAttribute(name, shape[name] as string);
    }
    svg.appendChild(path);
  }
  into.appendChild(svg);
}

const CIRCLE = "M44 5a39 39 0 1 1-.1 0z";
const TICK: Shape[] = [
  { d: CIRCLE, "stroke-width": "7" },
  { d: "M24 45l14 16 27-32", "stroke-width": "11" },
];
const NOT_SEEN: Shape[] = [
  { d: CIRCLE, "stroke-width": "6", "stroke-dasharray": "14 11" },
  { d: "M26 44h36", "stroke-width": "9" },
];
const WAITING: Shape[] = [
  { d: CIRCLE, "stroke-width": "6", "stroke-dasharray": "14 11" },
  { d: "M44 66V26M27 42l17-17 17 17", "stroke-width": "9" },
];
const SET_WITH_CROSS: Shape[] = [
  { d: "M8 40h140v100H8zM43 166h70", "stroke-width": "12" },
  { d: "M166 50l78 84M244 50l-78 84", "stroke-width": "16" },
];
const CROSSED_NOTICE: Shape[] = [
  { d: "M27 52h276v226H27z", "stroke-width": "14" },
  { d: "M62 118h206M62 165h206M62 212h130", "stroke-width": "14", opacity: ".55" },
  { d: "M12 318L318 12M12 12l306 306", "stroke-width": "26" },
];
const RING_WITH_TICK: Shape[] = [
  { d: "M165 25a140 140 0 1 1-.1 0z", "stroke-width": "34" },
  { d: "M97 170l50 56 90-108", "stroke-width": "34" },
];
