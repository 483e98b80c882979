// The overlay: a transparent page for OBS (which shows what the operator took at the station's page) and for CasparCG (which calls
// `update`, `play` and `stop`; docs/broadcast.md §4). Nothing comes on the air without one of the two.

import { browserParse } from "./cap.js";
import { itemOf } from "./file.js";
import { isArray } from "./leaf.js";
import { browserStore } from "./memory.js";
import { type Form, Overlay } from "./overlay.js";
import { type Item, Player, type Take, load, save, short } from "./player.js";
import { StationLine, addressed } from "./station-line.js";

const TICK = 250;

function running(): number {
  return performance.now();
}

function start(root: HTMLElement): void {
  const said = addressed(location.hash);
  const isPreview = said["preview"] !== undefined;
  const overlay = new Overlay(root);
  let form: Form = said["form"] === "lower" ? "lower" : "lshape";
  let wantsCounts = said["counts"] === "1";
  const store = isPreview ? null : browserStore();
  const player = new Player(load(store), said["root"] || null, running(), browserParse);
  /** Whether a playout system has spoken; from then on the operator's page has no say. */
  let isHosted = false;
  let played: Take | null = null;
  /** A `play` that came before the first heartbeat: what counts is not known yet. */
  let isPending = false;
  /** What it will play, where it named one. */
  let cued: string | null = null;
  /** The file that it handed over. It is judged again with every answer: it may have come before the list of keys, or the clock. */
  let handed: Item | null = null;
  let previewed: Take | null = null;
  let plays = 0;
  let previews = 0;
  let shows = "";

  const draw = (): void => {
    const now = running();
    const take = isPreview ? previewed : isHosted ? played : player.air;
    const air = player.isRefused ? null : player.onAir(take, now);
    const { counts } = player;
    const own = air !== null && counts !== null && counts.message === air.message.digest ? counts : null;
    shows = air === null ? "" : short(air.message.digest);
    overlay.show(air, form, wantsCounts ? own : null, now);
  };

  const judge = (): void => {
    if (handed !== null) {
      player.hand(handed, running());
    }
  };
  const update = (data: unknown): void => {
    isHosted = true;
    let parsed: unknown = data;
    try {
      parsed = typeof data === "string" ? JSON.parse(data) : data;
    } catch (_noJson) {
      parsed = null;
    }
    if (typeof parsed === "object" && parsed !== null && !isArray(parsed)) {
      const from = parsed as { [name: string]: unknown };
      form = from["form"] === "lower" ? "lower" : from["form"] === "lshape" ? "lshape" : form;
      wantsCounts = typeof from["counts"] === "boolean" ? from["counts"] : wantsCounts;
      cued = typeof from["message"] === "string" ? from["message"] : from["message"] === null ? null : cued;
      if (from["file"] !== undefined) {
        const read = itemOf(from["file"]);
        handed = read === null ? null : read.item;
        // A file that is none names no message: it must not put on the air what happens to count.
        cued = read === null ? "" : read.digest;
        judge();
      }
    }
    draw();
  };
  const play = (): void => {
    isHosted = true;
    isPending = !player.trust.isClockSet();
    if (!isPending) {
      // What is played is what counts at this moment: what comes later waits for the next play.
      const digest = cued === null ? player.foremost(running()) : cued;
      plays += 1;
      played = digest === null ? null : { digest, key: "play " + plays + " " + Math.random() };
    }
    draw();
  };
  const stop = (): void => {
    isHosted = true;
    isPending = false;
    played = null;
    draw();
  };
  const host = window as unknown as { [name: string]: unknown };
  host["update"] = update;
  host["play"] = play;
  host["stop"] = stop;
  host["next"] = draw;

  const line = new StationLine(player, running, () => ({ shows, form }), () => {
    judge();
    if (isPending && player.trust.isClockSet()) {
      play();
    }
    draw();
    save(store, player.memory);
  });
  line.key = said["key"] || null;
  if (isPreview) {
    // The operator's page shows what it knows itself, and nothing else can make it draw.
    window.onmessage = (event: MessageEvent) => {
      const from = event.data as { [name: string]: unknown } | null;
      if (event.origin === location.protocol + "//" + location.host && typeof from === "object" && from !== null && from["hinamori"] === "preview") {
        player.take(from["said"], running());
        const digest = from["message"];
        // Looked at anew each time: a preview ends nothing.
        previews += 1;
        previewed = typeof digest === "string" ? { digest, key: "preview " + previews } : null;
        form = from["form"] === "lower" ? "lower" : "lshape";
        wantsCounts = true;
        draw();
      }
    };
  } else {
    line.start();
  }
  window.onresize = () => overlay.scale();
  setInterval(draw, TICK);
}

const root = document.getElementById("overlay");
if (root !== null) {
  start(root);
}
