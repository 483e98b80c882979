// A station's line to the server (docs/broadcast.md §3). What comes over it is believed nowhere but in the player.

import { text } from "./leaf.js";
import type { Player } from "./player.js";
import { ask, pause } from "./request.js";

/** An operator who pressed a key is told soon. */
const SOON = 6000;

export class StationLine {
  /** The secret of the station's account. */
  key: string | null = null;
  /** 401: there is no such account. */
  isUnknown = false;
  /** The latest heartbeat, in base64. */
  beat: unknown = null;
  private seen = "";
  private failures = 0;

  /**
   * `shown` says what an overlay shows; the operator's page has none. `changed` is called after every answer.
   */
  constructor(
    private readonly player: Player,
    private readonly running: () => number,
    private readonly shown: (() => { shows: string; form: string }) | null,
    private readonly changed: () => void,
  ) {}

  start(): void {
    if (this.key === null) {
      setTimeout(() => this.start(), 1000);
      return;
    }
    const began = this.running();
    ask("GET", this.path(), this.key, "", (status, said) => {
      // Whatever an answer is, the next one is asked for: it may be the one that takes something off the air.
      try {
        this.take(status, said, began);
      } catch (_hostile) {
        this.failures += 1;
      }
      setTimeout(() => this.start(), pause(this.failures));
    });
  }

  private path(): string {
    const parts = ["seen=" + this.seen, "list=" + this.player.trust.listVersion(), "has=" + this.player.has()];
    if (this.shown !== null) {
      const { shows, form } = this.shown();
      parts.push("shows=" + shows, "form=" + form);
    }
    return "../station/api/wait?" + parts.join("&");
  }

  private take(status: number, said: unknown, began: number): void {
    this.isUnknown = status === 401;
    const isGood = status === 200 && this.player.take(said, this.running());
    let isHasty = false;
    if (isGood) {
      const from = said as { [name: string]: unknown };
      const revision = text(from["revision"]).replace(/[^\w-]/g, "");
      // A server that does not wait would otherwise be asked without end.
      isHasty = revision === this.seen && this.running() - began < 1000;
      this.seen = revision;
      this.beat = from["beat"];
    }
    this.failures = isGood && !isHasty ? 0 : this.failures + 1;
    this.changed();
  }

  /** Puts a message on the air, or takes off what is there. */
  air(message: string | null, done: (isDone: boolean) => void): void {
    ask("POST", "../station/api/air", this.key, JSON.stringify({ message }), (status) => done(status === 200), SOON);
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
