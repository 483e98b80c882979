// Whom the page believes, and what time it is by them: the town root, the list of keys that it signed, the latest heartbeat
// (docs/tv.md §1, §4).

import { Reader, ascii, fromBase64, fromHex, joined, toHex } from "./bytes.js";
import { verifiesEd25519 } from "./crypto.js";
import { type KeyList, readList } from "./keys.js";

const BEAT_DOMAIN = ascii("hinamori alert/beat /v1");
/** So long without a new heartbeat, and the page is cut off. */
export const CUT_OFF = 90 * 1000;
/** How slowly the sender's clock may go beside the running time. */
const SLOWEST = 0.99;

export interface Beat {
  at: number;
  epoch: number;
  number: number;
  /** Who signed it: under another key time begins anew. */
  key: string;
}

/** What is kept of it over a restart. */
export interface Believed {
  root: string | null;
  /** The list of keys, in base64. */
  list: string | null;
  beat: Beat | null;
}

export class Trust {
  list: KeyList | null = null;
  /** Running time at which the town hall said the latest heartbeat; before the first one, at which the page began. */
  private heardAt: number;
  private hasHeard = false;
  /** The time at the running time `anchoredAt`; 0 where nobody said one. */
  private anchor: number;
  private anchoredAt: number;
  /** A box says that it has heard nothing of the town hall for long. */
  private isBehind = false;

  constructor(
    private readonly believed: Believed,
    running: number,
  ) {
    this.heardAt = this.anchoredAt = running;
    this.anchor = believed.beat === null ? 0 : believed.beat.at;
    const [root, list] = [fromHex(believed.root, 32), fromBase64(believed.list || "")];
    this.list = root !== null && list !== null ? readList(list, root) : null;
  }

  /** Which list is known, as the server is told. */
  listVersion(): number {
    return this.list === null ? 0 : this.list.version;
  }

  /** The time, by what was signed last and what has passed since; `null` where nothing ever was. */
  clock(running: number): number | null {
    return this.anchor === 0 ? null : this.anchor + Math.max(0, running - this.anchoredAt);
  }

  /** It is as late as this at least: as many officers as it takes signed it. */
  raise(at: number, running: number): void {
    if (at > (this.clock(running) || 0)) {
      this.anchor = at;
      this.anchoredAt = running;
    }
  }

  /** Whether the clock began with a heartbeat that came after the page did. */
  isClockSet(): boolean {
    return this.hasHeard;
  }

  isCutOff(running: number): boolean {
    return this.isBehind || running - this.heardAt >= CUT_OFF;
  }

  /** The root of an answer: `null` where there is none, `false` where it is another one than the one that is known. */
  rootOf(answer: unknown, pinned: string | null): Uint8Array | null | false {
    if (typeof answer !== "object" || answer === null) {
      return null;
    }
    const root = fromHex((answer as { [name: string]: unknown })["root"], 32);
    const known = pinned || this.believed.root;
    return root !== null && known !== null && known !== toHex(root) ? false : root;
  }

  /** Takes a newer list. Whether it came. */
  takeList(said: unknown, root: Uint8Array): boolean {
    const bytes = typeof said === "string" ? fromBase64(said) : null;
    const list = bytes === null ? null : readList(bytes, root);
    if (list === null || (this.list !== null && list.version <= this.list.version)) {
      return false;
    }
    this.list = list;
    this.believed.list = said as string;
    // Only a root that signed a list is one.
    this.believed.root = toHex(root);
    return true;
  }

  /**
   * Takes a heartbeat that was heard `ago` milliseconds before: 0 from the town hall itself, and `null` where a box does not know. An old one
   * says when the town hall was heard last, and not what time it is: how old it is nobody signed.
   */
  takeBeat(said: unknown, running: number, ago: number | null = 0): void {
    const isOld = ago === null || ago >= CUT_OFF;
    this.isBehind = isOld;
    const bytes = typeof said === "string" ? fromBase64(said) : null;
    if (bytes === null || bytes.length !== 84 || this.list === null) {
      return;
    }
    const reader = new Reader(bytes);
    const beat = { at: reader.number(8), epoch: reader.number(4), number: reader.number(8), key: toHex(this.list.beatKey) };
    const signature = reader.bytes(64);
    const known = this.believed.beat;
    // Whoever had an old key may have put the clock years ahead; until the new one is heard it stands, and so does the picture.
    const isLater = known === null || known.key !== beat.key || beat.at > known.at;
    if (!reader.isWhole() || !isLater) {
      return;
    }
    if (verifiesEd25519(this.list.beatKey, joined([BEAT_DOMAIN, bytes.subarray(0, 20)]), signature)) {
      // Heartbeats that stand still while time goes on would keep on the screen what is over. A hundredth is more than clocks differ by.
      const isSameKey = known !== null && known.key === beat.key;
      const least = this.hasHeard && isSameKey ? this.anchor + SLOWEST * (running - this.anchoredAt) : 0;
      this.anchor = Math.max(beat.at + (ago === null || isOld ? 0 : ago), least);
      this.anchoredAt = running;
      this.believed.beat = beat;
      if (!isOld) {
        this.heardAt = running - (ago as number);
        this.hasHeard = true;
      }
    }
  }
}
