// What a station may put on the air: every message that the officers signed, verified here against the town's root (docs/broadcast.md §4).
// It has no clock, line or screen of its own.

import { type Message, type Sequences, type Thread, choose, noSequences, isEnded, takeAll, threadsOf, withoutOld, wordOf } from "./alerts.js";
import { fromBase64, fromUtf8, same, toHex } from "./bytes.js";
import { type Cap, type Parse, capOf } from "./cap.js";
import { sha256 } from "./crypto.js";
import { ALL_CLEAR, CANCEL, LONGEST, ORDER, readEnvelope, signedBy } from "./envelope.js";
import { EXERCISE, LIVE } from "./keys.js";
import { contentOf, isArray, text, time } from "./leaf.js";
import { type Store, beatOf, sequencesOf } from "./memory.js";
import { isFilled } from "./release.js";
import { type Believed, Trust } from "./trust.js";

/** Bytes of an alert (docs/jp-evac.md §1). */
const MOST_ALERT = 1 << 20;
/** More than a server sends (docs/broadcast.md §3). */
const MOST_ITEMS = 128;
/** A server of which so many messages in one answer do not hold is not worth more of the time in which the picture is drawn. */
const MOST_WRONG = 8;

/** A message as it came, both in base64. */
export interface Item {
  envelope: string;
  alert: string;
}

/** What is kept over a restart. */
export interface PlayerMemory extends Believed {
  sequences: Sequences;
  items: Item[];
  /** The take of which nothing is on the air any more, whatever is said later. */
  ended: string | null;
}

/** What an operator or a playout system put on the air, once. */
export interface Take {
  digest: string;
  /** Another one for each time. */
  key: string;
}

