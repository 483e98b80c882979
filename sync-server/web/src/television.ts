// The television: what it was told, and what it makes of it. It has no clock, line or screen of its own.

import { type Message, MOST_MESSAGES, type Shown, TOLERANCE, choose, takeAll, withoutOld } from "./alerts.js";
import { ascii, fromBase64, fromHex, fromUtf8, joined, toHex } from "./bytes.js";
import { verifiesEd25519 } from "./crypto.js";
import { LONGEST, readEnvelope, signedBy } from "./envelope.js";
import { LIVE } from "./keys.js";
import { isArray, readLeaf, text, time } from "./leaf.js";
import type { Answer, Memory } from "./memory.js";
import { Trust } from "./trust.js";

const PEOPLE_DOMAIN = ascii("hinamori alert/seen /v1");
const MOST_PEOPLE = 64;
/** Stands for whoever is none of an alert's households (docs/tv.md §3). */
const EVERYBODY = "00000000000000000000000000000000";

/** Whether a message is for whoever hears it. */
export function isForEverybody(message: Message): boolean {
  return message.household === EVERYBODY;
}

export interface Person {
  name: string;
  arrived: number | null;
  place: string | null;
}

export interface People {
  at: number;
  people: Person[];
}

/** A box that passes on what the town hall said. Nothing of this is signed. */
interface Box {
  /** How long ago it heard the heartbeat, in milliseconds; `null` where it never did, or does not know. */
  ago: number | null;
  /** What was sent later than this cannot be. */
  latest: number;
}

/** When somebody got which answer. */
export interface Got {
  shown?: number;
  going?: number;
  help?: number;
}

export class Television {
  /** The server said another root than the one that is known. */
  isRefused = false;
  people: People | null = null;
  private peopleOfHousehold: string | null = null;
  /** What the town hall has. */
  got: { [message: string]: Got } = {};
  /** What a box keeps for it. */
  kept: { [message: string]: Got } = {};
  /** Whether a box answered last, and not the town hall. */
  isAtBox = false;
  /** Whether the last attempt to send an answer failed. */
  isStuck = false;
  private readonly trust: Trust;
  /** What was verified of the last answer: signatures are dear on an old set. */
  private verified: { [key: string]: Message | false } = {};

  constructor(
    readonly memory: Memory,
    running: number,
  ) {
    this.trust = new Trust(memory, running);
  }

  /** Which list is known, as the server is told. */
  listVersion(): number {
    return this.trust.listVersion();
  }

  /** The time, by the latest heartbeat and what has passed since; `null` where there never was one. */
  clock(running: number): number | null {
    return this.trust.clock(running);
  }

  /** Whether the clock began with a heartbeat that came after the page did. */
  isClockSet(): boolean {
    return this.trust.isClockSet();
  }

  isCutOff(running: number): boolean {
    return this.trust.isCutOff(running);
  }

  /** What is to be shown. */
  shown(running: number): Shown | null {
    const clock = this.clock(running);
    return clock === null ? null : choose(this.ownMessages(), clock, this.memory.closed);
  }

  private ownMessages(): Message[] {
    const { messages, household } = this.memory;
    // Taken off the household a moment ago, what was in force still is.
    const own = household === null ? EVERYBODY : household;
    const may = (one: Message): boolean => one.household === own || household === null || isForEverybody(one);
    const isInOwnWords = (one: Message): boolean => messages.some((other) => other.digest === one.digest && other.household === own);
    return messages.filter((one) => one.household === own || (may(one) && !isInOwnWords(one)));
  }

  /** Takes what `GET /tv/wait` answered. `false` where it was none. */
  take(said: unknown, running: number): boolean {
    const root = this.trust.rootOf(said, null);
    if (root === null) {
      return false;
    }
    this.isRefused = root === false;
    if (root === false) {
      return true;
    }
    const from = said as { [name: string]: unknown };
    if (this.trust.takeList(from["list"], root)) {
      this.verified = {};
    }
    this.memory.code = codeOf(from["code"]);
    const bound = fromHex(from["household"], 16);
    const household = bound !== null && toHex(bound) !== EVERYBODY ? bound : null;
    const isBoundNow = this.memory.household === null && household !== null;
    const box = boxOf(from["box"]);
    this.isAtBox = box !== null;
    if (household !== null && this.peopleOfHousehold !== toHex(household)) {
      // They are another household's.
      this.people = null;
      this.peopleOfHousehold = toHex(household);
    }
    this.memory.household = household === null ? null : toHex(household);
    if (this.trust.list === null) {
      return true;
    }
    const before = this.memory.beat === null ? null : this.memory.beat.at;
    this.trust.takeBeat(from["beat"], running, box === null ? 0 : box.ago);
    const came = this.verifyAll(from["messages"], this.memory.household || EVERYBODY);
    if (box !== null) {
      this.goByWhatCame(came, box.latest, running);
    }
    if (isBoundNow) {
      // What was everybody's is the household's only where it is told again: nobody would say how it ends.
      this.memory.messages = this.memory.messages.filter((one) => !isForEverybody(one) || came.some((told) => told.digest === one.digest));
    }
    const clock = this.clock(running);
    if (clock === null) {
      return true;
    }
    takeAll(this.memory.messages, this.memory.sequences, came, clock, before);
    this.memory.messages = withoutOld(this.memory.messages, clock, LONGEST);
    if (household !== null) {
      this.takePeople(from["people"], toHex(household));
    }
    this.takeGot(from["answers"], this.got);
    this.takeGot(from["kept"], this.kept);
    this.forgetAnswers(running);
    return true;
  }

