// A set that is nobody's, and one behind a box: what it believes, and what it says of what nobody signed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { view } from "../build/view.js";
import { Set } from "./unit-set.mjs";
import { ALL_CLEAR, EXERCISE, HOUSEHOLD, MINUTE, Town, base64, hex, minute } from "./unit-town.mjs";

const town = new Town();
const EVERYBODY = Buffer.alloc(16);
const until = { expires: minute(600) };
const order = (at, id, bend = {}) => town.message({ sent: minute(at), id, ...until, ...bend });
const everybodys = (at, id, bend = {}) => order(at, id, { household: EVERYBODY, ...bend });
const unbound = { household: null, code: "4821 7350" };
const page = (set) => view(set.television, set.running);

test("a set that is nobody's shows what everybody is told, takes no answer, and hears how it ends", () => {
  const set = new Set(town);
  set.hear(10, [order(10, "theirs"), everybodys(10, "a")], unbound);
  assert.equal(set.shown(), "a", "a household's instruction is no other one's");
  assert.deepEqual(page(set).nobodys, { code: "4821 7350" });
  const digest = set.television.shown(set.running).message.digest;
  for (const answer of ["shown", "going", "help"]) {
    set.television.answer(digest, answer);
  }
  assert.equal(set.television.nextAnswer(), null, "nobody would know whose");
  assert.equal(set.restarted().shown(), "a");
  const clear = everybodys(12, "b", { kind: ALL_CLEAR, references: ["a"] });
  set.hear(12, [everybodys(10, "a"), clear], unbound);
  assert.equal(page(set).kind, "word");
});

test("a household's set goes by its own instruction, and by everybody's where it is told no other", () => {
  const set = new Set(town);
  set.hear(10, [everybodys(10, "a")], unbound);
  set.hear(11, []);
  assert.equal(set.shown(), null, "bound to a household outside of the districts: nobody would tell it of the end");
  const both = everybodys(12, "b");
  set.hear(12, [both]);
  assert.equal(set.shown(), "b");
  assert.equal(page(set).nobodys, null, "whose answer it is is known");
  set.television.answer(both.digest.toString("hex"), "help");
  assert.equal(set.television.nextAnswer().answer, "help");
  set.hear(13, [order(13, "own")]);
  assert.equal(set.shown(), "own");
  set.hear(14, [everybodys(14, "c")], { household: hex(EVERYBODY) });
  assert.equal(set.television.memory.household, null, "nobody's household is none");
});

/** A box that heard the beat of minute `heard`, when it is minute `at`. */
const box = (heard, at, bend = {}) => ({
  beat: base64(town.beat(minute(heard))),
  box: { ago: (at - heard) * MINUTE, latest: minute(at), ...bend },
});

test("behind a box that hears the town hall a set is not cut off", () => {
  const set = new Set(town);
  set.hear(0, [], { ...box(9, 10), ...unbound });
  assert.equal(set.television.isCutOff(set.running), false);
  assert.equal(set.television.clock(set.running), minute(10), "as far as a minute and a half nobody is far off");
});

test("behind a box without the town hall a new set is cut off at once, and shows what two officers sent since", () => {
  const set = new Set(town);
  set.hear(0, [], box(10, 40));
  assert.equal(set.television.isCutOff(set.running), true);
  const { kind, isAtBox, ago } = page(set);
  assert.deepEqual({ kind, isAtBox, ago }, { kind: "cutoff", isAtBox: true, ago: null });
  set.hear(0, [order(30, "a")], box(10, 40));
  assert.equal(set.shown(), "a", "by the last heartbeat it would be from the future");
  assert.notEqual(page(set).head.checked, null);
  set.runTo(600);
  assert.equal(set.shown(), null, "and it ends");
});

test("a set that no heartbeat ever came to learns the time of what two officers sent", () => {
  const set = new Set(town);
  const list = base64(town.list());
  set.hear(0, [order(30, "a")], { list, beat: null, box: { ago: null, latest: minute(40) } });
  assert.equal(set.shown(), "a");
  assert.equal(set.television.clock(set.running), minute(30));
});

test("a box that lies of the time brings nothing back, and puts no clock ahead", () => {
  const set = new Set(town);
  set.hear(10, [order(10, "a", { expires: minute(20) })]);
  set.runTo(30);
  assert.equal(set.shown(), null);
  set.hear(31, [order(10, "a", { expires: minute(20) })], box(5, 5));
  assert.equal(set.shown(), null, "what is over stays so");
  const far = new Set(town);
  far.hear(10, [order(10, "b")]);
  far.hear(11, [], box(11, 9_000_000));
  assert.equal(far.television.clock(far.running), minute(11));
  assert.equal(far.shown(), "b");
  far.hear(12, [town.message({ cls: EXERCISE, sent: minute(50), id: "drill", ...until })], box(11, 60));
  assert.equal(far.television.clock(far.running), minute(12), "one officer's exercise says no time");
  far.hear(13, [order(90, "early")], box(11, 60));
  assert.equal(far.shown(), "b", "what the box itself calls the future");
});

test("an answer that a box keeps is not with the town hall, which is told as soon as it is there", () => {
  const set = new Set(town);
  const message = order(10, "a");
  set.hear(10, [message], box(10, 10));
  const { digest } = set.television.shown(set.running).message;
  set.television.answer(digest, "help");
  set.television.keptByBox(set.television.nextAnswer(), minute(11));
  assert.equal(set.television.nextAnswer(), null);
  assert.equal(page(set).help.delivery, "kept");
  set.hear(12, [message], { ...box(10, 12), kept: { [digest]: { help: minute(11) } } });
  assert.equal(page(set).help.delivery, "kept");
  set.hear(13, [message]);
  assert.equal(set.television.nextAnswer().answer, "help");
  assert.equal(page(set).help.delivery, "sending");
  set.hear(14, [message], { answers: { [digest]: { help: minute(11) } } });
  assert.equal(page(set).help.delivery, "got");
});
