// The symbols of map and list: each has a shape, a letter and a colour, and says the same without the colour.

import type { HouseholdStanding, SiteState } from "./contract.js";

export type SiteLook = "open" | "full" | "closed" | "unknown" | "unsafe" | "checkpoint";
export type Look = { kind: "household"; standing: HouseholdStanding; support: boolean } | { kind: "site"; look: SiteLook };
/** Old: no colour, hatched and dashed. */
export interface Paint {
  night: boolean;
  stale: boolean;
}

const SANS = '"BIZ UDPGothic", "BIZ UDPゴシック", "Noto Sans CJK JP", "Hiragino Sans", sans-serif';
export const font = (size: number, bold = true): string => `${bold ? "700" : "400"} ${size}px ${SANS}`;

export const INK = { day: "#14212a", night: "#e6edf0" };
export const HALO = { day: "#ffffff", night: "#0c1318" };
export const CARD = { day: "#ffffff", night: "#121c23" };
export const SUB = { day: "#4a5963", night: "#a3b3bc" };
export const YELLOW = "#ffd400";

const HOUSEHOLD: Record<HouseholdStanding, { letter: string; size: number; day: string; night: string }> = {
  arrived: { letter: "", size: 13, day: "#00684b", night: "#3fb594" },
  partly: { letter: "半", size: 21, day: "#8a5a00", night: "#e0a63a" },
  passed: { letter: "通", size: 25, day: "#0b57b0", night: "#63a8f2" },
  told_elsewhere: { letter: "他", size: 27, day: "#5b4a86", night: "#b7a4e8" },
  not_arrived: { letter: "未", size: 25, day: "#c4260b", night: "#ff6a4d" },
  unknown: { letter: "？", size: 25, day: "#2b3a44", night: "#c9d5db" },
};
const SITE: Record<SiteLook, { letter: string; day: string; night: string }> = {
  open: { letter: "開", day: "#00684b", night: "#1f7f66" },
  full: { letter: "満", day: "#8a5a00", night: "#e0a63a" },
  closed: { letter: "閉", day: "#5f6b73", night: "#5f6b73" },
  unknown: { letter: "？", day: "#2b3a44", night: "#c9d5db" },
  unsafe: { letter: "危", day: "#000000", night: "#000000" },
  checkpoint: { letter: "通", day: "#0b57b0", night: "#63a8f2" },
};
/** The side of a site's symbol. */
export const SITE_SIZE = 44;
export const RING = 24;

export function siteLook(site: SiteState, unsafe: boolean): SiteLook {
  if (unsafe) {
    return "unsafe";
  }
  // A check-point is passed, not gone to: it is full never, and its standing is told only where it is closed.
  return site.kind === "check_point" && site.standing !== "closed" ? "checkpoint" : site.standing;
}

/** Half of what the symbol takes on the screen. */
export function reach(look: Look): number {
  return look.kind === "site" ? SITE_SIZE / 2 + 2 : look.support ? RING + 4 : HOUSEHOLD[look.standing].size / 2 + 2;
}

const pick = (night: boolean, colours: { day: string; night: string }): string => (night ? colours.night : colours.day);

function polygon(context: CanvasRenderingContext2D, points: number[][]): void {
  context.beginPath();
  for (const [index, [x = 0, y = 0]] of points.entries()) {
    if (index === 0) {
      context.moveTo(x, y);
    } else {
      context.lineTo(x, y);
    }
  }
  context.closePath();
}

function square(context: CanvasRenderingContext2D, half: number): void {
  context.beginPath();
  context.rect(-half, -half, half * 2, half * 2);
}

function circle(context: CanvasRenderingContext2D, radius: number): void {
  context.beginPath();
  context.arc(0, 0, radius, 0, 2 * Math.PI);
}

