// SHA-256, Ed25519 and ECDSA P-256, of signatures that others made. The page has no secret key, so that nothing here has to
// take the same time for every input.

import nacl from "tweetnacl";
import sjcl, { type Bits } from "./sjcl.js";
import { fromHex, toHex } from "./bytes.js";

function toBits(bytes: Uint8Array): Bits {
  const bits: Bits = [];
  for (let i = 0; i + 4 <= bytes.length; i += 4) {
    bits.push(((bytes[i] as number) << 24) | ((bytes[i + 1] as number) << 16) | ((bytes[i + 2] as number) << 8) | (bytes[i + 3] as number));
  }
  const over = bytes.length % 4;
  if (over > 0) {
    let word = 0;
    for (let i = bytes.length - over; i < bytes.length; i += 1) {
      word = (word << 8) | (bytes[i] as number);
    }
    bits.push(sjcl.bitArray.partial(over * 8, word));
  }
  return bits;
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return fromHex(sjcl.codec.hex.fromBits(sjcl.hash.sha256.hash(toBits(bytes))), 32) as Uint8Array;
}

/** The order of the group of Ed25519 (RFC 8032 §5.1), the least byte first. */
const ORDER = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/** The points of small order, the sign taken off. Whoever has such a key: everybody can sign for them. */
const SMALL = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/** Whether it is a point of small order. */
export function isWeak(point: Uint8Array): boolean {
  const plain = new Uint8Array(point);
  plain[31] = (plain[31] as number) & 0x7f;
  return SMALL.indexOf(toHex(plain)) >= 0;
}

function isBelowOrder(scalar: Uint8Array): boolean {
  const order = fromHex(ORDER, 32) as Uint8Array;
  for (let i = 31; i >= 0; i -= 1) {
    const [own, limit] = [scalar[i] as number, order[i] as number];
    if (own !== limit) {
      return own < limit;
    }
  }
  return false;
}

/** Ed25519 (RFC 8032 §5.1.7), strictly: one signature cannot be turned into another one. */
export function verifiesEd25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) {
    return false;
  }
  // TweetNaCl takes S + L for S.
  if (!isBelowOrder(signature.subarray(32)) || isWeak(key) || isWeak(signature.subarray(0, 32))) {
    return false;
  }
  try {
    return nacl.sign.detached.verify(message, signature, key);
  } catch (_noSignature) {
    return false;
  }
}

/** Whether it is an uncompressed point of P-256 (SEC 1 §2.3.4). */
export function isPointOfP256(key: Uint8Array): boolean {
  try {
    return key.length === 65 && key[0] === 4 && sjcl.ecc.curves.c256.fromBits(toBits(key.subarray(1))).isValid();
  } catch (_noPoint) {
    return false;
  }
}

/** ECDSA on P-256 with SHA-256 over `message`; the signature is r ‖ s. */
export function verifiesP256(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || !isPointOfP256(key)) {
    return false;
  }
  try {
    const curve = sjcl.ecc.curves.c256;
    const verifier = new sjcl.ecc.ecdsa.publicKey(curve, curve.fromBits(toBits(key.subarray(1))));
    return verifier.verify(toBits(sha256(message)), toBits(signature), false);
  } catch (_doesNotHold) {
    return false;
  }
}
