// One site or one household.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { BoxState, SiteHazard, SiteState } from "../contract.js";
import type { Page } from "../page.js";
import { siteLook, type Look } from "../symbols.js";
import { AGEING, type Household, type Town, isUnsafe, staleSince, waits } from "../town.js";
import { SITE_WORDS, STANDING_WORDS, TELEVISION_WORDS, age, aged, clock, clockAndDay, hazardWord, kindWord, number, plain } from "../words.js";
import { householdName } from "./drawer.js";
import { SiteActs } from "./acts.js";
import { Share, Symbol, useSeconds } from "./parts.js";

function Sheet({ page, look, stale = false, name, under, children }: { page: Page; look: Look; stale?: boolean; name: string; under: string; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const before = useRef(document.activeElement);
  useEffect(() => {
    heading.current?.focus();
    return () => {
      if (before.current instanceof HTMLElement && before.current.isConnected) {
        before.current.focus();
      }
    };
  }, [name]);
  return (
    <section
      class="drawer sheet"
      aria-label={name}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          page.choose(null);
        }
      }}
    >
      <div class="sheet-head">
        <Symbol page={page} look={look} stale={stale} />
        <div class="grow">
          <h2 tabIndex={-1} ref={heading}>
            {name}
          </h2>
          <p class="dim">{under}</p>
        </div>
        <button type="button" class="button close" aria-label="閉じる" onClick={() => page.choose(null)}>
          ✕
        </button>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="くわしく">
        {children}
      </div>
    </section>
  );
}

export function SiteSheet({ page, town, site }: { page: Page; town: Town; site: SiteState }) {
  useSeconds();
  const now = page.now();
  const hazard = town.state.alert?.hazard;
  const unsafe = isUnsafe(site, hazard);
  const old = staleSince(site, now);
  const passed = site.kind === "check_point";
  const left = site.capacity === null ? null : site.capacity - site.here;
  return (
    <Sheet page={page} look={{ kind: "site", look: siteLook(site, unsafe) }} stale={old !== null} name={plain(site.name)} under={`${kindWord(site)}${site.position === null ? "・地図に 位置なし" : ""}`}>
      {unsafe && <p class="unsafe">危　{hazardWord(hazard ?? "")}には 使えません</p>}
      <p class={`standing ${site.standing}`}>
        {SITE_WORDS[site.standing]}
        {site.outside && "・建物の 外で 受付"}
      </p>
      <SiteActs page={page} site={site} unsafe={unsafe} sites={town.state.sites} key={site.id} />
      <div class={old === null ? "people" : "people old"}>
        <p>
          <b>{number(site.here)}</b> {site.capacity === null ? "人" : `/ ${number(site.capacity)}人`}
          {passed && "（通過）"}
        </p>
        {left !== null && !passed && <p class="dim">{left > 0 ? `あと ${number(left)}人` : left === 0 ? "満員" : `${number(-left)}人 多い`}</p>}
      </div>
      {site.capacity !== null && !passed && <Share part={site.here} whole={site.capacity} />}
      {(old !== null || page.isLost()) && <p class="old-list">{aged(old ?? page.heard(), now)}。いまは 変わっているかもしれません。</p>}
      <dl>
        <div>
          <dt>人の 内訳</dt>
          <dd>
            12時間の うちに 確認 {number(site.confirmed)}人
            <br />
            名前なし {number(site.unnamed)}人・外出 {number(site.out)}人
            <br />
            {site.unaccounted > 0 ? <b>点呼で 所在未確認 {number(site.unaccounted)}人</b> : "所在未確認 0人"}
          </dd>
        </div>
        <div>
          <dt>使える 災害</dt>
          <dd class="hazards">
            {site.hazards.length === 0 && "計画に ありません"}
            {site.hazards.map((known) => (
              <Hazard known={known} key={known.hazard} />
            ))}
          </dd>
        </div>
        {site.boxes.map((box, index) => (
          <Box box={box} index={index} now={now} lost={page.isLost()} key={box.id} />
        ))}
        {site.boxes.length === 0 && (
          <div>
            <dt>受付端末</dt>
            <dd>ありません</dd>
          </div>
        )}
      </dl>
      {site.position !== null && page.view === "map" && (
        <button type="button" class="button more" onClick={() => page.set({ destination: { site: site.id } })}>
          地図で 見る
        </button>
      )}
    </Sheet>
  );
}

function Hazard({ known: { hazard, is_safe } }: { known: SiteHazard }) {
  const [mark, word] = is_safe === null ? ["？", "（不明）"] : is_safe ? ["○", "使える"] : ["✕", "使えない"];
  return (
    <span class={is_safe === false ? "bad" : ""}>
      <b aria-hidden="true">{mark}</b> {hazardWord(hazard)}
      {is_safe === null ? word : <span class={is_safe ? "unseen" : ""}> {word}</span>}
    </span>
  );
}

/** Percent: somebody should bring power. */
const LOW_BATTERY = 30;

function Box({ box, index, now, lost }: { box: BoxState; index: number; now: number; lost: boolean }) {
  const { on_line, last_contact, card_data, unsent, clock_sure, battery, on_mains } = box;
  const isOld = lost || (!on_line && (last_contact === null || now - last_contact > AGEING));
  return (
    <div>
      <dt>
        受付端末 {String.fromCharCode(0x41 + (index % 26))}
        <span class="dim id">{plain(box.id, 8)}</span>
      </dt>
      <dd>
        {on_line && !lost ? (
          <b>つながっています</b>
        ) : last_contact === null ? (
          <span class="aged">まだ 連絡なし</span>
        ) : (
          <span class={isOld ? "aged" : ""}>
            最後の 連絡 {clockAndDay(last_contact, now)}（{age(now - last_contact)}前）
          </span>
        )}
        <br />
        カード確認データ {card_data === null ? "なし" : `${age(now - card_data)}前`}
        {unsent !== null && (
          <>
            <br />
            未送信 {number(unsent)}件
            {clock_sure === false && <b class="bad">　時計 未確認</b>}
          </>
        )}
        {battery !== null && (
          <>
            <br />
            <span class={battery <= LOW_BATTERY && on_mains === false ? "bad" : ""}>
              電池 {battery}%{on_mains === true ? "（電源あり）" : "（電源なし）"}
            </span>
          </>
        )}
      </dd>
    </div>
  );
}

export function HouseholdSheet({ page, town, household }: { page: Page; town: Town; household: Household }) {
  const needs = waits(household);
  return (
    <Sheet page={page} look={{ kind: "household", standing: household.standing, support: needs }} name={householdName(town, household)} under={`${number(household.people)}人`}>
      {needs && <p class="support-note">支　支援が 必要な 人が、まだ 着いていません</p>}
      <dl>
        <div>
          <dt>ようす</dt>
          <dd>
            <b>{STANDING_WORDS[household.standing]}</b>
            {page.isLost() && `（${clock(page.heard())} 時点）`}
          </dd>
        </div>
        <div>
          <dt>テレビ</dt>
          <dd class={household.television === "help" ? "help" : ""}>{household.television === null ? "お知らせは 出ていません" : TELEVISION_WORDS[household.television]}</dd>
        </div>
        <div>
          <dt>場所</dt>
          <dd>{household.point === null ? "名簿に 位置が ありません。班で 探してください" : "地図に 出ています"}</dd>
        </div>
      </dl>
      {household.point !== null && page.view === "map" && (
        <button type="button" class="button more" onClick={() => page.set({ destination: { household: household.id } })}>
          地図で 見る
        </button>
      )}
      <p class="dim pad">名前は この 画面に 出しません。</p>
    </Sheet>
  );
}
