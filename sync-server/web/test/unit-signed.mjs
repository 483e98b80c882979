// What is not signed as it must be is not believed: lists, envelopes, leaves.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { fromBase64, fromHex, fromUtf8, toBase64Url, toHex } from "../build/bytes.js";
import { isPointOfP256, sha256 as pageSha256, verifiesEd25519, verifiesP256 } from "../build/crypto.js";
import { readEnvelope, signedBy } from "../build/envelope.js";
import { readList } from "../build/keys.js";
import { isUnder, readLeaf } from "../build/leaf.js";
import {
  ALL_CLEAR,
  CANCEL,
  DAY,
  EXERCISE,
  HOUSEHOLD,
  Kiosk,
  LIVE,
  NEIGHBOUR,
  ORDER,
  PARTY,
  Passkey,
  Town,
  base64,
  bent,
  minute,
  pathOf,
  sha256,
  signedAnew,
  treeHash,
  uint,
} from "./unit-town.mjs";

const town = new Town();
const list = readList(town.list(), town.root.key);

/** How many officers the page counts; 0 where it does not hold. */
function officers(message, keys = list) {
  const envelope = readEnvelope(message.envelope);
  return envelope === null ? 0 : signedBy(envelope, keys);
}

function said(message, household = HOUSEHOLD) {
  const envelope = readEnvelope(message.envelope);
  return envelope === null ? null : readLeaf(message.leaf, message.path, envelope, household);
}

test("bytes and text are read as others write them, or not at all", () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = Buffer.from(Array.from({ length }, (_, at) => (at * 91 + length * 7) & 0xff));
    assert.deepEqual(Buffer.from(fromBase64(bytes.toString("base64"))), bytes);
    assert.equal(toBase64Url(bytes), bytes.toString("base64url"));
    assert.equal(toHex(bytes), bytes.toString("hex"));
    assert.deepEqual(Buffer.from(fromHex(bytes.toString("hex"), length)), bytes);
    assert.deepEqual(Buffer.from(pageSha256(bytes)), createHash("sha256").update(bytes).digest());
  }
  for (const none of ["A", "AA", "AA=", "AA=A", "A===", "====", "AB==", "AAB=", "AA-_", "AA A", "AAAA\n", "=AAA"]) {
    assert.equal(fromBase64(none), null, none);
  }
  for (const none of ["AB".repeat(16), "ab".repeat(15), "0x".repeat(16), null, 1, ["ab"]]) {
    assert.equal(fromHex(none, 16), null);
  }
  const text = "é大津波警報　𠮷野\u{10ffff}\u0000 ";
  assert.equal(fromUtf8(Buffer.from(text)), text);
  for (const none of ["80", "c0af", "c3", "e08080", "eda080", "f0808080", "f4908080", "f8888080", "e5a4", "ff", "c328"]) {
    assert.equal(fromUtf8(Buffer.from(none, "hex")), null, none);
  }
});

test("a list is believed under its root only, as a whole", () => {
  const bytes = town.list();
  assert.equal(list.version, 3);
  assert.equal(Object.keys(list.devices).length, town.devices().length);
  for (let at = 0; at < bytes.length; at += 1) {
    assert.equal(readList(bent(bytes, at), town.root.key), null, `byte ${at}`);
  }
  for (let length = 0; length < bytes.length; length += 7) {
    assert.equal(readList(bytes.subarray(0, length), town.root.key), null);
  }
  assert.equal(readList(bytes, new Kiosk().key), null);
  assert.equal(readList(town.list({ domain: "hinamori alert/seen /v1" }), town.root.key), null);
});

