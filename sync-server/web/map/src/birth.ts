// Birth dates as people say them: by the western year or by the era's.

export type Calendar = "western" | "reiwa" | "heisei" | "showa" | "taisho";

interface Era {
  name: string;
  /** The first day. */
  from: number;
}

/** Midnight in UTC stands for the day. */
const date = (year: number, month: number, day: number): number => Date.UTC(year, month - 1, day);

/** The latest first. */
const ERAS: Record<Exclude<Calendar, "western">, Era> = {
  reiwa: { name: "令和", from: date(2019, 5, 1) },
  heisei: { name: "平成", from: date(1989, 1, 8) },
  showa: { name: "昭和", from: date(1926, 12, 25) },
  taisho: { name: "大正", from: date(1912, 7, 30) },
};

/** As they stand on the page: most who are asked after were born in 昭和. */
export const CALENDARS: Array<[Calendar, string]> = [
  ["showa", "昭和"],
  ["heisei", "平成"],
  ["reiwa", "令和"],
  ["taisho", "大正"],
  ["western", "西暦"],
];

export interface Typed {
  calendar: Calendar;
  year: string;
  month: string;
  day: string;
}

export type Birth = { kind: "blank" } | { kind: "wrong"; sentence: string } | { kind: "day"; iso: string; words: string };

const wrong = (sentence: string): Birth => ({ kind: "wrong", sentence });

/** Keyboards of tablets type wide figures; 元 is the first year. */
function figure(text: string): number | null {
  const plain = text.normalize("NFKC").trim();
  return plain === "元" ? 1 : /^\d{1,4}$/.test(plain) ? Number(plain) : null;
}

function eraOf(time: number): [Calendar, Era] | undefined {
  return (Object.entries(ERAS) as Array<[Calendar, Era]>).find(([, { from }]) => time >= from);
}

/** `today`: midnight in UTC of the day that it is in Japan. */
export function birthOf({ calendar, year, month, day }: Typed, today: number): Birth {
  if ([year, month, day].every((text) => text.trim() === "")) {
    return { kind: "blank" };
  }
  const [y, m, d] = [figure(year), figure(month), figure(day)];
  if (y === null || m === null || d === null) {
    return wrong("年・月・日を ぜんぶ 数字で 書いて ください");
  }
  const full = calendar === "western" ? y : new Date(ERAS[calendar].from).getUTCFullYear() + y - 1;
  if (full < 1900 || y === 0) {
    return wrong(calendar === "western" ? "西暦の 年は 4つの 数字です。昭和・平成では ありませんか" : "年が 正しく ありません");
  }
  const time = date(full, m, d);
  const real = new Date(time);
  if (real.getUTCMonth() + 1 !== m || real.getUTCDate() !== d) {
    return wrong(`${m}月${d}日は ありません`);
  }
  if (time > today) {
    return wrong("まだ 来ていない 日です");
  }
  const era = eraOf(time);
  if (calendar !== "western" && era?.[0] !== calendar) {
    return wrong(`その日は ${ERAS[calendar].name}では ありません`);
  }
  const pad = (number: number) => String(number).padStart(2, "0");
  const old = new Date(today);
  const before = m > old.getUTCMonth() + 1 || (m === old.getUTCMonth() + 1 && d > old.getUTCDate());
  const age = old.getUTCFullYear() - full - (before ? 1 : 0);
  const inEra = era === undefined ? "" : `（${era[1].name}${full - new Date(era[1].from).getUTCFullYear() + 1}年）`;
  return { kind: "day", iso: `${full}-${pad(m)}-${pad(d)}`, words: `${full}年${inEra}${m}月${d}日・いま ${age}さい` };
}
