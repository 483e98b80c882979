// Which message counts (docs/tv.md §5). Nothing here verifies anything: what comes in holds already.

import { ALL_CLEAR, CANCEL, ORDER } from "./envelope.js";
import { EXERCISE, LIVE } from "./keys.js";
import type { Content } from "./leaf.js";

const MINUTE = 60 * 1000;
/** How far a sender's clock may be ahead. */
export const TOLERANCE = 2 * MINUTE;
/** So long after the first message of its thread one officer alone may take it back. */
const ONE_OFFICER = 10 * MINUTE;
/** How many of the latest messages may still come out of order. */
const WINDOW = 64;
/** The most boxes of which the numbers are remembered, of each kind of message. */
export const MOST_BOXES = 64;
/** Epochs from here on name a box that gives numbers of its own. */
const OF_A_BOX = 0x80000000;
/** More than a town sends to one household in a bad week. */
export const MOST_MESSAGES = 128;

/** A message whose list, envelope and leaf hold. */
export interface Message {
  digest: string;
  cls: number;
  kind: number;
  sent: number;
  expires: number;
  epoch: number;
  number: number;
  /** How many different ones signed. */
  officers: number;
  household: string;
  content: Content;
}

/** What came of a sender in its latest epoch. */
export interface Sequence {
  epoch: number;
  highest: number;
  /** Digests by number. */
  came: { [number: string]: string };
}

/** Numbers of one kind of message: the town hall's, and each box's that originated something, whoever was heard last behind. */
export interface Counted {
  hall: Sequence;
  boxes: Sequence[];
}

export interface Sequences {
  live: Counted;
  /** Cancels of one officer. One alone must not use up the numbers that two sign under, and so silence them. */
  alone: Counted;
  /** For the same reason an exercise has numbers of its own. */
  exercise: Counted;
}

export function noSequences(): Sequences {
  const none = (): Counted => ({ hall: noSequence(0), boxes: [] });
  return { live: none(), alone: none(), exercise: none() };
}

function noSequence(epoch: number): Sequence {
  return { epoch, highest: 0, came: {} };
}

export type Verdict = "new" | "known" | "old" | "fork";

/** Notes a message's place in its sequence. */
export function note(counted: Counted, message: Message): Verdict {
  const isOfBox = message.epoch >= OF_A_BOX;
  return noteIn(isOfBox ? boxOf(counted, message.epoch) : counted.hall, message, isOfBox);
}

/** The numbers of a box; of the one that was heard longest ago nothing is known any more where there are too many. */
function boxOf(counted: Counted, epoch: number): Sequence {
  let found = noSequence(epoch);
  const others: Sequence[] = [];
  for (let i = 0; i < counted.boxes.length; i += 1) {
    const box = counted.boxes[i] as Sequence;
    if (box.epoch === epoch) {
      found = box;
    } else {
      others.push(box);
    }
  }
  counted.boxes = others.concat([found]).slice(-MOST_BOXES);
  return found;
}

function noteIn(sequence: Sequence, message: Message, isOfBox: boolean): Verdict {
  const { epoch, number, digest } = message;
  if (epoch > sequence.epoch) {
    sequence.epoch = epoch;
    sequence.highest = 0;
    sequence.came = {};
  }
  const numbers = numbersOf(sequence);
  // The town hall counts by one. A box counts in milliseconds: its messages are counted, and not what lies between them.
  const isFarBack = isOfBox
    ? numbers.length >= WINDOW && number < (numbers[0] as number)
    : number + WINDOW <= sequence.highest;
  if (epoch < sequence.epoch || isFarBack) {
    return "old";
  }
  const known = sequence.came[number];
  if (known !== undefined) {
    return known === digest ? "known" : "fork";
  }
  sequence.highest = Math.max(sequence.highest, number);
  sequence.came[number] = digest;
  const came = numbersOf(sequence);
  for (let i = 0; i < came.length; i += 1) {
    const earlier = came[i] as number;
    if (isOfBox ? came.length - i > WINDOW : earlier + WINDOW <= sequence.highest) {
      delete sequence.came[earlier];
    }
  }
  return "new";
}

/** Those that came, the lowest first. */
function numbersOf(sequence: Sequence): number[] {
  return Object.keys(sequence.came).map(Number).sort((one, other) => one - other);
}

