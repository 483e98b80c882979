// What is there on every screen: live or drill, who works here, what waits, how old the state is.

import type { State } from "../contract.js";
import { type Desk, ENOUGH_OFFICERS, NOBODY_HELPS } from "../desk.js";
import { age, clockWithSeconds, person } from "../words.js";
import { Action, Plate } from "./parts.js";

function Able({ state, desk }: { state: State; desk: Desk }) {
  const chip = (count: number, words: string) => (
    <button type="button" class={count < ENOUGH_OFFICERS ? "able few" : "able"} onClick={() => desk.go(desk.mode, "signers")}>
      {count < ENOUGH_OFFICERS && "！ "}
      {words} <b>{count}</b>人{count < ENOUGH_OFFICERS && "だけ"}
    </button>
  );
  const { live, exercise } = state.able;
  return (
    <>
      {desk.mode === "exercise" && chip(exercise, "訓練の 署名")}
      {desk.mode === "exercise" ? live < ENOUGH_OFFICERS && chip(live, "本番の 署名") : chip(live, "署名できる職員")}
    </>
  );
}

export function Head({ desk, state }: { desk: Desk; state: State }) {
  const drill = desk.mode === "exercise";
  return (
    <header class="head">
      <Plate of={desk.mode} />
      <b class="desk-name">{drill ? "訓練デスク" : "警報デスク"}</b>
      <span class="town">{state.town}</span>
      <span class="gap" />
      <Able state={state} desk={desk} />
      <span class="officer">{person(state.officer)}</span>
      <Action desk={desk} name="leave" look="small quiet" press={() => void desk.signOut()}>
        終わる
      </Action>
      {drill ? (
        <>
          <button type="button" class="button to-live" onClick={() => desk.endDrill()}>
            訓練中止・本番へ
          </button>
          <Plate of="exercise" />
        </>
      ) : (
        <button type="button" class="button to-drill" onClick={() => desk.go("exercise", "compose")}>
          訓練へ
        </button>
      )}
    </header>
  );
}

function Steps({ at, needed }: { at: number; needed: number }) {
  const names = needed === 1 ? ["内容と 地区", "署名", "送信"] : ["内容と 地区", "1人目の署名", "2人目の署名", "送信"];
  return (
    <ol class="steps" aria-label="すすみ具合">
      {names.map((name, index) => (
        <li key={name} class={index < at ? "done" : index === at ? "now" : ""} aria-current={index === at ? "step" : undefined}>
          <i aria-hidden="true">{index < at ? "✓" : index + 1}</i>
          {name}
        </li>
      ))}
    </ol>
  );
}

function whichStep(desk: Desk): { at: number; needed: number } | null {
  if (desk.route.screen === "compose") {
    return { at: 0, needed: desk.mode === "live" ? 2 : 1 };
  }
  const shown = desk.route.screen === "draft" ? desk.draft(desk.route.draft) : null;
  if (shown === null) {
    return null;
  }
  const { draft, waits } = shown;
  return waits ? { at: 1 + Math.min(draft.signed.length, draft.needed - 1), needed: draft.needed } : desk.sentIn(draft) === null ? null : { at: draft.needed + 1, needed: draft.needed };
}

export function Navigation({ desk }: { desk: Desk }) {
  // What waits in a drill is nothing to hurry for at the live desk.
  const waiting = desk.drafts().filter((draft) => draft.class === "live" || desk.mode === "exercise").length;
  const tasks = desk.tasks();
  const open = tasks.filter((task) => task.owner === null);
  const late = open.some((task) => desk.now() - task.at > NOBODY_HELPS);
  const steps = whichStep(desk);
  const releases = desk.state?.releases;
  const urgent = (releases?.prepared.filter((release) => release.stands && release.alarms.length > 0).length ?? 0) + (releases?.unsent.filter((one) => one.why !== "lapsed").length ?? 0) + (releases !== undefined && releases.clock !== null ? 1 : 0);
  const here = (screen: string) => (desk.route.screen === screen ? ("page" as const) : undefined);
  return (
    <nav class="navigation" aria-label="画面">
      <button type="button" class="tab" aria-current={here("follow")} onClick={() => desk.go(desk.mode, "follow")}>
        いまの ようす
        {waiting > 0 && <span class="badge">署名待ち {waiting}</span>}
        {open.length > 0 && <span class={late ? "badge late" : "badge"}>{late ? "！ " : ""}助け {open.length}</span>}
      </button>
      <button type="button" class={desk.mode === "live" ? "tab" : "tab drill-dashed"} aria-current={here("compose")} onClick={() => desk.compose()}>
        {desk.mode === "live" ? "お知らせを 作る" : "訓練として 作る"}
      </button>
      {desk.mode === "live" && (
        <button type="button" class="tab" aria-current={here("releases")} onClick={() => desk.prepare()}>
          事前の 署名
          {urgent > 0 && <span class="badge late">！ {urgent}</span>}
        </button>
      )}
      <span class="gap" />
      {steps !== null && <Steps {...steps} />}
    </nav>
  );
}

/** Always as high, so that nothing below moves when the server goes. */
export function Freshness({ desk, state }: { desk: Desk; state: State }) {
  const stale = desk.stale();
  return (
    <aside class={stale ? "freshness stale" : "freshness"} aria-label="サーバーとの つながり">
      <span role="status">{stale ? "！ サーバーに つながりません。送れません。" : "✓ サーバーと つながっています"}</span>
      <span>{stale ? `${clockWithSeconds(state.now)} の情報（${age(desk.age())}前）です。自動で つなぎ直しています` : ""}</span>
      <span class="gap" />
      <span class="number">{clockWithSeconds(desk.now())}</span>
    </aside>
  );
}
