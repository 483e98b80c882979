// What is kept over a restart, where the set keeps anything.

import { type Counted, MOST_BOXES, type Message, type Sequence, type Sequences, noSequences } from "./alerts.js";
import { contentOf, isArray, text, time } from "./leaf.js";
import type { Beat, Believed } from "./trust.js";

/** One press, or that the picture was shown, on its way to the town hall. */
export interface Answer {
  message: string;
  answer: "shown" | "going" | "help";
}

export interface Memory extends Believed {
  token: string | null;
  code: string | null;
  household: string | null;
  sequences: Sequences;
  messages: Message[];
  closed: string[];
  waiting: Answer[];
}

export interface Store {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

const NAME = "hinamori-tv/1";

export function emptyMemory(): Memory {
  return {
    root: null,
    list: null,
    token: null,
    code: null,
    household: null,
    beat: null,
    sequences: noSequences(),
    messages: [],
    closed: [],
    waiting: [],
  };
}

/** The browser's store; `null` where it has none or refuses it. */
export function browserStore(): Store | null {
  try {
    return window.localStorage;
  } catch (_refused) {
    return null;
  }
}

export function save(store: Store | null, memory: Memory): void {
  try {
    if (store !== null) {
      store.setItem(NAME, JSON.stringify(memory));
    }
  } catch (_full) {
    // The page goes on with what it knows while it runs.
  }
}

/** What was kept; what is not as it was written is left out, one by one. */
export function load(store: Store | null): Memory {
  const memory = emptyMemory();
  let kept: { [name: string]: unknown } = {};
  try {
    const parsed: unknown = store === null ? null : JSON.parse(store.getItem(NAME) || "null");
    if (typeof parsed === "object" && parsed !== null) {
      kept = parsed as { [name: string]: unknown };
    }
  } catch (_none) {
    return memory;
  }
  memory.root = text(kept["root"]) || null;
  memory.list = typeof kept["list"] === "string" ? kept["list"] : null;
  memory.token = text(kept["token"]) || null;
  memory.code = text(kept["code"]) || null;
  memory.household = text(kept["household"]) || null;
  memory.beat = beatOf(kept["beat"]);
  memory.sequences = sequencesOf(kept["sequences"]);
  each(kept["messages"], (one) => {
    const message = messageOf(one);
    if (message !== null) {
      memory.messages.push(message);
    }
  });
  each(kept["closed"], (one) => {
    memory.closed.push(text(one));
  });
  each(kept["waiting"], (one) => {
    const answer = one["answer"];
    if (answer === "shown" || answer === "going" || answer === "help") {
      memory.waiting.push({ message: text(one["message"]), answer });
    }
  });
  return memory;
}

function each(all: unknown, use: (one: { [name: string]: unknown }) => void): void {
  if (isArray(all)) {
    for (let i = 0; i < all.length; i += 1) {
      const one = all[i];
      if (one !== null && one !== undefined) {
        use(one as { [name: string]: unknown });
      }
    }
  }
}

export function beatOf(kept: unknown): Beat | null {
  if (typeof kept !== "object" || kept === null) {
    return null;
  }
  const beat = kept as { [name: string]: unknown };
  const [at, epoch, number] = [time(beat["at"]), time(beat["epoch"]), time(beat["number"])];
  return at === null || epoch === null || number === null ? null : { at, epoch, number, key: text(beat["key"]) };
}

export function sequencesOf(kept: unknown): Sequences {
  if (typeof kept !== "object" || kept === null) {
    return noSequences();
  }
  const from = kept as { [name: string]: unknown };
  return { live: countedOf(from["live"]), alone: countedOf(from["alone"]), exercise: countedOf(from["exercise"]) };
}

function countedOf(kept: unknown): Counted {
  const from = typeof kept === "object" && kept !== null ? (kept as { [name: string]: unknown }) : {};
  const boxes: Sequence[] = [];
  each(from["boxes"], (one) => {
    boxes.push(sequenceOf(one));
  });
  return { hall: sequenceOf(from["hall"]), boxes: boxes.slice(-MOST_BOXES) };
}

function sequenceOf(kept: unknown): Sequence {
  const sequence: Sequence = { epoch: 0, highest: 0, came: {} };
  if (typeof kept !== "object" || kept === null) {
    return sequence;
  }
  const from = kept as { [name: string]: unknown };
  sequence.epoch = time(from["epoch"]) || 0;
  sequence.highest = time(from["highest"]) || 0;
  const came = from["came"];
  if (typeof came === "object" && came !== null) {
    for (const number in came as { [name: string]: unknown }) {
      sequence.came[number] = text((came as { [name: string]: unknown })[number]);
    }
  }
  return sequence;
}

function messageOf(kept: { [name: string]: unknown }): Message | null {
  const content = contentOf(kept["content"]);
  const numbers: { [name: string]: number } = {};
  const names = ["cls", "kind", "sent", "expires", "epoch", "number", "officers"];
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i] as string;
    const value = time(kept[name]);
    if (value === null) {
      return null;
    }
    numbers[name] = value;
  }
  const [digest, household] = [text(kept["digest"]), text(kept["household"])];
  if (content === null || digest === "" || household === "") {
    return null;
  }
  return {
    digest,
    household,
    content,
    cls: numbers["cls"] as number,
    kind: numbers["kind"] as number,
    sent: numbers["sent"] as number,
    expires: numbers["expires"] as number,
    epoch: numbers["epoch"] as number,
    number: numbers["number"] as number,
    officers: numbers["officers"] as number,
  };
}