function isAlone(message: Message): boolean {
  return message.cls === LIVE && message.officers < 2;
}

/** The messages of one event. */
export interface Thread {
  cls: number;
  /** Orders and all-clears. */
  words: Message[];
  cancels: Message[];
}

/** Joins messages by their ids and references. One that is named and not here joins those that name it. */
export function threadsOf(messages: Message[]): Thread[] {
  // The name of each id's thread; joining two renames one of them. There are few.
  const names: { [id: string]: number } = {};
  const idOf = (message: Message, id: string): string => message.cls + ":" + id;
  for (let i = 0; i < messages.length; i += 1) {
    const message = messages[i] as Message;
    const ids = [message.content.id].concat(message.content.references);
    for (let k = 0; k < ids.length; k += 1) {
      const other = names[idOf(message, ids[k] as string)];
      if (other !== undefined && other !== i) {
        for (const id in names) {
          if (names[id] === other) {
            names[id] = i;
          }
        }
      }
      names[idOf(message, ids[k] as string)] = i;
    }
  }
  const threads: { [name: string]: Thread } = {};
  const all: Thread[] = [];
  for (let i = 0; i < messages.length; i += 1) {
    const message = messages[i] as Message;
    const name = String(names[idOf(message, message.content.id)]);
    let thread = threads[name];
    if (thread === undefined) {
      thread = { cls: message.cls, words: [], cancels: [] };
      threads[name] = thread;
      all.push(thread);
    }
    (message.kind === CANCEL ? thread.cancels : thread.words).push(message);
  }
  return all;
}

function isLater(one: Message, other: Message): boolean {
  if (one.sent !== other.sent) {
    return one.sent > other.sent;
  }
  return one.epoch !== other.epoch ? one.epoch > other.epoch : one.number > other.number;
}

function latest(messages: Message[]): Message | null {
  let found: Message | null = null;
  for (let i = 0; i < messages.length; i += 1) {
    const message = messages[i] as Message;
    if (found === null || isLater(message, found)) {
      found = message;
    }
  }
  return found;
}

/** What a thread says at the time `clock`; `null` where it says nothing any more. */
export function wordOf(thread: Thread, clock: number): Message | null {
  const word = latest(thread.words);
  const first = Math.min.apply(null, thread.words.map((one) => one.sent));
  // The first word of the thread may have come after one officer's cancel, and say that it was too late.
  const cancel = latest(thread.cancels.filter((one) => !isAlone(one) || one.sent <= first + ONE_OFFICER));
  if (word === null) {
    // A cancel of what was never known.
    return null;
  }
  const said = cancel !== null && cancel.sent >= word.sent ? cancel : word;
  return said.expires > clock ? said : null;
}

/** Whether something that counts ended what a message of the thread says: it stays ended, also where an order is given anew. */
export function isEnded(thread: Thread, message: Message): boolean {
  const first = firstOf(thread);
  const counts = (one: Message): boolean => !isAlone(one) || one.sent <= first + ONE_OFFICER;
  const ends = (one: Message): boolean => one.digest !== message.digest && one.sent >= message.sent;
  return thread.words.some((one) => one.kind === ALL_CLEAR && ends(one)) || thread.cancels.some((one) => counts(one) && ends(one));
}

function isTsunamiOrder(message: Message | null): boolean {
  return message !== null && message.cls === LIVE && message.kind === ORDER && message.content.hazard === "Tsunami";
}

function firstOf(thread: Thread): number {
  let first = Infinity;
  for (let i = 0; i < thread.words.length; i += 1) {
    first = Math.min(first, (thread.words[i] as Message).sent);
  }
  return first;
}

/** Whether a live cancel by one officer counts; `before` is the beat that was known before it came. */
export function mayCancelAlone(known: Message[], cancel: Message, clock: number, before: number | null): boolean {
  if (before !== null && before > cancel.sent + TOLERANCE) {
    return false;
  }
  const threads = threadsOf(known);
  for (let i = 0; i < threads.length; i += 1) {
    // A tsunami that came later does not bring back what was a mistake.
    const thread = threads[i] as Thread;
    if (isTsunamiOrder(wordOf(thread, clock)) && firstOf(thread) <= cancel.sent) {
      return false;
    }
  }
  const all = threadsOf(known.concat([cancel]));
  for (let i = 0; i < all.length; i += 1) {
    const thread = all[i] as Thread;
    if (thread.cancels.indexOf(cancel) >= 0) {
      let first = Infinity;
      const own = thread.words.concat(thread.cancels);
      for (let k = 0; k < own.length; k += 1) {
        const message = own[k] as Message;
        first = message === cancel ? first : Math.min(first, message.sent);
      }
      return first !== Infinity && cancel.sent <= first + ONE_OFFICER;
    }
  }
  return false;
}

