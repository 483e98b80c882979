// Which message counts: sequence, clock, threads, cancels, exercises.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Set } from "./unit-set.mjs";
import { ALL_CLEAR, CANCEL, DAY, EXERCISE, MINUTE, NEIGHBOUR, Town, base64, hex, minute, signedAnew } from "./unit-town.mjs";

const town = new Town();
const until = (at) => ({ expires: minute(at) });

const order = (at, id, bend = {}) => town.message({ sent: minute(at), id, ...until(600), ...bend });
const update = (at, id, references, bend = {}) => order(at, id, { references, ...bend });
const cancel = (at, id, references, bend = {}) => order(at, id, { references, kind: CANCEL, ...bend });
const allClear = (at, id, references, bend = {}) => order(at, id, { references, kind: ALL_CLEAR, ...bend });
const tsunami = { hazard: "Tsunami", content: { tsunami: "MajorWarning" } };
const alone = { signers: [town.mayor] };
const drill = { cls: EXERCISE };

/** A set that heard these at the minute `at`. */
function heard(at, messages) {
  const set = new Set(town);
  set.hear(at, messages);
  return set;
}

/** Whatever way they come in: all at once, one by one, backwards; and all of them again after that. */
function inEveryOrder(at, messages, check) {
  for (const ordered of [messages, [...messages].reverse(), [...messages.slice(1), messages[0]]]) {
    const [atOnce, oneByOne] = [heard(at, ordered), new Set(town)];
    ordered.forEach((message, index) => oneByOne.hear(at + index / 1000, [message]));
    oneByOne.hear(at + 0.5, messages);
    check(atOnce);
    check(oneByOne);
  }
}

test("a good message of two passkeys, or of a passkey and a kiosk, is shown", () => {
  for (const signers of [[town.mayorPasskey, town.chiefPasskey], [town.mayorPasskey, town.chief]]) {
    assert.equal(heard(10, [order(10, "a", { signers })]).shown(), "a");
  }
  assert.equal(heard(10, [order(10, "a", { signers: [town.mayor, town.mayorPasskey] })]).shown(), null);
  assert.equal(heard(10, [order(10, "a", { household: NEIGHBOUR })]).shown(), null);
  assert.equal(heard(10, [order(10, "drill", drill)]).shown(), "drill");
});

test("an order ends by the clock of the beats, however wrong the set's own clock is", (context) => {
  for (const own of [0, minute(-1_000_000), minute(1_000_000)]) {
    const clock = context.mock.method(Date, "now", () => Math.max(0, own));
    const set = heard(10, [order(10, "a", until(40))]);
    assert.equal(set.shown(), "a");
    set.runTo(39.99);
    assert.equal(set.shown(), "a");
    set.runTo(40);
    assert.equal(set.shown(), null);
    assert.equal(heard(40, [order(10, "a", until(40))]).shown(), null);
    assert.equal(heard(39.99, [order(10, "a", until(40))]).shown(), "a");
    clock.mock.restore();
  }
});

test("what was sent more than two minutes ahead is not yet believed", () => {
  const set = new Set(town);
  const ahead = order(20, "a");
  set.hear(17.99, [ahead]);
  assert.equal(set.shown(), null);
  set.hear(18, [ahead]);
  assert.equal(set.shown(), "a");
});

test("without a beat nothing is believed", () => {
  const set = new Set(town);
  set.hear(10, [order(10, "a")], { beat: null });
  assert.equal(set.shown(), null);
  set.hear(11, [order(10, "a")], { beat: base64(town.beat(minute(11), { key: town.mayor })) });
  assert.equal(set.shown(), null);
  set.hear(12, [order(10, "a")], { beat: base64(town.beat(minute(12), { domain: "hinamori alert/seen /v1" })) });
  assert.equal(set.shown(), null);
  const good = town.beat(minute(13));
  for (let at = 0; at < good.length; at += 1) {
    const changed = Buffer.from(good);
    changed[at] ^= 1;
    set.hear(13, [], { beat: base64(changed) });
    assert.equal(set.television.clock(set.running), null, `byte ${at}`);
  }
  set.hear(14, [order(10, "a")]);
  assert.equal(set.shown(), "a");
});

