// A draft waits for its signatures; afterwards the same page says what became of it.

import { useState } from "preact/hooks";
import type { Draft, Triggered } from "../contract.js";
import type { Desk } from "../desk.js";
import { automatic, clockAndDay, clockWithSeconds, effect, hazardName, inSentence, KIND_NAMES, person, running, unruby } from "../words.js";
import { Action, AllClearSign, CancelSign, OtherWays, Plate, Television, Words } from "./parts.js";
import { NextToCall } from "./signers.js";

export function DraftPage({ desk }: { desk: Desk }) {
  const shown = desk.draft(desk.route.draft);
  if (shown === null) {
    return <Gone desk={desk} />;
  }
  const { draft, waits } = shown;
  const sent = waits ? null : desk.sentIn(draft);
  if (!waits && sent === null) {
    return <Gone desk={desk} />;
  }
  return (
    <main class={`draft ${draft.kind}`}>
      <div class="columns">
        <section class="card signing">
          {sent === null ? <Waiting desk={desk} draft={draft} /> : <Sent desk={desk} draft={draft} at={sent.updated} />}
        </section>
        <section class="card" aria-labelledby="content">
          <h2 id="content">{sent === null ? "署名する 内容" : "送った 内容"}</h2>
          <Television key={draft.id} sample={draft.sample} exercise={draft.class === "exercise"} />
          <Facts draft={draft} now={desk.now()} />
        </section>
      </div>
    </main>
  );
}

function Gone({ desk }: { desk: Desk }) {
  return (
    <main>
      <section class="card narrow">
        <h1 tabIndex={-1}>この 下書きは もう ありません</h1>
        <p>捨てられたか、時間が すぎたか、先に ほかの お知らせが 出ました。この 下書きから 送ったものは「いまの ようす」に 出ます。</p>
        <button type="button" class="button" onClick={() => desk.go(desk.mode, "follow")}>
          いまの ようすを 見る
        </button>
      </section>
    </main>
  );
}

function Title({ draft }: { draft: Draft }) {
  return (
    <>
      {draft.class === "exercise" && <Plate of="exercise" />}
      {draft.kind === "Cancel" && <CancelSign />}
      {draft.kind === "AllClear" && <AllClearSign />}
      {draft.again && "もう一度　"}
      {draft.title}
    </>
  );
}

function Waiting({ desk, draft }: { desk: Desk; draft: Draft }) {
  const rest = draft.needed - draft.signed.length;
  return (
    <>
      <div class="waiting">
        <div>
          <h1 tabIndex={-1}>
            <Title draft={draft} />
          </h1>
          <span class="not-sent">まだ 1台にも 送っていません</span>
          {draft.trigger !== null && <Automatic trigger={draft.trigger} />}
        </div>
        <div class="waited">
          <span class="dim">待ち時間</span>
          <b class="number">{running(desk.now() - draft.made)}</b>
          <span class="dim">あと {running(draft.expires - desk.now())} で 消えます</span>
        </div>
      </div>
      <p class="effect">
        <b>{effect(draft)}</b>
        {draft.needed === 1 ? " 1人の 署名で すぐ 送ります。" : rest > 1 ? " 2人の 署名が そろうと 送ります。" : " つぎの 署名で すぐ 送ります。"}
      </p>
      <ol class="slots">
        {Array.from({ length: draft.needed }, (_, index) => (
          <Slot key={index} draft={draft} index={index} />
        ))}
      </ol>
      <Sign desk={desk} draft={draft} />
      {draft.needed > 1 && (
        <div>
          <h2>2台の 画面で 同じか 確かめる ことば</h2>
          <Words words={draft.words} />
        </div>
      )}
      <details class="other-ways">
        <summary>ほかの 手段の 文（写して 使う）</summary>
        <OtherWays channels={draft.channels} />
      </details>
      <Drop desk={desk} draft={draft} />
    </>
  );
}

/** Nobody here put it together: two officers did in advance, and the agency's warning brought it. */
export function Automatic({ trigger }: { trigger: Triggered }) {
  return (
    <p class="automatic">
      <b>{automatic(trigger)}</b>（{trigger.coast}）　事前の 署名：{trigger.prepared_by.map((one) => one.name).join("・")}
    </p>
  );
}

function Slot({ draft, index }: { draft: Draft; index: number }) {
  const signature = draft.signed[index];
  const name = draft.needed === 1 ? "署名" : `${index + 1}人目`;
  return signature === undefined ? (
    <li class="slot open">
      <span class="dim">{name}</span>
      <b>未署名</b>
      <span>{draft.needed === 1 ? "1人で 送れます" : "同じ人は 2回 署名できません"}</span>
    </li>
  ) : (
    <li class="slot">
      <span class="dim">{name}</span>
      <b>✓ {person(signature)}</b>
      <span class="number">{clockWithSeconds(signature.at)} に 署名</span>
    </li>
  );
}

