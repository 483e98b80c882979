// The page's own state: who is signed in, what is shown, and whether it is how things are.

import type { AskedAfter, DistrictHouseholds, HouseholdStanding, InquiryAnswer, MapBase, MapChange, MapMode, MapState, RuledSite, RulingOnShelter, SaidOfSite, Session, SiteState, SiteWord } from "./contract.js";
import { get, file, NoAnswer, post, Refused, remove } from "./server.js";
import { SILENCE, Stream } from "./stream.js";
import { type Filter, type Household, type Tab, Town, isOpen, urgency } from "./town.js";
import { signIn } from "./passkeys.js";
import { KEPT_FOR, clear, forget, isSignedOut, keep, markSignedOut, take, unmarkSignedOut } from "./vault.js";
import { MINUTE, SECOND, STANDINGS } from "./words.js";

export type Door = "asking" | "closed" | "enrol" | "open";
export type Theme = "auto" | "day" | "night";
export type Choice = { kind: "site"; id: string } | { kind: "household"; id: number };

/** Towns up to this many households are read whole at once; of others, the districts that somebody looks at. */
const WHOLE_TOWN = 6_000;
/** That a television shows an order comes with no change: the rows in view are read anew. */
const READ_AGAIN = 30 * SECOND;
/** Nor does whether somebody of a household still waits for support; several changes at once are one reading. */
const SUPPORT_AGAIN = 10 * SECOND;
/** A cut as long as this is no blink of the network. */
const BLINK = 4 * SECOND;
const UNHEARD = "サーバーに まだ「出る」が 届いていません。つながると、自動で 届きます。";
/** Between two tries to fetch the whole anew. */
const RENEW_FIRST = 3 * SECOND;
const RENEW_LONGEST = 30 * SECOND;
const KEEP_EVERY = 20 * SECOND;
const KEPT_HOUSEHOLDS = 20_000;
/** Whoever types uses their session: the server hears of it so often. */
const TYPED_EVERY = 5 * MINUTE;
/** In characters. */
const KEPT_FILES = 4_000_000;

export class Page {
  door: Door = "asking";
  code = "";
  mode: MapMode = "live";
  session: Session | null = null;
  town: Town | null = null;
  base: MapBase | null = null;
  outlines: unknown = null;
  /** GeoJSON that the base names, by its address: it is kept with the state, so that a tablet without a network has a map. */
  files: Record<string, unknown> = {};
  /** Whether it is known what the background is made of, or that nothing of it comes. */
  hasAskedBase = false;
  trouble: string | undefined;
  busy = false;

  /** The map, the inquiry clerk's page, or 定時報告. */
  place: "map" | "inquiry" | "reports" = "map";
  view: "map" | "list" = "map";
  tab: Tab = "open";
  filter: Filter = { districts: null, standings: new Set(STANDINGS) };
  /** Names of hazard layers that are switched off. */
  hidden: ReadonlySet<string> = new Set();
  showSites = true;
  choice: Choice | null = null;
  theme: Theme = "auto";
  announcement = "";
  newer = false;
  /** Asks the map to go somewhere; it takes it at its next turn. */
  destination: { household: number } | { site: string } | { districts: ReadonlySet<number> | null } | null = null;

  /** How far the server's clock is ahead of this one. */
  private offset = 0;
  private heardHere = 0;
  private cut: number | null = null;
  private stream: Stream | null = null;
  /** When each district was asked for; another one after every fetching of the whole. */
  private asked = new Map<number, number>();
  private timers: number[] = [];
  private known: { town: Town; version: number; filter: Filter; tab: Tab; rows: Household[] } | null = null;
  private kept = 0;
  /** Districts whose rows may say too long that somebody needs support, and when they are read again. */
  private readonly touched = new Map<number, number>();
  private signedOut = false;
  private ending: Promise<void> | null = null;
  private renewed = 0;
  private typedAt = 0;
  private turn = 0;

  constructor(private readonly drawn: () => void) {}

