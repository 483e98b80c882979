// A station's line to the server (docs/broadcast.md §3). What comes over it is believed nowhere but in the player.

import { text } from "./leaf.js";
import type { Player } from "./player.js";
import { ask, pause } from "./request.js";

export class StationLine {
  /** The secret of the station's account. */
  key: string | null = null;
  /** The last answer, for the preview. */
  said: unknown = null;
  /** 401: there is no such account. */
  isUnknown = false;
  private seen = "";
  private failures = 0;

  constructor(
    private readonly player: Player,
    private readonly running: () => number,
    private readonly changed: () => void,
  ) {}

  start(): void {
    if (this.key === null) {
      setTimeout(() => this.start(), 1000);
      return;
    }
    const began = this.running();
    const path = "../station/api/wait?seen=" + encodeURIComponent(this.seen) + "&list=" + this.player.trust.listVersion();
    ask("GET", path, this.key, "", (status, said) => {
      this.isUnknown = status === 401;
      const isGood = status === 200 && this.player.take(said, this.running());
      let isHasty = false;
      if (isGood) {
        const revision = text((said as { [name: string]: unknown })["revision"]);
        // A server that does not wait would otherwise be asked without end.
        isHasty = revision === this.seen && this.running() - began < 1000;
        this.seen = revision;
        this.said = said;
      }
      this.changed();
      this.failures = isGood && !isHasty ? 0 : this.failures + 1;
      setTimeout(() => this.start(), pause(this.failures));
    });
  }

  /** Puts a message on the air, or takes off what is there. */
  air(message: string | null, done: (isDone: boolean) => void): void {
    ask("POST", "../station/api/air", this.key, JSON.stringify({ message }), (status) => done(status === 200));
  }
}

/** The parts of an address behind its `#`, which no server hears. */
export function addressed(hash: string): { [name: string]: string } {
  const all: { [name: string]: string } = {};
  const parts = hash.replace(/^#/, "").split("&");
  for (let i = 0; i < parts.length; i += 1) {
    const [name, value] = (parts[i] as string).split("=");
    if (name !== undefined && name !== "") {
      all[name] = decodeURIComponent(value || "");
    }
  }
  return all;
}