test("a beat that goes back says nothing, and does not keep the set on the line", () => {
  const set = heard(50, [order(10, "a", until(60))]);
  set.hear(50.5, [], { beat: base64(town.beat(minute(20))) });
  assert.equal(set.television.clock(set.running), minute(50.5));
  set.hear(51, [], { beat: base64(town.beat(minute(50))) });
  assert.equal(set.television.isCutOff(set.running), false);
  set.hear(51.5, [], { beat: base64(town.beat(minute(50))) });
  assert.equal(set.television.isCutOff(set.running), true);
  set.runTo(60);
  assert.equal(set.shown(), null);
  set.hear(60, []);
  assert.equal(set.television.isCutOff(set.running), false);
});

test("an old message is not taken for a new one", () => {
  const set = new Set(town);
  set.hear(10, [order(10, "new", { number: 5000 })]);
  set.hear(11, [order(11, "old", { number: 4936 })]);
  assert.equal(set.shown(), "new");
  set.hear(11, [order(11, "late", { number: 4937 })]);
  assert.equal(set.shown(), "late");
  set.hear(12, [order(12, "epoch", { number: 1, epoch: 2 })]);
  assert.equal(set.shown(), "epoch");
  set.hear(13, [order(13, "before", { number: 5001 })]);
  assert.equal(set.shown(), "epoch");
  // What was known of the epoch before still is.
  assert.equal(set.television.memory.messages.length, 3);
});

test("of a fork the second one never counts", () => {
  const set = new Set(town);
  const [first, second] = [order(10, "a", { number: 7000 }), order(11, "b", { number: 7000 })];
  for (const messages of [[first], [second], [second, first], [second]]) {
    set.hear(12, messages);
    assert.equal(set.shown(), "a");
  }
  assert.equal(set.restarted().television.memory.messages.length, 1);
  const again = set.restarted();
  again.hear(13, [second]);
  assert.equal(again.shown(), "a");
});

test("of a thread the word that was sent last counts, in whatever order words come", () => {
  const messages = [order(10, "a", until(100)), update(20, "b", ["a"], until(40)), order(12, "c", until(30))];
  inEveryOrder(21, messages, (set) => {
    assert.equal(set.shown(), "b");
    set.runTo(39.9);
    assert.equal(set.shown(), "b");
    // The earlier word holds longer, and does not come back.
    set.runTo(40);
    assert.equal(set.shown(), null);
  });
  // They are joined by one that is not here.
  inEveryOrder(21, [update(11, "a", ["x"]), update(20, "b", ["x"], until(40))], (set) => {
    assert.equal(set.shown(), "b");
    set.runTo(50);
    assert.equal(set.shown(), null);
  });
});

test("an all-clear is shown, and ends the order", () => {
  const messages = [order(10, "a"), allClear(20, "b", ["a"], until(40))];
  inEveryOrder(21, messages, (set) => {
    assert.equal(set.shown(), "b");
    set.runTo(40);
    assert.equal(set.shown(), null);
  });
  const set = heard(21, messages);
  set.television.close(hex(messages[1].digest));
  assert.equal(set.shown(), null);
  // An order cannot be put away.
  const other = heard(21, [messages[0]]);
  other.television.close(hex(messages[0].digest));
  assert.equal(other.shown(), "a");
});

test("a cancel by two ends its thread and no other, and is shown", () => {
  const messages = [order(10, "a"), update(12, "b", ["a"]), order(11, "c"), cancel(15, "x", ["a"], until(40))];
  inEveryOrder(16, messages.slice(0, 2).concat(messages[3]), (set) => {
    assert.equal(set.shown(), "x");
    set.runTo(40);
    assert.equal(set.shown(), null);
  });
  // An order that holds goes before the page of a cancel.
  inEveryOrder(16, messages, (set) => assert.equal(set.shown(), "c"));
});

