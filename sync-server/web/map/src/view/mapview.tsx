// The map with what is drawn above it and its controls.

import { useEffect, useRef, useState } from "preact/hooks";
import type { MapFile } from "../contract.js";
import { type Chart, COLOURS, makeChart } from "../chart/chart.js";
import { Overlay, type Target, boxOf, described } from "../chart/overlay.js";
import { type Box, around, mercator, onScreen } from "../geo.js";
import type { Page } from "../page.js";
import { file, own } from "../server.js";
import type { Town } from "../town.js";
import { STANDINGS, STANDING_WORDS, age, all, clock, districtName, number, percent, plain } from "../words.js";
import { Check, Popup, Symbol, Trouble } from "./parts.js";
import { ViewSwitch } from "./drawer.js";

/** What lies in front of the map at its edges. */
const FREE = { top: 72, right: 72, bottom: 104, left: 40 };
const JAPAN: Box = { west: mercator([128, 46]).x, north: mercator([128, 46]).y, east: mercator([146, 30]).x, south: mercator([146, 30]).y };
const DEEPEST = 18;
/** Of how many households a look at the map may ask at most. */
const HOUSEHOLDS_IN_VIEW = 8_000;

function startBox(page: Page, town: Town): Box {
  if (page.base?.bounds != null) {
    const [west, south, east, north] = page.base.bounds;
    const [a, b] = [mercator([west, north]), mercator([east, south])];
    return { west: a.x, north: a.y, east: b.x, south: b.y };
  }
  return boxOf(town) ?? JAPAN;
}

