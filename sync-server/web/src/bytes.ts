// Bytes and text by hand: the sets that the page is for have no TextDecoder, and some have no atob.

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** More than any message has; whatever is longer is not read. */
export const MOST_BYTES = 65536;

/** Base64 with padding (RFC 4648 §4); `null` for anything else, also where bits are set that nothing says. */
export function fromBase64(text: string, most: number = MOST_BYTES): Uint8Array | null {
  if (text.length % 4 !== 0 || text.length > (most / 3) * 4 || !/^[A-Za-z0-9+\/]*={0,2}$/.test(text)) {
    return null;
  }
  const padding = text.slice(-2) === "==" ? 2 : text.slice(-1) === "=" ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let at = 0;
  let held = 0;
  let bits = 0;
  for (let i = 0; i < text.length - padding; i += 1) {
    held = ((held << 6) | BASE64.indexOf(text.charAt(i))) & 0xfff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (held >> bits) & 0xff;
      at += 1;
    }
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : null;
}

/** Base64 for URLs without padding (RFC 4648 §5). */
export function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  let held = 0;
  let bits = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    held = ((held << 8) | (bytes[i] as number)) & 0x3fff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += BASE64.charAt((held >> bits) & 63);
    }
  }
  if (bits > 0) {
    text += BASE64.charAt((held << (6 - bits)) & 63);
  }
  return text.replace(/\+/g, "-").replace(/\//g, "_");
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 1) {
    text += (0x100 + (bytes[i] as number)).toString(16).slice(1);
  }
  return text;
}

/** The reverse of `toHex`, of exactly `length` bytes. */
export function fromHex(text: unknown, length: number): Uint8Array | null {
  if (typeof text !== "string" || text.length !== length * 2 || !/^[0-9a-f]*$/.test(text)) {
    return null;
  }
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) {
    bytes[i] = parseInt(text.substr(i * 2, 2), 16);
  }
  return bytes;
}

/** The text of UTF-8 (RFC 3629); `null` where it is none. */
export function fromUtf8(bytes: Uint8Array): string | null {
  let text = "";
  let i = 0;
  while (i < bytes.length) {
    const first = bytes[i] as number;
    const more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : -1;
    if (more < 0 || i + more >= bytes.length) {
      return null;
    }
    let point = more === 0 ? first : first & (0x3f >> more);
    for (let k = 1; k <= more; k += 1) {
      const next = bytes[i + k] as number;
      if ((next & 0xc0) !== 0x80) {
        return null;
      }
      point = (point << 6) | (next & 0x3f);
    }
    const isTooLong = (more === 2 && point < 0x800) || (more === 3 && point < 0x10000);
    if (isTooLong || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
      return null;
    }
    text +=
      point < 0x10000
        ? String.fromCharCode(point)
        : String.fromCharCode(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
    i += more + 1;
  }
  return text;
}

/** The bytes of a text that has ASCII only: our own domains. */
export function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) {
    bytes[i] = text.charCodeAt(i) & 0x7f;
  }
  return bytes;
}

export function joined(parts: Uint8Array[]): Uint8Array {
  let length = 0;
  for (let i = 0; i < parts.length; i += 1) {
    length += (parts[i] as Uint8Array).length;
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < parts.length; i += 1) {
    const part = parts[i] as Uint8Array;
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) {
    return false;
  }
  for (let i = 0; i < one.length; i += 1) {
    if (one[i] !== other[i]) {
      return false;
    }
  }
  return true;
}

/**
 * Reads big-endian fields one after the other. Once there was too little, or a number that a double cannot hold, it is
 * broken for good and gives zeros; whoever reads asks `isWhole` at the end.
 */
export class Reader {
  private at = 0;
  private isBroken = false;

  constructor(private readonly all: Uint8Array) {}

  bytes(length: number): Uint8Array {
    if (this.isBroken || this.at + length > this.all.length) {
      this.isBroken = true;
      return new Uint8Array(length);
    }
    const part = this.all.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  /** An unsigned number of so many bytes. */
  number(length: number): number {
    const bytes = this.bytes(length);
    let value = 0;
    for (let i = 0; i < length; i += 1) {
      value = value * 256 + (bytes[i] as number);
    }
    if (value > 9007199254740991) {
      this.isBroken = true;
      return 0;
    }
    return value;
  }

  /** A time that only limits something: one later than a double can hold is as good as the latest that it can. */
  limit(): number {
    const high = this.number(4);
    return Math.min(high * 4294967296 + this.number(4), 9007199254740991);
  }

  /** What is left. */
  rest(): Uint8Array {
    return this.bytes(this.all.length - this.at);
  }

  /** Where the next field begins. */
  position(): number {
    return this.at;
  }

  /** Whether everything was there and nothing is left. */
  isWhole(): boolean {
    return !this.isBroken && this.at === this.all.length;
  }

  /** Whether there was less than was asked for. */
  broke(): boolean {
    return this.isBroken;
  }
}
