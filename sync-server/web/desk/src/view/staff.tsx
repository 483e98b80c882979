// The change of staff: the whole table as it will be, what that does, two signatures, and the first device of whoever joins.

import { useEffect } from "preact/hooks";
import type { JoiningDevice, PendingChange, Staff, StaffOfficer, State } from "../contract.js";
import type { Desk } from "../desk.js";
import { addRow, gapsOf, move, type StaffForm, type StaffRow } from "../staff.js";
import { clockAndDay, day, dayAndYear, person } from "../words.js";
import { Action, Words } from "./parts.js";

export function StaffPage({ desk, state }: { desk: Desk; state: State }) {
  const { staff } = state;
  // What is to be signed is read from its beginning, wherever the page stood.
  useEffect(() => {
    document.querySelector<HTMLElement>("h1")?.focus();
    scrollTo(0, 0);
  }, [staff.pending?.id]);
  return (
    <main class="staff">
      <h1 tabIndex={-1}>
        職員の 交代 <span class="not-sent">2人が 署名するまで 何も 変わりません</span>
      </h1>
      <div class="stack">
        {staff.devices.map((device) => (
          <Joining key={device.id} desk={desk} device={device} />
        ))}
        <Newcomers desk={desk} staff={staff} />
        {staff.pending === null ? <Editor desk={desk} form={desk.staffForm()} /> : <Pending desk={desk} change={staff.pending} />}
        {staff.next_order !== null && <NextOrder desk={desk} staff={staff} order={staff.next_order} />}
      </div>
    </main>
  );
}

/** What was signed for a day to come: a change of something else leaves it as it is. */
function NextOrder({ desk, staff, order }: { desk: Desk; staff: Staff; order: { day: number; officers: Array<string | number> } }) {
  const names = order.officers.map((id) => staff.officers.find((one) => one.id === id)?.name).filter((name) => name !== undefined);
  return (
    <p class="next-order">
      {dayAndYear(order.day)} から 呼ぶ 順が 変わります（署名 ずみ）：{names.map((name, index) => `${index + 1} ${name}`).join("、")}。
      {staff.pending === null && desk.hindrance() === null && "下の 表は その日の 順です。順を 動かさなければ この 予定は そのままです。"}
    </p>
  );
}

// What waits