function shape(context: CanvasRenderingContext2D, look: Look): void {
  if (look.kind === "household") {
    const half = HOUSEHOLD[look.standing].size / 2;
    switch (look.standing) {
      case "arrived":
      case "partly":
        return circle(context, half);
      case "passed":
        return polygon(context, [[0, -half], [half, half * 0.85], [-half, half * 0.85]]);
      case "told_elsewhere":
        return polygon(context, [[0, -half], [half, 0], [0, half], [-half, 0]]);
      case "not_arrived":
      case "unknown":
        return square(context, half - 1);
    }
  }
  const half = SITE_SIZE / 2;
  switch (look.look) {
    case "open":
      return polygon(context, [[0, -half], [half, -half * 0.3], [half, half * 0.85], [-half, half * 0.85], [-half, -half * 0.3]]);
    case "full": {
      const cut = half * 0.42;
      return polygon(context, [[-cut, -half], [cut, -half], [half, -cut], [half, cut], [cut, half], [-cut, half], [-half, cut], [-half, -cut]]);
    }
    case "closed":
      return square(context, half * 0.9);
    case "unknown":
      return circle(context, half);
    case "unsafe":
      return polygon(context, [[-half, -half * 0.85], [half, -half * 0.85], [0, half]]);
    case "checkpoint":
      return polygon(context, [[0, -half], [half, -half * 0.05], [half * 0.62, -half * 0.05], [half * 0.62, half * 0.9], [-half * 0.62, half * 0.9], [-half * 0.62, -half * 0.05], [-half, -half * 0.05]]);
  }
}

/** Lines from the upper left to the lower right: the sign for what is old. */
export function hatch(context: CanvasRenderingContext2D, half: number, colour: string, gap = 5): void {
  context.save();
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1.4;
  context.globalAlpha *= 0.4;
  context.setLineDash([]);
  context.beginPath();
  for (let offset = -half * 2; offset <= half * 2; offset += gap) {
    context.moveTo(offset - half, -half);
    context.lineTo(offset + half, half);
  }
  context.stroke();
  context.restore();
}

function letter(context: CanvasRenderingContext2D, text: string, size: number, colour: string, y = 0, halo?: string): void {
  context.font = font(size);
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  context.fillStyle = colour;
  // Of one glyph, by its box: the middle of what is drawn, whichever font it is.
  const { actualBoundingBoxAscent: above, actualBoundingBoxDescent: below } = context.measureText(text);
  if (halo !== undefined) {
    context.strokeStyle = halo;
    context.lineWidth = 4;
    context.strokeText(text, 0, y + (above - below) / 2);
  }
  context.fillText(text, 0, y + (above - below) / 2);
}

