// What the town is about, drawn above the map: households, sites and the plates of districts. The same for either map beneath.

import type { DistrictState, MapMode, SiteState } from "../contract.js";
import { type Box, type Cluster, type Point, type View, around, cluster, mercator, onScreen, spread } from "../geo.js";
import { CARD, HALO, INK, RING, SITE_SIZE, SUB, YELLOW, font, type Look, reach, siteLook, sprite } from "../symbols.js";
import { type Filter, type Household, type Town, heardAt, isOpen, isUnsafe, staleSince, urgency, waits } from "../town.js";
import type { Choice } from "../page.js";
import { STANDINGS, STANDING_WORDS, age, clock, districtName, hazardWord, number, percent, plain } from "../words.js";

export interface Scene {
  town: Town;
  version: number;
  mode: MapMode;
  filter: Filter;
  showSites: boolean;
  choice: Choice | null;
  night: boolean;
  /** When the page was cut off, everything on it is of then. */
  lostSince: number | null;
  now: number;
  /** What lies in front of the map at its edges. */
  free: { top: number; right: number; bottom: number; left: number };
}

export type Target = { kind: "site"; site: SiteState } | { kind: "sites"; sites: SiteState[] } | { kind: "household"; household: Household } | { kind: "households"; households: Household[] } | { kind: "district"; district: DistrictState };

interface Placed {
  /** Where it belongs to, and how far beside that it stands. */
  at: Point;
  dx: number;
  dy: number;
  width: number;
  height: number;
}

interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface SiteMark {
  point: Point;
  site: SiteState;
}
interface HouseholdMark {
  point: Point;
  household: Household;
}
interface DistrictPlate extends Placed {
  district: DistrictState;
  /** Small where there is no room for the name. */
  short: boolean;
  /** How many of its households stand nowhere. */
  placeless: number;
  /** Whether it says how many wait for support: where their households are not drawn. */
  asks: boolean;
  rows: RowCard | null;
}
interface RowCard {
  lines: Array<{ group: string; households: Household[] }>;
  more: number;
  total: number;
}
interface SitePlate extends Placed {
  site: SiteState;
  left: boolean;
}

interface Layout {
  arrived: Array<Cluster<HouseholdMark>>;
  others: Array<Cluster<HouseholdMark>>;
  sites: Array<Cluster<SiteMark>>;
  sitePlates: SitePlate[];
  districts: DistrictPlate[];
  /** What is not drawn before somebody goes nearer. */
  withheld: string | null;
}

const TOUCH = 26;
/** Two households that wait for support are never drawn nearer to each other. */
const RADIUS = 52;
/** Of more households or sites in view a map would be a carpet: the districts' plates say what there is. */
const MOST_HOUSEHOLDS = 4_000;
const MOST_SITES = 200;
const SITE_PLATES = 60;
const ROW_LINES = 6;
const ROW_SYMBOLS = 9;
const NAME_SIZE = 21;

