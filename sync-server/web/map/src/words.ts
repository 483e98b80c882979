// Words as officials read them on the map. The words are the glossary's.

import type { HouseholdStanding, HouseholdCounts, MapSiteKind, RuledSite, SiteState, SiteStanding, TelevisionStanding } from "./contract.js";
import { DAY, HOUR, age, clock, clockAndDay } from "../../desk/src/words.js";

export { MINUTE, SECOND, age, clock, clockAndDay, clockWithSeconds, running } from "../../desk/src/words.js";

/** What is settled first, as they stand in the legend. */
export const STANDINGS: HouseholdStanding[] = ["arrived", "partly", "passed", "told_elsewhere", "not_arrived", "unknown"];

export const STANDING_WORDS: Record<HouseholdStanding, string> = {
  arrived: "到着",
  partly: "一部",
  passed: "通過",
  told_elsewhere: "ほかの場所",
  not_arrived: "未到着",
  unknown: "不明",
};

export const SITE_WORDS: Record<SiteStanding, string> = { open: "開設", full: "受入停止（満員）", closed: "閉鎖", unknown: "開いているか 不明" };

export const RULED_WORDS: Record<RuledSite, string> = { open: "開設", full: "満員", closed: "閉鎖" };

/** As the server takes them. */
export const MOST_PLACES = 99_999;

/** How many a site takes, as it is typed; `null` for nothing, and none for what is no such number. */
export function places(typed: string): number | null | undefined {
  const text = typed.normalize("NFKC").replace(/[\s,人]/gu, "");
  if (text === "") {
    return null;
  }
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= MOST_PLACES ? value : undefined;
}

export const TELEVISION_WORDS: Record<TelevisionStanding, string> = {
  help: "テレビ「助けが 必要」",
  going: "テレビ「避難します」",
  shown: "テレビに 出た・答えなし",
  told: "テレビへ 送っています",
  unreachable: "テレビに 届かない",
  without_set: "テレビなし",
};

const HAZARDS: Record<string, string> = {
  tsunami: "津波",
  flood: "洪水",
  inland_flood: "内水氾濫",
  landslide: "土砂災害",
  storm_surge: "高潮",
  earthquake: "地震",
  fire: "火事",
  volcano: "火山",
};

export function hazardWord(hazard: string): string {
  return HAZARDS[hazard] ?? hazard;
}

const TSUNAMI: Record<string, string> = { major_warning: "大津波警報", warning: "津波警報", advisory: "津波注意報" };

export function tsunamiWord(kind: string): string {
  return TSUNAMI[kind] ?? "津波";
}

const KINDS: Record<MapSiteKind, string> = { shelter: "避難所", check_point: "通過確認地点", watch_spot: "見守り拠点", emergency_site: "指定緊急避難場所" };

export function kindWord(site: SiteState): string {
  return site.own_shelter ? "自主避難所" : KINDS[site.kind];
}

const ROLES: Record<string, string> = {
  volunteer: "ボランティア",
  leader: "責任者",
  nurse: "看護師・医師",
  official: "町の 職員",
  inquiry_clerk: "安否照会の 係",
  auditor: "監査",
};

/** As the boxes' screens say them. */
export function roleWord(role: string): string {
  return Object.hasOwn(ROLES, role) ? (ROLES[role] ?? "") : plain(role);
}

export const number = (value: number): string => value.toLocaleString("ja-JP");

/** 5分前の 情報, or 14:07 の 情報（5分前）. */
export function aged(time: number, now: number): string {
  return `${clockAndDay(time, now)} の 情報（${age(now - time)}前）`;
}

export const since = (time: number, now: number): string => `${clock(time)}・${age(now - time)}前`;

export const open = (counts: HouseholdCounts): number => counts.not_arrived + counts.unknown;
export const all = (counts: HouseholdCounts): number => STANDINGS.reduce((sum, standing) => sum + counts[standing], 0);

/** Of the households; it is 100% only when really every one is accounted for, and of none there is no share. */
export function percent(counts: HouseholdCounts): string {
  const whole = all(counts);
  return whole === 0 ? "―" : `${Math.floor(((whole - open(counts)) * 100) / whole)}%`;
}

/** Midnight in UTC of the day that it is in Japan. */
export const todayInJapan = (now: number): number => Math.floor((now + 9 * HOUR) / DAY) * DAY;

/** What others wrote, for one line: without marks that turn the direction of the text or hide in it, and not without an end. */
export function plain(text: string, longest = 40): string {
  const characters = [...text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join("")}…` : characters.join("");
}

export const districtName = (name: string): string => (name === "" ? "地区なし" : plain(name));
