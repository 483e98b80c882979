// Officers' signatures (docs/tv.md §2): a kiosk's, or a passkey's assertion (WebAuthn Level 2 §7.2).

import { type Reader, fromUtf8, joined, same, toBase64Url, toHex } from "./bytes.js";
import { sha256, verifiesEd25519, verifiesP256 } from "./crypto.js";
import { KIOSK, type KeyList, PASSKEY } from "./keys.js";

const MOST_SIGNATURES = 8;
/** UP and UV (WebAuthn §6.1): somebody was there, and was the one. */
const PRESENT_AND_VERIFIED = 0x05;

export interface Signature {
  kind: number;
  key: Uint8Array;
  /** Of a passkey. */
  authenticator: Uint8Array;
  client: Uint8Array;
  signature: Uint8Array;
}

/** A count, and so many signatures; `null` where they are none. */
export function readSignatures(reader: Reader): Signature[] | null {
  const count = reader.number(1);
  if (reader.broke() || count > MOST_SIGNATURES) {
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
  return signatures;
}

function holds(digest: Uint8Array, signed: Signature, list: KeyList): boolean {
  if (signed.kind === KIOSK) {
    return verifiesEd25519(signed.key, digest, signed.signature);
  }
  const { authenticator, client } = signed;
  if (authenticator.length < 37 || !same(authenticator.subarray(0, 32), list.relyingParty)) {
    return false;
  }
  if (((authenticator[32] as number) & PRESENT_AND_VERIFIED) !== PRESENT_AND_VERIFIED) {
    return false;
  }
  if (!isAsked(client, digest)) {
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
 * The different officers who signed a digest by devices of a class that were good at a time; `null` where one signature does not count: nobody
 * honest adds one.
 */
export function officersOf(signatures: Signature[], digest: Uint8Array, cls: number, at: number, list: KeyList): number[] | null {
  const officers: number[] = [];
  for (let i = 0; i < signatures.length; i += 1) {
    const signed = signatures[i] as Signature;
    const device = list.devices[toHex(signed.key)];
    const isListed = device !== undefined && device.cls === cls && device.kind === signed.kind;
    if (!isListed || device.until < at || !holds(digest, signed, list)) {
      return null;
    }
    if (officers.indexOf(device.officer) < 0) {
      officers.push(device.officer);
    }
  }
  return officers;
}