test("a root that signs nonsense is not followed", () => {
  const signed = (bend) => readList(town.list(bend), town.root.key);
  const [first, second] = town.devices();
  const withDevices = (...devices) => signed({ devices });
  assert.notEqual(withDevices(first, second), null);
  assert.equal(signed({ tail: [0] }), null, "bytes behind the last device");
  assert.equal(withDevices(first, { ...second, device: first.device }), null, "a key twice");
  assert.equal(withDevices(first, { ...first, cls: EXERCISE }), null, "a key in both classes");
  assert.equal(withDevices({ ...first, cls: 2 }), null, "no class");
  assert.equal(withDevices({ ...first, kind: 2 }), null, "no kind");
  assert.equal(withDevices({ ...first, key: uint(1, 4).subarray(0, 4) }), null, "a short key");
  assert.equal(withDevices({ ...first, key: Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]) }), null, "everybody's key");
  assert.equal(withDevices({ ...first, kind: 1, key: Buffer.alloc(65, 2) }), null, "no uncompressed point");
  assert.equal(signed({ beatKey: Buffer.alloc(32) }), null, "everybody's heartbeat");
  assert.equal(withDevices({ ...first, device: town.beatKey }), null, "the key of heartbeats signs nothing else");
  assert.equal(signed({ sender: "" }), null, "no sender");
  const many = Array.from({ length: 513 }, (_, number) => ({ ...first, key: sha256(uint(number, 4)) }));
  assert.equal(signed({ devices: many }), null, "more than 512");
  assert.notEqual(signed({ devices: many.slice(1) }), null);
});

test("a device may be listed for ever, by whatever number says so", () => {
  const forEver = 0xffff_ffff_ffff_ffffn;
  const devices = town.devices().map((device) => ({ ...device, until: forEver }));
  const keys = readList(town.list({ devices, made: forEver }), town.root.key);
  assert.notEqual(keys, null);
  assert.equal(officers(town.message(), keys), 2);
});

test("two officers sign a live message, with passkeys, kiosks or one of each", () => {
  const pairs = [
    [town.mayorPasskey, town.chiefPasskey],
    [town.mayorPasskey, town.chief],
    [town.mayor, town.chiefPasskey],
    [town.mayor, town.chief],
    [town.mayor, town.mayorPasskey, town.chiefPasskey],
  ];
  for (const signers of pairs) {
    for (const kind of [ORDER, ALL_CLEAR, CANCEL]) {
      const message = town.message({ kind, signers });
      assert.equal(officers(message), 2);
      assert.equal(said(message).id, message.id);
    }
  }
  for (const signers of [[town.mayorDrill], [town.chiefDrillPasskey]]) {
    assert.equal(officers(town.message({ cls: EXERCISE, signers })), 1);
  }
});

test("one officer is one, however many devices they have", () => {
  for (const signers of [
    [],
    [town.mayor],
    [town.mayor, town.mayor],
    [town.mayor, town.mayorAgain],
    [town.mayor, town.mayorAgain, town.mayorPasskey],
    [town.chief, town.chiefPasskey],
  ]) {
    assert.equal(officers(town.message({ signers })), 0);
    assert.equal(officers(town.message({ signers, kind: ALL_CLEAR })), 0);
    assert.equal(officers(town.message({ signers, kind: CANCEL })), signers.length === 0 ? 0 : 1);
  }
  assert.equal(officers(town.message({ cls: EXERCISE, signers: [] })), 0);
  const most = Array.from({ length: 8 }, (_, at) => (at === 0 ? town.chief : town.mayor));
  assert.equal(officers(town.message({ signers: most })), 2);
  assert.equal(officers(town.message({ signers: [...most, town.mayor] })), 0, "more than eight");
});

test("a changed byte is not believed, wherever it is in the envelope", () => {
  for (const signers of [
    [town.mayor, town.chiefPasskey],
    [town.mayorPasskey, town.chiefPasskey],
  ]) {
    const message = town.message({ signers });
    assert.equal(officers(message), 2);
    for (let at = 0; at < message.envelope.length; at += 1) {
      assert.equal(officers({ envelope: bent(message.envelope, at) }), 0, `byte ${at}`);
    }
    for (let length = 0; length < message.envelope.length; length += 1) {
      assert.equal(readEnvelope(message.envelope.subarray(0, length)), null);
    }
    assert.equal(readEnvelope(Buffer.concat([message.envelope, Buffer.from([0])])), null);
  }
});

