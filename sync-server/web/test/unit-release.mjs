// What two officers signed in advance: a trigger releases exactly that, at a television and for broadcasters.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readEnvelope, signedBy } from "../build/envelope.js";
import { readList } from "../build/keys.js";
import { readLeaf } from "../build/leaf.js";
import { emptyMemory } from "../build/memory.js";
import { isFilled } from "../build/release.js";
import { Television } from "../build/television.js";
import { CANCEL, DAY, HOUSEHOLD, Kiosk, MINUTE, NEIGHBOUR, ORDER, Town, base64, bent, capOf, hex, minute, onTheWire, release, sha256 } from "./unit-town.mjs";

const town = new Town();
const alone = readList(town.list({ release: 1 }), town.root.key);
const withOfficer = readList(town.list({ release: 2 }), town.root.key);
const without = readList(town.list(), town.root.key);

function officers(message, list = alone) {
  const envelope = readEnvelope(message.envelope);
  return envelope === null ? 0 : signedBy(envelope, list);
}

const released = (bend) => release(town, bend);

function said(message) {
  const envelope = readEnvelope(message.envelope);
  return envelope === null ? null : readLeaf(message.leaf, message.path, envelope, HOUSEHOLD);
}

function isTheirs(message, cap = message.cap) {
  const envelope = readEnvelope(message.envelope);
  return isFilled(cap, envelope, envelope.release);
}

test("a trigger releases what two officers signed, with its own words in it", () => {
  const references = [{ id: "1-3", sent: minute(2) }, { id: "家", sent: minute(3) }];
  const message = released({ trigger: { arrives: minute(25), references } });
  assert.equal(officers(message), 2);
  assert.deepEqual(
    (({ id, sent, expires, arrives, references }) => ({ id, sent, expires, arrives, references }))(said(message)),
    { id: message.id, sent: minute(10), expires: minute(10) + 12 * 60 * MINUTE, arrives: minute(25), references: ["1-3", "家"] },
  );
  assert.equal(said(released()).arrives, null);
  assert.equal(officers(released({ prepared: { signers: [town.mayorPasskey, town.chiefPasskey] } })), 2);
  assert.equal(isTheirs(message), true);
  assert.equal(isTheirs(released()), true);
});

test("a changed byte is not believed wherever it is, and what is cut off is nothing", () => {
  const message = released({ trigger: { references: [{ id: "1-3", sent: minute(2) }] } });
  for (let at = 0; at < message.envelope.length; at += 1) {
    assert.equal(officers({ envelope: bent(message.envelope, at) }), 0, `byte ${at}`);
  }
  for (let length = 0; length < message.envelope.length; length += 1) {
    assert.equal(readEnvelope(message.envelope.subarray(0, length)), null);
  }
  assert.equal(readEnvelope(Buffer.concat([message.envelope, Buffer.from([0])])), null);
});

test("one officer twice, an exercise's key or a stranger prepares nothing", () => {
  for (const signers of [
    [],
    [town.mayor],
    [town.mayor, town.mayor],
    [town.mayor, town.mayorAgain, town.mayorPasskey],
    [town.mayor, town.chiefDrillPasskey],
    [town.mayor, town.chief, new Kiosk()],
    Array.from({ length: 9 }, (_, at) => (at === 8 ? town.chief : town.mayor)),
  ]) {
    assert.equal(officers(released({ prepared: { signers } })), 0);
  }
  const left = town.devices().map((device) => (device.officer === 2 ? { ...device, until: minute(0) } : device));
  const keys = readList(town.list({ release: 1, devices: left }), town.root.key);
  assert.equal(officers(released(), keys), 2, "whoever left later did sign it");
  assert.equal(officers(released({ prepared: { from: minute(1) } }), keys), 0, "gone when it was made");
});