/**
 * Takes messages that hold into `known`. Cancels of one officer come last: whether they count depends on everything
 * else that came with them.
 */
export function takeAll(
  known: Message[],
  sequences: Sequences,
  came: Message[],
  clock: number,
  before: number | null,
): void {
  for (let pass = 0; pass < 2; pass += 1) {
    for (let i = 0; i < came.length; i += 1) {
      const message = came[i] as Message;
      if (isAlone(message) === (pass === 1)) {
        take(known, sequences, message, clock, before);
      }
    }
  }
}

function take(known: Message[], sequences: Sequences, message: Message, clock: number, before: number | null): void {
  if (message.sent > clock + TOLERANCE) {
    return;
  }
  const alone = isAlone(message);
  for (let i = 0; i < known.length; i += 1) {
    const own = known[i] as Message;
    if (own.digest === message.digest && own.household === message.household) {
      // The second officer's signature came later.
      own.officers = Math.max(own.officers, message.officers);
      return;
    }
  }
  if (alone && !mayCancelAlone(known, message, clock, before)) {
    return;
  }
  const sequence = message.cls === EXERCISE ? sequences.exercise : alone ? sequences.alone : sequences.live;
  const verdict = note(sequence, message);
  if (verdict === "new" || verdict === "known") {
    known.push(message);
  }
}

/** What is left when everything was forgotten that can matter no more: after its time is over, and of every other one's before it. */
export function withoutOld(messages: Message[], clock: number, longest: number): Message[] {
  const kept: Message[] = [];
  for (let i = 0; i < messages.length; i += 1) {
    const message = messages[i] as Message;
    if (message.sent + longest > clock) {
      kept.push(message);
    }
  }
  // Where there are too many, those that took two officers stay, then those that were sent last: one alone must not push out
  // what two signed.
  const rank = (message: Message): number => (message.cls === EXERCISE ? 2 : isAlone(message) ? 1 : 0);
  const isBefore = (one: Message, other: Message): boolean =>
    rank(one) !== rank(other) ? rank(one) < rank(other) : isLater(one, other);
  return kept.sort((one, other) => (isBefore(one, other) ? -1 : isBefore(other, one) ? 1 : 0)).slice(0, MOST_MESSAGES);
}

/** What is to be shown, and the thread that it is of. */
export interface Shown {
  message: Message;
  thread: Thread;
}

/** An order before all that ends one; then a tsunami; then what was sent last. */
function comesBefore(one: Message, other: Message): boolean {
  if ((one.kind === ORDER) !== (other.kind === ORDER)) {
    return one.kind === ORDER;
  }
  if ((one.content.hazard === "Tsunami") !== (other.content.hazard === "Tsunami")) {
    return one.content.hazard === "Tsunami";
  }
  return isLater(one, other);
}

/** `closed` are the all-clears and cancels that the household has read. */
export function choose(messages: Message[], clock: number, closed: string[]): Shown | null {
  const threads = threadsOf(messages);
  let found: Shown | null = null;
  let isLive = false;
  for (let i = 0; i < threads.length; i += 1) {
    const thread = threads[i] as Thread;
    isLive = isLive || (thread.cls === LIVE && wordOf(thread, clock) !== null);
  }
  for (let i = 0; i < threads.length; i += 1) {
    const thread = threads[i] as Thread;
    const message = wordOf(thread, clock);
    const isHidden = message === null || (isLive && thread.cls !== LIVE) || (message.kind !== ORDER && closed.indexOf(message.digest) >= 0);
    if (message !== null && !isHidden && (found === null || comesBefore(message, found.message))) {
      found = { message, thread };
    }
  }
  return found;
}

export { ALL_CLEAR, CANCEL, ORDER };
