// A town that signs, written from docs/tv.md alone: nothing of the page is used to make what the page is to check.

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

export const MINUTE = 60 * 1000;
export const DAY = 24 * 60 * MINUTE;
/** 2026-03-11T05:00:00+09:00 */
export const MORNING = 1_773_172_800_000;
export const minute = (number) => MORNING + number * MINUTE;

export const [LIVE, EXERCISE] = [0, 1];
export const [ORDER, ALL_CLEAR, CANCEL] = [0, 1, 2];
const DOMAINS = ["hinamori alert/live /v1", "hinamori alert/drill/v1"];
export const SENDER = "bousai@town.shiomi.example";

export const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest();
export const base64 = (bytes) => Buffer.from(bytes).toString("base64");
export const hex = (bytes) => Buffer.from(bytes).toString("hex");

export function uint(value, length) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes.subarray(8 - length);
}

/** A copy with one byte changed. */
export function bent(bytes, at, mask = 1) {
  const copy = Buffer.from(bytes);
  copy[at] ^= mask;
  return copy;
}

/** An Ed25519 key: a kiosk's, the root's, that of heartbeats. */
export class Kiosk {
  kind = 0;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.secret = privateKey;
    this.key = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  }

  /** Over domain and body. */
  raw(...parts) {
    return sign(null, Buffer.concat(parts.map((part) => Buffer.from(part))), this.secret);
  }

  sign(digest) {
    return Buffer.concat([[0], this.key, this.raw(digest)].map((part) => Buffer.from(part)));
  }
}

export const PARTY = sha256("desk.shiomi.example");

/** A passkey, as a browser and its authenticator make assertions. */
export class Passkey {
  kind = 1;

  constructor(curve = "P-256") {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: curve });
    this.secret = privateKey;
    const { x, y } = publicKey.export({ format: "jwk" });
    this.key = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  }

  /** `bend` changes what is signed. */
  sign(digest, bend = {}) {
    const { party = PARTY, flags = 0x05, type = "webauthn.get", challenge = Buffer.from(digest).toString("base64url") } = bend;
    const client = Buffer.from(
      bend.client ?? JSON.stringify({ type, challenge, origin: "https://desk.shiomi.example", crossOrigin: false }),
    );
    const authenticator = bend.authenticator ?? Buffer.concat([party, Buffer.from([flags, 0, 0, 0, 9])]);
    const signed = Buffer.concat([authenticator, sha256(client)]);
    const signature = bend.signature ?? sign("sha256", signed, { key: this.secret, dsaEncoding: "ieee-p1363" });
    return Buffer.concat([
      Buffer.from([1]),
      this.key,
      uint(authenticator.length, 1),
      authenticator,
      uint(client.length, 2),
      client,
      signature,
    ]);
  }
}

/** RFC 9162 §2.1.1, by its own recursive words. */
export function treeHash(leaves) {
  if (leaves.length === 0) {
    return sha256();
  }
  if (leaves.length === 1) {
    return sha256([0], leaves[0]);
  }
  const split = largestPowerBelow(leaves.length);
  return sha256([1], treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)));
}

/** RFC 9162 §2.1.3.1: the hashes from the leaf up. */
function audit(leaves, index) {
  if (leaves.length === 1) {
    return [];
  }
  const split = largestPowerBelow(leaves.length);
  return index < split
    ? [...audit(leaves.slice(0, split), index), treeHash(leaves.slice(split))]
    : [...audit(leaves.slice(split), index - split), treeHash(leaves.slice(0, split))];
}

function largestPowerBelow(number) {
  let power = 1;
  while (power * 2 < number) {
    power *= 2;
  }
  return power;
}

export const pathOf = (leaves, index) => Buffer.concat([uint(index, 4), ...audit(leaves, index)]);

export const HOUSEHOLD = Buffer.alloc(16, 7);
export const NEIGHBOUR = Buffer.alloc(16, 8);

export class Town {
  root = new Kiosk();
  beatKey = new Kiosk();
  trigger = new Kiosk();
  /** Mayor and chief have a kiosk and a passkey each; the mayor has a second kiosk. */
  mayor = new Kiosk();
  mayorAgain = new Kiosk();
  mayorPasskey = new Passkey();
  chief = new Kiosk();
  chiefPasskey = new Passkey();
  mayorDrill = new Kiosk();
  chiefDrillPasskey = new Passkey();
  next = 1;

  devices() {
    const until = minute(10_000);
    return [
      { cls: LIVE, officer: 1, until, device: this.mayor },
      { cls: LIVE, officer: 1, until, device: this.mayorAgain },
      { cls: LIVE, officer: 1, until, device: this.mayorPasskey },
      { cls: LIVE, officer: 2, until, device: this.chief },
      { cls: LIVE, officer: 2, until, device: this.chiefPasskey },
      { cls: EXERCISE, officer: 1, until, device: this.mayorDrill },
      { cls: EXERCISE, officer: 2, until, device: this.chiefDrillPasskey },
    ];
  }

