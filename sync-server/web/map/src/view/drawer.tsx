// The list: the same as the map, for reading from the top. Who needs support comes first.

import { useState } from "preact/hooks";
import type { DistrictState, HouseholdStanding, SiteState } from "../contract.js";
import type { Page } from "../page.js";
import { siteLook } from "../symbols.js";
import { type Household, type Tab, type Town, isOpen, isUnsafe, staleSince, waits } from "../town.js";
import { SITE_WORDS, STANDING_WORDS, TELEVISION_WORDS, age, clock, districtName, hazardWord, kindWord, number, open, percent, plain, since } from "../words.js";
import { Symbol } from "./parts.js";

/** As many rows at first as somebody reads; the rest on request. */
const AT_FIRST = 120;

const inFilter = (page: Page, town: Town): DistrictState[] => town.state.districts.filter(({ id }) => page.filter.districts?.has(id) ?? true);

const sum = (districts: DistrictState[], count: (district: DistrictState) => number): number => districts.reduce((whole, district) => whole + count(district), 0);

export function Drawer({ page, town }: { page: Page; town: Town }) {
  const districts = inFilter(page, town);
  const unaccounted = sum(districts, ({ households }) => open(households));
  const partly = sum(districts, ({ households }) => households.partly);
  const tab = page.view === "list" && page.tab === "sites" ? "open" : page.tab;
  const tabs: Array<[Tab, string]> = [
    ["open", "未確認"],
    ["partly", `一部だけ ${number(partly)}`],
    ["all", "すべて"],
    ...(page.view === "map" ? [["sites", "拠点"] as [Tab, string]] : []),
  ];
  return (
    <section class="drawer" aria-label="世帯と 拠点の 一覧">
      <div class="drawer-head">
        <h2>まだ 確認できない 世帯</h2>
        <p class="count">{number(unaccounted)}</p>
      </div>
      <div class="tabs" role="group" aria-label="一覧に 出す もの">
        {tabs.map(([name, word]) => (
          <button type="button" key={name} aria-pressed={tab === name} onClick={() => page.set({ tab: name })}>
            {word}
          </button>
        ))}
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="一覧">
        {page.isLost() && (
          <p class="old-list">
            <b>{clock(page.heard())} の 一覧です（{age(page.now() - page.heard())}前）。</b>この 間に 着いた 人が いるかもしれません。急ぐ 時は 防災無線・電話で。
          </p>
        )}
        {tab === "sites" ? <SiteRows page={page} town={town} /> : <HouseholdRows page={page} town={town} districts={districts} key={`${tab} ${page.mode}`} />}
      </div>
    </section>
  );
}

function HouseholdRows({ page, town, districts }: { page: Page; town: Town; districts: DistrictState[] }) {
  const [most, setMost] = useState(AT_FIRST);
  const rows = page.listed();
  const waiting = rows.filter(waits);
  const others = new Map<number, Household[]>();
  for (const row of rows) {
    if (waits(row)) {
      continue;
    }
    const known = others.get(row.district);
    if (known === undefined) {
      others.set(row.district, [row]);
    } else {
      known.push(row);
    }
  }
  const unread = districts.filter(({ id, households }) => !page.isLoaded(id) && (page.tab === "partly" ? households.partly : page.tab === "all" ? 1 : open(households)) > 0);
  let room = most;
  const take = (list: Household[]): Household[] => {
    const some = list.slice(0, Math.max(0, room));
    room -= some.length;
    return some;
  };
  return (
    <>
      {waiting.length > 0 && (
        <>
          <h3 class="support">
            支援が 必要な 人が いる 世帯 <span>{number(waiting.length)}</span>
          </h3>
          <ul>
            {take(waiting).map((row) => (
              <Row page={page} town={town} household={row} key={row.id} />
            ))}
          </ul>
        </>
      )}
      {unread.length > 0 && (
        <>
          <h3>
            地区を 開く <span>{number(unread.length)}</span>
          </h3>
          <ul>
            {[...unread]
              .sort((a, b) => b.people.support_not_arrived - a.people.support_not_arrived || open(b.households) - open(a.households))
              .map((district) => (
                <li key={district.id}>
                  <button type="button" class="row" onClick={() => page.showDistricts(new Set([district.id]))}>
                    <span class="row-words">
                      <b class="row-name">{districtName(district.name)}</b>
                      <span class="row-line">
                        未確認 {number(open(district.households))}世帯{district.people.support_not_arrived > 0 && `・支援が 必要 ${number(district.people.support_not_arrived)}人`}
                      </span>
                    </span>
                    <span class="go" aria-hidden="true">
                      開く
                    </span>
                  </button>
                </li>
              ))}
          </ul>
        </>
      )}
      {districts.map((district) => {
        const list = others.get(district.id) ?? [];
        if (list.length === 0 || room <= 0) {
          return null;
        }
        const shown = take(list).sort((a, b) => byGroup.compare(a.group, b.group));
        return (
          <div key={district.id}>
            <h3>
              {districtName(district.name)} <span>{number(list.length)}</span>
            </h3>
            <ul>
              {shown.map((row) => (
                <Row page={page} town={town} household={row} key={row.id} />
              ))}
            </ul>
          </div>
        );
      })}
      {rows.length > most && (
        <button type="button" class="button more" onClick={() => setMost(most + AT_FIRST * 2)}>
          もっと 見る（のこり {number(rows.length - most)}世帯）
        </button>
      )}
      {rows.length === 0 && unread.length === 0 && <p class="empty">この 条件の 世帯は ありません。</p>}
    </>
  );
}