export class Overlay {
  private readonly context: CanvasRenderingContext2D;
  private layout: Layout | null = null;
  private targets: Array<{ x: number; y: number; reach: number; target: Target; rectangle?: Rectangle }> = [];
  private scene: Scene | null = null;
  private opened: { households: Household[]; at: Point } | null = null;
  private ratio = 1;
  private laidAt = 0;
  private layingTook = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly view: () => View | null,
  ) {
    const context = canvas.getContext("2d");
    if (context === null) {
      throw new Error("canvas");
    }
    this.context = context;
  }

  update(scene: Scene): void {
    const before = this.scene;
    this.scene = scene;
    // A beat changes nothing but ages, and they grow slowly.
    const isSame = before !== null && this.layout !== null && (Object.keys(scene) as Array<keyof Scene>).every((key) => (key === "now" ? Math.abs(scene.now - before.now) < 10_000 : key === "lostSince" ? (scene.lostSince === null) === (before.lostSince === null) : scene[key] === before[key]));
    if (isSame) {
      this.scene.now = before.now;
    } else {
      this.settle();
    }
  }

  /** The map stands still: what overlaps is put together anew. */
  settle(): void {
    const view = this.view();
    if (view === null || this.scene === null) {
      return;
    }
    this.laidAt = performance.now();
    this.layout = lay(this.context, this.scene, view);
    this.layingTook = performance.now() - this.laidAt;
    this.draw();
  }

  /** The map moves: what comes into view is put together now and then, if that is quick. */
  move(): void {
    if (performance.now() - this.laidAt > Math.max(120, this.layingTook * 12)) {
      this.settle();
    } else {
      this.draw();
    }
  }

  /** Households at one place, put around it. */
  open(households: Household[]): void {
    const at = households[0]?.point;
    this.opened = at === null || at === undefined ? null : { households: households.slice(0, 60), at };
    this.draw();
  }

  close(): boolean {
    const was = this.opened !== null;
    this.opened = null;
    return was;
  }

  /** What somebody meant who touched here: the nearest one, not the one that happens to lie above. */
  hit(at: Point): Target | null {
    let nearest: Target | null = null;
    let distance = Infinity;
    for (const { x, y, reach: reached, target, rectangle } of this.targets) {
      const inside = rectangle !== undefined && at.x >= rectangle.x && at.x <= rectangle.x + rectangle.width && at.y >= rectangle.y && at.y <= rectangle.y + rectangle.height;
      const apart = inside ? Math.min(Math.hypot(x - at.x, y - at.y), TOUCH) : Math.hypot(x - at.x, y - at.y);
      if ((inside || apart <= reached) && apart < distance) {
        nearest = target;
        distance = apart;
      }
    }
    return nearest;
  }

  draw(): void {
    const view = this.view();
    const { scene, layout, context, canvas } = this;
    if (view === null || scene === null || layout === null) {
      return;
    }
    this.ratio = Math.min(devicePixelRatio, 2);
    const width = Math.round(view.width * this.ratio);
    const height = Math.round(view.height * this.ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    this.targets = [];
    const lost = scene.lostSince !== null;

    for (const { at } of layout.arrived) {
      this.symbol(view, at, { kind: "household", standing: "arrived", support: false }, lost);
    }
    // The most urgent one last, above the others.
    for (const mark of [...layout.others].reverse()) {
      if (!this.isWaiting(mark)) {
        this.households(view, mark, lost);
      }
    }
    for (const plate of layout.districts) {
      this.district(view, plate, scene);
    }
    for (const mark of [...layout.sites].reverse()) {
      this.sites(view, mark, scene);
    }
    for (const plate of layout.sitePlates) {
      this.sitePlate(view, plate, scene);
    }
    for (const mark of [...layout.others].reverse()) {
      if (this.isWaiting(mark)) {
        this.households(view, mark, lost);
      }
    }
    if (this.opened === null) {
      delete canvas.dataset.spread;
    } else {
      canvas.dataset.spread = String(this.opened.households.length);
      this.fan(view, this.opened, lost);
    }
    this.chosen(view, scene);
    if (layout.withheld !== null) {
      this.pill({ x: view.width / 2, y: view.height - scene.free.bottom + 4 }, layout.withheld, 15);
    }
  }

  private isWaiting({ members }: Cluster<HouseholdMark>): boolean {
    return members[0] !== undefined && waits(members[0].household);
  }

  private symbol(view: View, at: Point, look: Look, stale: boolean, scale = 1): Point | null {
    const place = onScreen(view, at);
    if (place.x < -60 || place.y < -60 || place.x > view.width + 60 || place.y > view.height + 60) {
      return null;
    }
    this.stamp(place, look, stale, scale);
    return place;
  }

  private stamp(place: Point, look: Look, stale: boolean, scale = 1): void {
    const image = sprite(look, { night: this.scene?.night ?? false, stale }, this.ratio);
    const side = (image.width / this.ratio) * scale;
    this.context.drawImage(image, place.x - side / 2, place.y - side / 2, side, side);
  }

  private households(view: View, { at, members }: Cluster<HouseholdMark>, lost: boolean): void {
    const first = members[0]?.household;
    if (first === undefined) {
      return;
    }
    const look: Look = { kind: "household", standing: first.standing, support: waits(first) };
    const place = this.symbol(view, at, look, lost);
    if (place === null) {
      return;
    }
    if (members.length > 1) {
      const waiting = members.filter(({ household }) => waits(household)).length;
      this.pill({ x: place.x, y: place.y + reach(look) + 3 }, `${number(members.length)}${waiting > 1 ? ` 支${number(waiting)}` : ""}`);
    }
    const target: Target = members.length === 1 ? { kind: "household", household: first } : { kind: "households", households: members.map(({ household }) => household) };
    this.targets.push({ ...place, reach: TOUCH, target });
  }

  private pill(place: Point, text: string, size = 12): void {
    const { context } = this;
    const night = this.scene?.night ?? false;
    context.font = font(size);
    const width = Math.max(18, context.measureText(text).width + 10);
    context.beginPath();
    context.roundRect(place.x - width / 2, place.y - size * 0.7, width, size * 1.4, size * 0.7);
    context.fillStyle = night ? INK.night : INK.day;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = night ? HALO.night : HALO.day;
    context.stroke();
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = night ? HALO.night : HALO.day;
    context.fillText(text, place.x, place.y + 0.5);
  }

  private sites(view: View, { at, members }: Cluster<SiteMark>, scene: Scene): void {
    const first = members[0]?.site;
    if (first === undefined) {
      return;
    }
    if (members.length > 1) {
      this.siteCluster(view, at, members.map(({ site }) => site), scene);
      return;
    }
    const stale = scene.lostSince !== null || staleSince(first, scene.now) !== null;
    const place = this.symbol(view, at, { kind: "site", look: siteLook(first, isUnsafe(first, scene.town.state.alert?.hazard)) }, stale);
    if (place === null) {
      return;
    }
    this.targets.push({ ...place, reach: TOUCH, target: { kind: "site", site: first } });
  }

  /** Several: how many, and how many of them are open. No one's symbol speaks for the others. */
  private siteCluster(view: View, at: Point, sites: SiteState[], scene: Scene): void {
    const place = onScreen(view, at);
    const hazard = scene.town.state.alert?.hazard;
    const open = sites.filter((site) => site.standing === "open" && !isUnsafe(site, hazard)).length;
    this.card({ x: place.x - 33, y: place.y - 22, width: 66, height: 44 }, scene.night, scene.lostSince !== null);
    const { context } = this;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = scene.night ? INK.night : INK.day;
    context.font = font(15);
    context.fillText(`${number(sites.length)}か所`, place.x, place.y - 9);
    context.font = font(13);
    context.fillText(`開 ${number(open)}`, place.x, place.y + 10);
    this.targets.push({ ...place, reach: 34, target: { kind: "sites", sites } });
  }

  private card(rectangle: Rectangle, night: boolean, dashed: boolean): void {
    const { context } = this;
    context.beginPath();
    context.roundRect(rectangle.x, rectangle.y, rectangle.width, rectangle.height, 5);
    context.globalAlpha = 0.95;
    context.fillStyle = night ? CARD.night : CARD.day;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = dashed ? 1.5 : 1;
    context.strokeStyle = dashed ? (night ? SUB.night : SUB.day) : night ? "#33424b" : "#cbd2d6";
    context.setLineDash(dashed ? [5, 3] : []);
    context.stroke();
    context.setLineDash([]);
  }

  private sitePlate(view: View, plate: SitePlate, scene: Scene): void {
    const place = onScreen(view, plate.at);
    const rectangle = { x: place.x + plate.dx, y: place.y + plate.dy, width: plate.width, height: plate.height };
    if (rectangle.x > view.width || rectangle.y > view.height || rectangle.x + rectangle.width < 0 || rectangle.y + rectangle.height < 0) {
      return;
    }
    const { context } = this;
    const { night } = scene;
    const { name, line, bar, stale } = plateWords(plate.site, scene);
    this.card(rectangle, night, stale);
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    context.fillStyle = night ? INK.night : INK.day;
    context.font = font(15);
    context.fillText(name, rectangle.x + 9, rectangle.y + 19);
    context.font = font(14, !stale);
    context.fillStyle = stale ? (night ? SUB.night : SUB.day) : night ? INK.night : INK.day;
    context.fillText(line, rectangle.x + 9, rectangle.y + 37);
    if (bar !== null) {
      const width = rectangle.width - 18;
      context.fillStyle = stale ? (night ? SUB.night : SUB.day) : night ? INK.night : INK.day;
      context.fillRect(rectangle.x + 9, rectangle.y + 42, width * Math.min(1, bar), 5);
      context.lineWidth = 1;
      context.strokeStyle = context.fillStyle;
      context.strokeRect(rectangle.x + 9, rectangle.y + 42, width, 5);
    }
    this.targets.push({ ...place, reach: 0, rectangle, target: { kind: "site", site: plate.site } });
  }

  private district(view: View, plate: DistrictPlate, scene: Scene): void {
    const place = onScreen(view, plate.at);
    const x = place.x + plate.dx;
    const y = place.y + plate.dy;
    if (x > view.width || y > view.height || x + plate.width < 0 || y + plate.height < 0) {
      return;
    }
    const { context } = this;
    const { night } = scene;
    const { name, share } = districtWords(plate.district, scene, plate.rows === null ? plate.placeless : 0, plate.asks);
    const halo = night ? HALO.night : HALO.day;
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    context.lineJoin = "round";
    const text = (words: string, left: number, size: number, colour: string) => {
      context.font = font(size);
      context.lineWidth = 5;
      context.strokeStyle = halo;
      context.strokeText(words, left, y + NAME_SIZE);
      context.fillStyle = colour;
      context.fillText(words, left, y + NAME_SIZE);
      return context.measureText(words).width;
    };
    let left = x;
    if (!plate.short) {
      left += text(name, left, NAME_SIZE, night ? INK.night : INK.day) + 10;
    }
    text(plate.short ? `${percent(plate.district.households)}%` : share, left, 15, night ? SUB.night : SUB.day);
    this.targets.push({ x: x + plate.width / 2, y: y + NAME_SIZE / 2, reach: 0, rectangle: { x, y: y - 12, width: plate.width, height: 48 }, target: { kind: "district", district: plate.district } });
    if (plate.rows !== null) {
      this.rows(plate.rows, { x: place.x - ROWS_WIDTH / 2, y: y + NAME_SIZE + 10 }, scene);
    }
  }

  /** Households of which nobody knows the place, by their 班. */
  private rows(card: RowCard, corner: Point, scene: Scene): void {
    const { context } = this;
    const { night } = scene;
    this.card({ ...corner, width: ROWS_WIDTH, height: rowsHeight(card) }, night, false);
    context.font = font(13, false);
    context.fillStyle = night ? SUB.night : SUB.day;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(`地図に 位置の ない ${number(card.total)}世帯`, corner.x + 9, corner.y + 14);
    for (const [index, { group, households }] of card.lines.entries()) {
      const y = corner.y + 40 + index * ROW_HEIGHT;
      context.font = font(14);
      context.fillStyle = night ? INK.night : INK.day;
      context.textAlign = "left";
      context.textBaseline = "middle";
      context.fillText(group, corner.x + 9, y, 62);
      if (households.length <= ROW_SYMBOLS && !households.some(waits)) {
        for (const [place, household] of households.entries()) {
          const at = { x: corner.x + 88 + place * 23, y };
          this.stamp(at, { kind: "household", standing: household.standing, support: false }, scene.lostSince !== null, 0.8);
          this.targets.push({ ...at, reach: 13, target: { kind: "household", household } });
        }
        continue;
      }
      let x = corner.x + 88;
      const support = households.filter(waits).length;
      const parts: Array<[Look, string]> = [...STANDINGS].reverse().flatMap((standing) => {
        const count = households.filter((household) => household.standing === standing).length;
        return count === 0 ? [] : [[{ kind: "household" as const, standing, support: false }, number(count)] as [Look, string]];
      });
      if (support > 0) {
        context.beginPath();
        context.roundRect(x - 10, y - 9, 20, 18, 4);
        context.fillStyle = YELLOW;
        context.fill();
        context.strokeStyle = "#000";
        context.lineWidth = 1.5;
        context.stroke();
        context.font = font(13);
        context.textAlign = "center";
        context.fillStyle = "#000";
        context.fillText("支", x, y + 0.5);
        x = this.count(x + 13, y, number(support), night) + 14;
      }
      for (const [look, count] of parts) {
        if (x > corner.x + ROWS_WIDTH - 36) {
          break;
        }
        this.stamp({ x, y }, look, scene.lostSince !== null, 0.8);
        x = this.count(x + 13, y, count, night) + 14;
      }
    }
    if (card.more > 0) {
      context.font = font(13, false);
      context.fillStyle = night ? SUB.night : SUB.day;
      context.textAlign = "left";
      context.fillText(`ほか ${number(card.more)}班は 一覧に あります`, corner.x + 9, corner.y + 40 + card.lines.length * ROW_HEIGHT - 6);
    }
  }

  private count(x: number, y: number, text: string, night: boolean): number {
    const { context } = this;
    context.font = font(14);
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillStyle = night ? INK.night : INK.day;
    context.fillText(text, x, y);
    return x + context.measureText(text).width;
  }

  private fan(view: View, { households, at }: { households: Household[]; at: Point }, lost: boolean): void {
    const { context } = this;
    const middle = onScreen(view, at);
    const places = spread(households.length, 54);
    const far = Math.max(...places.map((place) => Math.hypot(place.x, place.y))) + 40;
    context.beginPath();
    context.arc(middle.x, middle.y, far, 0, 2 * Math.PI);
    context.globalAlpha = 0.88;
    context.fillStyle = this.scene?.night ? CARD.night : CARD.day;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = this.scene?.night ? SUB.night : SUB.day;
    context.lineWidth = 1.5;
    context.stroke();
    // Only these can be touched while they are spread.
    this.targets = [];
    for (const [index, household] of households.entries()) {
      const place = places[index];
      if (place === undefined) {
        continue;
      }
      const end = { x: middle.x + place.x, y: middle.y + place.y };
      context.beginPath();
      context.moveTo(middle.x, middle.y);
      context.lineTo(end.x, end.y);
      context.stroke();
      this.targets.push({ ...end, reach: TOUCH, target: { kind: "household", household } });
    }
    for (const { x, y, target } of this.targets) {
      if (target.kind === "household") {
        this.stamp({ x, y }, { kind: "household", standing: target.household.standing, support: waits(target.household) }, lost);
      }
    }
  }

  private chosen(view: View, scene: Scene): void {
    const { choice, town, night } = scene;
    const point = choice === null ? null : choice.kind === "site" ? sitePoint(town.site(choice.id)) : (town.household(choice.id)?.point ?? null);
    if (point === null || this.opened !== null) {
      return;
    }
    const { x, y } = onScreen(view, point);
    const { context } = this;
    const radius = choice?.kind === "site" ? 32 : RING + 8;
    for (const [colour, width, size] of [[night ? HALO.night : HALO.day, 7, radius], [night ? INK.night : INK.day, 2.5, radius + 2], [night ? INK.night : INK.day, 2.5, radius - 2.5]] as const) {
      context.beginPath();
      context.arc(x, y, size, 0, 2 * Math.PI);
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke();
    }
  }
}