test("a cancel of what was never known is not shown, and ends it when it comes", () => {
  const set = heard(16, [cancel(15, "x", ["a"])]);
  assert.equal(set.shown(), null);
  set.hear(17, [order(10, "a")]);
  assert.equal(set.shown(), "x");
  const other = heard(16, [order(12, "other"), cancel(15, "x", ["a"])]);
  assert.equal(other.shown(), "other");
});

test("sent at the same time, the cancel counts; an order after it holds", () => {
  inEveryOrder(12, [order(10, "a"), cancel(10, "x", ["a"])], (set) => assert.equal(set.shown(), "x"));
  inEveryOrder(19, [order(10, "a"), cancel(15, "x", ["a"]), update(18, "b", ["a", "x"])], (set) => assert.equal(set.shown(), "b"));
  inEveryOrder(19, [order(10, "a"), cancel(15, "x", ["a"]), update(14, "b", ["a"])], (set) => assert.equal(set.shown(), "x"));
});

test("one officer takes a mistake back in its first ten minutes", () => {
  inEveryOrder(20.1, [order(10, "a"), cancel(20, "x", ["a"], alone)], (set) => assert.equal(set.shown(), "x"));
  const set = heard(10, [order(10, "a")]);
  const late = cancel(20, "x", ["a"], { ...alone, sent: minute(20) + 1 });
  set.hear(20.1, [late]);
  assert.equal(set.shown(), "a");
  // The second officer's signature is under the same words.
  set.hear(25, [signedAnew(late, [town.mayor, town.chief])]);
  assert.equal(set.shown(), "x");
  // Two devices are not two officers.
  const devices = heard(10, [order(10, "a")]);
  devices.hear(30, [cancel(30, "x", ["a"], { signers: [town.mayor, town.mayorAgain, town.mayorPasskey] })]);
  assert.equal(devices.shown(), "a");
});

test("an update gives one officer no new minutes, whatever the cancel names", () => {
  for (const names of [["b"], ["a"], ["a", "b"]]) {
    inEveryOrder(22, [order(10, "a"), update(18, "b", ["a"]), cancel(22, "x", names, alone)], (set) => assert.equal(set.shown(), "b"));
    inEveryOrder(19, [order(10, "a"), update(18, "b", ["a"]), cancel(19, "x", names, alone)], (set) => assert.equal(set.shown(), "x"));
  }
});

test("one officer's cancel of what is not known counts only once that is known", () => {
  const set = new Set(town);
  const [own, taken] = [order(10, "a"), cancel(11, "x", ["a"], alone)];
  set.hear(11, [taken]);
  assert.equal(set.shown(), null);
  assert.equal(set.television.memory.messages.length, 0);
  set.hear(12, [own, taken]);
  assert.equal(set.shown(), "x");
});

test("one officer takes nothing back while a tsunami's order is in force, in whatever thread", () => {
  const [wave, flood] = [order(10, "wave", tsunami), order(11, "flood")];
  const [ofWave, ofFlood] = [cancel(12, "x", ["wave"], { ...alone, ...tsunami }), cancel(12, "y", ["flood"], alone)];
  inEveryOrder(12, [wave, flood, ofWave, ofFlood], (set) => assert.equal(set.shown(), "wave"));
  assert.equal(heard(12, [ofFlood, ofWave, flood, wave]).television.memory.messages.length, 2);
  // It says of itself what hazard it is about; that does not matter.
  assert.equal(heard(12, [wave, cancel(12, "x", ["wave"], alone)]).shown(), "wave");
  // After the two have ended the tsunami's order, one is enough for the flood's.
  const set = heard(12, [wave, flood]);
  set.hear(12.5, [signedAnew(ofWave, [town.mayor, town.chief])]);
  set.hear(13, [cancel(13, "z", ["flood"], alone)]);
  assert.equal(set.television.memory.messages.length, 4);
  // One that came later does not bring back what was a mistake: a set that was off hears all of it at once.
  const later = [order(10, "flood"), cancel(12, "y", ["flood"], alone), order(15, "wave", { ...until(30), ...tsunami })];
  for (const ordered of [later, [...later].reverse()]) {
    const wasOff = heard(20, ordered);
    assert.equal(wasOff.shown(), "wave");
    wasOff.runTo(31);
    assert.equal(wasOff.shown(), "y");
  }
  // An exercise about a tsunami is none.
  inEveryOrder(12, [order(10, "drill", { ...tsunami, ...drill }), flood, ofFlood], (drilled) => assert.equal(drilled.shown(), "y"));
});

