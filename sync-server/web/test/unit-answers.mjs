// What a server may say, and a memory may hold: roots, lists, people, bindings, and what is made to break the page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyMemory, load } from "../build/memory.js";
import { Television } from "../build/television.js";
import { view } from "../build/view.js";
import { Set } from "./unit-set.mjs";
import { CANCEL, HOUSEHOLD, Kiosk, NEIGHBOUR, Town, base64, hex, minute, onTheWire } from "./unit-town.mjs";

const town = new Town();
const until = { expires: minute(600) };
const order = (at, id, bend = {}) => town.message({ sent: minute(at), id, ...until, ...bend });

test("the first root that signed a list stays, and another one is refused", () => {
  const other = new Town();
  const set = new Set(town);
  set.hear(9, [], { root: hex(other.root.key) });
  assert.equal(set.television.memory.root, null, "a root that signed nothing is none");
  set.hear(10, [order(10, "a")]);
  assert.equal(set.shown(), "a");
  for (const again of [set, set.restarted()]) {
    again.hear(11, [other.message({ sent: minute(11), id: "false", ...until })], {
      root: hex(other.root.key),
      list: base64(other.list({ version: 9 })),
      beat: base64(other.beat(minute(11))),
      household: hex(NEIGHBOUR),
    });
    assert.equal(again.television.isRefused, true);
    assert.equal(again.shown(), "a");
    assert.equal(again.television.memory.root, hex(town.root.key));
    again.hear(12, []);
    assert.equal(again.television.isRefused, false);
  }
  set.hear(13, [], { list: base64(other.list({ version: 9 })) });
  assert.equal(set.television.listVersion(), 3);
});

test("a list that goes back, or comes again with other words, is refused", () => {
  const set = new Set(town);
  const only = (version, ...devices) => base64(town.list({ version, devices: town.devices().filter(({ device }) => devices.includes(device)) }));
  set.hear(10, [], { list: base64(town.list({ version: 5 })) });
  for (const again of [set, set.restarted()]) {
    again.hear(11, [order(10, "a")], { list: only(4) });
    assert.equal(again.television.listVersion(), 5);
    again.hear(12, [order(10, "a")], { list: only(5) });
    assert.equal(again.shown(), "a");
  }
  const later = new Set(town);
  later.hear(10, [], { list: base64(town.list({ version: 5 })) });
  later.hear(11, [], { list: only(6, town.mayor) });
  later.hear(12, [order(12, "b")], { list: null });
  assert.equal(later.television.listVersion(), 6);
  assert.equal(later.shown(), null, "the chief is no longer on it");
});

test("what did not hold under an old list is looked at again under a new one", () => {
  const set = new Set(town);
  const message = order(10, "a");
  set.hear(10, [message], { list: base64(town.list({ version: 2, devices: town.devices().slice(0, 3) })) });
  assert.equal(set.shown(), null);
  set.hear(11, [message], { list: base64(town.list()) });
  assert.equal(set.shown(), "a");
});

test("a new key of heartbeats sets the clock anew, and what is shown stays until then", () => {
  const set = new Set(town);
  set.hear(10, [order(10, "a")]);
  const beatKey = new Kiosk();
  const list = base64(town.list({ version: 4, beatKey: beatKey.key }));
  const anew = (at) => base64(town.beat(minute(at), { key: beatKey }));
  set.hear(20, [], { list, beat: null });
  assert.equal(set.shown(), "a");
  set.hear(21, [], { beat: base64(town.beat(minute(21))), list: null });
  assert.equal(set.television.memory.beat.at, minute(10), "the old key says nothing any more");
  set.hear(22, [], { beat: anew(8), list: null });
  assert.equal(set.television.clock(set.running), minute(8));
  // The old key had put it years ahead; the power failed before the new one was heard.
  const ahead = new Set(town);
  ahead.hear(10, [order(10, "a")]);
  ahead.hear(10, [], { beat: base64(town.beat(minute(9_000_000))) });
  assert.equal(ahead.shown(), null);
  ahead.hear(11, [], { list, beat: null });
  const restarted = ahead.restarted();
  restarted.hear(12, [order(10, "a")], { list: null, beat: anew(12) });
  assert.equal(restarted.shown(), "a");
});

test("what counts is kept over a restart", () => {
  const set = new Set(town);
  const [own, taken, other] = [order(10, "a"), order(12, "x", { kind: CANCEL, references: ["a"], expires: minute(20) }), order(13, "b", { expires: minute(100) })];
  set.hear(13, [own, taken]);
  assert.equal(set.shown(), "x");
  set.television.close(hex(taken.digest));
  const again = set.restarted();
  assert.equal(again.shown(), null, "it was read");
  assert.equal(again.television.memory.household, hex(HOUSEHOLD));
  assert.equal(again.television.listVersion(), 3);
  again.hear(14, [own, other]);
  assert.equal(again.shown(), "b");
  again.hear(30, [own]);
  assert.equal(again.shown(), "b");
  // Long after the cancel's page is over, what it ended does not come back, nor without a line.
  const third = again.restarted();
  assert.equal(third.shown(), "b", "with its last clock");
  third.hear(150, [own]);
  assert.equal(third.shown(), null);
});

