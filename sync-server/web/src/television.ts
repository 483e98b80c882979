// The television: what it was told, and what it makes of it. It has no clock, line or screen of its own.

import { type Message, MOST_MESSAGES, type Shown, choose, takeAll, withoutOld } from "./alerts.js";
import { ascii, fromBase64, fromHex, fromUtf8, joined, toHex } from "./bytes.js";
import { verifiesEd25519 } from "./crypto.js";
import { LONGEST, readEnvelope, signedBy } from "./envelope.js";
import { isArray, readLeaf, text, time } from "./leaf.js";
import type { Answer, Memory } from "./memory.js";
import { Trust } from "./trust.js";

const PEOPLE_DOMAIN = ascii("hinamori alert/seen /v1");
const MOST_PEOPLE = 64;

export interface Person {
  name: string;
  arrived: number | null;
  place: string | null;
}

export interface People {
  at: number;
  people: Person[];
}

/** When the town hall got which answer. */
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
  got: { [message: string]: Got } = {};
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
    if (household === null) {
      // Taken off the household a moment ago: what was in force still is.
      return messages;
    }
    return messages.filter((message) => message.household === household);
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
    const household = fromHex(from["household"], 16);
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
    this.trust.takeBeat(from["beat"], running);
    const clock = this.clock(running);
    if (clock === null || household === null) {
      return true;
    }
    takeAll(this.memory.messages, this.memory.sequences, this.verifyAll(from["messages"], household), clock, before);
    this.memory.messages = withoutOld(this.memory.messages, clock, LONGEST);
    this.takePeople(from["people"], toHex(household));
    this.takeGot(from["answers"]);
    this.forgetAnswers(running);
    return true;
  }

  /** Those that hold. One that does not is passed over. */
  private verifyAll(said: unknown, household: Uint8Array): Message[] {
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
          const key = toHex(household) + parts.join("|");
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
  private verify(parts: string[], household: Uint8Array): Message | false | null {
    const [envelopeBytes, leaf, path] = parts.map((part) => fromBase64(part));
    if (!envelopeBytes || !leaf || !path || this.trust.list === null) {
      return null;
    }
    const envelope = readEnvelope(envelopeBytes);
    // Hashes are cheap, signatures are not.
    const content = envelope === null ? null : readLeaf(leaf, path, envelope, household);
    if (envelope === null || content === null) {
      return null;
    }
    const officers = signedBy(envelope, this.trust.list);
    if (officers === 0) {
      return false;
    }
    const { cls, kind, sent, expires, epoch, number } = envelope;
    return { digest: toHex(envelope.digest), cls, kind, sent, expires, epoch, number, officers, household: toHex(household), content };
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

  private takeGot(said: unknown): void {
    if (typeof said !== "object" || said === null) {
      return;
    }
    const all = said as { [message: string]: unknown };
    for (let i = 0; i < this.memory.messages.length; i += 1) {
      const digest = (this.memory.messages[i] as Message).digest;
      const one = all[digest];
      if (typeof one === "object" && one !== null) {
        const from = one as { [answer: string]: unknown };
        this.noteGot(digest, "shown", time(from["shown"]));
        this.noteGot(digest, "going", time(from["going"]));
        this.noteGot(digest, "help", time(from["help"]));
      }
    }
  }

  private noteGot(message: string, answer: "shown" | "going" | "help", at: number | null): void {
    if (at !== null) {
      const got = this.got[message] || {};
      got[answer] = at;
      this.got[message] = got;
    }
  }

  /** An answer is to be sent, once. */
  answer(message: string, answer: "shown" | "going" | "help"): void {
    const got = this.got[message];
    if ((got !== undefined && got[answer] !== undefined) || this.isWaiting(message, answer)) {
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
        if (one.answer === order[i]) {
          return one;
        }
      }
    }
    return null;
  }

  /** The town hall has it. */
  delivered(sent: Answer, at: number): void {
    this.isStuck = false;
    this.noteGot(sent.message, sent.answer, at);
    this.memory.waiting = this.memory.waiting.filter((one) => one.message !== sent.message || one.answer !== sent.answer);
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