const byGroup = new Intl.Collator("ja", { numeric: true });

export function householdName(town: Town, household: Household): string {
  const district = districtName(town.district(household.district)?.name ?? "");
  return `${district} ${household.group === "" ? "班なし" : plain(household.group, 12)}の 世帯`;
}

function Row({ page, town, household }: { page: Page; town: Town; household: Household }) {
  const needs = waits(household);
  return (
    <li>
      <button type="button" class="row" aria-current={page.choice?.kind === "household" && page.choice.id === household.id ? "true" : undefined} onClick={() => page.choose({ kind: "household", id: household.id }, true)}>
        <span class="row-symbol">
          <Symbol page={page} look={{ kind: "household", standing: household.standing, support: needs }} size={needs ? 0.8 : 1} />
        </span>
        <span class="row-words">
          <b class="row-name">
            {householdName(town, household)} <small>{number(household.people)}人</small>
          </b>
          <span class="row-line">
            {STANDING_WORDS[household.standing]}
            {needs && "・支援が 必要"}
            {page.isLost() && `（${clock(page.heard())} 時点）`}
          </span>
          {household.television !== null && isOpenOrPartly(household.standing) && <span class={household.television === "help" ? "row-line help" : "row-line"}>{TELEVISION_WORDS[household.television]}</span>}
        </span>
      </button>
    </li>
  );
}

const isOpenOrPartly = (standing: HouseholdStanding): boolean => isOpen(standing) || standing === "partly" || standing === "passed";

/** One site in a word, and its people against its places. */
export function siteLine(site: SiteState, hazard: string | undefined): string {
  const people = site.kind === "check_point" ? `通過 ${number(site.here)}人` : site.capacity === null ? `${number(site.here)}人` : `${number(site.here)} / ${number(site.capacity)}人`;
  const standing = isUnsafe(site, hazard) ? `${hazardWord(hazard ?? "")}には 使えません` : site.kind === "check_point" && site.standing !== "closed" ? "" : SITE_WORDS[site.standing];
  return [standing, people].filter((part) => part !== "").join("　");
}

function SiteRows({ page, town }: { page: Page; town: Town }) {
  const [most, setMost] = useState(AT_FIRST);
  const { sites, alert } = town.state;
  if (sites.length === 0) {
    return <p class="empty">拠点は ありません。</p>;
  }
  return (
    <>
      <ul>
        {sites.slice(0, most).map((site) => {
          const old = staleSince(site, page.now());
          return (
            <li key={site.id}>
              <button type="button" class="row" onClick={() => page.choose({ kind: "site", id: site.id }, true)}>
                <span class="row-symbol">
                  <Symbol page={page} look={{ kind: "site", look: siteLook(site, isUnsafe(site, alert?.hazard)) }} stale={old !== null} size={0.72} />
                </span>
                <span class="row-words">
                  <b class="row-name">{plain(site.name)}</b>
                  <span class="row-line">{siteLine(site, alert?.hazard)}</span>
                  <span class="row-line">
                    {kindWord(site)}
                    {site.position === null && "・地図に 位置なし"}
                  </span>
                  {old !== null && <span class="row-line old">最後の 連絡 {since(old, page.now())}</span>}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
      {sites.length > most && (
        <button type="button" class="button more" onClick={() => setMost(most + AT_FIRST * 2)}>
          もっと 見る（のこり {number(sites.length - most)}か所）
        </button>
      )}
    </>
  );
}

export function SitesPane({ page, town }: { page: Page; town: Town }) {
  return (
    <section class="drawer pane" aria-label="拠点">
      <div class="drawer-head">
        <h2>拠点</h2>
        <p class="count">{number(town.state.sites.length)}</p>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="拠点の 一覧">
        <SiteRows page={page} town={town} />
      </div>
    </section>
  );
}

/** Instead of the map: the districts as a table. */
export function Districts({ page, town }: { page: Page; town: Town }) {
  return (
    <section class="districts" aria-label="地区">
      <div class="controls still">
        <ViewSwitch page={page} />
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="地区の 表">
        <table>
          <thead>
            <tr>
              <th scope="col">地区</th>
              <th scope="col">確認</th>
              <th scope="col">未確認</th>
              <th scope="col">支援</th>
              <th scope="col">到着</th>
            </tr>
          </thead>
          <tbody>
            {town.state.districts.map((district) => (
              <tr key={district.id} class={(page.filter.districts?.has(district.id) ?? true) ? "" : "out"}>
                <th scope="row">
                  <button type="button" class="link" onClick={() => page.showDistricts(new Set([district.id]))}>
                    {districtName(district.name)}
                  </button>
                </th>
                <td>{percent(district.households)}</td>
                <td>{number(open(district.households))}世帯</td>
                <td>{district.people.support_not_arrived === 0 ? "—" : <b class="support-count">{number(district.people.support_not_arrived)}人</b>}</td>
                <td>{number(district.people.arrived)}人</td>
              </tr>
            ))}
          </tbody>
        </table>
        {page.filter.districts !== null && (
          <button type="button" class="button more" onClick={() => page.showDistricts(null)}>
            すべての 地区に もどす
          </button>
        )}
      </div>
    </section>
  );
}

export function ViewSwitch({ page }: { page: Page }) {
  return (
    <div class="switch" role="group" aria-label="見せ方">
      <button type="button" class="control" aria-pressed={page.view === "map"} onClick={() => page.set({ view: "map" })}>
        地図
      </button>
      <button type="button" class="control" aria-pressed={page.view === "list"} onClick={() => page.set({ view: "list" })}>
        一覧
      </button>
    </div>
  );
}
