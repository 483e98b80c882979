// Orders that two officers sign in advance: what stands, until when, what the agency said last, and a new one.

import { useState } from "preact/hooks";
import type { AgencyWord, Release, State, UnsentRelease } from "../contract.js";
import type { Desk } from "../desk.js";
import { chosenDistricts, type Form, placesInDoubt } from "../form.js";
import { age, clock, clockAndDay, DAY, day, inSentence, person, warningName } from "../words.js";
import { Districts } from "./compose.js";
import { Action, Television } from "./parts.js";

const POLICIES: Record<State["releases"]["policy"], string> = {
  none: "いまは 気象庁の 警報で 何も 出ません。管理者に 伝えてください。",
  alone: "気象庁の 警報が 出ると、ここで 署名した お知らせが すぐ 出ます。だれも 押しません。",
  officer: "気象庁の 警報が 出ると、ここで 署名した お知らせが 用意されます。職員 1人の 署名で 出ます。",
};
const DAYS = [30, 60, 90];

export function Releases({ desk, state }: { desk: Desk; state: State }) {
  const { releases } = state;
  return (
    <main class="releases">
      <h1 tabIndex={-1}>事前の 署名</h1>
      <p class={releases.policy === "none" ? "alarm" : ""}>{POLICIES[releases.policy]}</p>
      <Agency desk={desk} releases={releases} />
      <Unsent desk={desk} state={state} />
      <Dropped desk={desk} state={state} />
      {releases.prepared.length === 0 && <p class="card">署名した お知らせは ありません。下で 作ります。</p>}
      {releases.prepared.map((release) => (
        <Prepared key={release.id} desk={desk} release={release} />
      ))}
      <Make desk={desk} state={state} />
    </main>
  );
}

/** What the agency said last, and whether the town would hear it. */
function Agency({ desk, releases: { heard, policy, clock: ahead } }: { desk: Desk; releases: State["releases"] }) {
  if (policy === "none") {
    return null;
  }
  if (ahead !== null) {
    return (
      <p class="alarm" role="status">
        ！ 気象庁の 電文を 受ける 機械の 時計が {age(Math.abs(ahead))} {ahead < 0 ? "おくれて" : "進んで"} います。自動では 何も 出ません。管理者に 時計を 合わせて もらってください。
      </p>
    );
  }
  if (heard === null || heard.silent || desk.now() - heard.at > 3 * 60_000) {
    return (
      <p class="alarm" role="status">
        ！ 気象庁の 電文を 受ける 機械が 答えません{heard === null ? "" : `（最後は ${clock(heard.at)}）`}。自動では 何も 出ません。管理者に 伝えてください。
      </p>
    );
  }
  const { message, drill } = heard;
  const now = desk.now();
  return (
    <p role="status">
      ✓ 気象庁の 電文を 受けています。最後の 電文　<b>{message === null ? "まだ 電文は ありません" : words(message, now)}</b>
      {message !== null && message.unknown > 0 && <b class="alarm">　！ 知らない 種類の 警報が あります。気象庁の 発表を 見てください</b>}
      {drill !== null && <span class="dim">　訓練・試験の 電文（何も 出ません）　{words(drill, now)}</span>}
    </p>
  );
}

function words(said: AgencyWord, now: number): string {
  const areas = said.areas.map((area) => `${area.name}：${area.kind === null ? "警報なし" : warningName(area.kind)}`).join("・");
  return `${clockAndDay(said.reported, now)} ${said.info === "Withdrawn" ? "取消" : ""}　${areas || "この町の 海岸は なし"}`;
}

/** What an officer on duty dropped: it does not come back by itself, and everybody else should know. */
export function Dropped({ desk, state }: { desk: Desk; state: State }) {
  const now = desk.now();
  return (
    <>
      {state.releases.dropped.map(({ kind, coast, title, by }) => (
        <p key={by.at} class="card dropped" role="status">
          <b>
            {clockAndDay(by.at, now)} に {by.name}さん{by.title !== "" && `（${by.title}）`}が 捨てました：気象庁の {warningName(kind)}（{coast}）で 用意された「{inSentence(title)}」
          </b>
          <span>同じ 警報では もう 自動で 出ません。{BY_HAND}</span>
        </p>
      ))}
    </>
  );
}