test("one officer's cancel cannot be antedated, and a set that was off takes it late", () => {
  const [own, taken] = [order(10, "a"), cancel(15, "x", ["a"], alone)];
  const onTheLine = heard(10, [own]);
  onTheLine.hear(89, []);
  onTheLine.hear(90, [taken]);
  assert.equal(onTheLine.shown(), "a");
  onTheLine.hear(91, [taken]);
  assert.equal(onTheLine.shown(), "a");
  const off = heard(10, [own]);
  off.hear(90, [taken]);
  assert.equal(off.shown(), "x");
  const restarted = heard(10, [own]).restarted();
  restarted.hear(90, [own, taken]);
  assert.equal(restarted.shown(), "x");
  const antedated = onTheLine.restarted();
  antedated.hear(92, [own, taken]);
  assert.equal(antedated.shown(), "a");
  // To the minute.
  for (const [before, shown] of [[17, "x"], [17.001, "a"]]) {
    const set = heard(10, [own]);
    set.hear(before, []);
    set.hear(18, [taken]);
    assert.equal(set.shown(), shown);
  }
});

test("what boxes originate is counted apart, however far its numbers lie from each other", () => {
  const box = (id, at, name, bend = {}) => order(at, name, { epoch: 0x8000_0000 + id, number: minute(at), ...bend });
  let set = heard(10, [order(9, "hall", { number: 5000 })]);
  set.hear(11, [box(1, 11, "a")]);
  assert.equal(set.shown(), "a");
  // A week ahead in its numbers, and another box's: nobody is silenced by it.
  set.hear(12, [box(2, 12, "b", { number: minute(10 * 1440) })]);
  assert.equal(set.shown(), "b");
  set.hear(13, [box(1, 13, "c")]);
  assert.equal(set.shown(), "c");
  set.hear(14, [box(1, 14, "fork", { number: minute(13) })]);
  assert.equal(set.shown(), "c");
  set.hear(15, [order(15, "hall2", { number: 5001 })]);
  assert.equal(set.shown(), "hall2");
  // One that was overtaken on its way by minutes is still told.
  set.hear(16, [box(1, 12.5, "late")]);
  assert.ok(set.television.memory.messages.some((one) => one.content.id === "late"));
  // It is known over a restart, and of more boxes than there can be the latest ones are.
  set = set.restarted();
  set.hear(17, [box(1, 17, "fork", { number: minute(13) })]);
  assert.equal(set.shown(), "hall2");
  for (let id = 3; id < 67; id += 1) {
    set.hear(18, [box(id, 18, `of ${id}`)]);
  }
  const { hall, boxes } = set.television.memory.sequences.live;
  assert.deepEqual([hall.epoch, hall.highest, boxes.length], [1, 5001, 64]);
});

test("one officer cannot use up the numbers under which two sign", () => {
  const set = heard(10, [order(10, "a", { number: 9000 })]);
  set.hear(11, [cancel(11, "x", ["a"], { ...alone, number: 2 ** 50, epoch: 0xffff_ffff })]);
  assert.equal(set.shown(), "x");
  set.hear(12, [order(12, "b", { number: 9001 })]);
  assert.equal(set.shown(), "b");
  const drilled = heard(10, [order(10, "drill", { ...drill, number: 2 ** 50, epoch: 9 })]);
  drilled.hear(11, [order(11, "a", { number: 9000 })]);
  assert.equal(drilled.shown(), "a");
});

