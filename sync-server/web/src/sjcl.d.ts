// What the page uses of SJCL (https://bitwiseshiftleft.github.io/sjcl/), put together by build.js.

/** Words of 32 bits, the last one marked with its length where it is shorter. */
export type Bits = number[];

export interface PublicKey {
  /** Throws where the signature does not hold. `legacy` must be `false`: otherwise it accepts an old mistake of SJCL as well. */
  verify(hash: Bits, signature: Bits, legacy: boolean): boolean;
}

interface Point {
  isValid(): boolean;
}

interface Curve {
  fromBits(bits: Bits): Point;
}

interface Sjcl {
  codec: { hex: { toBits(hex: string): Bits; fromBits(bits: Bits): string } };
  hash: { sha256: { hash(data: Bits): Bits } };
  bitArray: { partial(length: number, word: number): number };
  ecc: {
    curves: { c256: Curve };
    ecdsa: { publicKey: new (curve: Curve, point: Point) => PublicKey };
  };
}

declare const sjcl: Sjcl;
export default sjcl;
