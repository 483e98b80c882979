// What broadcasters' pictures need of an alert (CAP 1.2 with the profile JP-evac). Its bytes were verified before; what is wrong in them
// all the same makes it none.

import { time } from "./leaf.js";

/** What is said in one language. */
export interface Block {
  headline: string;
  description: string;
  instruction: string;
}

export interface Cap {
  id: string;
  references: string[];
  sent: number;
  /** The latest one of its blocks. */
  expires: number;
  isExercise: boolean;
  /** `Order`, `AllClear` or `Cancel`. */
  message: string;
  hazard: string;
  order: string;
  level: number | null;
  tsunami: string | null;
  issuer: string;
  districts: string[];
  /** How words are read. */
  readings: { [word: string]: string };
  /** When what is warned of is expected to begin. */
  onset: number | null;
  japanese: Block;
  simple: Block;
  english: Block;
}

/** Reads a document; `null` where it is none. */
export type Parse = (xml: string) => Document | null;

export const browserParse: Parse = (xml) => {
  const document = new DOMParser().parseFromString(xml, "application/xml");
  return document.getElementsByTagName("parsererror").length > 0 ? null : document;
};

export function capOf(xml: string, parse: Parse): Cap | null {
  const document = parse(xml);
  const alert = document === null ? null : document.documentElement;
  if (alert === null || alert.tagName !== "alert") {
    return null;
  }
  const infos = children(alert, "info");
  const first = infos[0];
  const [sent, status] = [timeOf(textOf(alert, "sent")), textOf(alert, "status")];
  if (first === undefined || sent === null || (status !== "Actual" && status !== "Exercise")) {
    return null;
  }
  let expires = 0;
  let japanese: Block | null = null;
  let simple: Block | null = null;
  let english: Block | null = null;
  for (let i = 0; i < infos.length; i += 1) {
    const info = infos[i] as Element;
    const language = textOf(info, "language").toLowerCase();
    expires = Math.max(expires, timeOf(textOf(info, "expires")) || 0);
    const isSimple = language.indexOf("simple") >= 0;
    japanese = japanese || (language.indexOf("ja") === 0 && !isSimple ? blockOf(info) : null);
    simple = simple || (language.indexOf("ja") === 0 && isSimple ? blockOf(info) : null);
    english = english || (language.indexOf("en") === 0 ? blockOf(info) : null);
  }
  const parameters = named(first, "parameter");
  const one = (name: string): string => (parameters[":" + name] || [])[0] || "";
  if (japanese === null || expires <= sent || one("JP-evac:Message") === "") {
    return null;
  }
  const level = Number(one("JP-evac:WarningLevel"));
  return {
    id: textOf(alert, "identifier"),
    references: identifiers(textOf(alert, "references")),
    sent,
    expires,
    isExercise: status === "Exercise",
    message: one("JP-evac:Message"),
    hazard: one("JP-evac:Hazard"),
    order: one("JP-evac:Order"),
    level: level === 3 || level === 4 || level === 5 ? level : null,
    tsunami: one("JP-evac:TsunamiKind") || null,
    issuer: textOf(first, "senderName"),
    districts: districtsOf(first),
    readings: readingsOf(parameters[":JP-evac:Reading"] || []),
    onset: timeOf(textOf(first, "onset")),
    japanese,
    simple: simple || japanese,
    english: english || japanese,
  };
}

function children(of: Element, name: string): Element[] {
  const found: Element[] = [];
  for (let node = of.firstChild; node !== null; node = node.nextSibling) {
    if (node.nodeType === 1 && (node as Element).tagName === name) {
      found.push(node as Element);
    }
  }
  return found;
}

function textOf(of: Element, name: string): string {
  const found = children(of, name)[0];
  return found === undefined ? "" : found.textContent || "";
}

/** Values by a colon and the system's name for them (CAP 1.2 §3.2.2). */
function named(of: Element, name: string): { [name: string]: string[] } {
  const all: { [name: string]: string[] } = {};
  const found = children(of, name);
  for (let i = 0; i < found.length; i += 1) {
    const one = found[i] as Element;
    // In front of it a sign that no name of an object's own has.
    const key = ":" + textOf(one, "valueName");
    all[key] = (all[key] || []).concat([textOf(one, "value")]);
  }
  return all;
}

function blockOf(info: Element): Block {
  return {
    headline: textOf(info, "headline"),
    description: textOf(info, "description"),
    instruction: textOf(info, "instruction"),
  };
}

function districtsOf(info: Element): string[] {
  let districts: string[] = [];
  const areas = children(info, "area");
  for (let i = 0; i < areas.length; i += 1) {
    const area = areas[i] as Element;
    const codes = named(area, "geocode")[":JP-evac:District"];
    districts = districts.concat(codes === undefined ? [textOf(area, "areaDesc")] : codes);
  }
  return districts;
}

function readingsOf(pairs: string[]): { [word: string]: string } {
  const readings: { [word: string]: string } = {};
  for (let i = 0; i < pairs.length; i += 1) {
    const [word, reading] = (pairs[i] as string).split("=");
    if (word !== undefined && reading !== undefined) {
      readings[word] = reading;
    }
  }
  return readings;
}

/** Of `sender,identifier,sent` triples (CAP 1.2 §3.2.1). */
function identifiers(references: string): string[] {
  const all: string[] = [];
  const triples = references.split(/\s+/);
  for (let i = 0; i < triples.length; i += 1) {
    const identifier = (triples[i] as string).split(",")[1];
    if (identifier !== undefined) {
      all.push(identifier);
    }
  }
  return all;
}

function timeOf(text: string): number | null {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/.test(text) ? time(Date.parse(text)) : null;
}