const ROWS_WIDTH = 306;
const ROW_HEIGHT = 25;
const rowsHeight = (card: RowCard): number => 30 + card.lines.length * ROW_HEIGHT + (card.more > 0 ? 20 : 0);

function sitePoint(site: SiteState | undefined): Point | null {
  return site?.position == null ? null : mercator(site.position);
}

function plateWords(site: SiteState, scene: Scene): { name: string; line: string; bar: number | null; stale: boolean } {
  const name = plain(site.name, 14);
  const hazard = scene.town.state.alert?.hazard;
  const old = staleSince(site, scene.now);
  const stale = old !== null || scene.lostSince !== null;
  if (isUnsafe(site, hazard)) {
    return { name, line: `${hazardWord(hazard ?? "")}には 使えません`, bar: null, stale };
  }
  if (site.standing === "closed") {
    return { name, line: "閉鎖中", bar: null, stale };
  }
  const ago = old !== null ? `・${age(scene.now - old)}前の 情報` : "";
  if (site.kind === "check_point") {
    return { name, line: `通過 ${number(site.here)}人${ago}`, bar: null, stale };
  }
  if (site.standing === "unknown" && heardAt(site, scene.now) === null && site.here === 0) {
    return { name, line: "まだ 知らせなし", bar: null, stale: true };
  }
  const { capacity } = site;
  if (capacity === null || capacity === 0) {
    return { name, line: `${number(site.here)}人${ago}`, bar: null, stale };
  }
  return { name, line: ago === "" ? `${number(site.here)} / ${number(capacity)}人` : `${number(site.here)}人${ago}`, bar: ago === "" ? site.here / capacity : null, stale };
}

