// The instruction of a household: that the officers signed it with the alert, and what it says (docs/tv.md §3).

import { Reader, fromUtf8, joined, same } from "./bytes.js";
import { sha256 } from "./crypto.js";
import type { Envelope } from "./envelope.js";
import type { Release } from "./release.js";

const MOST_HEIGHT = 32;
const FIXED_LEAF = 32;

/** `[text]` or `[text, reading]`. */
export type Piece = [string] | [string, string];
export type Ruby = Piece[];

/** What a household is told. */
export interface Content {
  id: string;
  references: string[];
  sent: number;
  expires: number;
  message: string;
  hazard: string;
  order: string;
  level: number | null;
  tsunami: string | null;
  issuer: string;
  title: string;
  names: string[];
  act: Ruby;
  place: Ruby;
  road: Ruby;
  fact: string;
  arrives: number | null;
  after: string;
  lines: Ruby[];
  speech: string;
  english: string;
}

/** Bits by hand are 32 wide and signed; a household's index is below 2^32. */
function half(number: number): number {
  return Math.floor(number / 2);
}

/** Whether `leaf` is one of the `count` under `root` (RFC 9162 §2.1.3.2). */
export function isUnder(root: Uint8Array, count: number, leaf: Uint8Array, path: Uint8Array): boolean {
  const height = (path.length - 4) / 32;
  if (height < 0 || height > MOST_HEIGHT || Math.floor(height) !== height || leaf.length < FIXED_LEAF) {
    return false;
  }
  const reader = new Reader(path);
  let at = reader.number(4);
  let last = count - 1;
  if (at > last) {
    return false;
  }
  let sum = sha256(joined([new Uint8Array([0]), leaf]));
  for (let i = 0; i < height; i += 1) {
    const beside = reader.bytes(32);
    if (last === 0) {
      return false;
    }
    if (at % 2 === 1 || at === last) {
      sum = node(beside, sum);
      // The last one of an odd row goes up alone.
      while (at % 2 === 0 && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      sum = node(sum, beside);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && same(sum, root);
}

function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(joined([new Uint8Array([1]), left, right]));
}

/** What the leaf says, if it is this household's, was signed with this envelope, and says the same as it. */
export function readLeaf(leaf: Uint8Array, path: Uint8Array, envelope: Envelope, household: Uint8Array): Content | null {
  const isOwn = leaf.length >= FIXED_LEAF && same(leaf.subarray(16, 32), household);
  if (!isOwn || !isUnder(envelope.root, envelope.households, leaf, path)) {
    return null;
  }
  const content = parseContent(fromUtf8(leaf.subarray(FIXED_LEAF)) || "");
  if (content === null) {
    return null;
  }
  if (envelope.release !== null) {
    return filledIn(content, envelope, envelope.release);
  }
  const kind = ["Order", "AllClear", "Cancel"][envelope.kind];
  const isSame = content.sent === envelope.sent && content.expires === envelope.expires && content.message === kind;
  return isSame ? content : null;
}

/** What was said in advance, with the trigger's words in it; `null` where it was not said in advance, or of another warning. */
function filledIn(content: Content, envelope: Envelope, release: Release): Content | null {
  const isPrepared = content.id === "prepared" && content.sent === 0 && content.expires === envelope.expires - envelope.sent;
  const isSame = content.message === "Order" && content.hazard === "Tsunami" && content.tsunami === release.kind;
  if (!isPrepared || !isSame || content.references.length > 0) {
    return null;
  }
  content.id = envelope.epoch + "-" + envelope.number;
  content.references = release.references.map((one) => one.id);
  content.sent = envelope.sent;
  content.expires = envelope.expires;
  content.arrives = release.arrives;
  return content;
}

export function parseContent(json: string): Content | null {
  try {
    return contentOf(JSON.parse(json));
  } catch (_noJson) {
    return null;
  }
}

const MOST_TEXT = 2000;
const MOST_PIECES = 64;
const MOST_NAMES = 64;

/** Of a parsed JSON. What a picture can do without may be missing; what decides whether it counts may not. */
export function contentOf(said: unknown): Content | null {
  if (typeof said !== "object" || said === null) {
    return null;
  }
  const from = said as { [name: string]: unknown };
  const [sent, expires] = [time(from["sent"]), time(from["expires"])];
  const references = texts(from["references"], 512);
  const [id, message, hazard, order] = [text(from["id"]), text(from["message"]), text(from["hazard"]), text(from["order"])];
  if (sent === null || expires === null || references === null || id === "" || message === "" || hazard === "" || order === "") {
    return null;
  }
  const lines: Ruby[] = [];
  const saidLines = from["lines"];
  if (isArray(saidLines)) {
    for (let i = 0; i < saidLines.length && i < 8; i += 1) {
      const line = ruby(saidLines[i]);
      if (line.length > 0) {
        lines.push(line);
      }
    }
  }
  const level = from["level"];
  return {
    id,
    references,
    sent,
    expires,
    message,
    hazard,
    order,
    level: level === 3 || level === 4 || level === 5 ? level : null,
    tsunami: text(from["tsunami"]) || null,
    issuer: text(from["issuer"]),
    title: text(from["title"]),
    names: texts(from["names"], MOST_NAMES) || [],
    act: ruby(from["act"]),
    place: ruby(from["place"]),
    road: ruby(from["road"]),
    fact: text(from["fact"]),
    arrives: time(from["arrives"]),
    after: text(from["after"]),
    lines,
    speech: text(from["speech"]),
    english: text(from["english"]),
  };
}

export function isArray(value: unknown): value is unknown[] {
  return Object.prototype.toString.call(value) === "[object Array]";
}

export function time(value: unknown): number | null {
  return typeof value === "number" && value >= 0 && value <= 9007199254740991 && Math.floor(value) === value ? value : null;
}

export function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, MOST_TEXT) : "";
}

function texts(value: unknown, most: number): string[] | null {
  if (!isArray(value) || value.length > most) {
    return null;
  }
  const all: string[] = [];
  for (let i = 0; i < value.length; i += 1) {
    const one = text(value[i]);
    if (one === "") {
      return null;
    }
    all.push(one);
  }
  return all;
}

function ruby(value: unknown): Ruby {
  const pieces: Ruby = [];
  if (!isArray(value)) {
    return pieces;
  }
  for (let i = 0; i < value.length && i < MOST_PIECES; i += 1) {
    const piece = value[i];
    if (!isArray(piece)) {
      continue;
    }
    const [written, reading] = [text(piece[0]), text(piece[1])];
    if (written !== "") {
      pieces.push(reading === "" ? [written] : [written, reading]);
    }
  }
  return pieces;
}