test("every field of the envelope is signed", () => {
  const message = town.message({ signers: [town.mayor, town.chief] });
  const fields = { kind: 1, sent: 9, epoch: 13, number: 21, expires: 29, alert: 40, households: 65, root: 90, sender: 105 };
  for (const [name, at] of Object.entries(fields)) {
    const bentHead = { envelope: bent(message.envelope, at, name === "kind" ? 2 : 1) };
    assert.notEqual(readEnvelope(bentHead.envelope), null, `${name} is still read`);
    assert.equal(officers(bentHead), 0, name);
  }
});

test("an envelope of another sender is refused, whoever signed it", () => {
  assert.equal(officers(town.message({ sender: "bousai@town.kamome.example" })), 0);
  assert.equal(officers(town.message({ sender: "" })), 0);
});

test("every signature has to hold, also where two others would do", () => {
  const stranger = new Kiosk();
  assert.equal(officers(town.message({ signers: [town.mayor, town.chief, stranger] })), 0);
  const wrong = (digest) => bent(town.mayorAgain.sign(digest), 70);
  assert.equal(officers(town.message({ signers: [town.mayor, town.chief, wrong] })), 0);
  const wrongPasskey = (digest) => bent(town.chiefPasskey.sign(digest), -1 + town.chiefPasskey.sign(digest).length);
  assert.equal(officers(town.message({ signers: [town.mayor, town.chief, wrongPasskey] })), 0);
  const ofAnother = () => town.chief.sign(sha256("another one"));
  assert.equal(officers(town.message({ signers: [town.mayor, ofAnother] })), 0);
});

