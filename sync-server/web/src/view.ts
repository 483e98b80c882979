// What is to be shown, as plain data: of what the television knows and of the time, and of nothing else.

import type { Message, Shown } from "./alerts.js";
import { ALL_CLEAR, ORDER } from "./envelope.js";
import { EXERCISE } from "./keys.js";
import type { Content, Piece, Ruby } from "./leaf.js";
import { type Got, type People, type Person, type Television, isForEverybody } from "./television.js";

const MINUTE = 60 * 1000;
const JAPAN = 9 * 60 * MINUTE;
/** From so many minutes on a time says more than how many there are. */
const MOST_MINUTES = 100;
/** Names of a household that fit the head of the quiet picture. */
const MOST_NAMED = 2;

export interface Binding {
  kind: "binding";
  code: string;
  isCutOff: boolean;
}

/** Nothing came yet since the page began. */
export interface Connecting {
  kind: "connecting";
}

export interface Calm {
  kind: "calm";
  /** Whose set it is, where the town hall said so. */
  whose: string | null;
  time: string;
  date: string;
  checked: string;
}

export interface CutOff {
  kind: "cutoff";
  /** When the last heartbeat was made, where there ever was one, and how long ago, where that is known. */
  checked: string | null;
  ago: string | null;
  /** A box answers, and passes on what it has. */
  isAtBox: boolean;
}

/** The server has another root than the one that this set knows. */
export interface Refused {
  kind: "refused";
}

/** What every picture of a message has. */
export interface Head {
  digest: string;
  isExercise: boolean;
  isPreview: boolean;
  skin: string;
  title: string;
  issuer: string;
  time: string;
  /** Of the last heartbeat, where the set does not know what came after it. */
  checked: string | null;
  english: string;
}

export type Countdown =
  | { kind: "minutes"; minutes: number; part: number }
  | { kind: "soon" }
  | { kind: "time"; time: string };

export type Delivery = "none" | "sending" | "stuck" | "kept" | "got";

/** How far an answer got. */
export interface Receipt {
  delivery: Delivery;
  time: string;
}

export interface Row {
  name: string;
  hasArrived: boolean;
  place: string | null;
  time: string;
}

export interface Order {
  kind: "order";
  head: Head;
  content: Content;
  countdown: Countdown | null;
  going: Receipt;
  help: Receipt;
  rows: Row[];
  /** When the rows were so. */
  rowsAt: string;
  body: "instruction" | "help" | "arrivals" | "all arrived";
  /** A set that is nobody's takes no answer: nobody would know whose. It may have a code by which it is bound. */
  nobodys: { code: string | null } | null;
}

/** An all-clear or a cancel. */
export interface Word {
  kind: "word";
  head: Head;
  isAllClear: boolean;
  lines: Ruby[];
  /** The one that says what to do now. */
  now: Ruby;
}

export type Page = Binding | Connecting | Calm | CutOff | Refused | Order | Word;

/** The two digits of each of a time and a date do not depend on the zone that the set believes to be in. */
export function timeOf(at: number): string {
  const date = new Date(at + JAPAN);
  return date.getUTCHours() + ":" + ("0" + date.getUTCMinutes()).slice(-2);
}

export function dateOf(at: number): string {
  const date = new Date(at + JAPAN);
  return date.getUTCMonth() + 1 + "月" + date.getUTCDate() + "日　" + "日月火水木金土".charAt(date.getUTCDay()) + "曜日";
}

/** Our own sentences: `{知|し}` is a character with its reading. */
export function ruby(sentence: string): Ruby {
  const pieces: Ruby = [];
  const parts = sentence.split(/[{}]/);
  for (let i = 0; i < parts.length; i += 1) {
    const part = parts[i] as string;
    if (part !== "") {
      pieces.push(part.split("|") as Piece);
    }
  }
  return pieces;
}