export function MapView({ page, town }: { page: Page; town: Town }) {
  const ground = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<Chart | null>(null);
  const overlay = useRef<Overlay | null>(null);
  const [lacking, setLacking] = useState<string[]>([]);
  const [trouble, setTrouble] = useState<string | undefined>();
  const ready = page.hasAskedBase;
  const lost = page.isLost();
  // What could not be read without a network is read when there is one again.
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!lost && lacking.length > 0) {
      setLacking([]);
      setAttempt(attempt + 1);
    }
  }, [lost]);

  useEffect(() => {
    const { current: container } = ground;
    const { current: surface } = canvas;
    if (!ready || container === null || surface === null) {
      return;
    }
    let isGone = false;
    const marks = new Overlay(surface, () => chart.current?.view() ?? null);
    overlay.current = marks;
    void makeChart({
      container,
      base: page.base,
      outlines: page.outlines,
      files: page.files,
      start: startBox(page, town),
      room: FREE,
      night: page.isNight(),
      hidden: page.hidden,
      colours: COLOURS,
      own,
      file,
      moved: () => marks.move(),
      settled: () => {
        marks.settle();
        look();
      },
      tapped: (at) => tap(marks.hit(at)),
      lacks: (of: MapFile) => setLacking((known) => (known.includes(of.name) ? known : [...known, of.name])),
    }).then(
      (made) => {
        if (isGone) {
          made.remove();
          return;
        }
        chart.current = made;
        page.draw();
        look();
      },
      () => setTrouble("地図を 出せません。一覧を 使ってください。"),
    );
    const watched = new ResizeObserver(() => {
      chart.current?.resize();
      marks.settle();
    });
    watched.observe(container);
    // Ages grow while nothing comes.
    const ages = setInterval(() => page.draw(), 15_000);
    return () => {
      isGone = true;
      watched.disconnect();
      clearInterval(ages);
      chart.current?.remove();
      chart.current = null;
      overlay.current = null;
    };
  }, [ready, attempt, page.base?.base?.url, page.base?.outlines]);

  const look = () => {
    const view = chart.current?.view();
    const current = page.town;
    if (view === undefined || current === null) {
      return;
    }
    const near = current.state.districts.filter(({ id, center }) => {
      if (center === null || page.isLoaded(id)) {
        return false;
      }
      const { x, y } = onScreen(view, mercator(center));
      return x > -100 && y > -100 && x < view.width + 100 && y < view.height + 100;
    });
    if (near.reduce((sum, { households }) => sum + all(households), 0) <= HOUSEHOLDS_IN_VIEW) {
      for (const { id } of near) {
        void page.load(id);
      }
    }
  };

  const show = (box: Box | null, deepest = DEEPEST) => {
    if (box !== null) {
      overlay.current?.close();
      chart.current?.show(box, FREE, deepest);
    }
  };

  const tap = (target: Target | null) => {
    const { current: marks } = overlay;
    const { current: map } = chart;
    if (marks === null || map === null) {
      return;
    }
    if (target === null) {
      marks.close();
      page.choose(null);
      return;
    }
    switch (target.kind) {
      case "site":
        return page.choose({ kind: "site", id: target.site.id });
      case "household":
        marks.close();
        return page.choose({ kind: "household", id: target.household.id });
      case "district":
        return page.showDistricts(new Set([target.district.id]));
      case "sites":
        return show(around(target.sites.flatMap(({ position }) => (position === null ? [] : [mercator(position)]))));
      case "households": {
        const box = around(target.households.flatMap(({ point }) => (point === null ? [] : [point])));
        if (box === null) {
          return;
        }
        // Going nearer parts those that are some steps apart; those of one house are put around it.
        const apart = Math.max(box.east - box.west, box.south - box.north) * 512 * 2 ** DEEPEST;
        if (apart > 60 && (map.view().scale < 512 * 2 ** (DEEPEST - 0.5) || target.households.length > 60)) {
          show(box);
        } else {
          marks.open(target.households);
        }
      }
    }
  };

  useEffect(() => {
    const { current: map } = chart;
    const { current: marks } = overlay;
    if (map === null || marks === null) {
      return;
    }
    map.dress(page.isNight(), page.hidden);
    const { destination } = page;
    if (destination !== null) {
      page.destination = null;
      if ("districts" in destination) {
        const chosen = town.state.districts.filter(({ id, center }) => center !== null && (destination.districts?.has(id) ?? false));
        const points = chosen.flatMap(({ id, center }) => [...(center === null ? [] : [mercator(center)]), ...(town.households.get(id) ?? []).flatMap(({ point }) => (point === null ? [] : [point]))]);
        show(destination.districts === null ? startBox(page, town) : (outlineBox(page.outlines, new Set(chosen.map(({ name }) => name))) ?? around(points)), 16);
      } else {
        const point = "site" in destination ? town.site(destination.site)?.position : town.household(destination.household)?.position;
        const box = point == null ? null : around([mercator(point)]);
        if (box !== null) {
          show(box, Math.max("site" in destination ? 15.3 : 16.5, Math.log2(map.view().scale / 512)));
        } else if ("household" in destination) {
          const center = town.district(town.household(destination.household)?.district ?? -1)?.center;
          show(center == null ? null : around([mercator(center)]), 16);
        }
      }
    }
    marks.update({ town, version: town.version, mode: page.mode, filter: page.filter, showSites: page.showSites, choice: page.choice, night: page.isNight(), lostSince: page.isLost() ? page.heard() : null, now: page.now(), free: FREE });
  });

  const nowhere = town.state.districts.filter(({ center, id }) => center === null && (page.filter.districts?.has(id) ?? true));
  const credits = [...new Set([page.base?.base, ...(page.base?.hazards ?? [])].flatMap((of) => (of == null || of.credit === "" ? [] : [plain(of.credit, 80)])))];
  return (
    <section class="map" aria-label="地図">
      <div class="ground" ref={ground} />
      <canvas class="marks" ref={canvas} role="img" aria-label={described(town)} />
      <div class="controls">
        <ViewSwitch page={page} />
        <DistrictChoice page={page} town={town} />
        <LayerChoice page={page} />
      </div>
      <div class="zoom">
        <button type="button" class="control" aria-label="大きく" onClick={() => chart.current?.zoomBy(1)}>
          ＋
        </button>
        <button type="button" class="control" aria-label="小さく" onClick={() => chart.current?.zoomBy(-1)}>
          −
        </button>
        <button type="button" class="control home" aria-label="全体を 見る" onClick={() => show(startBox(page, town))}>
          全体
        </button>
      </div>
      {page.isLost() && (
        <p class="banner">
          <b>{clock(page.heard())} で 止まった 地図</b>（{age(page.now() - page.heard())}前）
          <br />
          つなぎ直しています
        </p>
      )}
      {page.newer && !page.isLost() && (
        <p class="banner newer">
          新しい ページが あります。
          <button type="button" class="button" onClick={() => location.reload()}>
            読み直す
          </button>
        </p>
      )}
      <div class="lower">
        <div class="facts">
          {nowhere.length > 0 && (
            <div class="nowhere">
              地図に ない 地区：
              {nowhere.slice(0, 4).map((district) => (
                <button type="button" class="control" key={district.id} onClick={() => page.showDistricts(new Set([district.id]))}>
                  {plain(districtName(district.name), 10)} 確認 {percent(district.households)}%
                </button>
              ))}
              {nowhere.length > 4 && `ほか ${number(nowhere.length - 4)}地区`}
            </div>
          )}
          <p class="credit">
            {lacking.length > 0 && `この 端末では 出せません：${lacking.map((name) => plain(name, 20)).join("・")}　`}
            {page.hasAskedBase && page.base?.base == null && "地図の 背景が ありません　"}
            {credits.join("　")}
          </p>
        </div>
        <Legend page={page} />
      </div>
      <Trouble text={trouble ?? page.trouble} />
    </section>
  );
}

