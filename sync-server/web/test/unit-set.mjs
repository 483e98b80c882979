// A television as the line drives it: answers come as parsed JSON, and time is only what it is told.

import { emptyMemory, load, save } from "../build/memory.js";
import { Television } from "../build/television.js";
import { HOUSEHOLD, MINUTE, base64, hex, minute, onTheWire } from "./unit-town.mjs";

export class Set {
  constructor(town, memory = emptyMemory(), running = 0) {
    this.town = town;
    this.running = running;
    this.television = new Television(memory, running);
  }

  /** An answer with the beat of minute `at`; the set runs for as long. */
  hear(at, messages = [], bend = {}) {
    this.running = Math.max(this.running, at * MINUTE);
    const said = {
      revision: String(at),
      root: hex(this.town.root.key),
      code: null,
      household: hex(HOUSEHOLD),
      list: this.television.listVersion() === 3 ? null : base64(this.town.list()),
      beat: base64(this.town.beat(minute(at))),
      people: null,
      messages: messages.map((message) => (message?.envelope instanceof Buffer ? onTheWire(message) : message)),
      answers: {},
      ...bend,
    };
    return this.television.take(said, this.running);
  }

  /** Nothing comes any more, and time goes on. */
  runTo(at) {
    this.running = at * MINUTE;
  }

  /** The id of what is shown. */
  shown() {
    const shown = this.television.shown(this.running);
    return shown === null ? null : shown.message.content.id;
  }

  /** The power fails; the set comes back with what it kept, and its running time begins anew. */
  restarted() {
    const kept = {};
    const store = {
      getItem: (name) => kept[name] ?? null,
      setItem: (name, value) => {
        kept[name] = value;
      },
    };
    save(store, this.television.memory);
    return new Set(this.town, load(store), 0);
  }
}
