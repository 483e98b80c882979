// What two officers signed in advance, and the trigger that released it (docs/tv.md §2.1).

import { Reader, ascii, fromUtf8, joined, same } from "./bytes.js";
import { sha256, verifiesEd25519 } from "./crypto.js";
import { type KeyList, LIVE } from "./keys.js";
import { type Signature, officersOf, readSignatures } from "./signature.js";

const PREPARED_DOMAIN = ascii("hinamori alert/prep /v1");
const TRIGGER_DOMAIN = ascii("hinamori alert/trig /v1");
const BOUNDS = 88;
const HOUR = 3600 * 1000;
const LONGEST_STANDING = 90 * 24 * HOUR;
const MOST_REFERENCES = 16;
const KINDS = ["MajorWarning", "Warning", "Advisory"];
const JAPAN = 9 * HOUR;

/** An earlier message of the thread. */
export interface Reference {
  id: string;
  sent: number;
}

/** A release with its trigger. */
export interface Release {
  /** As JP-evac names it. */
  kind: string;
  from: number;
  until: number;
  hours: number;
  /** SHA-256 of the alert before it is filled in. */
  template: Uint8Array;
  households: number;
  root: Uint8Array;
  sender: Uint8Array;
  /** What its officers signed. */
  digest: Uint8Array;
  signatures: Signature[];
  /** Of the trigger: what it says in bytes, and of what. */
  said: Uint8Array;
  isItsTrigger: boolean;
  arrives: number | null;
  references: Reference[];
  signature: Uint8Array;
}

/** What a release says of an envelope. */
export interface Released {
  kind: number;
  sent: number;
  expires: number;
  epoch: number;
  number: number;
  households: number;
  root: Uint8Array;
  sender: Uint8Array;
  digest: Uint8Array;
  signatures: Signature[];
}

/** Reads a release and its trigger out of `bytes`; nothing of it is believed yet. */
export function readRelease(reader: Reader, bytes: Uint8Array): Release | null {
  const bounds = reader.bytes(BOUNDS);
  const sender = reader.bytes(reader.number(1));
  const signatures = readSignatures(reader);
  const begins = reader.position();
  const warning = reader.bytes(3);
  reader.bytes(32);
  const [arrives, count] = [reader.number(8), reader.number(1)];
  if (reader.broke() || signatures === null || count > MOST_REFERENCES) {
    return null;
  }
  const references: Reference[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = fromUtf8(reader.bytes(reader.number(1)));
    const sent = reader.number(8);
    if (!id) {
      return null;
    }
    references.push({ id, sent });
  }
  const said = bytes.subarray(begins, reader.position());
  const signature = reader.bytes(64);
  const body = new Reader(bounds);
  const kind = KINDS[body.number(1)];
  const segment = body.number(2);
  const [from, until, hours] = [body.number(8), body.number(8), body.number(1)];
  const [template, households, root] = [body.bytes(32), body.number(4), body.bytes(32)];
  if (reader.broke() || !body.isWhole() || kind === undefined || segment < 100 || segment > 999) {
    return null;
  }
  const digest = sha256(joined([PREPARED_DOMAIN, bounds, sender]));
  const isItsTrigger = same(warning, bounds.subarray(0, 3));
  const when = arrives === 0 ? null : arrives;
  return { kind, from, until, hours, template, households, root, sender, digest, signatures, said, isItsTrigger, arrives: when, references, signature };
}

/** What the trigger signs: the digest of the envelope with this body. */
export function digestOf(release: Release, body: Uint8Array, sender: Uint8Array): Uint8Array {
  return sha256(joined([TRIGGER_DOMAIN, body, release.digest, release.said, sender]));
}

/** How many different officers signed in advance and on duty; 0 where the release does not hold. */
export function releasedBy(envelope: Released, release: Release, list: KeyList): number {
  const { from, until, hours } = release;
  const isBounded = from <= envelope.sent && envelope.sent <= until && until - from <= LONGEST_STANDING && from >= list.voidBefore;
  const isItsOwn =
    envelope.kind === 0 &&
    envelope.expires === envelope.sent + hours * HOUR &&
    envelope.households === release.households &&
    same(envelope.root, release.root) &&
    same(envelope.sender, release.sender);
  if (list.trigger === null || !release.isItsTrigger || !isBounded || !isItsOwn) {
    return 0;
  }
  if (!verifiesEd25519(list.trigger, envelope.digest, release.signature)) {
    return 0;
  }
  const before = officersOf(release.signatures, release.digest, LIVE, from, list);
  const onDuty = officersOf(envelope.signatures, envelope.digest, LIVE, envelope.sent, list);
  if (before === null || before.length < 2 || onDuty === null || (list.needsOfficer && onDuty.length === 0)) {
    return 0;
  }
  return before.length + onDuty.filter((officer) => before.indexOf(officer) < 0).length;
}

/** As CAP is written here: in Japan's time. */
function written(at: number): string {
  return new Date(at + JAPAN).toISOString().slice(0, 19) + "+09:00";
}

/** Whether an alert is what the officers signed with the trigger's words in it, and nothing else. */
export function isFilled(alert: string, envelope: Released, release: Release): boolean {
  const { references, arrives, hours } = release;
  const leaf = (indent: string, name: string, value: string): string => indent + "<" + name + ">" + value + "</" + name + ">\n";
  const sender = fromUtf8(envelope.sender) || "";
  const triples = references.map((one) => sender + "," + one.id + "," + written(one.sent)).join(" ");
  const head: [string, string][] = [
    [leaf("  ", "identifier", envelope.epoch + "-" + envelope.number), leaf("  ", "identifier", "prepared")],
    [leaf("  ", "sent", written(envelope.sent)), leaf("  ", "sent", written(0))],
    [leaf("  ", "msgType", references.length > 0 ? "Update" : "Alert"), leaf("  ", "msgType", "Alert")],
  ];
  if (references.length > 0) {
    head.push([leaf("  ", "references", triples), ""]);
  }
  let text = alert;
  for (let i = 0; i < head.length; i += 1) {
    const [filled, empty] = head[i] as [string, string];
    const parts = text.split(filled);
    if (parts.length !== 2) {
      return false;
    }
    text = parts.join(empty);
  }
  // Each block ends with the whole, and what is to come stands right before that.
  const onset = arrives === null ? "" : leaf("    ", "onset", written(arrives));
  const parts = text.split(onset + leaf("    ", "expires", written(envelope.expires)));
  const ends = leaf("    ", "expires", written(hours * HOUR));
  // No end stands there already: else a block could keep its own.
  return text.indexOf(ends) < 0 && same(sha256(utf8(parts.join(ends))), release.template);
}

/** A text's bytes in UTF-8 (RFC 3629). */
function utf8(text: string): Uint8Array {
  const encoded = unescape(encodeURIComponent(text));
  const bytes = new Uint8Array(encoded.length);
  for (let i = 0; i < encoded.length; i += 1) {
    bytes[i] = encoded.charCodeAt(i);
  }
  return bytes;
}