function districtWords(district: DistrictState, scene: Scene, placeless: number, asks: boolean): { name: string; share: string } {
  const share = `確認 ${percent(district.households)}%${placeless > 0 ? ` 位置なし ${number(placeless)}世帯` : ""}${asks && district.people.support_not_arrived > 0 ? ` 支援 ${number(district.people.support_not_arrived)}人` : ""}`;
  return { name: plain(districtName(district.name), 12), share: scene.lostSince === null ? share : `${share} ${clock(scene.lostSince)}` };
}

const overlaps = (a: Rectangle, b: Rectangle): boolean => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

function lay(context: CanvasRenderingContext2D, scene: Scene, view: View): Layout {
  const { town, filter } = scene;
  const perPixel = 1 / view.scale;
  // Somewhat more than is seen, so that a short way over the map shows nothing bare.
  const seen: Box = {
    west: view.center.x - view.width * perPixel,
    east: view.center.x + view.width * perPixel,
    north: view.center.y - view.height * perPixel,
    south: view.center.y + view.height * perPixel,
  };
  const isSeen = ({ x, y }: Point): boolean => x > seen.west && x < seen.east && y > seen.north && y < seen.south;

  const arrived: HouseholdMark[] = [];
  const others: HouseholdMark[] = [];
  const placeless = new Map<number, Household[]>();
  const tops = new Map<number, Box>();
  let seenHouseholds = 0;
  for (const household of town.shown(filter)) {
    const { point } = household;
    if (point === null) {
      const known = placeless.get(household.district);
      if (known === undefined) {
        placeless.set(household.district, [household]);
      } else {
        known.push(household);
      }
      continue;
    }
    const box = tops.get(household.district);
    if (box === undefined) {
      tops.set(household.district, { west: point.x, east: point.x, north: point.y, south: point.y });
    } else {
      box.west = Math.min(box.west, point.x);
      box.east = Math.max(box.east, point.x);
      box.north = Math.min(box.north, point.y);
      box.south = Math.max(box.south, point.y);
    }
    if (isSeen(point) && seenHouseholds <= MOST_HOUSEHOLDS) {
      seenHouseholds += 1;
      (household.standing === "arrived" ? arrived : others).push({ point, household });
    }
  }
  const tooMany = seenHouseholds > MOST_HOUSEHOLDS;
  if (tooMany) {
    arrived.length = 0;
    others.length = 0;
  }
  others.sort((a, b) => urgency(b.household) - urgency(a.household));

  // No ring of support lies over another; what is calmer may stand somewhat beneath one.
  const apart = (leader: HouseholdMark, { household }: HouseholdMark): number => {
    const first = leader.household;
    return (waits(first) ? (waits(household) ? RADIUS : 33) : isOpen(first.standing) ? 24 : 20) * perPixel;
  };
  const otherClusters = cluster(others, apart, RADIUS * perPixel);
  const arrivedClusters = cluster(arrived, () => 10 * perPixel, 10 * perPixel);

  /** A name gives way to who is open, if there is room elsewhere. */
  const avoided: Rectangle[] = [];
  const occupied: Rectangle[] = [
    { x: 0, y: 0, width: 400, height: scene.free.top - 8 },
    { x: view.width - scene.free.right, y: 0, width: scene.free.right, height: 184 },
    { x: 0, y: view.height - scene.free.bottom, width: view.width, height: scene.free.bottom },
  ];
  for (const { at, members } of otherClusters) {
    if (members[0] !== undefined && waits(members[0].household)) {
      const { x, y } = onScreen(view, at);
      occupied.push({ x: x - RING, y: y - RING - 6, width: RING * 2 + 10, height: RING * 2 + 8 });
    } else if (members[0] !== undefined && isOpen(members[0].household.standing)) {
      const { x, y } = onScreen(view, at);
      avoided.push({ x: x - 14, y: y - 14, width: 28, height: members.length > 1 ? 38 : 28 });
    }
  }

  const siteMarks: SiteMark[] = [];
  let withheldSites = 0;
  if (scene.showSites) {
    for (const site of town.state.sites) {
      const point = sitePoint(site);
      if (point !== null && isSeen(point)) {
        siteMarks.push({ point, site });
      }
    }
    if (siteMarks.length > MOST_SITES) {
      withheldSites = siteMarks.length;
      siteMarks.length = 0;
    }
    const hazard = town.state.alert?.hazard;
    const weight = ({ site }: SiteMark): number => (scene.choice?.kind === "site" && scene.choice.id === site.id ? 1e9 : 0) + { open: 3, full: 2, unknown: 1, closed: 0 }[site.standing] * 1e7 + (isUnsafe(site, hazard) ? 1e6 : 0) + site.here;
    siteMarks.sort((a, b) => weight(b) - weight(a));
  }
  const siteRadius = 46 * perPixel;
  const sites = cluster(siteMarks, () => siteRadius, siteRadius);
  for (const { at, members } of sites) {
    const { x, y } = onScreen(view, at);
    if (members.length > 1) {
      occupied.push({ x: x - 34, y: y - 23, width: 68, height: 46 });
      continue;
    }
    occupied.push({ x: x - SITE_SIZE / 2 - 2, y: y - SITE_SIZE / 2 - 2, width: SITE_SIZE + 4, height: SITE_SIZE + 4 });
  }

  const districts: DistrictPlate[] = [];
  const placeDistricts = () => {
    const byNeed = [...town.state.districts].sort((a, b) => b.people.support_not_arrived - a.people.support_not_arrived || b.people.not_arrived - a.people.not_arrived);
    for (const district of byNeed) {
      if (district.center === null || (filter.districts !== null && !filter.districts.has(district.id))) {
        continue;
      }
      const at = mercator(district.center);
      if (!isSeen(at)) {
        continue;
      }
      const asks = tooMany || !town.households.has(district.id);
      const list = placeless.get(district.id) ?? [];
      const lines = rowsOf(list);
      const words = districtWords(district, scene, list.length, asks);
      context.font = font(NAME_SIZE);
      const nameWidth = context.measureText(words.name).width;
      context.font = font(15);
      const shareWidth = context.measureText(words.share).width;
      const width = nameWidth + 10 + shareWidth;
      const center = onScreen(view, at);
      const box = tops.get(district.id);
      // Above its households; if they begin above the screen, at their middle.
      const above = box === undefined ? 0 : Math.min(0, onScreen(view, { x: box.west, y: box.north }).y - center.y);
      let placed: DistrictPlate | null = null;
      const below = box === undefined ? 0 : Math.max(0, onScreen(view, { x: box.west, y: box.south }).y - center.y);
      const heights = [Math.max(above - 34, scene.free.top + 4 - center.y), above - 64, below + 12, -NAME_SIZE / 2, below + 42];
      const places = heights.flatMap((dy) => [0, -width / 3, width / 3, -width / 2, width / 2].map((dx) => [dx - width / 2, dy] as const));
      const rectangles = places
        .map(([dx, dy]) => ({ dx, dy, x: center.x + dx, y: center.y + dy - 3, width, height: NAME_SIZE + 12 }))
        .filter((rectangle) => rectangle.x > 2 && rectangle.x + width < view.width - 2 && !occupied.some((other) => overlaps(other, rectangle)));
      const rectangle = rectangles.find((one) => !avoided.some((other) => overlaps(other, one))) ?? rectangles[0];
      if (rectangle !== undefined) {
        let rows: RowCard | null = list.length === 0 ? null : lines;
        if (rows !== null) {
          const beneath = { x: center.x - ROWS_WIDTH / 2, y: rectangle.y + rectangle.height, width: ROWS_WIDTH, height: rowsHeight(rows) };
          if (occupied.some((other) => overlaps(other, beneath))) {
            rows = null;
          } else {
            occupied.push(beneath);
          }
        }
        placed = { at, dx: rectangle.dx, dy: rectangle.dy, width, height: NAME_SIZE + 8, district, short: false, placeless: list.length, asks, rows };
        occupied.push(rectangle);
      }
      if (placed === null) {
        const rectangle = { x: center.x - 20, y: center.y - NAME_SIZE / 2, width: 40, height: NAME_SIZE };
        if (!occupied.some((other) => overlaps(other, rectangle))) {
          occupied.push(rectangle);
          placed = { at, dx: -20, dy: -NAME_SIZE / 2, width: 40, height: NAME_SIZE, district, short: true, placeless: list.length, asks, rows: null };
        }
      }
      if (placed !== null) {
        districts.push(placed);
      }
    }
  };

  const sitePlates: SitePlate[] = [];
  const placeSites = () => {
    for (const { at, members } of sites) {
      const site = members[0]?.site;
      if (site === undefined || members.length > 1 || sitePlates.length >= SITE_PLATES) {
        continue;
      }
      const { name, line, bar } = plateWords(site, scene);
      context.font = font(15);
      const nameWidth = context.measureText(name).width;
      context.font = font(14);
      const width = Math.max(nameWidth, context.measureText(line).width, 84) + 18;
      const height = bar === null ? 45 : 53;
      const center = onScreen(view, at);
      for (const [dx, dy] of [[SITE_SIZE / 2 + 8, -height / 2], [-SITE_SIZE / 2 - 8 - width, -height / 2], [-width / 2, SITE_SIZE / 2 + 5], [-width / 2, -SITE_SIZE / 2 - 5 - height]] as const) {
        const rectangle = { x: center.x + dx, y: center.y + dy, width, height };
        if (!occupied.some((other) => overlaps(other, rectangle)) && rectangle.x > 0 && rectangle.x + width < view.width) {
          occupied.push(rectangle);
          sitePlates.push({ at, dx, dy, width, height, site, left: dx < 0 });
          break;
        }
      }
    }
  };
  // The few sites of a small town have their words first; of thousands, the districts do.
  if (sites.length <= SITE_PLATES / 2) {
    placeSites();
    placeDistricts();
  } else {
    placeDistricts();
    placeSites();
  }
  const withheld = tooMany || withheldSites > 0 ? `${[...(tooMany ? ["世帯"] : []), ...(withheldSites > 0 ? [`拠点 ${number(withheldSites)}か所`] : [])].join("と ")}は、近づくと 出ます` : null;
  return { arrived: arrivedClusters, others: otherClusters, sites, sitePlates, districts, withheld };
}