function Pending({ desk, change }: { desk: Desk; change: PendingChange }) {
  const first = change.signed[0];
  const hindrance = desk.hindrance() ?? ((desk.state?.credentials.live.length ?? 0) === 0 ? "あなたの 本番の パスキーが ありません。管理者に 伝えてください。" : null);
  return (
    <section class="card signing" aria-labelledby="pending">
      <h2 id="pending">署名を 待っている 変更</h2>
      <ul class="lines">
        {change.lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <p class="effect">
        <b>{change.effect}</b>
      </p>
      {change.few.map((line) => (
        <p class="warning" key={line}>
          ！ {line}
        </p>
      ))}
      <ol class="slots">
        {[0, 1].map((index) => {
          const signature = change.signed[index];
          return (
            <li key={index} class={signature === undefined ? "slot open" : "slot"}>
              <span class="dim">{index + 1}人目</span>
              <b>{signature === undefined ? "未署名" : `✓ ${person(signature)}`}</b>
              <span>{signature === undefined ? "同じ人は 2回 署名できません" : `${clockAndDay(signature.at, desk.now())} に 署名`}</span>
            </li>
          );
        })}
      </ol>
      {change.mine ? (
        <p class="mine" role="status">
          <b>✓ あなたは 署名しました。別の 職員の 署名が 必要です。</b>
          <span>別の 端末で この 画面を 開いて、同じ ことばか 確かめて もらって ください。</span>
        </p>
      ) : (
        <Action desk={desk} name={`staff/sign/${change.id}`} look="primary huge" hindrance={hindrance} press={() => void desk.signChange(change)}>
          {first === undefined ? "1人目として 署名する" : "2人目として 署名して 変える"}
        </Action>
      )}
      <div>
        <h2>2台の 画面で 同じか 確かめる ことば</h2>
        <Words words={change.words} />
        <p class="dim">{clockAndDay(change.expires, desk.now())} までに 署名が そろわないと 消えます。</p>
      </div>
      <Action desk={desk} name={`staff/drop/${change.id}`} look="small quiet" hindrance={desk.hindrance()} press={() => void desk.dropChange(change)}>
        この 変更を 捨てる
      </Action>
    </section>
  );
}

// The table

function Editor({ desk, form }: { desk: Desk; form: StaffForm }) {
  const change = (work: () => void) => {
    work();
    desk.redraw();
  };
  const gaps = gapsOf(form);
  const hindrance = desk.hindrance() ?? (gaps.length > 0 ? `あと ${gaps.length}つ：${gaps.join("、")}` : null);
  return (
    <section class="card" aria-labelledby="table">
      <h2 id="table">新しい 表（上から 呼ぶ 順）</h2>
      <ol class="rows">
        {form.rows.map((row, index) => (
          <Line key={row.known?.id ?? `new-${index}`} row={row} index={index} form={form} change={change} />
        ))}
      </ol>
      <button type="button" class="button small" onClick={() => change(() => addRow(form))}>
        ＋ 職員を 加える
      </button>
      <div class="from-day">
        <label for="staff-day">新しい 呼ぶ 順は いつから</label>
        <input id="staff-day" type="date" value={form.day} onInput={(event) => change(() => (form.day = event.currentTarget.value))} />
        <p class="dim">その 日に なると 自動で 変わります。始まりと 終わりは 1人ずつの 日に 変わります。</p>
      </div>
      <Action desk={desk} name="staff/make" look="primary large" hindrance={hindrance} press={() => void desk.makeChange(form)}>
        何が 変わるか 確かめる
      </Action>
    </section>
  );
}

function Line({ row, index, form, change }: { row: StaffRow; index: number; form: StaffForm; change: (work: () => void) => void }) {
  const who = row.known === null ? `${index + 1}行目の 新しい 職員` : row.name;
  const field = (name: string, of: "name" | "title" | "telephone", kind = "text") => (
    <label>
      <span class="dim">{name}</span>
      <input type={kind} value={row[of]} maxLength={40} autocomplete="off" disabled={row.out} aria-label={`${who}の ${name}`} onInput={(event) => change(() => (row[of] = event.currentTarget.value))} />
    </label>
  );
  const date = (name: string, of: "from" | "until") => (
    <label>
      <span class="dim">{name}</span>
      <input type="date" value={row[of]} disabled={row.out} aria-label={`${who}の ${name}`} onInput={(event) => change(() => (row[of] = event.currentTarget.value))} />
    </label>
  );
  const isFixed = row.known !== null && (row.known.from === 0 || row.known.devices > 0);
  return (
    <li class={row.out ? "line out" : row.known === null ? "line new" : "line"}>
      <div class="order">
        <b class="number">{index + 1}</b>
        <button type="button" class="button small" aria-label={`${who}を 上へ`} aria-disabled={index === 0} onClick={() => index > 0 && change(() => move(form, index, -1))}>
          ↑
        </button>
        <button type="button" class="button small" aria-label={`${who}を 下へ`} aria-disabled={index === form.rows.length - 1} onClick={() => index < form.rows.length - 1 && change(() => move(form, index, 1))}>
          ↓
        </button>
      </div>
      <div class="whom-of-line">
        {row.known === null ? (
          <>
            {field("名前", "name")}
            {field("役職", "title")}
          </>
        ) : (
          <p>
            <b>{row.name}</b>
            <br />
            {row.title}
          </p>
        )}
      </div>
      <div class="days-of-line">
        {isFixed ? <p class="dim">{row.from === "" ? "前から" : `${row.from} から`}</p> : date("始まりの 日", "from")}
        {date("終わりの 日", "until")}
      </div>
      <div>{field("電話", "telephone", "tel")}</div>
      <LineEnd row={row} index={index} form={form} change={change} />
    </li>
  );
}

/** Whether somebody can sign already, and the way out. */
function LineEnd({ row, index, form, change }: { row: StaffRow; index: number; form: StaffForm; change: (work: () => void) => void }) {
  if (row.known === null) {
    return (
      <div class="end-of-line">
        <b>＋ 新しい</b>
        <button type="button" class="button small quiet" onClick={() => change(() => form.rows.splice(index, 1))}>
          やめる
        </button>
      </div>
    );
  }
  return (
    <div class="end-of-line">
      <span>
        {row.out ? <b class="late">！ すぐ 外す</b> : row.known.devices > 0 ? `端末 ${row.known.devices}台` : row.known.kiosk ? "箱の 鍵だけ" : "端末なし"}
        {row.known.proved !== null && row.known.proved > 0 && <small> {day(row.known.proved)} に 使用</small>}
      </span>
      <button type="button" class={row.out ? "button small" : "button small quiet"} aria-pressed={row.out} onClick={() => change(() => (row.out = !row.out))}>
        {row.out ? "もどす" : "すぐ 外す"}
        <span class="unseen">（{row.name}）</span>
      </button>
    </div>
  );
}

// The first device of whoever joined

function Newcomers({ desk, staff }: { desk: Desk; staff: Staff }) {
  const waits = (one: StaffOfficer) => one.may_invite && !staff.devices.some((device) => device.officer?.id === one.id);
  const newcomers = staff.officers.filter(waits);
  if (newcomers.length === 0) {
    return null;
  }
  return (
    <section class="card" aria-labelledby="newcomers">
      <h2 id="newcomers">新しい 職員の 端末</h2>
      {newcomers.map((one) => (
        <div key={one.id} class="newcomer">
          <b>{person(one)}</b>
          {desk.code?.officer === one.id ? (
            <div class="why" role="status">
              <p class="words">{desk.code.code}</p>
              <p>
                この 番号を {one.name}さんに 伝えます。15分、1台だけです。端末に 出る 3つの ことばは、{one.name}さんから <b>署名した もう1人の 職員</b>（か 管理者）に 読んで 伝えて もらいます。番号を 見た あなたは 登録できません。
              </p>
            </div>
          ) : (
            <Action desk={desk} name={`staff/invite/${one.id}`} hindrance={desk.hindrance()} press={() => void desk.invite(one)}>
              招待の 番号を 出す
              <span class="unseen">（{one.name}）</span>
            </Action>
          )}
        </div>
      ))}
    </section>
  );
}

function Joining({ desk, device }: { desk: Desk; device: JoiningDevice }) {
  if (!device.may_admit || device.officer === null) {
    return null;
  }
  return (
    <section class="card" aria-labelledby={`device-${device.id}`}>
      <h2 id={`device-${device.id}`}>{person(device.officer)}の 端末が 待っています</h2>
      <Words words={device.words} />
      <p>
        {device.officer.name}さんに 電話か 目の前で 3つの ことばを 読んで もらいます。<b>ちがう時は 登録しないで、管理者に 伝えてください。</b>
      </p>
      <Action desk={desk} name={`staff/admit/${device.id}`} look="primary" hindrance={desk.hindrance()} press={() => void desk.admit(device)}>
        同じ ことばなので 登録する
      </Action>
    </section>
  );
}
