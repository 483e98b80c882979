// What a station may put on the air: every message that the officers signed, verified here against the town's root (docs/broadcast.md §4).
// It has no clock, line or screen of its own.

import { type Message, type Sequences, type Thread, choose, noSequences, takeAll, threadsOf, withoutOld, wordOf } from "./alerts.js";
import { fromBase64, fromHex, fromUtf8, same, toHex } from "./bytes.js";
import { type Cap, type Parse, capOf } from "./cap.js";
import { sha256 } from "./crypto.js";
import { ALL_CLEAR, CANCEL, LONGEST, ORDER, readEnvelope, signedBy } from "./envelope.js";
import { EXERCISE, LIVE } from "./keys.js";
import { contentOf, isArray, text, time } from "./leaf.js";
import { type Store, beatOf, sequenceOf } from "./memory.js";
import { type Believed, Trust } from "./trust.js";

/** Bytes of an alert (docs/jp-evac.md §1). */
const MOST_ALERT = 1 << 20;
/** More than a town sends in a bad week. */
const MOST_ITEMS = 128;

/** A message as it came, both in base64. */
export interface Item {
  envelope: string;
  alert: string;
}

/** What is kept over a restart. */
export interface PlayerMemory extends Believed {
  sequences: Sequences;
  items: Item[];
}

export interface Counts {
  at: number;
  step: number;
  households: number;
  arrived: number;
}

/** What stands on the air. */
export interface OnAir {
  message: Message;
  cap: Cap;
  /** Up to when it is known to be what the town says: that of the last heartbeat, or when the town said something newer. */
  confirmed: number;
  /** The digest of what the town says now, where the operator has not taken it. */
  newer: string | null;
}

/** A message among those that an operator can take. */
export interface Offer {
  message: Message;
  cap: Cap;
  /** Whether it is what its thread says now. */
  isCurrent: boolean;
  isOver: boolean;
}

export class Player {
  /** The server said another root than the one that is pinned. */
  isRefused = false;
  /** What the operator took, as the server knows it. */
  air: string | null = null;
  counts: Counts | null = null;
  name = "";
  readonly trust: Trust;
  private messages: Message[] = [];
  private caps: { [digest: string]: Cap } = {};
  private items: { [digest: string]: Item } = {};
  private known: { [key: string]: Message | false } = {};

  /** `pinned` is the root, in hexadecimal, that the station was given; without one the first that signs a list is kept. */
  constructor(
    readonly memory: PlayerMemory,
    private readonly pinned: string | null,
    running: number,
    private readonly parse: Parse,
  ) {
    if (pinned !== null && memory.root !== null && memory.root !== pinned) {
      // What was kept is of another town.
      memory.root = null;
      memory.list = null;
      memory.beat = null;
      memory.sequences = noSequences();
      memory.items = [];
    }
    this.trust = new Trust(memory, running);
    this.takeItems(memory.items, running, null);
  }

  /** Takes what `GET /station/api/wait` answered. `false` where it was none. */
  take(said: unknown, running: number): boolean {
    if (typeof said !== "object" || said === null) {
      return false;
    }
    const from = said as { [name: string]: unknown };
    const root = fromHex(from["root"], 32);
    if (root === null) {
      return false;
    }
    const expected = this.pinned || this.memory.root;
    this.isRefused = expected !== null && expected !== toHex(root);
    if (this.isRefused) {
      return true;
    }
    if (this.trust.takeList(from["list"], root)) {
      this.known = {};
    }
    const { beat } = this.memory;
    const before = beat === null ? null : beat.at;
    this.trust.takeBeat(from["beat"], running);
    this.takeItems(from["messages"], running, before);
    const air = from["air"] as { message?: unknown } | null | undefined;
    this.air = typeof air === "object" && air !== null ? text(air.message) || null : null;
    const station = from["station"] as { name?: unknown } | null | undefined;
    this.name = typeof station === "object" && station !== null ? text(station.name) : "";
    this.counts = countsOf(from["counts"]);
    return true;
  }

  private takeItems(said: unknown, running: number, before: number | null): void {
    const clock = this.trust.clock(running);
    if (clock === null || !isArray(said)) {
      return;
    }
    const came: Message[] = [];
    for (let i = 0; i < said.length && i < MOST_ITEMS; i += 1) {
      const one = said[i] as { [name: string]: unknown } | null;
      const [envelope, alert] = one === null || typeof one !== "object" ? [null, null] : [one["envelope"], one["alert"]];
      if (typeof envelope === "string" && typeof alert === "string") {
        const message = this.verified(envelope, alert);
        if (message !== null) {
          came.push(message);
          this.items[message.digest] = { envelope, alert };
        }
      }
    }
    // In the order in which they were sent.
    came.sort((one, other) => one.sent - other.sent || one.number - other.number);
    takeAll(this.messages, this.memory.sequences, came, clock, before);
    this.messages = withoutOld(this.messages, clock, LONGEST);
    // Only what counted is kept: after a restart nobody knows any more which heartbeat came before it.
    this.memory.items = this.messages.map((message) => this.items[message.digest] as Item);
  }

  private verified(envelope: string, alert: string): Message | null {
    const key = envelope + "|" + alert;
    let message = this.known[key];
    if (message === undefined) {
      message = this.verify(envelope, alert) || false;
      this.known[key] = message;
    }
    return message === false ? null : message;
  }