  /**
   * Behind a box without the town hall no heartbeat says what time it is, and what two officers sent since would be from the future. They say
   * that it is as late as that; the box, which signs nothing, only that it may be.
   */
  private goByWhatCame(came: Message[], latest: number, running: number): void {
    for (let i = 0; i < came.length; i += 1) {
      const { cls, officers, sent } = came[i] as Message;
      if (cls === LIVE && officers >= 2 && sent <= latest + TOLERANCE) {
        this.trust.raise(sent, running);
      }
    }
  }

  /** Those that hold, for this household or for everybody. One that does not is passed over. */
  private verifyAll(said: unknown, household: string): Message[] {
    const holding: Message[] = [];
    const verified: { [key: string]: Message | false } = {};
    // Only those whose leaf holds count for the limit: nothing that is cheap to make hides one behind it.
    let count = 0;
    if (isArray(said)) {
      for (let i = 0; i < said.length && count < MOST_MESSAGES; i += 1) {
        try {
          const one = said[i] as { [name: string]: unknown };
          const parts = [one["envelope"], one["leaf"], one["path"]];
          if (!parts.every((part) => typeof part === "string")) {
            continue;
          }
          const key = household + parts.join("|");
          if (verified[key] !== undefined) {
            continue;
          }
          const known = this.verified[key];
          const message = known === undefined ? this.verify(parts as string[], household) : known;
          if (message === null) {
            continue;
          }
          count += 1;
          verified[key] = message;
          if (message !== false) {
            holding.push(message);
          }
        } catch (_hostile) {
          // The next one may be good.
        }
      }
    }
    this.verified = verified;
    return holding;
  }

  /** `null` for what is no message to this household; `false` where the officers did not sign it. */
  private verify(parts: string[], own: string): Message | false | null {
    const [envelopeBytes, leaf, path] = parts.map((part) => fromBase64(part));
    if (!envelopeBytes || !leaf || !path || this.trust.list === null) {
      return null;
    }
    const envelope = readEnvelope(envelopeBytes);
    const household = toHex(leaf.subarray(16, 32)) === EVERYBODY ? EVERYBODY : own;
    // Hashes are cheap, signatures are not.
    const content = envelope === null ? null : readLeaf(leaf, path, envelope, fromHex(household, 16) as Uint8Array);
    if (envelope === null || content === null) {
      return null;
    }
    const officers = signedBy(envelope, this.trust.list);
    if (officers === 0) {
      return false;
    }
    const { cls, kind, sent, expires, epoch, number } = envelope;
    return { digest: toHex(envelope.digest), cls, kind, sent, expires, epoch, number, officers, household, content };
  }

  private takePeople(said: unknown, household: string): void {
    const bytes = typeof said === "string" ? fromBase64(said) : null;
    if (bytes === null || bytes.length < 64 || this.trust.list === null) {
      return;
    }
    const json = bytes.subarray(0, bytes.length - 64);
    try {
      const parsed = JSON.parse(fromUtf8(json) || "") as { [name: string]: unknown };
      const [at, people] = [time(parsed["at"]), parsed["people"]];
      const isNew = at !== null && (this.people === null || at > this.people.at);
      if (at === null || !isNew || parsed["household"] !== household || !isArray(people)) {
        return;
      }
      const signature = bytes.subarray(bytes.length - 64);
      if (verifiesEd25519(this.trust.list.beatKey, joined([PEOPLE_DOMAIN, json]), signature)) {
        this.people = { at, people: peopleOf(people) };
      }
    } catch (_noJson) {
      // As if it had not come.
    }
  }