  list(bend = {}) {
    const { version = 3, made = MORNING, party = PARTY, sender = SENDER, devices = this.devices(), tail = [] } = bend;
    const { root = this.root, beatKey = this.beatKey.key, domain = "hinamori alert/keys /v1" } = bend;
    const { staffLeave = 5, release = 0, trigger = this.trigger.key, voidBefore = 0 } = bend;
    const name = Buffer.from(sender);
    const body = Buffer.concat([
      uint(version, 4),
      uint(made, 8),
      beatKey,
      party,
      uint(staffLeave, 1),
      uint(release, 1),
      release === 0 ? Buffer.alloc(0) : Buffer.concat([trigger, uint(voidBefore, 8)]),
      uint(name.length, 1),
      name,
      uint(devices.length, 2),
      ...devices.map(({ cls, officer, until, device, kind = device.kind, key = device.key }) =>
        Buffer.concat([uint(cls, 1), uint(kind, 1), uint(officer, 4), uint(until, 8), key]),
      ),
      Buffer.from(tail),
    ]);
    return Buffer.concat([body, root.raw(domain, body)]);
  }

  beat(at, bend = {}) {
    const { epoch = 1, number = 1, key = this.beatKey, domain = "hinamori alert/beat /v1" } = bend;
    const body = Buffer.concat([uint(at, 8), uint(epoch, 4), uint(number, 8)]);
    return Buffer.concat([body, key.raw(domain, body)]);
  }

  people(said, bend = {}) {
    const { key = this.beatKey, domain = "hinamori alert/seen /v1" } = bend;
    const json = Buffer.from(typeof said === "string" ? said : JSON.stringify(said));
    return Buffer.concat([json, key.raw(domain, json)]);
  }

  /**
   * A message in its three parts. `signers` are devices or functions of the digest; `content` is what the leaf says besides
   * what the envelope says, and goes before it where both speak.
   */
  message(bend = {}) {
    const { cls = LIVE, kind = ORDER, sent = minute(10), expires = sent + 60 * MINUTE, epoch = 1 } = bend;
    const { id = `m${this.next}`, references = [], hazard = "Flood", household = HOUSEHOLD, others = 4, at = 2 } = bend;
    const number = bend.number ?? this.next;
    this.next += 1;
    const content = Buffer.from(
      bend.json ??
        JSON.stringify({
          id,
          references,
          sent,
          expires,
          message: ["Order", "AllClear", "Cancel"][kind],
          hazard,
          order: "EvacuationOrder",
          issuer: "汐見町",
          title: "避難指示",
          names: ["はなこ"],
          act: [["今", "いま"], ["すぐ "], ["逃", "に"], ["げて ください"]],
          after: "荷物より 命",
          speech: "いますぐ にげて ください",
          english: "Evacuate now",
          ...bend.content,
        }),
    );
    const leaf = Buffer.concat([randomBytes(16), household, content]);
    const leaves = Array.from({ length: others }, (_, number) => Buffer.concat([randomBytes(16), Buffer.alloc(16, 100 + number)]));
    leaves.splice(Math.min(at, others), 0, leaf);
    const name = Buffer.from(bend.sender ?? SENDER);
    const fixed = Buffer.concat([
      uint(kind, 1),
      uint(sent, 8),
      uint(epoch, 4),
      uint(number, 8),
      uint(bend.envelopeExpires ?? expires, 8),
      sha256("the alert"),
      uint(bend.households ?? leaves.length, 4),
      treeHash(leaves),
    ]);
    const digest = sha256(DOMAINS[bend.domain ?? cls], fixed, name);
    const signers = bend.signers ?? (cls === LIVE ? [this.mayor, this.chief] : [this.mayorDrill]);
    const signatures = signers.map((signer) => (typeof signer === "function" ? signer(digest) : signer.sign(digest)));
    const path = pathOf(leaves, Math.min(at, others));
    const head = Buffer.concat([uint(cls, 1), fixed, uint(name.length, 1), name]);
    const envelope = Buffer.concat([head, uint(signatures.length, 1), ...signatures]);
    return { envelope, leaf, path, digest, id, head, signatures };
  }
}

/** As CAP writes a time in Japan. */
export const written = (at) => `${new Date(at + 9 * 60 * MINUTE).toISOString().slice(0, 19)}+09:00`;