test("a passkey was there, knew its user, and was asked by this desk for this message", () => {
  const by = (bend) => officers(town.message({ signers: [town.mayor, (digest) => town.chiefPasskey.sign(digest, bend)] }));
  assert.equal(by({}), 2);
  assert.equal(by({ flags: 0x1d }), 2, "further flags");
  assert.equal(by({ authenticator: Buffer.concat([PARTY, Buffer.from([5, 0, 0, 0, 1, 0xa0])]) }), 2, "with extensions");
  assert.equal(by({ flags: 0x01 }), 0, "no PIN");
  assert.equal(by({ flags: 0x04 }), 0, "nobody there");
  assert.equal(by({ flags: 0x00 }), 0);
  assert.equal(by({ flags: 0xfa }), 0);
  assert.equal(by({ party: sha256("elsewhere.example") }), 0, "another relying party");
  assert.equal(by({ party: bent(PARTY, 31) }), 0);
  assert.equal(by({ authenticator: Buffer.concat([PARTY, Buffer.from([5, 0, 0, 0])]) }), 0, "36 bytes");
  assert.equal(by({ authenticator: Buffer.alloc(0) }), 0);
  assert.equal(by({ type: "webauthn.create" }), 0);
  assert.equal(by({ type: ["webauthn.get"] }), 0);
  assert.equal(by({ challenge: sha256("another one").toString("base64url") }), 0);
  assert.equal(by({ challenge: "" }), 0);
  assert.equal(by({ challenge: null }), 0);
  for (const client of ["", "null", "1", '"webauthn.get"', "[]", "{}", "{", "\ufeff{}"]) {
    assert.equal(by({ client }), 0, client);
  }
  const padded = (digest) => town.chiefPasskey.sign(digest, { challenge: digest.toString("base64").replace(/\+/g, "-").replace(/\//g, "_") });
  assert.equal(officers(town.message({ signers: [town.mayor, padded] })), 0, "with padding");
  const notUtf8 = (digest) => {
    const client = `{"type":"webauthn.get","challenge":"${digest.toString("base64url")}","origin":"?"}`;
    return town.chiefPasskey.sign(digest, { client: Buffer.from(client.replace("?", "\xff"), "latin1") });
  };
  assert.equal(officers(town.message({ signers: [town.mayor, notUtf8] })), 0);
});

test("numbers outside the group are no signature on P-256", () => {
  const order = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const number = (value) => Buffer.from(value.toString(16).padStart(64, "0"), "hex");
  const key = town.chiefPasskey.key;
  const message = Buffer.from("any");
  for (const r of [0n, 1n, order, order + 1n, 2n ** 256n - 1n]) {
    for (const s of [0n, 1n, order, order + 1n, 2n ** 256n - 1n]) {
      assert.equal(verifiesP256(key, message, Buffer.concat([number(r), number(s)])), false, `${r} ${s}`);
    }
  }
  assert.equal(isPointOfP256(key), true);
  assert.equal(isPointOfP256(bent(key, 40)), false, "not on the curve");
  assert.equal(isPointOfP256(Buffer.concat([Buffer.from([4]), Buffer.alloc(64)])), false);
  assert.equal(isPointOfP256(new Passkey("P-384").key), false);
});

test("an Ed25519 signature cannot be turned into another one", () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const message = town.message({ signers: [town.mayor] });
  const signature = message.signatures[0].subarray(33);
  assert.equal(verifiesEd25519(town.mayor.key, message.digest, signature), true);
  let scalar = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`) + order;
  for (let times = 0; times < 3; times += 1) {
    const raised = Buffer.from(scalar.toString(16).padStart(64, "0"), "hex").reverse();
    assert.equal(verifiesEd25519(town.mayor.key, message.digest, Buffer.concat([signature.subarray(0, 32), raised])), false);
    scalar += order;
  }
  const moreThanOnce = (digest) => {
    const made = town.chief.sign(digest);
    const own = BigInt(`0x${Buffer.from(made.subarray(65)).reverse().toString("hex")}`) + order;
    return Buffer.concat([made.subarray(0, 65), Buffer.from(own.toString(16).padStart(64, "0"), "hex").reverse()]);
  };
  assert.equal(officers(town.message({ signers: [town.mayor, moreThanOnce] })), 0);
  // Of the neutral point everybody has a signature for every message.
  const neutral = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);
  assert.equal(verifiesEd25519(neutral, message.digest, Buffer.concat([neutral, Buffer.alloc(32)])), false);
  for (const length of [0, 63, 65]) {
    assert.equal(verifiesEd25519(town.mayor.key, message.digest, Buffer.alloc(length)), false);
  }
});

test("a key of exercises is good for exercises only, and the reverse", () => {
  assert.equal(officers(town.message({ signers: [town.mayor, town.chiefDrillPasskey] })), 0);
  assert.equal(officers(town.message({ signers: [town.mayorDrill, town.chiefDrillPasskey] })), 0);
  assert.equal(officers(town.message({ cls: EXERCISE, signers: [town.mayor] })), 0);
  assert.equal(officers(town.message({ cls: EXERCISE, signers: [town.mayorDrill, town.chief] })), 0);
  // What was signed in one class is nothing in the other one, even if the keys were good for both.
  const posing = town.message({ cls: LIVE, domain: EXERCISE });
  assert.equal(officers(posing), 0);
  assert.equal(officers(town.message({ cls: EXERCISE, domain: LIVE })), 0);
  const drill = town.message({ cls: EXERCISE, signers: [town.mayorDrill, town.chiefDrillPasskey] });
  assert.equal(officers({ envelope: Buffer.concat([Buffer.from([LIVE]), drill.envelope.subarray(1)]) }), 0);
  assert.equal(officers({ envelope: Buffer.concat([Buffer.from([2]), drill.envelope.subarray(1)]) }), 0);
});

test("a kiosk's key does not pass for a passkey's, nor the reverse", () => {
  const disguised = (digest) => Buffer.concat([Buffer.from([0]), town.chiefPasskey.key.subarray(0, 32), town.chief.raw(digest)]);
  assert.equal(officers(town.message({ signers: [town.mayor, disguised] })), 0);
  // What a device signs without an assertion is nothing.
  const bare = (digest) => town.chiefPasskey.sign(digest, { authenticator: Buffer.alloc(0), client: Buffer.alloc(0) });
  assert.equal(officers(town.message({ signers: [town.mayor, bare] })), 0);
});

test("a device signs nothing that was sent after its time", () => {
  const sent = minute(10);
  const until = (time) => {
    const devices = town.devices().map((device) => (device.device === town.chief ? { ...device, until: time } : device));
    return officers(town.message({ sent }), readList(town.list({ devices }), town.root.key));
  };
  assert.equal(until(sent + 1), 2);
  assert.equal(until(sent), 2);
  assert.equal(until(sent - 1), 0);
});

test("whoever lost their place on the list signs nothing any more", () => {
  const devices = town.devices().filter((device) => device.device !== town.chief);
  const message = town.message();
  assert.equal(officers(message), 2);
  assert.equal(officers(message, readList(town.list({ version: 4, devices }), town.root.key)), 0);
  assert.equal(officers(message, readList(town.list({ party: sha256("other") }), town.root.key)), 2, "kiosks have no desk");
  assert.equal(officers(signedAnew(message, [town.mayor, town.chiefPasskey]), readList(town.list({ party: sha256("other") }), town.root.key)), 0);
});

test("an envelope holds for a week at most, and for some time", () => {
  const sent = minute(10);
  assert.equal(officers(town.message({ sent, expires: sent + 7 * DAY })), 2);
  assert.equal(officers(town.message({ sent, expires: sent + 7 * DAY + 1 })), 0);
  assert.equal(officers(town.message({ sent, expires: sent })), 0);
  assert.equal(officers(town.message({ sent, expires: sent - 1 })), 0);
});

test("every household of a town finds its way to the root, and no other one does", () => {
  for (let count = 1; count <= 40; count += 1) {
    const leaves = Array.from({ length: count }, (_, number) => Buffer.concat([sha256(uint(number, 4)), Buffer.from("家")]));
    const root = treeHash(leaves);
    for (let index = 0; index < count; index += 1) {
      const [leaf, path] = [leaves[index], pathOf(leaves, index)];
      assert.equal(isUnder(root, count, leaf, path), true, `${index} of ${count}`);
      assert.equal(isUnder(root, count, bent(leaf, 3), path), false);
      assert.equal(isUnder(bent(root, 31), count, leaf, path), false);
      assert.equal(isUnder(root, 0, leaf, path), false);
      assert.equal(isUnder(root, 4 * count, leaf, path), false, "the path is too short for as many");
      assert.equal(isUnder(root, count, leaf, Buffer.concat([path, Buffer.alloc(32)])), false);
      assert.equal(isUnder(root, count, leaf, path.subarray(0, -1)), false);
      assert.equal(isUnder(root, count, leaf, Buffer.concat([uint(count, 4), path.subarray(4)])), false);
      for (let other = 0; other < count; other += 1) {
        if (other !== index) {
          assert.equal(isUnder(root, count, leaf, Buffer.concat([uint(other, 4), path.subarray(4)])), false);
        }
      }
      for (let at = 4 + (index % 32); at < path.length; at += 32) {
        assert.equal(isUnder(root, count, leaf, bent(path, at)), false);
      }
      if (count > 1) {
        assert.equal(isUnder(root, count, leaf, path.subarray(0, -32)), false);
      }
    }
  }
  // A node of the tree does not pass for a leaf.
  const leaves = Array.from({ length: 2 }, (_, number) => Buffer.alloc(32, number));
  const node = Buffer.concat([sha256([0], leaves[0]), sha256([0], leaves[1])]);
  assert.equal(isUnder(treeHash(leaves), 1, node, uint(0, 4)), false);
  const deep = Buffer.concat([uint(0, 4), Buffer.alloc(32 * 33)]);
  assert.equal(isUnder(treeHash(leaves), 0xffff_ffff, leaves[0], deep), false);
  assert.equal(isUnder(treeHash(leaves), 1, leaves[0], Buffer.alloc(0)), false);
});

test("a leaf is of one household, and says what the officers signed", () => {
  const message = town.message();
  assert.equal(said(message).id, message.id);
  assert.equal(said(message, NEIGHBOUR), null);
  for (let at = 0; at < message.leaf.length; at += 1) {
    assert.equal(said({ ...message, leaf: bent(message.leaf, at) }), null, `byte ${at}`);
  }
  for (let at = 0; at < message.path.length; at += 1) {
    assert.equal(said({ ...message, path: bent(message.path, at) }), null, `byte ${at} of the path`);
  }
  const other = town.message();
  assert.equal(said({ ...message, leaf: other.leaf }), null);
  assert.equal(said({ ...message, leaf: other.leaf, path: other.path }), null, "of another alert");
  assert.equal(said(town.message({ households: 4 })), null, "another number of households");
  assert.equal(said(town.message({ others: 0, at: 0 })).hazard, "Flood", "the only household of a town");
});

test("a leaf that says something else than its envelope is refused", () => {
  const [sent, expires] = [minute(10), minute(70)];
  const withContent = (content, bend = {}) => said(town.message({ sent, expires, content, ...bend }));
  assert.notEqual(withContent({}), null);
  for (const content of [
    { sent: sent + 1 },
    { sent: String(sent) },
    { sent: null },
    { expires: expires - 1 },
    { expires: undefined },
    { message: "AllClear" },
    { message: "Cancel" },
    { message: "order" },
    { message: null },
    { id: "" },
    { id: 5 },
    { references: "m1" },
    { references: [1] },
    { references: undefined },
    { hazard: null },
    { order: undefined },
  ]) {
    assert.equal(withContent(content), null, JSON.stringify(content));
  }
  assert.equal(withContent({ message: "Order" }, { kind: CANCEL }), null);
  assert.equal(withContent({ message: "Order" }, { kind: ALL_CLEAR }), null);
  for (const json of ["", "null", "[]", "{", "1", "[".repeat(20_000), '{"a":'.repeat(9_000)]) {
    assert.equal(said(town.message({ json })), null);
  }
});

test("what a picture can do without may be missing or wrong", () => {
  const content = { names: 5, act: [["今", 5], "x", [], [null], ["逃", "に"]], level: 9, tsunami: {}, fact: [], arrives: "soon", lines: [[["a"]], 7, []] };
  const read = said(town.message({ content }));
  assert.deepEqual(read.names, []);
  assert.deepEqual(read.act, [["今"], ["逃", "に"]]);
  assert.deepEqual([read.level, read.tsunami, read.fact, read.arrives], [null, null, "", null]);
  assert.deepEqual(read.lines, [[["a"]]]);
  assert.equal(said(town.message({ content: { level: 4, arrives: minute(40) } })).level, 4);
});

test("verifying a message takes a time that is told", () => {
  for (const [name, signers] of [
    ["two kiosks", [town.mayor, town.chief]],
    ["two passkeys", [town.mayorPasskey, town.chiefPasskey]],
  ]) {
    const messages = Array.from({ length: 20 }, () => town.message({ signers }));
    const began = performance.now();
    for (const message of messages) {
      assert.equal(said(message) !== null && officers(message) === 2, true);
    }
    console.log(`${name}: ${((performance.now() - began) / messages.length).toFixed(1)} ms`);
  }
  assert.equal(base64(Buffer.from([0])), "AA==");
});