function signWords(draft: Draft): string {
  const last = draft.signed.length + 1 >= draft.needed;
  const what = draft.kind === "Cancel" ? "取消を " : draft.kind === "AllClear" ? "解除を " : "";
  const who = draft.needed === 1 ? "" : `${draft.signed.length + 1}人目として `;
  const words = last ? `${who}署名して ${what}送る` : `${who}署名する`;
  return draft.class === "live" ? words : `訓練として ${words}`;
}

function Sign({ desk, draft }: { desk: Desk; draft: Draft }) {
  if (draft.mine) {
    return (
      <p class="mine" role="status">
        <b>✓ あなたは 署名しました。別の 職員の 署名が 必要です。</b>
        <span>別の 端末の「いまの ようす」に、この 下書きが 出ています。電話か 声で 呼んでください。</span>
        <NextToCall next={desk.nextToCall(draft.class, draft.signed)} />
      </p>
    );
  }
  const credentials = desk.state?.credentials[draft.class] ?? [];
  const hindrance =
    desk.hindrance() ??
    (draft.expires <= desk.now()
      ? "時間が すぎました。もう一度 作ってください。"
      : credentials.length === 0
        ? `あなたの ${draft.class === "live" ? "本番" : "訓練"}の パスキーが ありません。管理者に 伝えてください。`
        : null);
  const look = draft.class === "exercise" ? "drill-dashed" : draft.kind === "Cancel" ? "cancel" : draft.kind === "AllClear" ? "all-clear" : "primary";
  return (
    <Action desk={desk} name={`sign/${draft.id}`} look={`${look} huge`} hindrance={hindrance} press={() => void desk.sign(draft)}>
      {signWords(draft)}
    </Action>
  );
}

function Drop({ desk, draft }: { desk: Desk; draft: Draft }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  if (!open) {
    return (
      <button type="button" class="button small quiet" aria-expanded={false} onClick={() => setOpen(true)}>
        送らないで 捨てる…
      </button>
    );
  }
  return (
    <div class="drop">
      <label for="drop-reason">捨てる理由（必要）</label>
      <input id="drop-reason" value={reason} maxLength={200} autocomplete="off" ref={(field) => void (field !== null && reason === "" && document.activeElement === document.body && field.focus())} onInput={(event) => setReason(event.currentTarget.value)} />
      <div class="row">
        <Action desk={desk} name={`drop/${draft.id}`} look="danger" hindrance={desk.hindrance() ?? (reason.trim() === "" ? "理由を 書くと 捨てられます。" : null)} press={() => void desk.drop(draft, reason.trim())}>
          捨てる（送りません）
        </Action>
        <button type="button" class="button" onClick={() => setOpen(false)}>
          もどる
        </button>
      </div>
    </div>
  );
}

function Sent({ desk, draft, at }: { desk: Desk; draft: Draft; at: number }) {
  return (
    <>
      <h1 tabIndex={-1}>
        <Title draft={draft} />
      </h1>
      <p class="sent">
        <b>✓ {clockWithSeconds(at)} に 送りました</b>
      </p>
      <p class="effect">{effect(draft).replace("出ます", "出ています")}</p>
      <button type="button" class="button primary large" onClick={() => desk.go(draft.class, "follow")}>
        いまの ようすを 見る
      </button>
      <h2>つぎに：ほかの 手段でも 同じ 内容を</h2>
      <OtherWays channels={draft.channels} />
    </>
  );
}

function Facts({ draft, now }: { draft: Draft; now: number }) {
  const { sample } = draft;
  const rows: Array<[string, string]> = [
    ["種類", `${draft.class === "live" ? "本番" : "訓練"}・${KIND_NAMES[draft.kind]}`],
    ["お知らせ", inSentence(draft.title)],
    ["災害", hazardName(draft.hazard)],
    ["地区", draft.districts.join("・")],
    ["もう一度", draft.again ? "まだ 着いていない 世帯だけ" : ""],
    ["世帯", `${draft.households}世帯　${draft.people}人　テレビ ${draft.televisions}台`],
    ["テレビの ことば", [unruby(sample.act), ...(sample.lines ?? []).map(unruby)].filter((line) => line !== "").join("　")],
    ["行き先", draft.places.join("・")],
    ...draft.reasons.map(({ place, reason }): [string, string] => ["理由", `${place}「${reason}」`]),
    ["津波が 来る", sample.arrives === undefined ? "" : clockAndDay(sample.arrives, now)],
    ["効力", `${clockAndDay(sample.expires, now)} まで`],
  ];
  return (
    <table class="facts">
      <tbody>
        {rows
          .filter(([, value]) => value !== "")
          .map(([name, value]) => (
            <tr key={name + value}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