  private takeGot(said: unknown, into: { [message: string]: Got }): void {
    if (typeof said !== "object" || said === null) {
      return;
    }
    const all = said as { [message: string]: unknown };
    for (let i = 0; i < this.memory.messages.length; i += 1) {
      const digest = (this.memory.messages[i] as Message).digest;
      const one = all[digest];
      if (typeof one === "object" && one !== null) {
        const from = one as { [answer: string]: unknown };
        noteGot(into, digest, "shown", time(from["shown"]));
        noteGot(into, digest, "going", time(from["going"]));
        noteGot(into, digest, "help", time(from["help"]));
      }
    }
  }

  /** An answer is to be sent, once. */
  answer(message: string, answer: "shown" | "going" | "help"): void {
    const got = this.got[message];
    if (this.memory.household === null || (got !== undefined && got[answer] !== undefined) || this.isWaiting(message, answer)) {
      return;
    }
    this.memory.waiting.push({ message, answer });
  }

  isWaiting(message: string, answer: string): boolean {
    return this.memory.waiting.some((one) => one.message === message && one.answer === answer);
  }

  /** What is to be sent next, of one kind or of all: help first. */
  nextAnswer(kind?: Answer["answer"]): Answer | null {
    const waiting = this.memory.waiting;
    const order = kind === undefined ? ["help", "going", "shown"] : [kind];
    for (let i = 0; i < order.length; i += 1) {
      for (let k = 0; k < waiting.length; k += 1) {
        const one = waiting[k] as Answer;
        // A box needs it once; the town hall itself is told too, as soon as it is there.
        const isKept = this.isAtBox && keptAt(this.kept, one) !== undefined;
        if (one.answer === order[i] && !isKept) {
          return one;
        }
      }
    }
    return null;
  }

  /** The town hall has it. */
  delivered(sent: Answer, at: number): void {
    this.isStuck = false;
    noteGot(this.got, sent.message, sent.answer, at);
    this.memory.waiting = this.memory.waiting.filter((one) => one.message !== sent.message || one.answer !== sent.answer);
  }

  /** A box keeps it until the town hall has it. */
  keptByBox(sent: Answer, at: number): void {
    this.isStuck = false;
    noteGot(this.kept, sent.message, sent.answer, at);
  }

  /** Answers to what is over reach nobody who waits for them. */
  private forgetAnswers(running: number): void {
    const clock = this.clock(running) || 0;
    const messages = this.memory.messages;
    this.memory.waiting = this.memory.waiting.filter((answer) =>
      messages.some((message) => message.digest === answer.message && message.expires > clock),
    );
    this.memory.closed = this.memory.closed.filter((closed) => messages.some((message) => message.digest === closed));
  }

  /** The household has read an all-clear or a cancel. */
  close(message: string): void {
    if (this.memory.closed.indexOf(message) < 0) {
      this.memory.closed.push(message);
    }
  }

  /** What `POST /tv/hello` answered. */
  hello(said: unknown): boolean {
    if (typeof said !== "object" || said === null) {
      return false;
    }
    const from = said as { [name: string]: unknown };
    const token = fromHex(from["token"], 32);
    if (token === null) {
      return false;
    }
    this.memory.token = toHex(token);
    this.memory.code = codeOf(from["code"]);
    return true;
  }

  /** The server does not know this television. */
  forgetToken(): void {
    this.memory.token = null;
  }
}

function noteGot(into: { [message: string]: Got }, message: string, answer: Answer["answer"], at: number | null): void {
  if (at !== null) {
    const got = into[message] || {};
    got[answer] = at;
    into[message] = got;
  }
}

function keptAt(kept: { [message: string]: Got }, { message, answer }: Answer): number | undefined {
  const of = kept[message];
  return of === undefined ? undefined : of[answer];
}

/** What a box says of itself; `null` where none answered. */
function boxOf(said: unknown): Box | null {
  if (typeof said !== "object" || said === null) {
    return null;
  }
  const from = said as { [name: string]: unknown };
  return { ago: time(from["ago"]), latest: time(from["latest"]) || 0 };
}

/** Digits and spaces: nothing that is not signed is shown as words. */
function codeOf(said: unknown): string | null {
  return typeof said === "string" && /^[0-9]{1,6}( [0-9]{1,6}){0,3}$/.test(said) ? said : null;
}

function peopleOf(said: unknown[]): Person[] {
  const people: Person[] = [];
  for (let i = 0; i < said.length && i < MOST_PEOPLE; i += 1) {
    const one = said[i];
    if (typeof one === "object" && one !== null) {
      const from = one as { [name: string]: unknown };
      const name = text(from["name"]);
      if (name !== "") {
        people.push({ name, arrived: time(from["arrived"]), place: text(from["place"]) || null });
      }
    }
  }
  return people;
}
