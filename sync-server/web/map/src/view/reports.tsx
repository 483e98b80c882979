// 定時報告: what would be sent is looked at, frozen, checked by one official and released by another.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CellChange, HourReport, ReportSheet, Reports } from "../contract.js";
import type { Page } from "../page.js";
import { get, post } from "../server.js";
import { clockAndDay, number, plain } from "../words.js";
import { Freshness, Menu } from "./bar.js";
import { Popup, Trouble, useSeconds } from "./parts.js";

/** As many differences as somebody reads. */
const MOST_CHANGES = 60;

export function ReportDesk({ page }: { page: Page }) {
  const [reports, setReports] = useState<Reports | null>(null);
  const [hour, setHour] = useState<HourReport | null>(null);
  useSeconds();
  const folder = `reports/${page.mode}`;
  const list = async () => {
    const found = await page.answered(() => get<Reports>(folder));
    if (found !== null) {
      setReports(found);
    }
    return found;
  };
  const open = async (until: number) => {
    const found = await page.answered(() => get<HourReport>(`${folder}/${until}`));
    if (found !== null) {
      setHour(found);
    }
  };
  const act = async (path: string, body: unknown) => {
    const found = await page.answered(() => post<HourReport>(path, body));
    if (found !== null) {
      setHour(found);
      setReports((before) => before && { ...before, hours: withHour(before, found), next: before.next_until === found.until ? null : before.next });
    }
  };
  useEffect(() => {
    void list();
  }, []);

  const isLost = page.isLost();
  const may = page.mayMakeReports();
  return (
    <>
      <header class="bar">
        <h1 tabIndex={-1}>定時報告</h1>
        <p class="order">{plain(page.session?.town ?? "", 16)}</p>
        <Freshness page={page} />
        <Popup name={plain(page.session?.name ?? "メニュー", 8)} label="メニュー">
          {(close) => <Menu page={page} close={close} />}
        </Popup>
      </header>
      <main class="reports">
        <div>
          {isLost && <p class="cannot">つながって いないので、数を 止めることも、出すことも できません。つながるまで 待って ください。</p>}
          <Trouble text={page.trouble} />
          {hour !== null ? (
            <Hour page={page} hour={hour} may={may && !isLost} act={(step, body) => act(`${folder}/${hour.until}/${step}`, body)} back={() => { setHour(null); void list(); }} again={() => void open(hour.until)} />
          ) : reports === null ? (
            <>
              <p>{page.busy ? "数えています…" : "まだ 読めて いません。"}</p>
              {!page.busy && (
                <Acts>
                  <button type="button" class="button" onClick={() => void list()}>
                    もう一度 読む
                  </button>
                </Acts>
              )}
            </>
          ) : (
            <>
              {reports.next !== null && (
                <section class="part" aria-labelledby="next">
                  <h2 id="next">{clockAndDay(reports.next_until, page.now())} 現在の 数（まだ 止めて いません）</h2>
                  <Sheet sheet={reports.next} />
                  {may && (
                    <button type="button" class="button primary huge" disabled={isLost} aria-busy={page.busy} onClick={() => void act(folder, {})}>
                      この 数で 止める
                    </button>
                  )}
                </section>
              )}
              <section class="part" aria-labelledby="hours">
                <h2 id="hours">これまでの 報告</h2>
                {reports.hours.length === 0 && <p>まだ ありません。</p>}
                <Acts>
                  {reports.hours.map(({ until, versions, waits }) => (
                    <button type="button" class="button" key={until} onClick={() => void open(until)}>
                      {clockAndDay(until, page.now())} {versions > 0 && `第${versions}版`} {waits === "check" ? "・確かめる 前" : waits === "release" ? "・出す 前" : ""}
                    </button>
                  ))}
                </Acts>
              </section>
              <section class="part" aria-labelledby="exports">
                <h2 id="exports">いまの 拠点の 表</h2>
                <p>だれに 見せても よい 表です。5人未満の 数は 出しません。</p>
                <Acts>
                  <Download path={`exports/${page.mode}/sites.csv`} off={isLost}>表（CSV）</Download>
                  <Download path={`exports/${page.mode}/sites.geojson`} off={isLost}>地図（GeoJSON）</Download>
                </Acts>
              </section>
            </>
          )}
        </div>
      </main>
    </>
  );
}

function withHour(reports: Reports, hour: HourReport): Reports["hours"] {
  const waits = hour.waiting === null ? null : hour.waiting.checked_by === null ? ("check" as const) : ("release" as const);
  const line = { until: hour.until, versions: hour.released?.version ?? 0, waits };
  return [line, ...reports.hours.filter(({ until }) => until !== hour.until)].sort((a, b) => b.until - a.until);
}

