// What the page knows and does. Every picture is drawn from here, and nothing is sent but by `act`.

import type { BoundTelevision, Draft, JoiningDevice, KeyClass, Missing, NewDraft, NewRelease, PendingChange, Release, Signer, StaffOfficer, State, Task, Thread } from "./contract.js";
import { emptyForm, type Form, newDraft, updateOf } from "./form.js";
import { type Sheet, sheetOf } from "./map.js";
import { passkeyTrouble, signWithPasskey } from "./passkeys.js";
import { file, NoAnswer, nextState, post, read, Refused } from "./server.js";
import { type StaffForm, staffForm, wantedChange } from "./staff.js";
import { MINUTE, SECOND, stamp } from "./words.js";

export type Screen = "follow" | "compose" | "draft" | "signers" | "releases" | "staff" | "televisions" | "enrol";

export interface Route {
  mode: KeyClass;
  screen: Screen;
  draft: string;
}

/** The server answers at least every 25 seconds. */
const FRESH = 30 * SECOND;
/** A household that nobody helps after this long is everybody's matter. */
export const NOBODY_HELPS = 3 * MINUTE;
/** With fewer officers the town may soon be unable to send anything. */
export const ENOUGH_OFFICERS = 3;
/** However fast answers come in, the list of who is missing is asked for so often at the most. */
const MISSING_EVERY = 3 * SECOND;
/** The second press of a double one must not meet a button of the next screen. */
const SETTLE = 400;

export class Desk {
  door: "unknown" | "closed" | "open" = "unknown";
  state: State | null = null;
  route: Route = { mode: "live", screen: "follow", draft: "" };
  form: Form = emptyForm();
  /** What runs now. One thing at a time: nobody signs while something else is on its way. */
  busy: string | null = null;
  /** Beside which control a sentence stands. */
  readonly trouble = new Map<string, string>();
  /** Said once to whoever listens to the page. */
  announcement = "";
  lost = false;
  /** The thread of which the missing households are shown, and its page. */
  opened: { thread: string; page: number; list: Missing | null } | null = null;
  /** The code that was shown last: it is gone with the next screen. */
  code: { officer: string | number; code: string } | null = null;
  private staffTable: { of: string; form: StaffForm } | null = null;
  private askedMissing = 0;
  /** The districts' outlines as a map, of the plan with these districts; `null` where none has an outline. */
  sheet: Sheet | null = null;
  private sheetOf = "";
  /** Drafts that this page has seen: once sent, they are not in the state any more, but their texts are still needed. */
  private readonly seen = new Map<string, Draft>();
  private readonly signedHere = new Set<string>();
  private readonly dropped = new Set<string>();
  private received = { clock: 0, running: 0 };
  private entered = 0;
  private acting = new AbortController();
  private polling = new AbortController();

  constructor(readonly redraw: () => void) {}

  start(): void {
    this.readAddress();
    addEventListener("hashchange", () => this.readAddress());
    addEventListener("online", () => this.pollNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.pollNow());
    setInterval(() => this.redraw(), SECOND);
    void this.poll();
  }

  // Time and freshness

  /** How long ago the state came. The running time stops while a tablet sleeps, and the clock can be set back: the longer one holds. */
  age(): number {
    return Math.max(0, Date.now() - this.received.clock, performance.now() - this.received.running);
  }

  /** The server's time. */
  now(): number {
    return Math.round((this.state?.now ?? Date.now()) + (this.state === null ? 0 : this.age()));
  }

  stale(): boolean {
    return this.lost || this.age() > FRESH;
  }

  /** Why nothing can be sent now, or `null`. */
  hindrance(): string | null {
    return this.stale() ? "サーバーに つながらないので 送れません。下書きも 作れません。" : null;
  }

  private async poll(): Promise<void> {
    let failures = 0;
    for (;;) {
      this.polling = new AbortController();
      const { signal } = this.polling;
      let pause = 0;
      try {
        const state = await nextState(this.stale() ? null : (this.state?.revision ?? null), signal);
        failures = 0;
        this.take(state);
      } catch (error) {
        if (error instanceof Refused && error.status === 401) {
          this.leaveDoor();
          pause = 10 * MINUTE;
        } else if (!signal.aborted) {
          failures += 1;
          this.lost = true;
          pause = Math.min(8, 2 ** (failures - 1)) * SECOND * (1 + Math.random() / 2);
        }
      }
      this.redraw();
      if (pause > 0) {
        await this.pause(pause);
      }
    }
  }

