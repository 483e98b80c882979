// Words and times as officers read them. The words are the glossary's.

import type { Draft, KeyClass, Kind, MissingStanding, Ruby, Triggered } from "./contract.js";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Japan has one time and no summer time. A computer that is set to another zone must not move a tsunami. */
const JAPAN = 9 * HOUR;

const HAZARDS: Record<string, string> = {
  Tsunami: "津波",
  Flood: "洪水",
  InlandFlood: "内水氾濫",
  Landslide: "土砂災害",
  StormSurge: "高潮",
  Earthquake: "地震",
  Fire: "火事",
  Volcano: "火山",
};

/** The most sudden one first. */
export const HAZARD_ORDER = Object.keys(HAZARDS);

export function hazardName(hazard: string): string {
  return HAZARDS[hazard] ?? hazard;
}

export const KIND_NAMES: Record<Kind, string> = { Order: "避難の お知らせ", AllClear: "解除", Cancel: "取消" };

const pad = (value: number): string => String(value).padStart(2, "0");

export function clock(time: number): string {
  const day = new Date(time + JAPAN);
  return `${pad(day.getUTCHours())}:${pad(day.getUTCMinutes())}`;
}

export function clockWithSeconds(time: number): string {
  return `${clock(time)}:${pad(new Date(time + JAPAN).getUTCSeconds())}`;
}

/** 11月27日 */
export function dayOf(time: number): string {
  const day = new Date(time + JAPAN);
  return `${day.getUTCMonth() + 1}月${day.getUTCDate()}日`;
}

/** The day as well, where it is another one than today. */
export function clockAndDay(time: number, now: number): string {
  const today = Math.floor((time + JAPAN) / DAY) === Math.floor((now + JAPAN) / DAY);
  return today ? clock(time) : `${dayOf(time)} ${clock(time)}`;
}

export function day(time: number): string {
  const date = new Date(time + JAPAN);
  return `${date.getUTCMonth() + 1}月${date.getUTCDate()}日`;
}

/** 2027-04-01, as a date field has it. */
export function dateText(time: number): string {
  const date = new Date(time + JAPAN);
  return `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
}

/** The first moment of a day in Japan. */
export function momentOf(date: string): number {
  return Date.parse(`${date}T00:00:00+09:00`);
}

export function dayAndYear(time: number): string {
  return `${new Date(time + JAPAN).getUTCFullYear()}年${day(time)}`;
}

/** The time of day that was typed, at its day nearest to now; `null` if it is none. */
export function timeOfDay(text: string, now: number): number | null {
  const parts = /^(\d{1,2}):(\d{2})$/.exec(text);
  const hours = Number(parts?.[1]);
  const minutes = Number(parts?.[2]);
  if (parts === null || hours > 23 || minutes > 59) {
    return null;
  }
  const today = Math.floor((now + JAPAN) / DAY) * DAY - JAPAN + hours * HOUR + minutes * MINUTE;
  return today < now - DAY / 2 ? today + DAY : today > now + DAY / 2 ? today - DAY : today;
}

/** Running time: 0:41, 12:05, 1:02:03. */
export function running(duration: number): string {
  const seconds = Math.max(0, Math.floor(duration / SECOND));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** An age in words: 40秒, 4分. */
export function age(duration: number): string {
  const seconds = Math.max(0, Math.floor(duration / SECOND));
  return seconds < 120 ? `${seconds}秒` : seconds < 7200 ? `${Math.floor(seconds / 60)}分` : `${Math.floor(seconds / 3600)}時間`;
}

/** 20261127-1342, for the name of a file. */
export function stamp(time: number): string {
  const day = new Date(time + JAPAN);
  return `${day.getUTCFullYear()}${pad(day.getUTCMonth() + 1)}${pad(day.getUTCDate())}-${clock(time).replace(":", "")}`;
}

export const MISSING_WORDS: Record<MissingStanding, string> = {
  help: "助けが 必要",
  not_answered: "答えなし",
  unreachable: "テレビに 届かない",
  without_set: "テレビなし",
  going: "避難すると 答えた",
  check_point: "途中",
};

export function unruby(ruby: Ruby | undefined): string {
  return (ruby ?? []).map((piece) => piece[0]).join("");
}

/** 大津波警報　避難指示 as it stands within a sentence. */
export function inSentence(title: string): string {
  return title.trim().replace(/[\s　]+/g, "・");
}

export function person(who: { name: string; title: string }): string {
  return who.title === "" ? who.name : `${who.name}（${who.title}）`;
}

const WARNINGS: Record<string, string> = { MajorWarning: "大津波警報", Warning: "津波警報", Advisory: "津波注意報" };
export function warningName(kind: string): string {
  return WARNINGS[kind] ?? kind;
}
/** Of what no officer put together at that moment. */
export function automatic(trigger: Triggered): string {
  return `気象庁の ${warningName(trigger.kind)}で 自動`;
}
export const CLASS_WORDS: Record<KeyClass, string> = { live: "本番", exercise: "訓練" };

/** What the last signature does, in one sentence. */
export function effect(draft: Draft): string {
  const whom = draft.again ? `まだ 着いていない ${draft.households}世帯の うち テレビの ある ${draft.televisions}世帯` : `${draft.districts.length}地区 ${draft.households}世帯の テレビ`;
  const title = inSentence(draft.title);
  const sentence: Record<Kind, string> = {
    Order: draft.again ? `${whom}に「${title}」が もう一度 出ます。着いた 世帯の 画面は そのままです。` : `${whom}に「${title}」が 出ます。`,
    AllClear: `${whom}に「${title}」（危険が 終わった）が 出ます。`,
    Cancel: `${whom}に「${title}」（まちがいでした）が 出ます。`,
  };
  return draft.class === "live" ? sentence[draft.kind] : `訓練として、${sentence[draft.kind]}どの 画面にも「訓練」と 出ます。`;
}