function Hour({ page, hour, may, act, back, again }: { page: Page; hour: HourReport; may: boolean; act: (step: string, body: unknown) => Promise<void>; back: () => void; again: () => void }) {
  const { waiting, released } = hour;
  const seen = { frozen_at: waiting?.frozen_at };
  return (
    <>
      <Acts>
        <button type="button" class="button" onClick={back}>
          ‹ 報告の 一覧へ
        </button>
        <button type="button" class="button" onClick={again}>
          もう一度 読む
        </button>
      </Acts>
      {waiting !== null && (
        <section class="part" aria-labelledby="waiting">
          <h2 id="waiting">{clockAndDay(hour.until, page.now())} 現在　{waiting.checked_by === null ? "止めた 数（確かめる 前）" : "確かめた 数（出す 前）"}</h2>
          <Sheet sheet={waiting.sheet} />
          {waiting.against !== null && <Changes page={page} until={waiting.against.until} version={waiting.against.version} changes={waiting.against.changes} />}
          {waiting.checked_by === null ? (
            <>
              <p>数を 見て、正しければ 押して ください。出すのは ほかの 職員です。</p>
              {page.mayMakeReports() && (
                <button type="button" class="button primary huge" disabled={!may} aria-busy={page.busy} onClick={() => void act("check", seen)}>
                  確かめた
                </button>
              )}
            </>
          ) : (
            <>
              <p>確かめた 人：{plain(waiting.checked_by)}</p>
              {waiting.may_release ? (
                page.mayMakeReports() && (
                  <button type="button" class="button primary huge" disabled={!may} aria-busy={page.busy} onClick={() => void act("release", seen)}>
                    出す（だれでも 見られます）
                  </button>
                )
              ) : (
                <p class="cannot">確かめた 人は 出せません。ほかの 職員が 出して ください。</p>
              )}
            </>
          )}
        </section>
      )}
      {released !== null && (
        <section class="part" aria-labelledby="released">
          <h2 id="released">{clockAndDay(hour.until, page.now())} 現在　第{released.version}版（出しました）</h2>
          <p>
            確かめた 人：{plain(released.checked_by)}　出した 人：{plain(released.released_by)}　{clockAndDay(released.at, page.now())}
          </p>
          <Sheet sheet={released.sheet} />
          <p>下の ファイルは 災害対策本部の ものです。外に 出さないで ください。</p>
          <Acts>
            <Download path={`reports/${page.mode}/${hour.until}/files/pdf`} off={page.isLost()}>印刷（PDF）</Download>
            <Download path={`reports/${page.mode}/${hour.until}/files/csv`} off={page.isLost()}>表（CSV）</Download>
            <Download path={`reports/${page.mode}/${hour.until}/files/geojson`} off={page.isLost()}>地図（GeoJSON）</Download>
            {page.mayMakeReports() && waiting === null && (
              <button type="button" class="button" disabled={!may} onClick={() => void act("correct", {})}>
                数を 直す（もう一度 止める）
              </button>
            )}
          </Acts>
        </section>
      )}
    </>
  );
}

function Acts({ children }: { children: ComponentChildren }) {
  return <div class="acts">{children}</div>;
}

function Download({ path, off, children }: { path: string; off: boolean; children: ComponentChildren }) {
  // A tablet that is cut off would keep a page that says so under the file's name.
  return off ? (
    <button type="button" class="button" disabled>
      {children}
    </button>
  ) : (
    <a class="button" href={`/api/v1/${path}`} download>
      {children}
    </a>
  );
}

const count = (value: number | null | undefined): string => (value === null || value === undefined ? "—" : number(value));

function Sheet({ sheet }: { sheet: ReportSheet }) {
  return (
    <>
      <dl class="counts">
        {sheet.columns.map((column, at) => (
          <div key={column}>
            <dt>{column}</dt>
            <dd>{count(sheet.town[at])}</dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>拠点ごとの 数（{number(sheet.sites.length)}か所）</summary>
        <div class="wide" tabIndex={0} role="region" aria-label="拠点ごとの 数">
          <table>
            <thead>
              <tr>
                <th scope="col">拠点</th>
                {sheet.columns.map((column) => (
                  <th scope="col" key={column}>
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {sheet.sites.map(({ name, counts }, row) => (
                <tr key={row}>
                  <th scope="row">{plain(name)}</th>
                  {sheet.columns.map((column, at) => (
                    <td key={column}>{count(counts[at])}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

function Changes({ page, until, version, changes }: { page: Page; until: number; version: number; changes: CellChange[] }) {
  const shown = [...changes].sort((a, b) => Number(a.site !== null) - Number(b.site !== null)).slice(0, MOST_CHANGES);
  return (
    <>
      <h3>
        前の 報告（{clockAndDay(until, page.now())} 第{version}版）との ちがい　{number(changes.length)}
      </h3>
      {changes.length === 0 ? (
        <p>ちがいは ありません。</p>
      ) : (
        <ul class="changes">
          {shown.map(({ site, column, before, after }, row) => (
            <li key={row}>
              {site === null ? "町ぜんたい" : plain(site)}　{column}　{count(before)} → <b>{count(after)}</b>
            </li>
          ))}
        </ul>
      )}
      {changes.length > shown.length && <p>ほか {number(changes.length - shown.length)}。拠点ごとの 数を 見て ください。</p>}
    </>
  );
}