const WHY: Record<Exclude<UnsentRelease["why"], "lapsed">, string> = {
  not_standing: "事前の 署名が もう ありませんでした。",
  other_time: "届くのが おそすぎたか、時計が 合っていません。管理者にも 伝えてください。",
  no_place: "サーバーの 番号と 合いませんでした。管理者にも 伝えてください。",
  overtaken: "先に ほかの お知らせが 出ました。そのあとの 分が まだ 届きません。",
  not_believed: "署名か 町の 決まりと 合いませんでした。管理者にも 伝えてください。",
};
const BY_HAND = "出すときは「お知らせを 作る」から 2人の 署名で 送ってください。";

/** What should have come by itself, and nobody was told. */
export function Unsent({ desk, state }: { desk: Desk; state: State }) {
  const now = desk.now();
  return (
    <>
      {state.releases.unsent.map(({ kind, coast, title, why, at }) => {
        const what = `気象庁の ${warningName(kind)}（${coast}）で 用意された${title === "" ? " お知らせ" : `「${inSentence(title)}」`}`;
        return why === "lapsed" ? (
          <p key={`${at}${kind}`} class="card dropped" role="status">
            <b>
              {clockAndDay(at, now)} に、署名が ないまま 消えました：{what}
            </b>
            <span>1時間 だれも 署名しなかったので、だれにも 出ていません。警報が つづくと、気象庁の つぎの 電文で また 用意されます。いま {BY_HAND}</span>
          </p>
        ) : (
          <p key={`${at}${kind}`} class="card unsent" role="status">
            <b class="alarm">
              ！ 自動で 出ませんでした（{clockAndDay(at, now)}）：{what}
            </b>
            <span>
              {WHY[why]}
              {BY_HAND}
            </span>
          </p>
        );
      })}
    </>
  );
}

function alarmWords(release: Release, alarm: Release["alarms"][number], now: number): string {
  switch (alarm) {
    case "ends":
      return `あと ${Math.max(0, Math.floor((release.until - now) / DAY))}日で 終わります`;
    case "left":
      return "署名した 職員が 署名できなくなりました";
    case "households":
      return "世帯が 変わりました";
    case "plan":
      return "準備した 文か 行き先が 変わりました";
  }
}