/** Draws a symbol around 0, 0. */
export function draw(context: CanvasRenderingContext2D, look: Look, { night, stale }: Paint): void {
  context.save();
  context.lineJoin = "round";
  const ink = pick(night, INK);
  const halo = pick(night, HALO);
  const isSite = look.kind === "site";
  const { letter: text, ...colours } = isSite ? SITE[look.look] : HOUSEHOLD[look.standing];
  const colour = pick(night, colours);
  const half = isSite ? SITE_SIZE / 2 : HOUSEHOLD[look.standing].size / 2;
  if (!isSite && look.support) {
    ring(context, stale);
  }
  shape(context, look);
  context.strokeStyle = halo;
  context.lineWidth = isSite ? 6 : 4;
  context.stroke();

  const hollow = stale || (isSite ? look.look === "unknown" : look.standing === "unknown" || look.standing === "partly");
  context.fillStyle = stale || hollow ? halo : colour;
  if (isSite && look.look === "unsafe") {
    context.fillStyle = "#000";
  }
  context.fill();
  if (!isSite && look.standing === "partly" && !stale) {
    context.save();
    context.clip();
    context.globalAlpha = 0.3;
    context.fillStyle = colour;
    context.fillRect(0, -half, half, half * 2);
    context.restore();
    shape(context, look);
  }
  // On the smallest one lines would leave nothing of the tick.
  const isSmallest = !isSite && look.standing === "arrived";
  const hatched = (stale && !isSmallest && !(isSite && look.look === "unsafe")) || (isSite && look.look === "unknown");
  if (hatched) {
    hatch(context, half, ink);
    shape(context, look);
  }
  const dashed = stale || (isSite ? look.look === "unknown" : look.standing === "unknown");
  if (dashed) {
    context.setLineDash(isSite ? [6, 4] : isSmallest ? [2.5, 2] : [4, 2.5]);
  }
  if (isSite && look.look === "unsafe") {
    context.strokeStyle = stale ? "#cfc79a" : YELLOW;
    context.lineWidth = 4;
    context.stroke();
  } else if (hollow || dashed) {
    context.strokeStyle = stale ? ink : colour;
    context.lineWidth = isSite ? 3 : isSmallest ? 1.2 : 2;
    context.stroke();
  }
  context.setLineDash([]);
  if (isSite && look.look === "closed") {
    context.strokeStyle = stale ? ink : "#fff";
    context.lineWidth = 2.5;
    context.beginPath();
    context.moveTo(-half * 0.9, -half * 0.9);
    context.lineTo(half * 0.9, half * 0.9);
    context.stroke();
  }

  const onColour = stale || hollow ? (stale ? ink : isSite ? ink : colour) : isSite && look.look === "unsafe" ? YELLOW : night && !(isSite && (look.look === "open" || look.look === "closed")) ? "#0c1318" : "#fff";
  if (isSite) {
    const y = look.look === "unsafe" ? -half * 0.2 : look.look === "open" || look.look === "checkpoint" ? half * 0.18 : 0;
    letter(context, text, look.look === "unsafe" ? 20 : 22, look.look === "unsafe" && stale ? "#fff" : onColour, y, hatched ? halo : undefined);
  } else if (look.standing === "arrived") {
    context.strokeStyle = stale ? ink : night ? "#0c1318" : "#fff";
    context.lineWidth = 1.8;
    context.beginPath();
    context.moveTo(-3, 0.2);
    context.lineTo(-0.8, 2.4);
    context.lineTo(3, -2.2);
    context.stroke();
  } else {
    const small = look.standing === "passed" || look.standing === "told_elsewhere";
    letter(context, text, small ? 12 : look.standing === "partly" ? 12 : 16, onColour, look.standing === "passed" ? 3.5 : 0, hatched ? halo : undefined);
  }
  if (!isSite && look.support) {
    flag(context, stale);
  }
  context.restore();
}

function ring(context: CanvasRenderingContext2D, stale: boolean): void {
  for (const [colour, width] of [["#000", 7.5], [stale ? "#cfc79a" : YELLOW, 4.5]] as const) {
    circle(context, RING - 2);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}

function flag(context: CanvasRenderingContext2D, stale: boolean): void {
  context.save();
  context.translate(RING - 5, -RING + 6);
  context.beginPath();
  context.roundRect(-10, -9, 20, 18, 4);
  context.fillStyle = stale ? "#cfc79a" : YELLOW;
  context.fill();
  context.strokeStyle = "#000";
  context.lineWidth = 1.5;
  context.stroke();
  letter(context, "支", 13, "#000");
  context.restore();
}

const drawn = new Map<string, HTMLCanvasElement>();

/** The symbol on a piece of canvas of its own, drawn once: thousands are on a map. */
export function sprite(look: Look, paint: Paint, ratio: number): HTMLCanvasElement {
  const key = `${look.kind === "site" ? look.look : `${look.standing}${look.support}`} ${paint.night} ${paint.stale} ${ratio}`;
  const known = drawn.get(key);
  if (known !== undefined) {
    return known;
  }
  const side = Math.ceil((reach(look) + 8) * 2 * ratio);
  const made = document.createElement("canvas");
  made.width = side;
  made.height = side;
  const context = made.getContext("2d");
  if (context !== null) {
    context.translate(side / 2, side / 2);
    context.scale(ratio, ratio);
    draw(context, look, paint);
  }
  drawn.set(key, made);
  return made;
}

const pictures = new Map<string, { url: string; side: number }>();

/** The same as a picture for the list. */
export function picture(look: Look, paint: Paint): { url: string; side: number } {
  const key = `${look.kind === "site" ? look.look : `${look.standing}${look.support}`} ${paint.night} ${paint.stale}`;
  let found = pictures.get(key);
  if (found === undefined) {
    const canvas = sprite(look, paint, 2);
    found = { url: canvas.toDataURL(), side: canvas.width / 2 };
    pictures.set(key, found);
  }
  return found;
}
