// The list of keys: who may sign alerts, signed by the town root (docs/tv.md §1).

import { Reader, ascii, fromUtf8, joined, toHex } from "./bytes.js";
import { isPointOfP256, isWeak, verifiesEd25519 } from "./crypto.js";

export const LIVE = 0;
export const EXERCISE = 1;
export const KIOSK = 0;
export const PASSKEY = 1;

const DOMAIN = ascii("hinamori alert/keys /v1");
const MOST_DEVICES = 512;
/** Minutes; what staff at check-points do with them is no page's business. */
const MOST_STAFF_LEAVE = 60;

/** One device of an officer, for one class of alerts. */
export interface Device {
  cls: number;
  kind: number;
  officer: number;
  until: number;
}

export interface KeyList {
  version: number;
  beatKey: Uint8Array;
  relyingParty: Uint8Array;
  /** Whose word releases what was signed in advance; `null` where nothing is released. */
  trigger: Uint8Array | null;
  /** Whether an officer on duty signs each release too. */
  needsOfficer: boolean;
  /** What officers signed in advance before this moment is void. */
  voidBefore: number;
  sender: Uint8Array;
  /** By the hex of their keys. */
  devices: { [key: string]: Device };
}

/** The list, if the root signed it and nothing in it is wrong. */
export function readList(bytes: Uint8Array, root: Uint8Array): KeyList | null {
  if (bytes.length < 64) {
    return null;
  }
  const body = bytes.subarray(0, bytes.length - 64);
  if (!verifiesEd25519(root, joined([DOMAIN, body]), bytes.subarray(bytes.length - 64))) {
    return null;
  }
  const reader = new Reader(body);
  const version = reader.number(4);
  reader.bytes(8);
  const beatKey = reader.bytes(32);
  const relyingParty = reader.bytes(32);
  const [staffLeave, release] = [reader.number(1), reader.number(1)];
  const trigger = release === 0 ? null : reader.bytes(32);
  const voidBefore = release === 0 ? 0 : reader.limit();
  const sender = reader.bytes(reader.number(1));
  const count = reader.number(2);
  if (reader.broke() || count > MOST_DEVICES || isWeak(beatKey) || !fromUtf8(sender)) {
    return null;
  }
  if (staffLeave < 1 || staffLeave > MOST_STAFF_LEAVE || release > 2 || (trigger !== null && isWeak(trigger))) {
    return null;
  }
  const devices: { [key: string]: Device } = {};
  const taken: { [key: string]: boolean } = {};
  // The key of heartbeats signs nothing else.
  taken[toHex(beatKey)] = true;
  if (trigger !== null) {
    if (taken[toHex(trigger)] === true) {
      return null;
    }
    // Neither does that of triggers.
    taken[toHex(trigger)] = true;
  }
  for (let i = 0; i < count; i += 1) {
    const [cls, kind, officer, until] = [reader.number(1), reader.number(1), reader.number(4), reader.limit()];
    if (cls > EXERCISE || kind > PASSKEY) {
      return null;
    }
    const key = reader.bytes(kind === PASSKEY ? 65 : 32);
    const name = toHex(key);
    if (reader.broke() || taken[name] === true || !(kind === PASSKEY ? isPointOfP256(key) : !isWeak(key))) {
      return null;
    }
    taken[name] = true;
    devices[name] = { cls, kind, officer, until };
  }
  return reader.isWhole() ? { version, beatKey, relyingParty, trigger, needsOfficer: release === 2, voidBefore, sender, devices } : null;
}

