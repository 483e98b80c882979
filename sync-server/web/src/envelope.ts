// The officers' envelope (docs/tv.md §2).

import { Reader, ascii, joined, same } from "./bytes.js";
import { sha256 } from "./crypto.js";
import { EXERCISE, type KeyList, LIVE } from "./keys.js";
import { type Release, digestOf, readRelease, releasedBy } from "./release.js";
import { type Signature, officersOf, readSignatures } from "./signature.js";

export const ORDER = 0;
export const ALL_CLEAR = 1;
export const CANCEL = 2;

const DOMAINS = [ascii("hinamori alert/live /v1"), ascii("hinamori alert/drill/v1")];
const FIXED_BODY = 97;
/** Stands for the class of a live alert that a trigger released. */
const RELEASED = 2;
/** What holds longer is renewed (JP-evac §3), so that whatever is older than that can be forgotten. */
export const LONGEST = 7 * 24 * 3600 * 1000;

export interface Envelope {
  cls: number;
  kind: number;
  sent: number;
  epoch: number;
  number: number;
  expires: number;
  /** SHA-256 of the exact bytes of the alert. */
  alert: Uint8Array;
  households: number;
  root: Uint8Array;
  sender: Uint8Array;
  /** What was signed: it names the message. */
  digest: Uint8Array;
  signatures: Signature[];
  /** Where two officers signed it in advance. */
  release: Release | null;
}

/** Reads an envelope; nothing of it is believed yet. */
export function readEnvelope(bytes: Uint8Array): Envelope | null {
  const reader = new Reader(bytes);
  const code = reader.number(1);
  const fixed = reader.bytes(FIXED_BODY);
  const sender = reader.bytes(reader.number(1));
  const cls = code === RELEASED ? LIVE : code;
  const domain = DOMAINS[cls];
  const release = code === RELEASED ? readRelease(reader, bytes) : null;
  const signatures = readSignatures(reader);
  if (domain === undefined || signatures === null || (code === RELEASED && release === null)) {
    return null;
  }
  if (!reader.isWhole()) {
    return null;
  }
  const body = new Reader(fixed);
  const [kind, sent, epoch, number, expires] = [body.number(1), body.number(8), body.number(4), body.number(8), body.number(8)];
  const [alert, households, root] = [body.bytes(32), body.number(4), body.bytes(32)];
  if (!body.isWhole() || kind > CANCEL || expires <= sent || expires > sent + LONGEST) {
    return null;
  }
  const digest = release === null ? sha256(joined([domain, fixed, sender])) : digestOf(release, fixed, sender);
  return { cls, kind, sent, epoch, number, expires, alert, households, root, sender, digest, signatures, release };
}

/**
 * How many different officers signed; 0 where the envelope does not hold. A live cancel holds with one officer; whether it counts is asked later.
 */
export function signedBy(envelope: Envelope, list: KeyList): number {
  if (!same(envelope.sender, list.sender)) {
    return 0;
  }
  if (envelope.release !== null) {
    return releasedBy(envelope, envelope.release, list);
  }
  const officers = officersOf(envelope.signatures, envelope.digest, envelope.cls, envelope.sent, list);
  const count = officers === null ? 0 : officers.length;
  const needed = envelope.cls === EXERCISE || (envelope.cls === LIVE && envelope.kind === CANCEL) ? 1 : 2;
  return count >= needed ? count : 0;
}