/** The corners of districts' outlines, by name. */
function outlineBox(outlines: unknown, names: ReadonlySet<string>): Box | null {
  const points: Array<[number, number]> = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      if (typeof value[0] === "number" && typeof value[1] === "number") {
        points.push([value[0], value[1]]);
      } else {
        value.forEach(walk);
      }
    }
  };
  for (const feature of (outlines as { features?: Array<{ properties?: { name?: string }; geometry?: { coordinates?: unknown } }> } | null)?.features ?? []) {
    if (names.has(feature.properties?.name ?? "")) {
      walk(feature.geometry?.coordinates);
    }
  }
  return around(points.map(mercator));
}

function DistrictChoice({ page, town }: { page: Page; town: Town }) {
  const { districts } = page.filter;
  const [first] = districts ?? [];
  const name = districts === null ? "すべて" : districts.size === 1 && first !== undefined ? plain(districtName(town.district(first)?.name ?? ""), 8) : `${districts.size}地区`;
  const toggle = (id: number) => {
    const chosen = new Set(districts ?? []);
    if (!chosen.delete(id)) {
      chosen.add(id);
    }
    page.showDistricts(chosen.size === 0 ? null : chosen);
  };
  return (
    <Popup name={`地区：${name}`} label="地区を 選ぶ">
      {() => (
        <>
          <Check on={districts === null} press={() => page.showDistricts(null)}>
            すべての 地区
          </Check>
          {town.state.districts.map((district) => (
            <Check key={district.id} on={districts?.has(district.id) ?? false} press={() => toggle(district.id)}>
              {districtName(district.name)} <span class="dim">確認 {percent(district.households)}%</span>
            </Check>
          ))}
        </>
      )}
    </Popup>
  );
}

function LayerChoice({ page }: { page: Page }) {
  const toggleHazard = (name: string) => {
    const hidden = new Set(page.hidden);
    if (!hidden.delete(name)) {
      hidden.add(name);
    }
    page.set({ hidden });
  };
  return (
    <Popup name="表示を 選ぶ" label="表示を 選ぶ">
      {() => (
        <>
          <p class="dim">地図と 一覧に 出す もの</p>
          {[...STANDINGS].reverse().map((standing) => (
            <Check key={standing} on={page.filter.standings.has(standing)} press={() => page.toggleStanding(standing)}>
              <Symbol page={page} look={{ kind: "household", standing, support: false }} size={0.9} /> {STANDING_WORDS[standing]}
            </Check>
          ))}
          <Check on={page.showSites} press={() => page.set({ showSites: !page.showSites })}>
            避難所・通過確認地点
          </Check>
          {(page.base?.hazards ?? []).map(({ name }) => (
            <Check key={name} on={!page.hidden.has(name)} press={() => toggleHazard(name)}>
              {plain(name, 20)}
            </Check>
          ))}
        </>
      )}
    </Popup>
  );
}

function Legend({ page }: { page: Page }) {
  return (
    <ul class="legend" aria-label="しるしの 意味">
      {STANDINGS.map((standing) => (
        <li key={standing}>
          <Symbol page={page} look={{ kind: "household", standing, support: false }} size={0.7} />
          {STANDING_WORDS[standing]}
        </li>
      ))}
      <li>
        <span class="flag" aria-hidden="true">
          支
        </span>
        支援が 必要
      </li>
      <li>
        <span class="number-pill" aria-hidden="true">
          3
        </span>
        まとめた数
      </li>
      {(page.base?.hazards ?? []).slice(0, 2).map(({ name }) => (
        <li key={name}>
          <svg class="swatch" viewBox="0 0 28 18" aria-hidden="true">
            <path class="hazard-line" d="M2 18 20 0M-8 18 10 0M12 18 30 0M22 18 40 0" />
          </svg>
          {plain(name, 14)}
        </li>
      ))}
      <li>
        <svg class="swatch dashed" viewBox="0 0 28 18" aria-hidden="true">
          <path class="old-line" d="M-6 0 12 18M4 0 22 18M14 0 32 18M-16 0 2 18M24 0 42 18" />
        </svg>
        古い 情報
      </li>
    </ul>
  );
}