test("another coast, another warning and another time release nothing", () => {
  assert.equal(officers(released({ trigger: { segment: 590 } })), 0);
  assert.equal(officers(released({ trigger: { kind: 1 } })), 0);
  assert.equal(readEnvelope(released({ prepared: { segment: 99 }, trigger: { segment: 99 } }).envelope), null);
  assert.equal(readEnvelope(released({ prepared: { kind: 3 }, trigger: { kind: 3 } }).envelope), null);
  assert.equal(officers(released({ prepared: { from: minute(10), until: minute(10) } })), 2, "both ends belong to it");
  assert.equal(officers(released({ prepared: { from: minute(11) } })), 0, "before it stood");
  assert.equal(officers(released({ prepared: { until: minute(9) } })), 0, "after it stood");
  assert.equal(officers(released({ prepared: { from: 0, until: minute(9) + DAY } })), 0, "longer than 90 days");
  assert.equal(officers(released({ prepared: { from: minute(0), until: minute(0) + 90 * DAY } })), 2);
  assert.equal(said(released({ prepared: { kind: 2 } })), null, "the household is told of another warning");
});

test("what the town declared void is believed of nobody, whoever kept it", () => {
  const keys = (voidBefore) => readList(town.list({ release: 1, voidBefore }), town.root.key);
  const message = released({ prepared: { from: minute(3) } });
  assert.equal(officers(message, keys(minute(3))), 2, "signed in that moment");
  assert.equal(officers(message, keys(minute(3) + 1)), 0);
  assert.equal(officers(message, keys(minute(10))), 0);
  assert.equal(officers(town.message({ signers: [town.mayor, town.chief] }), keys(minute(10_000))), 2, "what two sign themselves");
});

test("nothing but the trigger's own words is filled in", () => {
  assert.equal(officers(released({ expires: minute(10) + 13 * 60 * MINUTE })), 0, "longer");
  assert.equal(officers(released({ households: 5 })), 0);
  assert.equal(officers(released({ root: sha256("others") })), 0);
  assert.equal(officers(released({ message: CANCEL })), 0, "only an order waits for a trigger");
  assert.equal(officers(released({ sender: "other@town.example" })), 0);
  for (const content of [{ id: "1-1" }, { sent: 1 }, { expires: 5 }, { references: ["1-1"] }, { message: "Cancel" }, { hazard: "Flood" }, { tsunami: "Advisory" }]) {
    assert.equal(said(released({ content })), null, JSON.stringify(content));
  }
  const message = released({ trigger: { arrives: minute(25) } });
  const own = { id: message.id, sent: minute(10), arrives: minute(25) };
  assert.equal(capOf(own), message.cap);
  for (const [why, cap] of [
    ["another text", capOf({ ...own, act: "家に いて" })],
    ["another number", capOf({ ...own, id: "1-999" })],
    ["another time", capOf({ ...own, sent: minute(11) })],
    ["no arrival", capOf({ ...own, arrives: null })],
    ["another arrival", capOf({ ...own, arrives: minute(26) })],
    ["a thread", capOf({ ...own, references: [{ id: "1-1", sent: minute(1) }] })],
    ["longer", capOf({ ...own, hours: 13 })],
    ["not filled in", capOf()],
    ["one block not filled in", message.cap.replace(/    <onset>.*<\/onset>\n    <expires>.*<\/expires>/, "    <expires>1970-01-01T21:00:00+09:00</expires>")],
    ["an arrival elsewhere", message.cap.replace(/(    <onset>.*<\/onset>\n)(    <expires>.*<\/expires>\n)/, "$2$1")],
    ["a number twice", message.cap.replace("  <sender>", `  <identifier>${message.id}</identifier>\n  <sender>`)],
  ]) {
    assert.notEqual(cap, message.cap);
    assert.equal(isTheirs(message, cap), false, why);
  }
});

test("the town's trigger and no other key releases", () => {
  assert.equal(officers(released(), without), 0, "the town lists none");
  assert.equal(officers(released({ key: new Kiosk() })), 0);
  assert.equal(officers(released({ key: town.mayor })), 0, "an officer is no trigger");
  assert.equal(officers(released({ key: town.beatKey })), 0);
  assert.equal(officers(released({ signature: () => Buffer.alloc(64) })), 0);
  assert.equal(officers(released({ domain: "hinamori alert/live /v1" })), 0);
  assert.equal(officers(town.message({ signers: [town.mayor, town.trigger] }), alone), 0, "the trigger is no officer");
  assert.equal(officers(released({ prepared: { signers: [town.mayor, town.trigger] } })), 0);
  assert.equal(officers(released({ onDuty: [town.trigger] }), withOfficer), 0);
});