  /** Waits, or until somebody wants to know at once. */
  private pause(duration: number): Promise<void> {
    this.polling = new AbortController();
    const { signal } = this.polling;
    return new Promise((done) => {
      const timer = setTimeout(done, duration);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        done();
      });
    });
  }

  private pollNow(): void {
    this.polling.abort();
  }

  private take(state: State): void {
    const before = this.state;
    this.received = { clock: Date.now(), running: performance.now() };
    this.lost = false;
    this.door = "open";
    this.state = state;
    if (before !== null && before.officer.id !== state.officer.id) {
      this.form = emptyForm();
    }
    for (const draft of state.drafts) {
      if (before !== null && !this.seen.has(draft.id) && !draft.mine) {
        this.announcement = `署名を 待っている 下書きが あります。${CLASS_SPOKEN[draft.class]}、${draft.title}`;
      }
      this.seen.set(draft.id, draft);
    }
    this.refreshMissing();
    void this.readMap();
    const known = new Set(before?.help.map((task) => task.id));
    if (before !== null && state.help.some((task) => !known.has(task.id))) {
      this.announcement = "助けが 必要な 世帯が ふえました。";
    }
  }

  // Who is missing

  showMissing(thread: Thread, page: number): void {
    this.opened = { thread: thread.id, page, list: this.opened?.thread === thread.id ? this.opened.list : null };
    void this.readMissing();
  }

  hideMissing(): void {
    this.opened = null;
    this.redraw();
  }

  /** With the first state that comes after a while: many answers at once are one question. */
  private refreshMissing(): void {
    if (this.opened !== null && performance.now() - this.askedMissing > MISSING_EVERY) {
      void this.readMissing();
    }
  }

  private async readMissing(): Promise<void> {
    const { opened } = this;
    if (opened === null) {
      return;
    }
    this.askedMissing = performance.now();
    const name = `missing/${opened.thread}`;
    try {
      const list = (await read(`threads/${encodeURIComponent(opened.thread)}/missing?page=${opened.page}`)) as Missing;
      // Whoever has turned the page meanwhile waits for another one.
      if (this.opened === opened) {
        opened.list = list;
        this.trouble.delete(name);
        if (list.households.length === 0 && opened.page > 0) {
          opened.page = 0;
          void this.readMissing();
        }
      }
    } catch (error) {
      this.trouble.set(name, sentenceOf(error));
    }
    this.redraw();
  }

  // The map

  /** Asked for once for the districts that there are: outlines change with the plan only. */
  private async readMap(): Promise<void> {
    const districts = JSON.stringify(this.state?.districts.map((district) => district.name));
    if (this.route.screen !== "compose" || this.sheetOf === districts) {
      return;
    }
    this.sheetOf = districts;
    try {
      const { outlines } = (await read("map")) as { outlines: Record<string, string> };
      this.sheet = sheetOf(outlines);
    } catch {
      // The list has every district all the same; the next state asks again.
      this.sheetOf = "";
    }
    this.redraw();
  }

  private leaveDoor(): void {
    this.opened = null;
    this.door = "closed";
    this.state = null;
    this.seen.clear();
  }

  // Where the officer is

  /** Live or drill, as the whole page looks. A draft is what it is, whatever an address says. */
  get mode(): KeyClass {
    const shown = this.route.screen === "draft" ? this.draft(this.route.draft) : null;
    return shown?.draft.class ?? this.route.mode;
  }

  private readAddress(): void {
    const [first = "", second = "", ...rest] = location.hash.slice(1).split("/");
    const mode: KeyClass = first === "drill" ? "exercise" : "live";
    const screen: Screen = first === "enrol" ? "enrol" : second === "compose" || second === "draft" || second === "signers" || second === "releases" || ((second === "staff" || second === "televisions") && mode === "live") ? second : "follow";
    // An answer to what was begun in the other world must not lead back into it, and nothing of one is taken into the other.
    if (mode !== this.route.mode) {
      this.forget();
    }
    this.route = { mode, screen, draft: decodeURIComponent(rest.join("/")) };
    this.entered = performance.now();
    this.code = null;
    this.trouble.clear();
    if (this.state !== null) {
      void this.readMap();
    }
    this.redraw();
  }

  /** Who is called next: the first who can sign in this class, and is not among these. */
  nextToCall(keyClass: KeyClass, signed: Array<{ officer: string | number }>): Signer | null {
    const isFree = (signer: Signer) => signer.standing[keyClass] === "able" && signer.id !== this.state?.officer.id && !signed.some((one) => one.officer === signer.id);
    return this.state?.signers.find(isFree) ?? null;
  }

  go(mode: KeyClass, screen: Exclude<Screen, "enrol">, draft = ""): void {
    const parts = [mode === "live" ? "live" : "drill", ...(screen === "follow" ? [] : [screen]), ...(draft === "" ? [] : [encodeURIComponent(draft)])];
    const hash = `#${parts.join("/")}`;
    history.pushState(null, "", hash);
    this.readAddress();
  }

  compose(): void {
    if (this.form.draft !== null) {
      this.form = emptyForm();
    }
    this.go(this.mode, "compose");
  }

  update(thread: Thread): void {
    this.go(thread.class, "compose");
    this.form = updateOf(thread);
    this.redraw();
  }

  /** The drill is over this instant, with whatever was begun in it. */
  endDrill(): void {
    this.forget();
    this.go("live", "compose");
  }

  private forget(): void {
    this.acting.abort();
    this.busy = null;
    this.form = emptyForm();
  }

  /** Live before drill, the longest waiting first. */
  drafts(): Draft[] {
    return (this.state?.drafts ?? [])
      .map((draft) => (this.signedHere.has(draft.id) ? { ...draft, mine: true } : draft))
      .sort((a, b) => classOrder(a.class) - classOrder(b.class) || a.made - b.made);
  }

  draft(id: string): { draft: Draft; waits: boolean } | null {
    const waiting = this.drafts().find((draft) => draft.id === id);
    if (waiting !== undefined) {
      return { draft: waiting, waits: true };
    }
    const known = this.seen.get(id);
    return known === undefined ? null : { draft: known, waits: false };
  }

  /** The thread in which a draft went out. */
  sentIn(draft: Draft): Thread | null {
    return this.threads().find((thread) => thread.messages.includes(draft.digest)) ?? null;
  }

  /** Live before drill, what is in force before what is over, the latest first. */
  threads(): Thread[] {
    return [...(this.state?.threads ?? [])].sort(
      (a, b) => classOrder(a.class) - classOrder(b.class) || Number(b.in_force) - Number(a.in_force) || b.updated - a.updated,
    );
  }

  /** Who has nobody first, then who needs support, then who has waited longest. */
  tasks(): Task[] {
    return [...(this.state?.help ?? [])].sort(
      (a, b) => Number(a.owner !== null) - Number(b.owner !== null) || Number(b.support) - Number(a.support) || a.at - b.at,
    );
  }

  // Acting

  /** Whether presses count: not while something runs, and not in the first moment of a screen. */
  private ready(): boolean {
    return this.busy === null && performance.now() - this.entered > SETTLE;
  }

  private async act(name: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (!this.ready()) {
      return;
    }
    this.acting = new AbortController();
    const { signal } = this.acting;
    this.busy = name;
    this.trouble.delete(name);
    this.redraw();
    try {
      await work(signal);
    } catch (error) {
      if (!signal.aborted) {
        if (error instanceof Refused && error.status === 401 && name !== "door") {
          this.leaveDoor();
        }
        this.trouble.set(name, sentenceOf(error));
      }
    }
    // Whoever broke it off may have begun something else by now.
    if (!signal.aborted) {
      this.busy = null;
    }
    this.pollNow();
    this.redraw();
  }

  signIn(): Promise<void> {
    return this.act("door", async (signal) => {
      const question = (await post("door/question", {}, signal)) as { party: string; challenge: string };
      const assertion = await signWithPasskey(question.party, question.challenge, [], signal);
      await post("door", { challenge: question.challenge, ...assertion }, signal);
    });
  }

  /** A test signature: that the passkey in the officer's hand can sign. Nothing is sent to anybody. */
  test(keyClass: KeyClass): Promise<void> {
    return this.act(`test/${keyClass}`, async (signal) => {
      if (this.state !== null) {
        const question = (await post("door/question", {}, signal)) as { party: string; challenge: string };
        const assertion = await signWithPasskey(question.party, question.challenge, this.state.credentials[keyClass], signal);
        await post("test", { challenge: question.challenge, ...assertion }, signal);
        this.announcement = "署名できました。";
      }
    });
  }

  signOut(): Promise<void> {
    return this.act("leave", async (signal) => {
      await post("leave", {}, signal);
      this.form = emptyForm();
      this.leaveDoor();
    });
  }

  private async make(name: string, body: NewDraft, signal: AbortSignal): Promise<void> {
    const draft = (await post("drafts", body, signal)) as Draft;
    this.seen.set(draft.id, draft);
    if (this.state !== null && !this.state.drafts.some((known) => known.id === draft.id)) {
      this.state.drafts.push(draft);
    }
    if (name === "compose") {
      this.form.draft = draft.id;
    }
    this.go(draft.class, "draft", draft.id);
  }

  makeOrder(): Promise<void> {
    return this.act("compose", async (signal) => {
      if (this.state !== null) {
        await this.make("compose", newDraft(this.form, this.state, this.mode), signal);
      }
    });
  }

  makeEnd(thread: Thread, kind: "Cancel" | "AllClear"): Promise<void> {
    const name = `${kind}/${thread.id}`;
    return this.act(name, (signal) => this.make(name, { class: thread.class, kind, thread: thread.id }, signal));
  }

  makeAgain(thread: Thread): Promise<void> {
    const name = `again/${thread.id}`;
    return this.act(name, (signal) => this.make(name, { class: thread.class, kind: "Order", thread: thread.id, again: true }, signal));
  }

  /** The report of a thread as a file of this machine. */
  report(thread: Thread): Promise<void> {
    return this.act(`report/${thread.id}`, async (signal) => {
      const pdf = await file(`threads/${encodeURIComponent(thread.id)}/report.pdf`, signal);
      const address = URL.createObjectURL(pdf);
      const link = document.createElement("a");
      link.href = address;
      link.download = `${thread.class === "live" ? "避難の報告" : "訓練の報告"}-${stamp(thread.sent)}.pdf`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), MINUTE);
      this.announcement = "報告を 出しました。";
    });
  }

  sign(draft: Draft): Promise<void> {
    return this.act(`sign/${draft.id}`, async (signal) => {
      const { state } = this;
      if (state === null) {
        return;
      }
      const assertion = await signWithPasskey(state.party, draft.digest, state.credentials[draft.class], signal);
      const answer = (await post(`drafts/${encodeURIComponent(draft.id)}/sign`, assertion, signal)) as { sent: boolean };
      this.signedHere.add(draft.id);
      this.announcement = answer.sent ? "送りました。" : "署名しました。もう1人の 署名を 待っています。";
    });
  }

  // Signed in advance

  /** A form for an order that waits for a warning. */
  prepare(): void {
    this.form = { ...emptyForm(), hazard: "Tsunami" };
    this.go("live", "releases");
  }

  makeRelease(body: NewRelease): Promise<void> {
    return this.act("release", async (signal) => {
      const release = (await post("releases", body, signal)) as Release;
      this.state?.releases.prepared.push(release);
      this.form = { ...emptyForm(), hazard: "Tsunami" };
      this.announcement = "作りました。2人の 署名を 待っています。";
    });
  }

  signRelease(release: Release): Promise<void> {
    return this.act(`release/${release.id}`, async (signal) => {
      const { state } = this;
      if (state === null) {
        return;
      }
      const assertion = await signWithPasskey(state.party, release.digest, state.credentials.live, signal);
      const answer = (await post(`releases/${encodeURIComponent(release.id)}/sign`, assertion, signal)) as { stands: boolean };
      this.announcement = answer.stands ? "署名が そろいました。" : "署名しました。もう1人の 署名を 待っています。";
    });
  }

  withdrawRelease(release: Release): Promise<void> {
    return this.act(`withdraw/${release.id}`, async (signal) => {
      await post(`releases/${encodeURIComponent(release.id)}/withdraw`, {}, signal);
      this.announcement = "やめました。";
    });
  }

  drop(draft: Draft, reason: string): Promise<void> {
    return this.act(`drop/${draft.id}`, async (signal) => {
      await post(`drafts/${encodeURIComponent(draft.id)}/drop`, { reason }, signal);
      this.dropped.add(draft.id);
      if (this.state !== null) {
        this.state.drafts = this.state.drafts.filter((known) => known.id !== draft.id);
      }
      if (this.form.draft === draft.id) {
        this.form.draft = null;
        this.go(draft.class, "compose");
      } else {
        this.go(draft.class, "follow");
      }
    });
  }

  // The change of staff

  /** The table as it is being changed; begun anew when the table behind it is another one. */
  staffForm(): StaffForm {
    const { staff } = this.state ?? { staff: { officers: [], pending: null, next_order: null, devices: [] } };
    const rows = staff.officers.map(({ id, name, title, from, until, telephone }) => [id, name, title, from, until, telephone]);
    const of = JSON.stringify([rows, staff.next_order]);
    if (this.staffTable?.of !== of) {
      this.staffTable = { of, form: staffForm(staff, this.now()) };
    }
    return this.staffTable.form;
  }

  makeChange(form: StaffForm): Promise<void> {
    return this.act("staff/make", async (signal) => {
      await post("staff/changes", wantedChange(form), signal);
      this.announcement = "変更が できました。まだ 何も 変わっていません。";
    });
  }

  signChange(change: PendingChange): Promise<void> {
    return this.act(`staff/sign/${change.id}`, async (signal) => {
      if (this.state !== null) {
        const assertion = await signWithPasskey(this.state.party, change.digest, this.state.credentials.live, signal);
        const answer = (await post(`staff/changes/${encodeURIComponent(change.id)}/sign`, assertion, signal)) as { applied: boolean };
        this.announcement = answer.applied ? "職員の 表を 変えました。" : "署名しました。もう1人の 署名を 待っています。";
      }
    });
  }

  dropChange(change: PendingChange): Promise<void> {
    return this.act(`staff/drop/${change.id}`, async (signal) => {
      await post(`staff/changes/${encodeURIComponent(change.id)}/drop`, {}, signal);
    });
  }

  invite(officer: StaffOfficer): Promise<void> {
    return this.act(`staff/invite/${officer.id}`, async (signal) => {
      const { code } = (await post(`staff/officers/${officer.id}/invite`, {}, signal)) as { code: string };
      this.code = { officer: officer.id, code };
    });
  }

  admit(device: JoiningDevice): Promise<void> {
    return this.act(`staff/admit/${device.id}`, async (signal) => {
      if (this.state !== null) {
        const assertion = await signWithPasskey(this.state.party, device.digest, this.state.credentials.live, signal);
        await post(`staff/devices/${encodeURIComponent(device.id)}/admit`, assertion, signal);
        this.announcement = "登録しました。";
      }
    });
  }

  /** The television is nobody's again, and shows another code. */
  unbind(television: BoundTelevision): Promise<void> {
    return this.act(`unbind/${television.id}`, async (signal) => {
      await post(`televisions/${encodeURIComponent(television.id)}/unbind`, {}, signal);
    });
  }

  takeTask(task: Task): Promise<void> {
    return this.act(`help/${task.id}`, async (signal) => {
      await post(`help/${encodeURIComponent(task.id)}/take`, {}, signal);
      this.announcement = "引き受けました。";
    });
  }
}

const CLASS_SPOKEN: Record<KeyClass, string> = { live: "本番", exercise: "訓練" };

function classOrder(keyClass: KeyClass): number {
  return keyClass === "live" ? 0 : 1;
}

function sentenceOf(error: unknown): string {
  const trouble = passkeyTrouble(error);
  if (trouble !== null) {
    return trouble;
  }
  if (error instanceof NoAnswer) {
    return `${error.message}できたか どうかは わかりません。つながったら 画面で 確かめてください。`;
  }
  return error instanceof Error ? error.message : "うまく いきませんでした。もう一度 押してください。";
}
