// What the page decides by itself: `node test/unit.js`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { buildSync } from "esbuild";

const { outputFiles } = buildSync({
  stdin: { contents: 'export * from "./src/birth.ts"; export * from "./src/geo.ts"; export * from "./src/town.ts"; export * from "./src/words.ts";', resolveDir: new URL("..", import.meta.url).pathname, loader: "ts" },
  bundle: true, format: "esm", write: false, platform: "neutral",
});
const { Town, aged, birthOf, cluster, isUnsafe, kindWord, mercator, percent, places, plain, position, roleWord, spread, staleSince, waits } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);

const MINUTE = 60_000;
const row = (id, standing = "not_arrived") => ({ id, group: "1班", people: 2, standing, support: false, television: null, position: null });
const counts = (more) => ({ arrived: 0, partly: 0, passed: 0, told_elsewhere: 0, not_arrived: 0, unknown: 0, ...more });
const district = (id, name = "浜町") => ({ id, name, center: null, people: {}, households: counts({ not_arrived: 1 }) });
const state = (more = {}) => ({ revision: "0000000700000001.1", at: 1, town: "汐見町", mode: "live", incident: null, figures: { households: counts() }, districts: [district(0)], sites: [], alert: null, ...more });
const site = (more) => ({ id: "s", boxes: [], hazards: [], ...more });

test("a change replaces what it has and leaves the rest", () => {
  const town = new Town(state({ alert: { title: "避難指示" } }));
  town.put(0, [row(1), row(2)]);
  town.apply({ revision: "0000000700000001.2", at: 2, districts: [district(0, "濱町"), district(1, "汐見")], households: [[2, "arrived", "going"], [9, "arrived", null]] });
  assert.deepEqual(town.state.districts.map(({ name }) => name), ["濱町", "汐見"]);
  assert.equal(town.household(1).standing, "not_arrived");
  assert.equal(town.household(2).standing, "arrived");
  assert.equal(town.household(2).television, "going");
  assert.equal(town.state.alert.title, "避難指示");
  town.apply({ revision: "0000000700000001.3", at: 3, alert_changed: true });
  assert.equal(town.state.alert, null);
});

test("a change that comes while households are on their way is not lost", () => {
  const town = new Town(state());
  town.ask();
  town.apply({ revision: "0000000700000001.2", at: 2, households: [[1, "passed", null]] });
  town.apply({ revision: "0000000700000001.3", at: 3, households: [[1, "arrived", null]] });
  // They were read at …1.2.
  town.arrive({ revision: "0000000700000001.2", district: 0, households: [row(1, "passed")] });
  assert.equal(town.household(1).standing, "arrived");
});

test("rows are read again where a change may have ended that somebody needs support", () => {
  const of = (support_not_arrived) => ({ ...district(0), people: { support_not_arrived } });
  const town = new Town(state({ districts: [of(2)] }));
  town.put(0, [{ ...row(1, "partly"), support: true }, row(2)]);
  const apply = (more) => [...town.apply({ revision: "0000000700000001.2", at: 2, ...more })];
  // Of a household where somebody else still waits nothing but the district's number says it.
  assert.deepEqual(apply({ districts: [of(1)] }), [0]);
  assert.deepEqual(apply({ districts: [of(1)], households: [[2, "arrived", null], [1, "partly", "help"]] }), []);
  assert.deepEqual(apply({ households: [[1, "passed", null]] }), [0]);
});

test("households that are newer than what was heard stay as they are", () => {
  const town = new Town(state());
  town.ask();
  town.apply({ revision: "0000000700000001.2", at: 2, households: [[1, "passed", null]] });
  town.arrive({ revision: "0000000700000001.7", district: 0, households: [row(1, "arrived")] });
  assert.equal(town.household(1).standing, "arrived");
});

test("another roster forgets the households, the same one keeps them", () => {
  const town = new Town(state());
  town.put(0, [row(1)]);
  town.replace(state({ revision: "0000000700000001.9" }));
  assert.ok(town.household(1));
  town.replace(state({ revision: "0000000700000002.1" }));
  assert.equal(town.household(1), undefined);
});

test("households of another numbering are not taken, and what came to the right ones is not lost", () => {
  const town = new Town(state());
  town.ask();
  town.replace(state({ revision: "0000000700000002.1" }));
  town.ask();
  town.apply({ revision: "0000000700000002.2", at: 2, households: [[1, "arrived", null]] });
  assert.equal(town.arrive({ revision: "0000000700000001.1", district: 0, households: [row(1, "passed")] }), false);
  assert.equal(town.household(1), undefined, "a household of the numbering before");
  assert.equal(town.arrive({ revision: "0000000700000002.1", district: 0, households: [row(1)] }), true);
  assert.equal(town.household(1).standing, "arrived", "what came while they were on their way is lost");
  // Another run of the server: the same roster, and another numbering all the same.
  town.replace(state({ revision: "0000000800000002.1" }));
  assert.equal(town.household(1), undefined);
});

test("how many a site takes is read as people type it", () => {
  assert.deepEqual(["40", " ４０ 人", "1,200", "99999", ""].map(places), [40, 40, 1200, 99_999, null]);
  for (const wrong of ["0", "-3", "1e3", "100000", "四十", "4.5", "0x10"]) assert.equal(places(wrong), undefined, wrong);
});