export interface Counts {
  /** Of which message's thread they are. */
  message: string;
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

export interface OverlaySays {
  /** The beginning of a message's digest, or nothing. */
  shows: string;
  form: string;
  at: number;
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
  air: Take | null = null;
  /** What the station's overlay said last, for the operator's page. */
  overlay: OverlaySays | null = null;
  counts: Counts | null = null;
  name = "";
  readonly trust: Trust;
  private messages: Message[] = [];
  private caps: { [digest: string]: Cap } = {};
  private items: { [digest: string]: Item } = {};

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
      memory.ended = null;
    }
    this.trust = new Trust(memory, running);
    this.restore();
  }

  /** What counted before a restart counts after it: nobody knows any more what was in force, and heard, when it came. */
  private restore(): void {
    const kept = this.memory.items.slice(0, MOST_ITEMS);
    for (let i = 0; i < kept.length; i += 1) {
      const message = this.verified(kept[i]);
      if (message !== null && !this.items.hasOwnProperty(message.digest)) {
        this.messages.push(message);
        this.items[message.digest] = kept[i] as Item;
      }
    }
  }

  /** The beginnings of the digests of what is here, as the server is told. */
  has(): string {
    return this.messages.map((message) => short(message.digest)).join(",");
  }

  /** Takes what `GET /station/api/wait` answered. `false` where it was none. */
  take(said: unknown, running: number): boolean {
    const root = this.trust.rootOf(said, this.pinned);
    if (root === null) {
      return false;
    }
    this.isRefused = root === false;
    if (root === false) {
      return true;
    }
    const from = said as { [name: string]: unknown };
    this.trust.takeList(from["list"], root);
    const { beat } = this.memory;
    const before = beat === null ? null : beat.at;
    this.trust.takeBeat(from["beat"], running);
    this.takeItems(from["messages"], running, before);
    this.air = airOf(from["air"]);
    this.overlay = overlayOf(from["overlay"]);
    const station = from["station"] as { name?: unknown } | null | undefined;
    this.name = typeof station === "object" && station !== null ? text(station.name) : "";
    this.counts = countsOf(from["counts"]);
    return true;
  }

  /** Takes a message that came another way than from the server. It counts as if the server had said it. */
  hand(item: Item, running: number): void {
    const { beat } = this.memory;
    if (!this.isRefused && this.trust.isClockSet()) {
      this.takeItems([item], running, beat === null ? null : beat.at);
    }
  }

  private takeItems(said: unknown, running: number, before: number | null): void {
    const clock = this.trust.clock(running);
    if (clock === null || !isArray(said)) {
      return;
    }
    const came: Message[] = [];
    const items: { [digest: string]: Item } = {};
    let wrong = 0;
    for (let i = 0; i < said.length && i < MOST_ITEMS && wrong < MOST_WRONG; i += 1) {
      const message = this.verified(said[i]);
      if (message === null) {
        wrong += 1;
      } else {
        came.push(message);
        items[message.digest] = said[i] as Item;
      }
    }
    // In the order in which they were sent.
    came.sort((one, other) => one.sent - other.sent || one.number - other.number);
    takeAll(this.messages, this.memory.sequences, came, clock, before);
    this.messages = withoutOld(this.messages, clock, LONGEST);
    this.keep(came, items);
  }

  /** Only what counted is kept, with the most signatures that it came with. */
  private keep(came: Message[], fresh: { [digest: string]: Item }): void {
    const [items, caps]: [{ [digest: string]: Item }, { [digest: string]: Cap }] = [{}, {}];
    for (let i = 0; i < this.messages.length; i += 1) {
      const { digest, officers } = this.messages[i] as Message;
      const isFuller = came.some((one) => one.digest === digest && one.officers === officers);
      const item = (isFuller ? fresh[digest] : undefined) || this.items[digest];
      const cap = this.caps[digest];
      if (item !== undefined && cap !== undefined) {
        items[digest] = { envelope: item.envelope, alert: item.alert };
        caps[digest] = cap;
      }
    }
    this.items = items;
    this.caps = caps;
    this.memory.items = this.messages.map((message) => items[message.digest] as Item);
  }

  private verified(said: unknown): Message | null {
    try {
      const { envelope, alert } = said as { [name: string]: unknown };
      return typeof envelope === "string" && typeof alert === "string" ? this.verify(envelope, alert) : null;
    } catch (_hostile) {
      // The next one may be good.
      return null;
    }
  }

  private verify(envelopeText: string, alertText: string): Message | null {
    const [envelopeBytes, alert] = [fromBase64(envelopeText), fromBase64(alertText, MOST_ALERT)];
    const envelope = envelopeBytes === null ? null : readEnvelope(envelopeBytes);
    if (envelope === null || alert === null || this.trust.list === null || !same(sha256(alert), envelope.alert)) {
      return null;
    }
    const officers = signedBy(envelope, this.trust.list);
    const said = fromUtf8(alert) || "";
    const { release } = envelope;
    const isOfficers = officers > 0 && (release === null || isFilled(said, envelope, release));
    const cap = isOfficers ? capOf(said, this.parse) : null;
    if (cap === null) {
      return null;
    }
    const { cls, kind, sent, expires, epoch, number } = envelope;
    const isItsOwn =
      cap.sent === sent && (release === null || cap.tsunami === release.kind) && cap.expires === expires && cap.isExercise === (cls === EXERCISE) && cap.message === ["Order", "AllClear", "Cancel"][kind];
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

  /**
   * What stands on the air of a take; `null` where nothing does any more. Once nothing did, nothing of it comes back: neither with a new
   * order in the same thread, nor when what stood above it is over.
   */
  onAir(take: Take | null, running: number): OnAir | null {
    const clock = this.trust.clock(running);
    const { beat } = this.memory;
    // Before the first heartbeat nobody knows whether it is over.
    if (take === null || clock === null || beat === null || !this.trust.isClockSet() || this.memory.ended === take.key) {
      return null;
    }
    const shown = this.standing(take.digest, clock, beat.at);
    if (shown === null && this.caps[take.digest] !== undefined) {
      this.memory.ended = take.key;
    }
    return shown;
  }

  private standing(digest: string, clock: number, heard: number): OnAir | null {
    const threads = threadsOf(this.messages);
    let found: { message: Message; thread: Thread } | null = null;
    for (let i = 0; i < threads.length; i += 1) {
      const thread = threads[i] as Thread;
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
    // An exercise leaves the air as soon as something is in earnest.
    if (thread.cls === EXERCISE && this.isLive(clock)) {
      return null;
    }
    const word = wordOf(thread, clock);
    if (word === null) {
      return null;
    }
    if (word.digest === digest) {
      return { message, cap, confirmed: heard, newer: null };
    }
    // An older order stands until the operator takes the newer one; what ended something, or was ended, does not.
    const isOlderOrder = message.kind === ORDER && word.kind === ORDER && !isEnded(thread, message);
    return isOlderOrder ? { message, cap, confirmed: Math.min(heard, word.sent), newer: word.digest } : null;
  }

  /** Whether something is in earnest. */
  isLive(clock: number): boolean {
    return threadsOf(this.messages).some((thread) => thread.cls === LIVE && wordOf(thread, clock) !== null);
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
    const clock = this.trust.isClockSet() ? this.trust.clock(running) : null;
    const shown = clock === null ? null : choose(this.messages, clock, []);
    return shown === null ? null : shown.message.digest;
  }
}

/** The beginning of a digest, by which pages and server speak of what a page has. */
export function short(digest: string): string {
  return digest.slice(0, 16);
}

function airOf(said: unknown): Take | null {
  const { message, at } = (typeof said === "object" && said !== null ? said : {}) as { [name: string]: unknown };
  const digest = text(message);
  return digest === "" ? null : { digest, key: digest + " " + String(time(at)) };
}

function overlayOf(said: unknown): OverlaySays | null {
  if (typeof said !== "object" || said === null) {
    return null;
  }
  const from = said as { [name: string]: unknown };
  const at = time(from["at"]);
  return at === null ? null : { shows: text(from["shows"]), form: text(from["form"]), at };
}

function countsOf(said: unknown): Counts | null {
  if (typeof said !== "object" || said === null) {
    return null;
  }
  const from = said as { [name: string]: unknown };
  const [at, step, households, arrived] = [time(from["at"]), time(from["step"]), time(from["households"]), time(from["arrived"])];
  const message = text(from["message"]);
  return at === null || step === null || households === null || arrived === null ? null : { message, at, step, households, arrived };
}

const NAME = "hinamori-station/1";

export function save(store: Store | null, memory: PlayerMemory): void {
  if (store === null) {
    return;
  }
  try {
    store.setItem(NAME, JSON.stringify(memory));
  } catch (_full) {
    try {
      // What is older than what is known would be believed at the next start.
      store.removeItem(NAME);
    } catch (_refused) {
      // The page goes on with what it knows while it runs.
    }
  }
}

/** What was kept. Messages are verified anew. */
export function load(store: Store | null): PlayerMemory {
  const memory: PlayerMemory = { root: null, list: null, beat: null, sequences: noSequences(), items: [], ended: null };
  try {
    const kept = (store === null ? null : JSON.parse(store.getItem(NAME) || "null")) as { [name: string]: unknown } | null;
    if (typeof kept !== "object" || kept === null) {
      return memory;
    }
    memory.sequences = sequencesOf(kept["sequences"]);
    memory.root = text(kept["root"]) || null;
    memory.list = typeof kept["list"] === "string" ? kept["list"] : null;
    memory.beat = beatOf(kept["beat"]);
    memory.ended = text(kept["ended"]) || null;
    memory.items = isArray(kept["items"]) ? (kept["items"] as Item[]) : [];
  } catch (_none) {
    // As if nothing had been kept.
  }
  return memory;
}

export { ALL_CLEAR, CANCEL, ORDER };
