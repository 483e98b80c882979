// What is always there: whether this is a drill, which order is in force, and of when the page is.

import type { ComponentChildren } from "preact";
import type { Page, Theme } from "../page.js";
import type { Town } from "../town.js";
import { clock, clockWithSeconds, hazardWord, plain, roleWord, since, tsunamiWord } from "../words.js";
import { Popup, useSeconds } from "./parts.js";

const PLACES: Record<Page["place"], string> = { map: "地図", inquiry: "照会", reports: "定時報告" };

/** A drill has its word above and below, and the way out. */
export function Bands({ page, children }: { page: Page; children: ComponentChildren }) {
  const whole = page.place === "map" ? "whole" : "whole desk";
  if (page.mode === "live") {
    return <div class={whole}>{children}</div>;
  }
  return (
    <div class={whole}>
      <aside class="band" aria-label="訓練です">
        <b>訓練</b>
        <span>これは 訓練の {PLACES[page.place]}です。本当の 災害では ありません。</span>
        <a class="button leave" href="#live">
          訓練を 出る・本番へ
        </a>
      </aside>
      {children}
      <div class="band lower" aria-hidden="true">
        <b>訓練</b>
        <span>訓練　訓練　訓練</span>
        <b>訓練</b>
      </div>
    </div>
  );
}

/** Of so many districts the names; of the others how many. */
const NAMED = 6;

export function Bar({ page, town }: { page: Page; town: Town }) {
  const { alert } = town.state;
  const isDrill = page.mode === "drill";
  return (
    <header class="bar">
      <h1 tabIndex={-1}>
        {plain(town.state.town, 16)}
        <span class="unseen">の {isDrill ? "訓練の" : "避難の"} 地図</span>
      </h1>
      {alert === null ? (
        <p class="order">避難の お知らせは 出ていません</p>
      ) : (
        <>
          <b class={`tag ${isDrill || alert.is_exercise ? "exercise" : (alert.tsunami ?? "other")}`}>{alert.tsunami === null ? hazardWord(alert.hazard) : tsunamiWord(alert.tsunami)}</b>
          <p class="order" title={alert.districts.map((name) => plain(name)).join("・")}>
            {alert.is_exercise && "訓練 "}
            {plain(alert.title)} <span class="number">{clock(alert.sent)}</span> 発令　{alert.districts.slice(0, NAMED).map((name) => plain(name, 12)).join("・")}
            {alert.districts.length > NAMED && `　ほか ${alert.districts.length - NAMED}地区`}
          </p>
        </>
      )}
      <Freshness page={page} />
      <Popup name={plain(page.session?.name ?? "メニュー", 8)} label="メニュー">
        {(close) => <Menu page={page} close={close} />}
      </Popup>
    </header>
  );
}

export function Freshness({ page }: { page: Page }) {
  useSeconds();
  const now = page.now();
  if (page.isLost()) {
    return (
      <p class="fresh cut">
        つながっていません　最後の 確認 <span class="number">{since(page.heard(), now)}</span>
      </p>
    );
  }
  return (
    <p class="fresh">
      <span class="dot" aria-hidden="true" />
      最新 <span class="number">{clockWithSeconds(page.heard())}</span> 現在
    </p>
  );
}

const THEMES: Array<[Theme, string]> = [
  ["auto", "端末と 同じ"],
  ["day", "昼"],
  ["night", "夜"],
];

export function Menu({ page, close }: { page: Page; close: () => void }) {
  const what = PLACES[page.place];
  const isElsewhere = page.place !== "map" && !page.isClerk();
  return (
    <>
      {page.session !== null && (
        <p class="menu-name">
          {plain(page.session.name)}
          <span class="dim">（{roleWord(page.session.role)}）{clock(page.session.until)}まで</span>
        </p>
      )}
      <fieldset>
        <legend>明るさ</legend>
        <div class="three">
          {THEMES.map(([theme, word]) => (
            <button type="button" key={theme} class="button" aria-pressed={page.theme === theme} onClick={() => page.set({ theme })}>
              {word}
            </button>
          ))}
        </div>
      </fieldset>
      <a class="button" href={page.mode === "live" ? "#drill" : "#live"} onClick={close}>
        {page.mode === "live" ? `訓練の ${what}へ` : `本番の ${what}へ`}
      </a>
      {isElsewhere && (
        <button type="button" class="button" onClick={() => page.set({ place: "map", trouble: undefined })}>
          避難の 地図へ
        </button>
      )}
      {page.mayInquire() && !page.isClerk() && page.place !== "inquiry" && (
        <button type="button" class="button" onClick={() => page.set({ place: "inquiry", trouble: undefined })}>
          安否の 照会へ
        </button>
      )}
      {page.mayReadReports() && page.place !== "reports" && (
        <button type="button" class="button" onClick={() => page.set({ place: "reports", trouble: undefined })}>
          定時報告へ
        </button>
      )}
      <button type="button" class="button" onClick={() => void page.signOut()}>
        出る（この 端末に 何も 残しません）
      </button>
    </>
  );
}
