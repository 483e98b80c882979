// Changes as they come, and again after every cut from where they ended.

import type { MapChange, MapMode } from "./contract.js";

/** Two beats and a half: longer, and nobody can say that what is shown is how things are. */
export const SILENCE = 37_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

export interface Listener {
  /** Whether the connection holds. */
  connected(holds: boolean): void;
  beat(at: number): void;
  change(change: MapChange): void;
  /** What was missed cannot be told any more. */
  reset(): void;
  /** From where to go on. */
  revision(): string;
}

export class Stream {
  private source: EventSource | null = null;
  private timer = 0;
  private wait = FIRST_WAIT;
  private isClosed = true;

  constructor(
    private readonly mode: MapMode,
    private readonly listener: Listener,
  ) {}

  open(): void {
    this.end();
    this.isClosed = false;
    const source = new EventSource(`/api/v1/map/changes?mode=${this.mode}&from=${encodeURIComponent(this.listener.revision())}`);
    this.source = source;
    const heard = () => {
      this.wait = FIRST_WAIT;
      this.watch();
    };
    source.addEventListener("open", () => {
      this.watch();
      this.listener.connected(true);
    });
    source.addEventListener("beat", (event) => {
      heard();
      this.listener.beat(read<{ at: number }>(event).at);
    });
    source.addEventListener("change", (event) => {
      heard();
      this.listener.change(read<MapChange>(event));
    });
    source.addEventListener("reset", () => {
      heard();
      this.listener.reset();
    });
    // The browser's own coming back knows no longer and longer waits, and never ends at a sign-out.
    source.addEventListener("error", () => this.again());
    this.watch();
  }

  /** Now, because somebody looks or the network is back. */
  hurry(): void {
    if (!this.isClosed && (this.source === null || this.source.readyState === EventSource.CLOSED)) {
      this.wait = FIRST_WAIT;
      this.open();
    }
  }

  /** Until it is opened again. */
  close(): void {
    this.isClosed = true;
    this.end();
  }

  private end(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private watch(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.again(), SILENCE);
  }

  private again(): void {
    this.end();
    this.listener.connected(false);
    // Not all tablets of a town in the same moment.
    this.timer = window.setTimeout(() => this.open(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }
}

function read<T>(event: Event): T {
  return JSON.parse((event as MessageEvent<string>).data) as T;
}
