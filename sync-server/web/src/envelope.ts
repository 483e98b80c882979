// The officers' envelope (docs/tv.md §2).

import { Reader, ascii, fromUtf8, joined, same, toBase64Url, toHex } from "./bytes.js";
import { sha256, verifiesEd25519, verifiesP256 } from "./crypto.js";
import { EXERCISE, KIOSK, type KeyList, LIVE, PASSKEY } from "./keys.js";

export const ORDER = 0;
export const ALL_CLEAR = 1;
export const CANCEL = 2;

const DOMAINS = [ascii("hinamori alert/live /v1"), ascii("hinamori alert/drill/v1")];
const FIXED_BODY = 97;
const MOST_SIGNATURES = 8;
/** What holds longer is renewed (JP-evac §3), so that whatever is older than that can be forgotten. */
export const LONGEST = 7 * 24 * 3600 * 1000;
/** UP and UV (WebAuthn §6.1): somebody was there, and was the one. */
const PRESENT_AND_VERIFIED = 0x05;

interface Signature {
  kind: number;
  key: Uint8Array;
  /** Of a passkey. */
  authenticator: Uint8Array;
  client: Uint8Array;
  signature: Uint8Array;
}

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
}

/** Reads an envelope; nothing of it is believed yet. */
export function readEnvelope(bytes: Uint8Array): Envelope | null {
  const reader = new Reader(bytes);
  const cls = reader.number(1);
  const fixed = reader.bytes(FIXED_BODY);
  const sender = reader.bytes(reader.number(1));
  const count = reader.number(1);
  const domain = DOMAINS[cls];
  if (reader.broke() || domain === undefined || count > MOST_SIGNATURES) {
    return null;
  }
  const signatures: Signature[] = [];
  for (let i = 0; i < count; i += 1) {
    const kind = reader.number(1);
    if (reader.broke() || kind > PASSKEY) {
      return null;
    }
    const isPasskey = kind === PASSKEY;
    signatures.push({
      kind,
      key: reader.bytes(isPasskey ? 65 : 32),
      authenticator: reader.bytes(isPasskey ? reader.number(1) : 0),
      client: reader.bytes(isPasskey ? reader.number(2) : 0),
      signature: reader.bytes(64),
    });
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
  const digest = sha256(joined([domain, fixed, sender]));
  return { cls, kind, sent, epoch, number, expires, alert, households, root, sender, digest, signatures };
}

function holds(envelope: Envelope, signed: Signature, list: KeyList): boolean {
  if (signed.kind === KIOSK) {
    return verifiesEd25519(signed.key, envelope.digest, signed.signature);
  }
  const { authenticator, client } = signed;
  if (authenticator.length < 37 || !same(authenticator.subarray(0, 32), list.relyingParty)) {
    return false;
  }
  if (((authenticator[32] as number) & PRESENT_AND_VERIFIED) !== PRESENT_AND_VERIFIED) {
    return false;
  }
  if (!isAsked(client, envelope.digest)) {
    return false;
  }
  return verifiesP256(signed.key, joined([authenticator, sha256(client)]), signed.signature);
}

/** Whether the client data is about this digest (WebAuthn §5.8.1). */
function isAsked(client: Uint8Array, digest: Uint8Array): boolean {
  try {
    const said: unknown = JSON.parse(fromUtf8(client) || "");
    if (typeof said !== "object" || said === null) {
      return false;
    }
    const { type, challenge } = said as { type?: unknown; challenge?: unknown };
    return type === "webauthn.get" && challenge === toBase64Url(digest);
  } catch (_noJson) {
    return false;
  }
}

/**
 * How many different officers signed; 0 where the envelope does not hold. One wrong signature is enough for that: nobody
 * honest adds one. A live cancel holds with one officer; whether it counts is asked later.
 */
export function signedBy(envelope: Envelope, list: KeyList): number {
  if (!same(envelope.sender, list.sender)) {
    return 0;
  }
  const officers: { [officer: string]: boolean } = {};
  let count = 0;
  for (let i = 0; i < envelope.signatures.length; i += 1) {
    const signed = envelope.signatures[i] as Signature;
    const device = list.devices[toHex(signed.key)];
    const isListed = device !== undefined && device.cls === envelope.cls && device.kind === signed.kind;
    if (!isListed || device.until < envelope.sent || !holds(envelope, signed, list)) {
      return 0;
    }
    if (officers[device.officer] !== true) {
      officers[device.officer] = true;
      count += 1;
    }
  }
  const needed = envelope.cls === EXERCISE || (envelope.cls === LIVE && envelope.kind === CANCEL) ? 1 : 2;
  return count >= needed ? count : 0;
}