test("a site is old when its newest contact is, and not where it has no box", () => {
  const now = 10 * MINUTE;
  const box = (on_line, last_contact) => ({ on_line, last_contact });
  assert.equal(staleSince(site({ boxes: [box(false, 7 * MINUTE)] }), now), 7 * MINUTE);
  assert.equal(staleSince(site({ boxes: [box(false, 7 * MINUTE), box(false, 9 * MINUTE)] }), now), null);
  assert.equal(staleSince(site({ boxes: [box(true, 0)] }), now), null);
  assert.equal(staleSince(site({}), now), null);
  assert.equal(staleSince(site({ boxes: [box(false, null)] }), now), null);
});

test("unsafe is what the town said of the hazard in force, and nothing else", () => {
  const place = site({ hazards: [{ hazard: "tsunami", is_safe: false }, { hazard: "flood", is_safe: null }] });
  assert.ok(isUnsafe(place, "tsunami"));
  assert.ok(!isUnsafe(place, "flood"));
  assert.ok(!isUnsafe(place, undefined));
});

test("who arrived waits no more", () => {
  assert.ok(waits({ ...row(1, "passed"), support: true }));
  assert.ok(!waits({ ...row(1, "arrived"), support: true }));
});

test("100 % is said only when everybody is accounted for", () => {
  assert.equal(percent(counts({ arrived: 9999, unknown: 1 })), "99%");
  assert.equal(percent(counts({ arrived: 3, partly: 1, told_elsewhere: 1 })), "100%");
  assert.equal(percent(counts({})), "―", "a roster of nobody is not a town where everybody is safe");
});

test("what the server names by a code is said in words", () => {
  assert.equal(kindWord(site({ kind: "emergency_site" })), "指定緊急避難場所");
  assert.equal(kindWord(site({ kind: "shelter", own_shelter: true })), "自主避難所");
  assert.equal(roleWord("inquiry_clerk"), "安否照会の 係");
  assert.equal(roleWord("toString"), "toString");
});

test("positions come back from the map's square", () => {
  const [east, north] = position(mercator([134.61, 33.74]));
  assert.ok(Math.abs(east - 134.61) < 1e-9 && Math.abs(north - 33.74) < 1e-9);
  assert.ok(Number.isFinite(mercator([0, 90]).y));
});

test("clusters: the first leads, nobody is lost, leaders are apart", () => {
  const items = Array.from({ length: 500 }, (_, index) => ({ point: { x: ((index * 37) % 100) / 100, y: ((index * 61) % 97) / 97 }, index }));
  const clusters = cluster(items, () => 0.11, 0.11);
  assert.equal(clusters[0].members[0], items[0]);
  assert.equal(clusters.reduce((sum, { members }) => sum + members.length, 0), items.length);
  for (const [index, { at }] of clusters.entries()) {
    for (const other of clusters.slice(index + 1)) assert.ok(Math.hypot(at.x - other.at.x, at.y - other.at.y) >= 0.11);
  }
});

test("spread places leave each other room", () => {
  const places = spread(25, 54);
  assert.equal(places.length, 25);
  for (const [index, a] of places.entries()) {
    for (const b of [{ x: 0, y: 0 }, ...places.slice(index + 1)]) assert.ok(Math.hypot(a.x - b.x, a.y - b.y) > 48);
  }
});

test("what others wrote turns no text around, and ends", () => {
  assert.equal(plain("\u202eあ\u200fい\u0000う\n"), "あいう");
  assert.equal(plain("長".repeat(300), 5), "長長長長…");
  assert.equal(plain("𠮷".repeat(3), 3), "𠮷𠮷𠮷");
});

test("a birth date is the same by the era and by the western year, and no day is made up", () => {
  const today = Date.UTC(2026, 10, 28);
  const of = (calendar, year, month, day) => {
    const birth = birthOf({ calendar, year, month, day }, today);
    return birth.kind === "day" ? birth.iso : birth.kind;
  };
  assert.equal(of("western", "", " ", ""), "blank");
  for (const [calendar, year] of [["western", "1948"], ["showa", "２３"]]) assert.equal(of(calendar, year, "3", "１１"), "1948-03-11");
  assert.equal(of("showa", "元", "12", "25"), "1926-12-25");
  assert.equal(of("showa", "64", "1", "7"), "1989-01-07");
  assert.equal(of("heisei", "1", "1", "8"), "1989-01-08");
  assert.equal(of("heisei", "31", "4", "30"), "2019-04-30");
  assert.equal(of("reiwa", "元", "5", "1"), "2019-05-01");
  assert.equal(of("taisho", "15", "12", "24"), "1926-12-24");
  assert.equal(of("western", "2024", "2", "29"), "2024-02-29");
  assert.equal(of("western", "2026", "11", "28"), "2026-11-28");
  for (const bad of [["showa", "64", "1", "8"], ["heisei", "31", "5", "1"], ["taisho", "15", "12", "25"], ["reiwa", "0", "6", "1"], ["western", "2023", "2", "29"], ["western", "2026", "11", "29"], ["western", "48", "3", "11"], ["showa", "23", "13", "1"], ["showa", "23", "3", "0"], ["showa", "23", "3", ""], ["showa", "-3", "3", "1"], ["showa", "二", "3", "1"], ["western", "9999", "1", "1"]]) {
    assert.equal(of(...bad), "wrong", bad.join(" "));
  }
  assert.match(birthOf({ calendar: "showa", year: "23", month: "11", day: "28" }, today).words, /78さい$/);
  assert.match(birthOf({ calendar: "showa", year: "23", month: "11", day: "29" }, today).words, /77さい$/);
});

test("an age has its time and its words", () => {
  const at = Date.parse("2026-11-27T14:07:00+09:00");
  assert.equal(aged(at, at + 4 * MINUTE), "14:07 の 情報（4分前）");
});