export function view(television: Television, running: number): Page {
  const { memory } = television;
  const clock = television.clock(running);
  const isOld = television.isCutOff(running) || !television.isClockSet() || television.isRefused;
  const shown = television.shown(running);
  const checked = memory.beat === null ? null : timeOf(memory.beat.at);
  if (shown !== null && clock !== null) {
    const head = headOf(shown.message, isOld ? checked : null);
    return shown.message.kind === ORDER
      ? orderOf(television, shown, head, clock)
      : wordOf(shown.message, head);
  }
  if (television.isRefused) {
    return { kind: "refused" };
  }
  if (memory.household === null && memory.code !== null) {
    return { kind: "binding", code: memory.code, isCutOff: television.isCutOff(running) };
  }
  if (television.isCutOff(running)) {
    // A set that was switched on without a line knows when it heard last, but not how long ago that is.
    const isKnown = television.isClockSet() && memory.beat !== null && clock !== null;
    const ago = isKnown ? agoOf(clock - (memory.beat as { at: number }).at) : null;
    return { kind: "cutoff", checked, ago, isAtBox: television.isAtBox };
  }
  // A box that has no code for a set tells it of alerts all the same.
  const isNew = memory.household === null && !television.isAtBox;
  if (clock === null || checked === null || !television.isClockSet() || isNew) {
    return { kind: "connecting" };
  }
  return { kind: "calm", whose: whoseOf(television.people), time: timeOf(clock), date: dateOf(clock), checked };
}

/** Whoever was given to a wrong household is seen to be at once. */
function whoseOf(people: People | null): string | null {
  const names: string[] = [];
  for (let i = 0; people !== null && i < people.people.length; i += 1) {
    const { name } = people.people[i] as Person;
    if (names.indexOf(name) < 0) {
      names.push(name);
    }
  }
  const named = names.slice(0, MOST_NAMED).join("・");
  return names.length === 0 ? null : named + (names.length > MOST_NAMED ? " ほか" : "") + " の テレビ";
}

/** What the desk sees before it sends: the same picture, of a content that nobody signed. */
export function preview(content: Content, isExercise: boolean, clock: number): Page {
  const kind = content.message === "Order" ? ORDER : content.message === "AllClear" ? ALL_CLEAR : 2;
  const message: Message = {
    digest: "",
    cls: isExercise ? EXERCISE : 0,
    kind,
    sent: content.sent,
    expires: content.expires,
    epoch: 0,
    number: 0,
    officers: 0,
    household: "",
    content,
  };
  const head = headOf(message, null);
  head.isPreview = true;
  if (kind !== ORDER) {
    return wordOf(message, head);
  }
  const none: Receipt = { delivery: "none", time: "" };
  return {
    kind: "order",
    head,
    content,
    countdown: countdownOf(content, clock, true),
    going: none,
    help: none,
    rows: [],
    rowsAt: "",
    body: "instruction",
    nobodys: null,
  };
}

function headOf(message: Message, checked: string | null): Head {
  const { content } = message;
  return {
    digest: message.digest,
    isExercise: message.cls === EXERCISE,
    isPreview: false,
    skin: skinOf(message),
    title: titleOf(content),
    issuer: content.issuer,
    time: timeOf(message.sent),
    checked,
    english: content.english,
  };
}

/** The colours of a picture. */
export function skinOf(message: Message): string {
  const { content } = message;
  if (message.cls === EXERCISE) {
    // No colour of a danger in an exercise.
    return "exercise";
  }
  if (message.kind !== ORDER) {
    return message.kind === ALL_CLEAR ? "allclear" : "cancel";
  }
  if (content.hazard === "Tsunami") {
    return content.tsunami === "Advisory" ? "advisory" : content.tsunami === "Warning" ? "warning" : "major";
  }
  return content.level === null ? "plain" : "level" + content.level;
}

export const HAZARDS: { [hazard: string]: string } = {
  Flood: "洪水",
  InlandFlood: "内水氾濫",
  Landslide: "土砂災害",
  StormSurge: "高潮",
  Earthquake: "地震",
  Tsunami: "津波",
  Fire: "火事",
  Volcano: "噴火",
};

/** A title that only says the level gets the danger in front of it. */
function titleOf(content: Content): string {
  const word = HAZARDS[content.hazard];
  return word === undefined || content.title.indexOf(word) >= 0 ? content.title : word + "　" + content.title;
}