test("a memory that is broken is an empty one, piece by piece", () => {
  const of = (text) => load({ getItem: () => text, setItem: () => {} });
  for (const text of [null, "", "{", "null", "1", "[]", '"x"', '{"messages":5,"sequences":5,"beat":5,"root":{},"closed":{},"waiting":[null,1,"x",{}]}']) {
    const memory = of(text);
    assert.equal(memory.root, null);
    assert.deepEqual([memory.messages, memory.waiting, memory.beat], [[], [], null]);
    assert.equal(new Television(memory, 0).shown(0), null);
  }
  assert.deepEqual(load(null), emptyMemory());
  const refusing = { getItem: () => { throw new Error("no"); }, setItem: () => {} };
  assert.deepEqual(load(refusing), emptyMemory());
  const set = new Set(town);
  set.hear(10, [order(10, "a")]);
  const kept = JSON.parse(JSON.stringify(set.television.memory));
  kept.messages.unshift(null, 5, {}, { ...kept.messages[0], content: null }, { ...kept.messages[0], sent: "x" });
  kept.list = "AAAA";
  const again = new Set(town, of(JSON.stringify(kept)));
  assert.equal(again.shown(), "a");
  assert.equal(again.television.listVersion(), 0);
  again.hear(11, []);
  assert.equal(again.television.listVersion(), 3);
});

test("a set that was just given to a household says whose it is, and one that was taken back shows its code", () => {
  const set = new Set(town);
  const shown = () => view(set.television, set.running);
  set.hear(10, [], { household: null, code: "4821 7350" });
  assert.deepEqual([shown().kind, shown().code], ["binding", "4821 7350"]);
  const people = (at, ...names) => ({ people: base64(town.people({ household: hex(HOUSEHOLD), at: minute(at), people: names.map((name) => ({ name, arrived: null, place: null })) })) });
  set.hear(11, []);
  assert.deepEqual([shown().kind, shown().whose], ["calm", null], "nobody said so");
  set.hear(11, [], people(11, "花子さん", "ご家族", "ご家族"));
  assert.equal(shown().whose, "花子さん・ご家族 の テレビ");
  set.hear(12, [], people(12, "花子さん", "みさきちゃん", "トヨさん", "勇さん"));
  assert.equal(shown().whose, "花子さん・みさきちゃん ほか の テレビ");
  set.hear(13, [], { household: null, code: "7350 4821" });
  assert.deepEqual([shown().kind, shown().code], ["binding", "7350 4821"]);
  set.hear(14, [], { household: hex(NEIGHBOUR) });
  assert.equal(shown().whose, null, "they are another household's");
});

test("people are of this household, by the key of heartbeats, and not older than what is known", () => {
  const set = new Set(town);
  const people = (at, name, household = HOUSEHOLD) => ({ household: hex(household), at: minute(at), people: [{ name, arrived: minute(at), place: null }] });
  const hear = (said, bend = {}) => {
    set.hear(10, [], { people: base64(town.people(said, bend)) });
    return set.television.people?.people[0]?.name ?? null;
  };
  assert.equal(hear(people(9, "となり", NEIGHBOUR)), null);
  assert.equal(hear(people(9, "x"), { key: town.mayor }), null);
  assert.equal(hear(people(9, "x"), { domain: "hinamori alert/beat /v1" }), null);
  assert.equal(hear(people(9, "はなこ")), "はなこ");
  assert.equal(hear(people(8, "x")), "はなこ");
  assert.equal(hear(people(10, "となり", NEIGHBOUR)), "はなこ");
  const bytes = town.people(people(10, "x"));
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] ^= 1;
    set.hear(10, [], { people: base64(changed) });
    assert.equal(set.television.people.people[0].name, "はなこ", `byte ${at}`);
  }
  for (const none of ["", "null", "[]", "{", '"x"', { ...people(11, "x"), people: {} }, { ...people(11, "x"), at: "x" }]) {
    assert.equal(hear(none), "はなこ");
  }
  assert.equal(hear({ ...people(11, "たろう"), people: [null, 5, {}, { name: "たろう", arrived: "x", place: 5 }] }), "たろう");
  assert.deepEqual(set.television.people.people, [{ name: "たろう", arrived: null, place: null }]);
  // Bound to another household, it knows nobody of the one before.
  set.hear(12, [], { household: hex(NEIGHBOUR) });
  assert.equal(set.television.people, null);
});

test("bound to another household, the set says nothing of the one before", () => {
  const set = new Set(town);
  set.hear(10, [order(10, "a")]);
  set.hear(11, [], { household: null });
  assert.equal(set.shown(), "a", "taken off a moment ago: what was in force still is");
  set.hear(12, [], { household: hex(NEIGHBOUR) });
  assert.equal(set.shown(), null);
  set.hear(13, [order(10, "b", { household: NEIGHBOUR, number: 900 })], { household: hex(NEIGHBOUR) });
  assert.equal(set.shown(), "b");
});

