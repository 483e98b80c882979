// The overlay: a transparent page for OBS (which shows what the operator took at the station's page) and for CasparCG (which calls
// `update`, `play` and `stop`; docs/broadcast.md §4). Nothing comes on the air without one of the two.

import { browserParse } from "./cap.js";
import { isArray } from "./leaf.js";
import { browserStore } from "./memory.js";
import { type Form, Overlay } from "./overlay.js";
import { Player, load, save } from "./player.js";
import { StationLine, addressed } from "./station-line.js";

const TICK = 250;

interface Hosted {
  update(data: unknown): void;
  play(): void;
  stop(): void;
  next(): void;
}

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
  /** What a playout system plays; `undefined` while none has spoken, and the operator's page decides. */
  let hosted: string | null | undefined;
  /** What it will play. */
  let cued: string | null = null;
  let previewed: string | null = null;

  const draw = (): void => {
    const now = running();
    const digest = isPreview ? previewed : hosted !== undefined ? hosted : player.air;
    const air = player.isRefused ? null : player.onAir(digest, now);
    overlay.show(air, form, wantsCounts ? player.counts : null, now);
  };

  const update = (data: unknown): void => {
    hosted = hosted === undefined ? null : hosted;
    let parsed: unknown = data;
    try {
      parsed = typeof data === "string" ? JSON.parse(data) : data;
    } catch (_noJson) {
      return;
    }
    if (typeof parsed !== "object" || parsed === null || isArray(parsed)) {
      return;
    }
    const from = parsed as { [name: string]: unknown };
    form = from["form"] === "lower" ? "lower" : from["form"] === "lshape" ? "lshape" : form;
    wantsCounts = typeof from["counts"] === "boolean" ? from["counts"] : wantsCounts;
    cued = typeof from["message"] === "string" ? from["message"] : cued;
    if (typeof from["key"] === "string") {
      line.key = from["key"];
    }
    draw();
  };
  const api: Hosted = {
    update,
    play: () => {
      // What is played is what counts at this moment: what comes later waits for the next play.
      hosted = cued === null ? player.foremost(running()) : cued;
      draw();
    },
    stop: () => {
      hosted = null;
      draw();
    },
    next: draw,
  };
  const host = window as unknown as { [name: string]: unknown };
  host["update"] = api.update;
  host["play"] = api.play;
  host["stop"] = api.stop;
  host["next"] = api.next;

  const line = new StationLine(player, running, () => {
    save(store, player.memory);
    draw();
  });
  line.key = said["key"] || null;
  if (isPreview) {
    // The operator's page shows what it knows itself, and nothing else can make it draw.
    window.onmessage = (event: MessageEvent) => {
      const from = event.data as { [name: string]: unknown } | null;
      if (event.origin === location.protocol + "//" + location.host && typeof from === "object" && from !== null && from["hinamori"] === "preview") {
        player.take(from["said"], running());
        previewed = typeof from["message"] === "string" ? from["message"] : null;
        form = from["form"] === "lower" ? "lower" : "lshape";
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