function orderOf(television: Television, shown: Shown, head: Head, clock: number): Order {
  const { message, thread } = shown;
  let began = message.sent;
  for (let i = 0; i < thread.words.length; i += 1) {
    began = Math.min(began, (thread.words[i] as Message).sent);
  }
  // Arrivals that were counted before this event began are of another one.
  const people = television.people !== null && television.people.at >= began ? television.people : null;
  const rows = people === null ? [] : rowsOf(people.people);
  let arrived = 0;
  for (let i = 0; i < rows.length; i += 1) {
    arrived += (rows[i] as Row).hasArrived ? 1 : 0;
  }
  const going = receiptOf(television, message.digest, "going");
  const help = receiptOf(television, message.digest, "help");
  let body: Order["body"] = "instruction";
  if (arrived > 0 && arrived === rows.length) {
    body = "all arrived";
  } else if (help.delivery !== "none") {
    body = "help";
  } else if (arrived > 0 && going.delivery !== "none") {
    // Before somebody here answered, somebody here has to be told to go: that others arrived does not take its place.
    body = "arrivals";
  }
  return {
    kind: "order",
    head,
    content: message.content,
    countdown: countdownOf(message.content, clock, television.isClockSet()),
    going,
    help,
    rows,
    rowsAt: people === null ? "" : timeOf(people.at),
    body,
    nobodys: isForEverybody(message) && television.memory.household === null ? { code: television.memory.code } : null,
  };
}

/** Who has not been seen comes first: with many people the first page says so. */
function rowsOf(people: Person[]): Row[] {
  const open: Row[] = [];
  const settled: Row[] = [];
  for (let i = 0; i < people.length; i += 1) {
    const { name, arrived, place } = people[i] as Person;
    const row = { name, hasArrived: arrived !== null, place, time: arrived === null ? "" : timeOf(arrived) };
    (row.hasArrived ? settled : open).push(row);
  }
  return open.concat(settled);
}

function receiptOf(television: Television, message: string, answer: "going" | "help"): Receipt {
  const at = (all: { [message: string]: Got }): number | undefined => (all[message] || {})[answer];
  const [got, kept] = [at(television.got), at(television.kept)];
  if (got !== undefined) {
    return { delivery: "got", time: timeOf(got) };
  }
  if (kept !== undefined && television.isAtBox) {
    return { delivery: "kept", time: timeOf(kept) };
  }
  const isWaiting = television.isWaiting(message, answer);
  return { delivery: isWaiting ? (television.isStuck ? "stuck" : "sending") : "none", time: "" };
}

function countdownOf(content: Content, clock: number, isClockSet: boolean): Countdown | null {
  const { arrives } = content;
  if (arrives === null) {
    return null;
  }
  // A minute that has begun is not counted: nobody shall rely on it.
  const minutes = Math.floor((arrives - clock) / MINUTE);
  if (minutes < 1) {
    return { kind: "soon" };
  }
  if (!isClockSet || minutes >= MOST_MINUTES) {
    return { kind: "time", time: timeOf(arrives) };
  }
  const whole = Math.max(1, Math.floor((arrives - content.sent) / MINUTE));
  return { kind: "minutes", minutes, part: Math.min(1, minutes / whole) };
}

function wordOf(message: Message, head: Head): Word {
  const { act, lines } = message.content;
  const isAllClear = message.kind === ALL_CLEAR;
  if (act.length > 0) {
    return { kind: "word", head, isAllClear, lines, now: act };
  }
  const [first, now] = [lines[0], lines[1]];
  const rest = first === undefined ? [] : [first].concat(lines.slice(2));
  return { kind: "word", head, isAllClear, lines: rest, now: now || [] };
}

function agoOf(span: number): string {
  const minutes = Math.floor(span / MINUTE);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) {
    return Math.floor(hours / 24) + "日 前";
  }
  return hours > 0 ? hours + "時間 前" : Math.max(1, minutes) + "分 前";
}