test("answers are sent once, help first, until the town hall has them", () => {
  const set = new Set(town);
  const message = order(10, "a");
  const digest = hex(message.digest);
  set.hear(10, [message]);
  set.television.answer(digest, "shown");
  set.television.answer(digest, "help");
  set.television.answer(digest, "help");
  const again = set.restarted().television;
  assert.deepEqual(again.nextAnswer(), { message: digest, answer: "help" });
  again.delivered(again.nextAnswer(), minute(11));
  assert.deepEqual(again.nextAnswer(), { message: digest, answer: "shown" });
  again.answer(digest, "help");
  again.delivered(again.nextAnswer(), minute(11));
  assert.equal(again.nextAnswer(), null);
  set.hear(12, [message], { answers: { [digest]: { going: minute(11), help: "x" }, __proto__: null, constructor: 5 } });
  assert.deepEqual(set.television.got[digest], { going: minute(11) });
  set.hear(601, []);
  assert.equal(set.television.nextAnswer(), null, "it is over");
});

test("codes are digits, and a hello is a token", () => {
  const { television } = new Set(town);
  for (const none of [null, 5, {}, { token: "x" }, { token: "A".repeat(64) }]) {
    assert.equal(television.hello(none), false);
  }
  assert.equal(television.hello({ token: "a".repeat(64), code: "<b>にげて</b>" }), true);
  assert.equal(television.memory.code, null);
  assert.equal(television.hello({ token: "a".repeat(64), code: "4821 7350" }), true);
  assert.equal(television.memory.code, "4821 7350");
  television.forgetToken();
  assert.equal(television.memory.token, null);
});

function nested(depth) {
  return JSON.parse("[".repeat(depth) + "]".repeat(depth));
}

const huge = "A".repeat(1_000_000);
const wrong = () => [
  undefined,
  null,
  true,
  0,
  -1,
  1e308,
  "",
  "\u0000",
  "=",
  huge,
  [],
  [null],
  {},
  nested(5000),
  JSON.parse('{"__proto__":{"length":5},"constructor":5,"toString":null,"length":1e9,"0":null}'),
];

test("an answer of anything never throws, and what was shown stays", () => {
  const set = new Set(town);
  const message = order(10, "a");
  set.hear(10, [message]);
  for (const value of wrong()) {
    set.television.take(value, set.running);
    for (const name of ["revision", "root", "code", "list", "beat", "people", "messages", "answers"]) {
      set.hear(10, [message], { [name]: value });
      assert.equal(set.shown(), "a", name);
    }
    set.hear(10, [message], { answers: { [hex(message.digest)]: value } });
    set.television.hello(value);
  }
  set.hear(10, [message], { household: 5 });
  assert.equal(set.shown(), "a");
});

test("no message that is wrong hides a good one beside it", () => {
  const good = onTheWire(order(10, "a"));
  const parts = ["envelope", "leaf", "path"];
  const bad = wrong().flatMap((value) => [value, ...parts.map((name) => ({ ...good, [name]: value })), { envelope: value, leaf: value, path: value }]);
  // Written as text they are the good ones.
  bad.push(...parts.map((name) => ({ ...good, [name]: [good[name]] })));
  for (const messages of [[...bad, good], [good, ...bad]]) {
    const set = new Set(town);
    set.television.take(JSON.parse('{"root":5}'), 0);
    set.hear(10, messages);
    assert.equal(set.shown(), "a");
  }
  for (const value of bad) {
    const set = new Set(town);
    set.hear(10, [value]);
    assert.equal(set.shown(), null);
    set.hear(11, [good]);
    assert.equal(set.shown(), "a");
  }
});

test("ten thousand messages neither throw nor hide a good one", () => {
  const good = onTheWire(order(10, "a"));
  const flood = (one) => Array.from({ length: 10_000 }, (_, number) => one(number));
  const other = onTheWire(order(10, "b", { household: NEIGHBOUR }));
  for (const one of [() => null, (number) => number, () => ({}), () => ({ ...good, leaf: "AAAA" }), () => other, (number) => ({ ...good, path: base64(Buffer.alloc(number % 200)) })]) {
    const messages = flood(one);
    messages[9_999] = good;
    const set = new Set(town);
    set.hear(10, messages);
    assert.equal(set.shown(), "a");
  }
  // One good message ten thousand times is one.
  const set = new Set(town);
  const began = performance.now();
  set.hear(10, flood(() => good));
  assert.ok(performance.now() - began < 30_000);
  assert.equal(set.television.memory.messages.length, 1);
  // What looks good up to its signatures takes a bounded time, and ends nothing that is shown.
  const forged = flood((number) => (number < 200 ? onTheWire(order(11, `f${number}`, { signers: [town.mayor, new Kiosk()] })) : null));
  const from = performance.now();
  set.hear(11, forged);
  assert.ok(performance.now() - from < 30_000);
  assert.equal(set.shown(), "a");
});