test("a list whose trigger is something else as well, or whose policy is none, is not believed", () => {
  const list = (bend) => readList(town.list({ release: 1, ...bend }), town.root.key);
  assert.notEqual(list(), null);
  assert.equal(list({ trigger: town.mayor.key }), null);
  assert.equal(list({ trigger: town.beatKey.key }), null);
  assert.equal(list({ trigger: Buffer.alloc(32) }), null, "everybody's trigger");
  assert.equal(list({ release: 3 }), null);
  assert.equal(list({ staffLeave: 0 }), null);
  assert.equal(list({ staffLeave: 61 }), null);
  assert.notEqual(list({ staffLeave: 60 }), null);
});

test("an officer on duty signs where the policy says so, and signatures of another day do not count", () => {
  assert.equal(officers(released(), withOfficer), 0);
  assert.equal(officers(released({ onDuty: [town.mayorPasskey] }), withOfficer), 2);
  assert.equal(officers(released({ onDuty: [town.mayorDrill] }), withOfficer), 0);
  assert.equal(officers(released({ onDuty: [new Kiosk()] }), withOfficer), 0);
  assert.equal(officers(released({ onDuty: [() => town.mayor.sign(sha256("another"))] }), withOfficer), 0);
  const late = town.devices().map((device) => (device.officer === 1 ? { ...device, until: minute(9) } : device));
  const keys = readList(town.list({ release: 2, devices: late }), town.root.key);
  assert.equal(officers(released({ onDuty: [town.mayor] }), keys), 0, "his time was over");
  // Signed in advance, shown as signed today.
  const before = released();
  const today = town.message({ signers: before.before.map((signature) => () => signature) });
  assert.equal(officers(today, alone), 0);
});

test("a television shows what was released, once, and takes what ends it", () => {
  const list = base64(town.list({ release: 1 }));
  const set = new Television(emptyMemory(), 0);
  const answer = (at, ...messages) => ({
    revision: "1",
    root: hex(town.root.key),
    household: hex(HOUSEHOLD),
    list,
    beat: base64(town.beat(at)),
    messages: messages.map(onTheWire),
  });
  const first = released({ trigger: { arrives: minute(25) } });
  set.take(answer(minute(10), first), 1);
  assert.equal(set.shown(2).message.digest, hex(first.digest));
  assert.equal(set.shown(2).message.content.arrives, minute(25));
  assert.equal(said(release(town, { household: NEIGHBOUR })), null, "somebody else's");
  // Played back with it, the trigger of another coast says nothing.
  const forged = released({ sent: minute(12), trigger: { segment: 590 } });
  set.take(answer(minute(12), first, forged), 3);
  assert.equal(set.shown(4).message.digest, hex(first.digest));
  const raised = released({ sent: minute(13), trigger: { references: [{ id: first.id, sent: minute(10) }] } });
  set.take(answer(minute(13), first, raised), 5);
  assert.equal(set.shown(6).message.digest, hex(raised.digest));
  assert.equal(set.shown(6).thread.words.length, 2, "one thread");
  // One officer alone takes no tsunami back; two do, and the trigger that is played back changes nothing.
  const cancel = (signers) => town.message({ kind: CANCEL, sent: minute(14), references: [first.id, raised.id], hazard: "Tsunami", signers });
  set.take(answer(minute(14), first, raised, cancel([town.mayor])), 7);
  assert.equal(set.shown(8).message.kind, ORDER);
  const byTwo = cancel([town.mayor, town.chief]);
  set.take(answer(minute(15), first, raised, byTwo), 9);
  set.take(answer(minute(16), first), 11);
  assert.equal(set.shown(12).message.digest, hex(byTwo.digest));
});