  private verify(envelopeText: string, alertText: string): Message | null {
    const [envelopeBytes, alert] = [fromBase64(envelopeText), fromBase64(alertText, MOST_ALERT)];
    const envelope = envelopeBytes === null ? null : readEnvelope(envelopeBytes);
    if (envelope === null || alert === null || this.trust.list === null || !same(sha256(alert), envelope.alert)) {
      return null;
    }
    const officers = signedBy(envelope, this.trust.list);
    const cap = officers === 0 ? null : capOf(fromUtf8(alert) || "", this.parse);
    if (cap === null) {
      return null;
    }
    const { cls, kind, sent, expires, epoch, number } = envelope;
    const isItsOwn =
      cap.sent === sent && cap.expires === expires && cap.isExercise === (cls === EXERCISE) && cap.message === ["Order", "AllClear", "Cancel"][kind];
    const content = contentOf({
      id: cap.id,
      references: cap.references,
      sent,
      expires,
      message: cap.message,
      hazard: cap.hazard,
      order: cap.order,
      level: cap.level,
      tsunami: cap.tsunami,
    });
    if (!isItsOwn || content === null) {
      return null;
    }
    const digest = toHex(envelope.digest);
    this.caps[digest] = cap;
    return { digest, cls, kind, sent, expires, epoch, number, officers, household: "", content };
  }

  /** What stands on the air of what the operator took; `null` where nothing does any more. */
  onAir(digest: string | null, running: number): OnAir | null {
    const clock = this.trust.clock(running);
    const { beat } = this.memory;
    if (digest === null || clock === null || beat === null) {
      return null;
    }
    const threads = threadsOf(this.messages);
    let isLive = false;
    let found: { message: Message; thread: Thread } | null = null;
    for (let i = 0; i < threads.length; i += 1) {
      const thread = threads[i] as Thread;
      isLive = isLive || (thread.cls === LIVE && wordOf(thread, clock) !== null);
      const all = thread.words.concat(thread.cancels);
      for (let k = 0; k < all.length; k += 1) {
        const message = all[k] as Message;
        found = message.digest === digest ? { message, thread } : found;
      }
    }
    const cap = this.caps[digest];
    if (found === null || cap === undefined || found.message.expires <= clock) {
      return null;
    }
    const { message, thread } = found;
    const word = wordOf(thread, clock);
    // What was ended, or what is over, leaves the air by itself, and so does an exercise as soon as something is in earnest.
    if (word === null || (word.digest !== digest && word.kind !== ORDER) || (thread.cls === EXERCISE && isLive)) {
      return null;
    }
    const isCurrent = word.digest === digest;
    return { message, cap, confirmed: isCurrent ? beat.at : Math.min(beat.at, word.sent), newer: isCurrent ? null : word.digest };
  }

  /** What an operator can take, in the order in which it matters, then what is over. */
  offers(running: number): Offer[] {
    const clock = this.trust.clock(running);
    if (clock === null) {
      return [];
    }
    const threads = threadsOf(this.messages);
    const current: { [digest: string]: boolean } = {};
    for (let i = 0; i < threads.length; i += 1) {
      const word = wordOf(threads[i] as Thread, clock);
      if (word !== null) {
        current[word.digest] = true;
      }
    }
    const offers: Offer[] = [];
    for (let i = 0; i < this.messages.length; i += 1) {
      const message = this.messages[i] as Message;
      const cap = this.caps[message.digest];
      if (cap !== undefined) {
        offers.push({ message, cap, isCurrent: current[message.digest] === true, isOver: message.expires <= clock });
      }
    }
    const rank = (offer: Offer): number => (offer.isCurrent ? (offer.message.cls === LIVE ? 0 : 1) : 2);
    return offers.sort((one, other) => rank(one) - rank(other) || other.message.sent - one.message.sent);
  }

  /** What a playout system that names no message means: what counts most now. */
  foremost(running: number): string | null {
    const clock = this.trust.clock(running);
    const shown = clock === null ? null : choose(this.messages, clock, []);
    return shown === null ? null : shown.message.digest;
  }
}

function countsOf(said: unknown): Counts | null {
  if (typeof said !== "object" || said === null) {
    return null;
  }
  const from = said as { [name: string]: unknown };
  const [at, step, households, arrived] = [time(from["at"]), time(from["step"]), time(from["households"]), time(from["arrived"])];
  return at === null || step === null || households === null || arrived === null ? null : { at, step, households, arrived };
}

const NAME = "hinamori-station/1";

export function save(store: Store | null, memory: PlayerMemory): void {
  try {
    if (store !== null) {
      store.setItem(NAME, JSON.stringify(memory));
    }
  } catch (_full) {
    // The page goes on with what it knows while it runs.
  }
}

/** What was kept. Messages are verified anew. */
export function load(store: Store | null): PlayerMemory {
  const memory: PlayerMemory = { root: null, list: null, beat: null, sequences: noSequences(), items: [] };
  try {
    const kept = (store === null ? null : JSON.parse(store.getItem(NAME) || "null")) as { [name: string]: unknown } | null;
    if (typeof kept !== "object" || kept === null) {
      return memory;
    }
    const sequences = kept["sequences"] as { [name: string]: unknown } | null;
    if (typeof sequences === "object" && sequences !== null) {
      memory.sequences = {
        live: sequenceOf(sequences["live"]),
        alone: sequenceOf(sequences["alone"]),
        exercise: sequenceOf(sequences["exercise"]),
      };
    }
    memory.root = text(kept["root"]) || null;
    memory.list = typeof kept["list"] === "string" ? kept["list"] : null;
    memory.beat = beatOf(kept["beat"]);
    memory.items = isArray(kept["items"]) ? (kept["items"] as Item[]) : [];
  } catch (_none) {
    // As if nothing had been kept.
  }
  return memory;
}

export { ALL_CLEAR, CANCEL, ORDER };