/** An alert that waits for its trigger, and one that it released: the same but for the trigger's words (docs/tv.md §2.1). */
export function capOf({ id = "prepared", sent = 0, hours = 12, arrives = null, references = [], act = "今すぐ 逃げて", tsunami = "MajorWarning" } = {}) {
  const named = (name, value) => `    <parameter>\n      <valueName>JP-evac:${name}</valueName>\n      <value>${value}</value>\n    </parameter>\n`;
  const block = (language) =>
    `  <info>\n    <language>${language}</language>\n    <event>避難指示</event>\n` +
    (arrives === null ? "" : `    <onset>${written(arrives)}</onset>\n`) +
    `    <expires>${written(sent + hours * 60 * MINUTE)}</expires>\n    <senderName>汐見町</senderName>\n` +
    `    <headline>大津波警報 避難指示</headline>\n    <instruction>${act}</instruction>\n` +
    named("Message", "Order") + named("Hazard", "Tsunami") + named("Order", "EvacuationOrder") + named("TsunamiKind", tsunami) +
    "  </info>\n";
  const triples = references.map((one) => `${SENDER},${one.id},${written(one.sent)}`).join(" ");
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">\n  <identifier>${id}</identifier>\n` +
    `  <sender>${SENDER}</sender>\n  <sent>${written(sent)}</sent>\n  <status>Actual</status>\n` +
    `  <msgType>${references.length > 0 ? "Update" : "Alert"}</msgType>\n  <scope>Public</scope>\n` +
    (triples === "" ? "" : `  <references>${triples}</references>\n`) +
    ["ja", "ja-simple", "en"].map(block).join("") +
    "</alert>\n"
  );
}

/**
 * What two officers signed in advance, released by the town's trigger. `bend` says what of it is otherwise; `trigger` and `prepared` are what the
 * trigger and the officers say.
 */
export function release(town, bend = {}) {
  const { sent = minute(10), hours = 12, epoch = 1, number = town.next, household = HOUSEHOLD, onDuty = [] } = bend;
  town.next += 1;
  const warning = (kind, segment) => Buffer.concat([uint(kind, 1), uint(segment, 2)]);
  const { kind = 0, segment = 580, from = minute(0), until = minute(9) + 30 * DAY, signers = [town.mayor, town.chief] } = bend.prepared ?? {};
  const said = { kind, segment, event: sha256("20260311052000"), arrives: null, references: [], ...bend.trigger };
  const content = Buffer.from(
    JSON.stringify({
      id: "prepared",
      references: [],
      sent: 0,
      expires: hours * 60 * MINUTE,
      message: "Order",
      hazard: "Tsunami",
      order: "EvacuationOrder",
      tsunami: "MajorWarning",
      issuer: "汐見町",
      title: "大津波警報　避難指示",
      names: ["はなこ"],
      act: [["今", "いま"], ["すぐ "], ["逃", "に"], ["げて ください"]],
      ...bend.content,
    }),
  );
  const leaf = Buffer.concat([randomBytes(16), household, content]);
  const leaves = [leaf, ...Array.from({ length: 3 }, (_, at) => Buffer.concat([randomBytes(16), Buffer.alloc(16, 100 + at)]))];
  const name = Buffer.from(bend.sender ?? SENDER);
  const bounds = Buffer.concat([
    warning(kind, segment),
    uint(from, 8),
    uint(until, 8),
    uint(hours, 1),
    sha256(bend.template ?? capOf({ hours })),
    uint(leaves.length, 4),
    treeHash(leaves),
  ]);
  const prepared = sha256("hinamori alert/prep /v1", bounds, name);
  const before = signers.map((signer) => (typeof signer === "function" ? signer(prepared) : signer.sign(prepared)));
  const cap = bend.cap ?? capOf({ id: `${epoch}-${number}`, sent, hours, arrives: said.arrives, references: said.references });
  const fixed = Buffer.concat([
    uint(bend.message ?? ORDER, 1),
    uint(sent, 8),
    uint(epoch, 4),
    uint(number, 8),
    uint(bend.expires ?? sent + hours * 60 * MINUTE, 8),
    sha256(cap),
    uint(bend.households ?? leaves.length, 4),
    bend.root ?? treeHash(leaves),
  ]);
  const words = Buffer.concat([
    warning(said.kind, said.segment),
    said.event,
    uint(said.arrives ?? 0, 8),
    uint(said.references.length, 1),
    ...said.references.map(({ id, sent }) => Buffer.concat([uint(Buffer.byteLength(id), 1), Buffer.from(id), uint(sent, 8)])),
  ]);
  const digest = sha256(bend.domain ?? "hinamori alert/trig /v1", fixed, prepared, words, name);
  const duty = onDuty.map((signer) => (typeof signer === "function" ? signer(digest) : signer.sign(digest)));
  const envelope = Buffer.concat([
    uint(2, 1),
    fixed,
    uint(name.length, 1),
    name,
    bounds,
    uint(name.length, 1),
    name,
    uint(before.length, 1),
    ...before,
    words,
    bend.signature?.(digest) ?? (bend.key ?? town.trigger).raw(digest),
    uint(duty.length, 1),
    ...duty,
  ]);
  return { envelope, leaf, path: pathOf(leaves, 0), digest, prepared, cap, before, id: `${epoch}-${number}` };
}

/** The same message with other signatures. */
export function signedAnew(message, signers) {
  const signatures = signers.map((signer) => signer.sign(message.digest));
  return { ...message, envelope: Buffer.concat([message.head, uint(signatures.length, 1), ...signatures]) };
}

export const onTheWire = ({ envelope, leaf, path }) => ({ envelope: base64(envelope), leaf: base64(leaf), path: base64(path) });