function rowsOf(households: Household[]): RowCard {
  const groups = new Map<string, Household[]>();
  for (const household of households) {
    const name = household.group === "" ? "班なし" : plain(household.group, 8);
    const known = groups.get(name);
    if (known === undefined) {
      groups.set(name, [household]);
    } else {
      known.push(household);
    }
  }
  const lines = [...groups].map(([group, members]) => ({ group, households: members.sort((a, b) => urgency(b) - urgency(a)) }));
  const need = (members: Household[]): number => Math.max(...members.map(urgency));
  const collator = new Intl.Collator("ja", { numeric: true });
  const chosen = [...lines].sort((a, b) => need(b.households) - need(a.households)).slice(0, ROW_LINES);
  return { lines: chosen.sort((a, b) => collator.compare(a.group, b.group)), more: Math.max(0, lines.length - ROW_LINES), total: households.length };
}

/** What somebody hears who asks what the map shows. */
export function described(town: Town): string {
  const { households } = town.state.figures;
  return `地図。${STANDINGS.map((standing) => `${STANDING_WORDS[standing]} ${number(households[standing])}世帯`).join("、")}。同じ ことは 一覧に あります。`;
}

export function boxOf(town: Town): Box | null {
  const points: Point[] = [];
  for (const district of town.state.districts) {
    if (district.center !== null) {
      points.push(mercator(district.center));
    }
  }
  for (const site of town.state.sites) {
    const point = sitePoint(site);
    if (point !== null) {
      points.push(point);
    }
  }
  return around(points);
}
