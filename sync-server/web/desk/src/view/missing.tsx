// Who of a thread is missing, and what is done about it: once more to them, and the report afterwards.

import type { Missing, MissingStanding, Thread } from "../contract.js";
import type { Desk } from "../desk.js";
import { age, MISSING_WORDS } from "../words.js";
import { Action, Trouble } from "./parts.js";

const STANDINGS = Object.keys(MISSING_WORDS) as MissingStanding[];
/** Nobody heard of them, or they called: these stand out of the list. */
const LOUD = new Set<MissingStanding>(["help", "not_answered", "unreachable", "without_set"]);

function countOf(thread: Thread): number {
  return Math.max(0, thread.stages.households - thread.stages.arrived.count);
}

/** One press: the rest is the two signatures of every order. */
export function Again({ desk, thread }: { desk: Desk; thread: Thread }) {
  const count = countOf(thread);
  if (thread.kind !== "Order" || count === 0) {
    return null;
  }
  const drill = thread.class === "exercise";
  return (
    <Action desk={desk} name={`again/${thread.id}`} look={drill ? "drill-dashed" : ""} hindrance={desk.hindrance()} press={() => void desk.makeAgain(thread)}>
      {drill ? `訓練として まだの ${count}世帯に もう一度 送る` : `まだの ${count}世帯に もう一度 送る`}
    </Action>
  );
}

export function Report({ desk, thread }: { desk: Desk; thread: Thread }) {
  return (
    <Action desk={desk} name={`report/${thread.id}`} look={thread.class === "exercise" ? "drill-dashed" : ""} hindrance={desk.stale() ? "サーバーに つながらないので 出せません。" : null} press={() => void desk.report(thread)}>
      {thread.class === "exercise" ? "訓練の 報告（PDF）" : "避難の 報告（PDF）"}
    </Action>
  );
}

export function MissingHouseholds({ desk, thread }: { desk: Desk; thread: Thread }) {
  const opened = desk.opened?.thread === thread.id ? desk.opened : null;
  const id = `missing-${thread.id}`;
  return (
    <div class="missing">
      <button type="button" class="button small quiet" aria-expanded={opened !== null} aria-controls={id} onClick={() => (opened === null ? desk.showMissing(thread, 0) : desk.hideMissing())}>
        {opened === null ? `まだ 着いていない 世帯を 見る（${countOf(thread)}）` : "まだ 着いていない 世帯を とじる"}
      </button>
      <div id={id}>
        {opened !== null && (opened.list === null ? <p class="dim">お待ちください…</p> : <List desk={desk} thread={thread} list={opened.list} />)}
        <Trouble text={opened === null ? undefined : desk.trouble.get(`missing/${thread.id}`)} />
      </div>
    </div>
  );
}

function List({ desk, thread, list }: { desk: Desk; thread: Thread; list: Missing }) {
  if (list.total === 0) {
    return <p>どの 世帯も 着いています。</p>;
  }
  return (
    <>
      <p>
        <b>{list.total}世帯</b>
        {"　"}
        {STANDINGS.filter((standing) => list.standings[standing] > 0)
          .map((standing) => `${MISSING_WORDS[standing]} ${list.standings[standing]}`)
          .join("・")}
      </p>
      <table>
        <caption class="unseen">まだ 着いていない 世帯</caption>
        <thead>
          <tr>
            <th scope="col">地区・隣組</th>
            <th scope="col" class="right">人数</th>
            <th scope="col">支援</th>
            <th scope="col">ようす</th>
            <th scope="col" class="right">経過</th>
          </tr>
        </thead>
        <tbody>
          {list.households.map((of, index) => (
            <tr key={index}>
              <th scope="row">{of.district === "" ? "（いまの 名簿に ない）" : `${of.district}　${of.group}`}</th>
              <td class="right">{of.people}人</td>
              <td>{of.support && <span class="support">支援</span>}</td>
              <td>{LOUD.has(of.standing) ? <b>{MISSING_WORDS[of.standing]}</b> : MISSING_WORDS[of.standing]}</td>
              <td class="right number">{age(desk.now() - of.since)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {list.pages > 1 && (
        <div class="row pages">
          <Turn desk={desk} thread={thread} to={list.page - 1} pages={list.pages} words="前の ページ" />
          <span>
            {list.page + 1} / {list.pages} ページ
          </span>
          <Turn desk={desk} thread={thread} to={list.page + 1} pages={list.pages} words="次の ページ" />
        </div>
      )}
    </>
  );
}

/** It keeps its place and its focus at the first and last page too. */
function Turn({ desk, thread, to, pages, words }: { desk: Desk; thread: Thread; to: number; pages: number; words: string }) {
  const off = to < 0 || to >= pages;
  return (
    <button type="button" class={off ? "button small off" : "button small"} aria-disabled={off} onClick={() => off || desk.showMissing(thread, to)}>
      {words}
    </button>
  );
}