function Prepared({ desk, release }: { desk: Desk; release: Release }) {
  const [open, setOpen] = useState(false);
  const now = desk.now();
  const sample = { ...release.sample, sent: now, expires: now + release.hours * 3_600_000 };
  return (
    <section class={release.stands ? "card release" : "card release waits"} aria-labelledby={`release-${release.id}`}>
      <div>
        <h2 id={`release-${release.id}`}>
          {release.coast.name}に {warningName(release.kind)}が 出たら
        </h2>
        <p>
          <b class={release.stands ? "stands" : "not-sent"}>{release.stands ? "✓ 用意できています" : `署名待ち　あと ${Math.max(1, 2 - release.signed.length)}人`}</b>　{day(release.until)} まで
        </p>
        {release.stands && release.alarms.length > 0 && (
          <p class="alarm">！ {release.alarms.map((alarm) => alarmWords(release, alarm, now)).join("。")}。新しく 作って 署名してください。</p>
        )}
        <dl>
          <dt>地区</dt>
          <dd>{release.districts.join("・")}</dd>
          <dt>行き先</dt>
          <dd>{release.places.join("・")}</dd>
          {release.reasons.map(({ place, reason }) => (
            <>
              <dt>{place}を 使う理由</dt>
              <dd>{reason}</dd>
            </>
          ))}
          <dt>届く 世帯</dt>
          <dd>
            {release.households}世帯 {release.people}人（署名した時）
          </dd>
          <dt>署名</dt>
          <dd>{release.signed.length === 0 ? "まだ" : release.signed.map((signed) => `✓ ${person(signed)}`).join("　")}</dd>
          {!release.stands && (
            <>
              <dt>確かめる ことば</dt>
              <dd>{release.words.join("・")}</dd>
            </>
          )}
        </dl>
        {!release.stands && release.mine && (
          <p class="mine" role="status">
            <b>✓ あなたは 署名しました。別の 職員の 署名が 必要です。</b>
          </p>
        )}
        {!release.stands && !release.mine && (
          <Action desk={desk} name={`release/${release.id}`} look="primary huge" hindrance={desk.hindrance()} press={() => void desk.signRelease(release)}>
            {release.signed.length + 1}人目として 事前に 署名する
          </Action>
        )}
        {open ? (
          <Action desk={desk} name={`withdraw/${release.id}`} look="cancel" hindrance={desk.hindrance()} press={() => void desk.withdrawRelease(release)}>
            やめる（気象庁の 警報で 出なくなります）
          </Action>
        ) : (
          <button type="button" class="button small quiet" aria-expanded={false} onClick={() => setOpen(true)}>
            やめる…
          </button>
        )}
      </div>
      <Television sample={sample} exercise={false} />
    </section>
  );
}

function Make({ desk, state }: { desk: Desk; state: State }) {
  const { form } = desk;
  const { coasts } = state.releases;
  const [coast, setCoast] = useState(coasts[0]?.segment ?? 0);
  const [days, setDays] = useState(90);
  const change = (work: (form: Form) => void) => {
    work(form);
    desk.redraw();
  };
  const messages = state.messages.filter((message) => message.tsunami !== null);
  if (coasts.length === 0 || messages.length === 0) {
    return <p class="card">準備に 海岸か 津波の お知らせが ありません。管理者に 伝えてください。</p>;
  }
  const reasons = Object.fromEntries(placesInDoubt(form, state).map((place) => [place, (form.reasons.get(place) ?? "").trim()]));
  const districts = chosenDistricts(form, state).map((district) => district.name);
  const left = [
    ...(form.message === null ? ["警報を 選ぶ"] : []),
    ...(districts.length === 0 ? ["地区を 選ぶ"] : []),
    ...Object.entries(reasons).flatMap(([place, reason]) => (reason === "" ? [`${place}を 使う理由を 書く`] : [])),
  ];
  const hindrance = desk.hindrance() ?? (left.length > 0 ? `まだ：${left.join("、")}` : null);
  const chip = (name: string, checked: boolean, words: string, choose: () => void) => (
    <label class="chip" key={words}>
      <input type="radio" name={name} checked={checked} onChange={choose} />
      <span>{words}</span>
    </label>
  );
  return (
    <section class="card make" aria-labelledby="make">
      <h2 id="make">新しく 作る</h2>
      <fieldset class="chips">
        <legend>この 警報が 出たら</legend>
        {messages.map((message) => chip("warning", form.message === message.id, message.label, () => change((it) => (it.message = message.id))))}
      </fieldset>
      {coasts.length > 1 && (
        <fieldset class="chips">
          <legend>この 海岸に</legend>
          {coasts.map((one) => chip("coast", coast === one.segment, one.name, () => setCoast(one.segment)))}
        </fieldset>
      )}
      <Districts form={form} state={state} change={change} />
      <fieldset class="chips">
        <legend>いつまで</legend>
        {DAYS.map((one) => chip("days", days === one, `${one}日（${day(desk.now() + one * DAY)} まで）`, () => setDays(one)))}
      </fieldset>
      <Action desk={desk} name="release" look="primary" hindrance={hindrance} press={() => void desk.makeRelease({ message: form.message ?? "", districts, reasons, coast, days })}>
        作って 署名へ
      </Action>
    </section>
  );
}