  start(): void {
    this.readAddress();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.draw());
    addEventListener("hashchange", () => {
      this.readAddress();
      void this.enter();
    });
    addEventListener("online", () => this.stream?.hurry());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) {
        void this.keepNow();
      } else {
        this.stream?.hurry();
        this.draw();
      }
    });
    if ("serviceWorker" in navigator) {
      const first = navigator.serviceWorker.controller === null;
      // A tablet without room for it works all the same.
      navigator.serviceWorker.register("/sw.js").catch(() => {});
      navigator.serviceWorker.addEventListener("controllerchange", () => {
        this.newer = !first;
        this.draw();
      });
    }
    setInterval(() => this.second(), SECOND);
    clear().catch(() => {});
    void this.enter();
  }

  /** By the server's clock. */
  now(): number {
    return Date.now() + this.offset;
  }

  /** When the server was heard last, by its clock. */
  heard(): number {
    return this.heardHere + this.offset;
  }

  /** Whether what is shown may be no longer so. */
  isLost(): boolean {
    const here = Date.now();
    return (this.cut !== null && here - this.cut > BLINK) || here - this.heardHere > SILENCE;
  }

  isNight(): boolean {
    return this.theme === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : this.theme === "night";
  }

  draw(): void {
    const { classList } = document.documentElement;
    classList.toggle("night", this.isNight());
    classList.toggle("drill", this.mode === "drill");
    classList.toggle("lost", this.town !== null && this.isLost());
    const what = { map: this.mode === "drill" ? "訓練の 地図" : "避難の 地図", inquiry: "安否の 照会", reports: "定時報告" }[this.place];
    document.title = this.place !== "map" && this.mode === "drill" ? `訓練　${what}` : what;
    this.drawn();
  }

  /** Sets what is shown, and draws. */
  set(changes: Partial<Pick<Page, "view" | "tab" | "filter" | "hidden" | "showSites" | "choice" | "theme" | "destination" | "door" | "place" | "trouble">>): void {
    Object.assign(this, changes);
    this.draw();
  }

  choose(choice: Choice | null, go = false): void {
    this.choice = choice;
    if (go && choice !== null) {
      this.destination = choice.kind === "site" ? { site: choice.id } : { household: choice.id };
    }
    this.draw();
  }

  showDistricts(districts: ReadonlySet<number> | null): void {
    this.filter = { ...this.filter, districts };
    this.destination = { districts };
    for (const district of districts ?? []) {
      void this.load(district);
    }
    this.draw();
  }

  toggleStanding(standing: HouseholdStanding): void {
    const standings = new Set(this.filter.standings);
    if (!standings.delete(standing)) {
      standings.add(standing);
    }
    this.set({ filter: { ...this.filter, standings } });
  }

  /** What the list shows: by how urgent it is, then as the roster has it. */
  listed(): Household[] {
    const { town, filter, tab, known } = this;
    if (town === null) {
      return [];
    }
    // Of 100,000 households this is not counted anew at every beat.
    if (known?.town !== town || known.version !== town.version || known.filter !== filter || known.tab !== tab) {
      this.known = { town, version: town.version, filter, tab, rows: this.sorted(town) };
    }
    return this.known?.rows ?? [];
  }

  private sorted(town: Town): Household[] {
    const fits = (household: Household): boolean => this.tab === "all" || (this.tab === "partly" ? household.standing === "partly" : isOpen(household.standing));
    const rows: Household[] = [];
    for (const household of town.shown(this.filter)) {
      if (fits(household)) {
        rows.push(household);
      }
    }
    return rows.sort((a, b) => urgency(b) - urgency(a));
  }

  /** Reads a district's households, if they are not here. */
  async load(district: number, again = false): Promise<void> {
    const { town, asked, turn } = this;
    if (town === null || this.isLost() || (asked.has(district) && !again)) {
      return;
    }
    asked.set(district, Date.now());
    town.ask();
    try {
      const answer = await get<DistrictHouseholds>(`map/districts/${district}/households?mode=${this.mode}`);
      if (asked !== this.asked) {
        // Older than the state, and asked for again with it.
        town.fail();
      } else if (town.arrive(answer)) {
        this.draw();
      } else {
        // The server numbers anew, and its `reset` is on the way.
        asked.delete(district);
        this.timers.push(window.setTimeout(() => void (turn === this.turn && this.load(district)), SECOND));
      }
    } catch (error) {
      town.fail();
      asked.delete(district);
      if (asked === this.asked) {
        this.failed(error);
      }
    }
  }

  isLoaded(district: number): boolean {
    return this.town?.households.has(district) ?? false;
  }

  async act(work: () => Promise<void>, failure: (error: unknown) => string | undefined): Promise<void> {
    if (this.busy) {
      return;
    }
    this.set({ trouble: undefined });
    this.busy = true;
    this.draw();
    try {
      await work();
    } catch (error) {
      this.trouble = failure(error);
    } finally {
      this.busy = false;
      this.draw();
    }
  }

  isClerk(): boolean {
    return this.session?.role === "inquiry_clerk";
  }

  /** Whether somebody who sees the map answers inquiries, too. */
  mayInquire(): boolean {
    return this.isClerk() || this.session?.role === "official";
  }

  /** Asks after somebody. Where there is no answer, the trouble says why. */
  async inquire(asked: AskedAfter): Promise<InquiryAnswer | null> {
    return this.answered(() => post<InquiryAnswer>("inquiries", asked));
  }

  /** Whether somebody reads the town's reports, and whether they freeze, check and release them. */
  mayReadReports(): boolean {
    return this.mayMakeReports() || this.session?.role === "auditor";
  }

  mayMakeReports(): boolean {
    return this.session?.role === "official";
  }

  /** Waits for an answer. Where there is none, the trouble says why. */
  async answered<T>(question: () => Promise<T>): Promise<T | null> {
    let told: T | null = null;
    const work = async () => {
      told = await question();
    };
    await this.act(work, (error) => {
      if (error instanceof Refused && error.status === 401) {
        void this.shut();
      }
      return error instanceof Error ? error.message : String(error);
    });
    return told;
  }

  /** Whether whoever is signed in may open and close a site. */
  mayActOn(site: SiteState): boolean {
    return this.session?.role === "official" && (this.session.sites.length === 0 || this.session.sites.includes(site.id));
  }

  announce(text: string): void {
    this.announcement = text;
    this.draw();
  }

  /** Headquarters' word on a site. Says why where it was not taken. */
  say(site: SiteState, standing: RuledSite | null, capacity: number | null): Promise<string | null> {
    const { mode, town } = this;
    return this.order(async () => {
      const said: SaidOfSite = { mode, seen: site.word?.id ?? null, standing, capacity };
      try {
        town?.hearWord(site.id, await post<SiteWord>(`sites/${site.id}/word`, said));
      } catch (error) {
        // The next word is said to what is in force now.
        if (error instanceof Refused && error.status === 409) {
          town?.hearWord(site.id, (error.body as { word?: SiteWord | null }).word ?? null);
        }
        throw error;
      }
    });
  }

  /** What becomes of a shelter that people opened themselves. */
  rule(site: SiteState, ruling: RulingOnShelter): Promise<string | null> {
    return this.order(async () => {
      await post(`shelters/${site.id}/ruling`, { ...ruling, seen_closed: site.standing === "closed" });
    });
  }

  private async order(work: () => Promise<void>): Promise<string | null> {
    let refused: string | null = null;
    await this.act(work, (error) => {
      if (error instanceof Refused && error.status === 401) {
        void this.shut();
      }
      refused = error instanceof Refused ? error.message : "返事が ありません。届いたか どうか わかりません。いまの ようすを 見て ください。";
      return undefined;
    });
    return refused;
  }

  /** A session that nobody uses ends; whether it does is known before a form is full. */
  typed(): void {
    if (Date.now() - this.typedAt > TYPED_EVERY) {
      this.typedAt = Date.now();
      get<Session>("session").catch((error: unknown) => this.failed(error));
    }
  }

  /** Whether the server hears it or not: this tablet keeps nothing, and is not let in before the server heard it. */
  async signOut(): Promise<void> {
    this.signedOut = true;
    const marked = markSignedOut().catch(() => {});
    await this.shut();
    await marked;
    await this.release();
  }

  /** With the passkey; a session that was signed out of ends first. */
  async signIn(): Promise<void> {
    await this.end();
    await signIn();
    await this.enter();
  }

  /** Ends the session that was signed out of. One asking at a time: a later one would end the next official's session. */
  private end(): Promise<void> {
    const tell = async () => {
      this.signedOut ||= await isSignedOut().catch(() => false);
      if (!this.signedOut) {
        return;
      }
      await remove("session").catch((error: unknown) => {
        // It is over already.
        if (!(error instanceof Refused && error.status === 401)) {
          throw error;
        }
      });
      await unmarkSignedOut().catch(() => {});
      this.signedOut = false;
    };
    this.ending ??= tell().finally(() => (this.ending = null));
    return this.ending;
  }

  /** The same, until the server hears it. */
  private async release(): Promise<void> {
    const { turn } = this;
    let trouble: string | undefined;
    try {
      await this.end();
    } catch {
      trouble = UNHEARD;
    }
    if (turn === this.turn && this.door === "closed") {
      this.trouble = trouble;
      if (trouble !== undefined) {
        this.timers.push(window.setTimeout(() => void this.release(), 5 * SECOND));
      }
      this.draw();
    }
  }

  /** After a sign-in, and whenever the mode changes. */
  async enter(): Promise<void> {
    this.leave();
    if (this.door === "enrol") {
      this.draw();
      return;
    }
    this.door = "asking";
    this.draw();
    await this.ask();
  }

  private async ask(): Promise<void> {
    const { mode, turn } = this;
    const other = () => turn !== this.turn;
    this.signedOut ||= await isSignedOut().catch(() => false);
    if (other()) {
      return;
    }
    if (this.signedOut) {
      this.door = "closed";
      this.draw();
      await this.release();
      return;
    }
    const session = get<Session>("session");
    const state = get<MapState>(`map/state?mode=${mode}`);
    const base = get<MapBase>("map/base");
    // Each is waited for below; one that fails before its turn is no unhandled failure.
    for (const question of [session, state, base]) {
      question.catch(() => {});
    }
    try {
      this.session = await session;
      if (this.isClerk() && !other()) {
        this.place = "inquiry";
        this.door = "open";
        this.trouble = undefined;
        this.draw();
        // What an official who used this device before may have left.
        await forget().catch(() => {});
        return;
      }
      const first = await state;
      if (other()) {
        return;
      }
      this.hear(first.at);
      this.begin(new Town(first));
    } catch (error) {
      if (other()) {
        return;
      }
      if (isClosing(error)) {
        await this.shut(error);
        return;
      }
      if (error instanceof Refused) {
        this.trouble = error.message;
      } else {
        this.trouble = undefined;
        await this.resume(mode);
      }
      if (!other()) {
        this.timers.push(window.setTimeout(() => void this.ask(), 5 * SECOND));
        this.draw();
      }
      return;
    }
    try {
      const found = await base;
      const named = [found.base, ...found.hazards].flatMap((of) => (of?.format === "geojson" ? [of.url] : []));
      // One that fails is asked for again by the map, which says what it lacks.
      const read = named.map(async (url) => [[url, await file(url)] as const].filter(([, content]) => content !== null));
      const [outlines, ...files] = await Promise.all([file(found.outlines).catch(() => null), ...read.map((one) => one.catch(() => []))]);
      if (!other()) {
        this.base = found;
        this.outlines = outlines;
        this.files = Object.fromEntries(files.flat());
        // What was kept meanwhile has no map: a cut before the next time would leave the tablet without one.
        this.kept = 0;
      }
    } catch {
      // The map says that it has no background.
    }
    if (!other()) {
      this.hasAskedBase = true;
      this.draw();
    }
  }

  /** Without the server: what was kept, if it still may be shown. */
  private async resume(mode: MapMode): Promise<void> {
    const kept = await take(mode).catch(() => null);
    if (kept === null || this.mode !== mode || this.town !== null) {
      return;
    }
    this.offset = 0;
    this.heardHere = kept.heard;
    this.cut = 0;
    this.town = new Town(kept.state);
    for (const { district, households } of kept.households) {
      this.town.put(district, households);
    }
    this.base = kept.base;
    this.outlines = kept.outlines;
    this.files = kept.files;
    this.hasAskedBase = true;
    this.door = "open";
  }

  private begin(town: Town): void {
    this.town = town;
    this.door = "open";
    this.trouble = undefined;
    this.cut = null;
    this.asked = new Map();
    this.touched.clear();
    this.stream = new Stream(this.mode, {
      connected: (holds) => this.connected(holds),
      beat: (at) => {
        this.hear(at);
        this.draw();
      },
      change: (change) => this.change(change),
      reset: () => void this.anew(),
      revision: () => this.town?.state.revision ?? "",
    });
    this.stream.open();
    if (town.size() <= WHOLE_TOWN) {
      for (const { id } of town.state.districts) {
        void this.load(id);
      }
    }
    this.draw();
  }

  private hear(at: number): void {
    this.heardHere = Date.now();
    this.offset = at - this.heardHere;
  }

  private connected(holds: boolean): void {
    if (holds) {
      this.cut = null;
      this.heardHere = Date.now();
    } else {
      this.cut ??= Date.now();
      // The stream says nothing of why it ended.
      get<Session>("session").catch((error: unknown) => this.failed(error));
    }
    this.draw();
  }

  private change(change: MapChange): void {
    const { town } = this;
    if (town === null) {
      return;
    }
    this.hear(change.at);
    const before = town.state.alert?.title;
    for (const district of town.apply(change)) {
      if (!this.touched.has(district)) {
        this.touched.set(district, Date.now() + SUPPORT_AGAIN * (0.75 + Math.random() / 4));
      }
    }
    if (change.alert_changed === true) {
      const title = town.state.alert?.title;
      this.announcement = title === undefined ? "お知らせは 終わりました" : title === before ? "" : `${title} が 出ました`;
      void this.readAgain(0);
    }
    this.draw();
  }

  /** Fetches the whole anew. The stream rests meanwhile: from the revision of before it would be told the same, and a second one would begin. */
  private async anew(wait = RENEW_FIRST): Promise<void> {
    const { turn } = this;
    this.stream?.close();
    const again = (pause: number, next: number) => this.timers.push(window.setTimeout(() => void (turn === this.turn && this.anew(next)), pause));
    const early = this.renewed + RENEW_FIRST - Date.now();
    if (early > 0) {
      again(early, wait);
      return;
    }
    try {
      const state = await get<MapState>(`map/state?mode=${this.mode}`);
      if (turn !== this.turn || this.town === null) {
        return;
      }
      const { town } = this;
      const known = sameNamed(town.state, state, new Set(this.asked.keys()));
      if (!town.isNumberedAs(state.revision)) {
        const chosen = sameNamed(town.state, state, this.filter.districts ?? new Set());
        this.filter = { ...this.filter, districts: chosen.size === 0 ? null : chosen };
        this.choice = this.choice?.kind === "household" ? null : this.choice;
      }
      town.replace(state);
      this.hear(state.at);
      this.cut = null;
      this.renewed = Date.now();
      this.touched.clear();
      this.asked = new Map();
      this.stream?.open();
      for (const id of town.size() <= WHOLE_TOWN ? state.districts.map((district) => district.id) : known) {
        void this.load(id);
      }
      this.draw();
    } catch (error) {
      if (turn !== this.turn) {
        return;
      }
      this.cut ??= Date.now();
      this.failed(error);
      // Not all tablets of a town in the same moment.
      again(wait * (0.75 + Math.random() / 2), Math.min(wait * 2, RENEW_LONGEST));
    }
  }

  /** Reads the rows anew that are older than `age`, the oldest first and a few at a time. */
  private async readAgain(age: number): Promise<void> {
    const old = [...this.asked].filter(([district, at]) => Date.now() - at >= age && this.isLoaded(district) && (this.filter.districts?.has(district) ?? true));
    for (const [district] of old.sort((a, b) => a[1] - b[1]).slice(0, 6)) {
      await this.load(district, true);
    }
  }

  private async readTouched(): Promise<void> {
    const due = [...this.touched].filter(([, at]) => Date.now() >= at).map(([district]) => district);
    due.forEach((district) => this.touched.delete(district));
    for (const district of due) {
      if (this.isLoaded(district)) {
        await this.load(district, true);
      }
    }
  }

  private second(): void {
    if (this.town === null) {
      return;
    }
    const was = document.documentElement.classList.contains("lost");
    if (was !== this.isLost()) {
      this.announcement = was ? "つながりました" : "つながっていません。古い 情報です";
      this.draw();
    }
    if (!this.isLost() && !document.hidden) {
      void this.readTouched();
      if (this.town.state.alert !== null) {
        void this.readAgain(READ_AGAIN);
      }
      if (Date.now() - this.kept > KEEP_EVERY) {
        void this.keepNow();
      }
    }
    // The twelve hours hold for what is on the screen, too.
    const isOver = this.session === null ? Date.now() - this.heardHere > KEPT_FOR : this.now() > this.session.until + MINUTE;
    if (isOver) {
      void this.shut();
    }
  }

  private async keepNow(): Promise<void> {
    const { town, mode } = this;
    if (town === null || this.isLost() || this.session === null) {
      return;
    }
    this.kept = Date.now();
    const households: DistrictHouseholds[] = [];
    let room = KEPT_HOUSEHOLDS;
    for (const [district, rows] of town.households) {
      room -= rows.length;
      if (room >= 0) {
        households.push({ revision: town.state.revision, district, households: rows });
      }
    }
    try {
      await keep(mode, { state: town.state, households, base: this.base, outlines: this.outlines, files: JSON.stringify(this.files).length <= KEPT_FILES ? this.files : {}, heard: this.heard() });
    } catch {
      // No room, or a private window: then nothing is kept.
    }
    if (this.session === null) {
      await forget().catch(() => {});
    }
  }

  private failed(error: unknown): void {
    if (isClosing(error)) {
      void this.shut(error);
    } else if (!(error instanceof NoAnswer)) {
      this.trouble = error instanceof Error ? error.message : String(error);
      this.draw();
    }
  }

  /** Says why, unless it is only that nobody is signed in any more. */
  private async shut(why?: Refused): Promise<void> {
    this.leave();
    this.session = null;
    this.place = "map";
    this.door = "closed";
    this.trouble = why?.status === 403 ? why.message : undefined;
    this.draw();
    await forget().catch(() => {});
  }

  private leave(): void {
    this.turn += 1;
    this.stream?.close();
    this.stream = null;
    for (const timer of this.timers) {
      clearTimeout(timer);
    }
    this.timers = [];
    if (this.door !== "asking") {
      this.town = null;
      this.choice = null;
      this.filter = { ...this.filter, districts: null };
    }
  }

  private readAddress(): void {
    const enrol = /^#enrol(?:=(.*))?$/.exec(location.hash);
    if (enrol !== null) {
      this.code = decode(enrol[1] ?? "");
      this.door = "enrol";
      // A code must not stay in the history, nor in what somebody copies.
      history.replaceState(null, "", location.pathname);
      return;
    }
    this.mode = location.hash === "#drill" ? "drill" : "live";
  }
}

/** Nobody is signed in any more, or whoever is may not see the map. */
function isClosing(error: unknown): error is Refused {
  return error instanceof Refused && (error.status === 401 || error.status === 403);
}

/** Districts by the numbers of the later state: a name stays when everything is numbered anew. */
function sameNamed(before: MapState, now: MapState, ids: ReadonlySet<number>): Set<number> {
  const names = new Set(before.districts.filter(({ id }) => ids.has(id)).map(({ name }) => name));
  return new Set(now.districts.filter(({ name }) => names.has(name)).map(({ id }) => id));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