test("what one officer signs does not push out what two signed", () => {
  const exercises = Array.from({ length: 200 }, (_, number) => order(11 + number / 1000, `drill${number}`, drill));
  const cancels = Array.from({ length: 200 }, (_, number) => cancel(12 + number / 1000, `x${number}`, ["mistake"], alone));
  const set = heard(13, [order(10, "a"), order(10, "mistake")]);
  for (let at = 0; at < 200; at += 50) {
    set.hear(14 + at / 1000, exercises.slice(at, at + 50));
    set.hear(14.5 + at / 1000, cancels.slice(at, at + 50));
  }
  assert.equal(set.shown(), "a");
  assert.ok(set.television.memory.messages.length <= 128);
});

test("of too many messages the ones that were sent last are kept", () => {
  const many = Array.from({ length: 200 }, (_, number) => order(10 + number, `m${number}`, { expires: minute(5000) }));
  const set = new Set(town);
  for (let at = 0; at < 200; at += 40) {
    set.hear(300 + at, many.slice(160 - at, 200 - at));
  }
  assert.equal(set.shown(), "m199");
});

test("live goes before exercise, and an exercise ends nothing live", () => {
  const [live, drilled] = [order(10, "live", until(40)), order(11, "drill", { ...drill, ...until(60) })];
  inEveryOrder(12, [live, drilled], (set) => {
    assert.equal(set.shown(), "live");
    set.runTo(40);
    assert.equal(set.shown(), "drill");
  });
  const set = heard(11, [drilled]);
  assert.equal(set.shown(), "drill");
  set.hear(12, [live]);
  assert.equal(set.shown(), "live");
  for (const ending of [cancel(13, "x", ["live"], drill), allClear(13, "y", ["live"], drill), update(13, "z", ["live"], { ...drill, expires: minute(14) })]) {
    inEveryOrder(15, [live, ending], (other) => assert.equal(other.shown(), "live"));
  }
  inEveryOrder(15, [drilled, order(10, "live"), cancel(14, "x", ["drill"])], (other) => assert.equal(other.shown(), "live"));
  // One id in both classes is two threads.
  inEveryOrder(15, [order(10, "a"), cancel(12, "a", ["a"], drill)], (other) => assert.equal(other.shown(), "a"));
});

test("a tsunami goes first, then the order that was sent last", () => {
  inEveryOrder(15, [order(10, "wave", tsunami), order(11, "flood"), order(12, "slide", { hazard: "Landslide" })], (set) =>
    assert.equal(set.shown(), "wave"),
  );
  inEveryOrder(15, [order(11, "flood"), order(12, "slide", { hazard: "Landslide" })], (set) => assert.equal(set.shown(), "slide"));
  // Whoever still has to flee is told so first, whatever is over.
  inEveryOrder(15, [order(10, "wave", tsunami), allClear(14, "over", ["wave"], tsunami), order(11, "flood")], (set) =>
    assert.equal(set.shown(), "flood"),
  );
});

test("after a week nothing is left of a message, and it cannot be played again", () => {
  const old = order(10, "a", { expires: minute(10) + 7 * DAY });
  const set = heard(10, [old]);
  const week = 7 * 24 * 60;
  set.hear(9 + week, [old]);
  assert.equal(set.shown(), "a");
  set.hear(10 + week, [old]);
  assert.equal(set.shown(), null);
  assert.equal(set.television.memory.messages.length, 0);
});

test("messages that name each other by the hundred are joined in a moment", () => {
  const names = (number) => Array.from({ length: 400 }, (_, other) => `n${other}-${number % 3}`);
  const messages = Array.from({ length: 100 }, (_, number) => order(10 + number / 100, `m${number}`, { references: names(number) }));
  const began = performance.now();
  const set = heard(12, messages);
  assert.equal(set.shown(), "m99");
  const [verified, from] = [performance.now() - began, performance.now()];
  for (let times = 0; times < 10; times += 1) {
    assert.equal(set.shown(), "m99");
  }
  assert.ok((performance.now() - from) / 10 < 1_000, `${(performance.now() - from) / 10} ms, verified in ${verified} ms`);
  assert.equal(MINUTE, 60_000);
});
