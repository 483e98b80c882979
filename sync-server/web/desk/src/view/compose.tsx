// Putting an order together. Nothing here reaches anybody outside the desk.

import { useState } from "preact/hooks";
import type { District, Message, State, Texts } from "../contract.js";
import type { Desk } from "../desk.js";
import { chosenDistricts, chosenMessage, type Form, isRefused, missing, placesInDoubt, placesOf, toggle, typeArrival } from "../form.js";
import { clock, hazardName, HAZARD_ORDER, inSentence } from "../words.js";
import { DistrictMap } from "./map.js";
import { Action, Bar, Plate } from "./parts.js";

export function Compose({ desk, state }: { desk: Desk; state: State }) {
  const { form, mode } = desk;
  const change = (work: (form: Form) => void) => {
    work(form);
    desk.redraw();
  };
  const thread = desk.threads().find((known) => known.id === form.thread);
  return (
    <main class="compose">
      <h1 tabIndex={-1}>
        {mode === "exercise" && <Plate of="exercise" />}
        {thread === undefined ? "お知らせを 作る" : `「${inSentence(thread.title)}」を 更新する`}
        <span class="not-sent">まだ 1台にも 送っていません</span>
      </h1>
      <div class="columns">
        <section class="card" aria-labelledby="what">
          <h2 id="what">
            <i>1</i> なにを
          </h2>
          <Messages form={form} state={state} change={change} />
          {chosenMessage(form, state)?.tsunami != null && <Arrival form={form} desk={desk} change={change} />}
        </section>
        <section class="card districts" aria-labelledby="where">
          <h2 id="where">
            <i>2</i> どこへ
          </h2>
          {desk.sheet !== null && <DistrictMap sheet={desk.sheet} state={state} form={form} toggle={(district) => change((it) => toggle(it, district))} />}
          <Districts form={form} state={state} change={change} />
        </section>
        <section class="card read" aria-labelledby="read">
          <h2 id="read">
            <i>3</i> 読んで、つぎへ
          </h2>
          <Reading message={chosenMessage(form, state)} exercise={mode === "exercise"} />
          <Whom chosen={chosenDistricts(form, state)} />
          <Next desk={desk} state={state} />
        </section>
      </div>
    </main>
  );
}

export type Change = (work: (form: Form) => void) => void;

function Messages({ form, state, change }: { form: Form; state: State; change: Change }) {
  const hazards = [...new Set(state.messages.map((message) => message.hazard))].sort((a, b) => HAZARD_ORDER.indexOf(a) - HAZARD_ORDER.indexOf(b));
  const shown = state.messages.filter((message) => message.hazard === form.hazard);
  return (
    <>
      <fieldset class="chips">
        <legend>災害</legend>
        {hazards.map((hazard) => {
          // A thread is about one event; another hazard is another one.
          const closed = form.thread !== null && hazard !== form.hazard;
          return (
            <label key={hazard} class={closed ? "chip off" : "chip"}>
              <input
                type="radio"
                name="hazard"
                checked={form.hazard === hazard}
                disabled={closed}
                onChange={() =>
                  change((it) => {
                    it.hazard = hazard;
                    it.message = null;
                  })
                }
              />
              <span>{hazardName(hazard)}</span>
            </label>
          );
        })}
      </fieldset>
      {form.hazard === null ? (
        <p class="dim">災害を 選ぶと、準備した お知らせが 出ます。</p>
      ) : (
        <fieldset class="messages">
          <legend>準備した お知らせ</legend>
          {shown.map((message) => (
            <label key={message.id} class="message">
              <input type="radio" name="message" checked={form.message === message.id} onChange={() => change((it) => (it.message = message.id))} />
              <span>
                <b>{message.label}</b>
                <span class="dim">{message.level === null ? "" : `警戒レベル${message.level}`}</span>
              </span>
            </label>
          ))}
          {form.hazard === "Tsunami" && <p class="dim">津波に 警戒レベルは ありません。</p>}
        </fieldset>
      )}
    </>
  );
}

function Arrival({ form, desk, change }: { form: Form; desk: Desk; change: Change }) {
  const now = desk.now();
  const choose = (arrival: Form["arrival"]) =>
    change((it) => {
      it.arrival = arrival;
      typeArrival(it, now);
    });
  const option = (arrival: Form["arrival"], name: string) => (
    <label class="chip">
      <input type="radio" name="arrival" checked={form.arrival === arrival} onChange={() => choose(arrival)} />
      <span>{name}</span>
    </label>
  );
  return (
    <fieldset class="chips">
      <legend>津波が 来る 時刻（必要）</legend>
      {option("minutes", "あと 何分")}
      {option("clock", "時刻")}
      {option("unknown", "わからない")}
      <div class="arrival">
        {form.arrival === "minutes" && (
          <label>
            あと
            <input
              class="short"
              inputMode="numeric"
              autocomplete="off"
              value={form.minutes}
              onInput={(event) =>
                change((it) => {
                  it.minutes = event.currentTarget.value.normalize("NFKC");
                  typeArrival(it, now);
                })
              }
            />
            分
          </label>
        )}
        {form.arrival === "clock" && (
          <label>
            時刻
            <input
              type="time"
              class="short"
              value={form.clock}
              onInput={(event) =>
                change((it) => {
                  it.clock = event.currentTarget.value;
                  typeArrival(it, now);
                })
              }
            />
          </label>
        )}
        <output>
          {form.arrival === "unknown" && "時刻は テレビに 出ません"}
          {form.arrives !== null && (form.arrives > now ? `${clock(form.arrives)} と 出ます` : `！ ${clock(form.arrives)} は もう 過ぎています。「すぐ 来ます」と 出ます`)}
        </output>
      </div>
    </fieldset>
  );
}

export function Districts({ form, state, change }: { form: Form; state: State; change: Change }) {
  const open = state.districts.filter((district) => !isRefused(district, form.hazard));
  const all = open.length > 0 && open.every((district) => form.districts.has(district.name));
  const doubted = placesInDoubt(form, state);
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">
              <label class="pick">
                <input
                  type="checkbox"
                  checked={all}
                  onChange={() => change((it) => (it.districts = all ? new Set() : new Set(open.map((district) => district.name))))}
                />
                すべての 地区
              </label>
            </th>
            <th scope="col" class="right">世帯</th>
            <th scope="col" class="right">人</th>
            <th scope="col" class="right">支援</th>
            <th scope="col" class="right">テレビ</th>
            <th scope="col">行き先</th>
          </tr>
        </thead>
        <tbody>
          {state.districts.map((district) => (
            <DistrictRow key={district.name} district={district} form={form} change={change} />
          ))}
        </tbody>
      </table>
      {doubted.map((place, index) => (
        <div class="reason" key={place}>
          <label for={`reason-${index}`}>
            <span class="standing unknown">？ 不明</span> <b>{place}</b>を 使う理由（必要）
          </label>
          <input
            id={`reason-${index}`}
            required
            autocomplete="off"
            maxLength={200}
            value={form.reasons.get(place) ?? ""}
            aria-describedby={`reason-note-${index}`}
            onInput={(event) => change((it) => it.reasons.set(place, event.currentTarget.value))}
          />
          <p class="dim" id={`reason-note-${index}`}>
            安全か 町の 台帳に ありません。だれが いつ 見たかを 書きます。2人目も 読みます。
          </p>
        </div>
      ))}
    </>
  );
}

function DistrictRow({ district, form, change }: { district: District; form: Form; change: Change }) {
  const { hazard } = form;
  const refused = isRefused(district, hazard);
  const places = hazard === null ? null : placesOf(district, hazard);
  return (
    <tr class={refused ? "refused" : form.districts.has(district.name) ? "chosen" : ""}>
      <th scope="row">
        <label class="pick">
          <input type="checkbox" checked={!refused && form.districts.has(district.name)} disabled={refused} onChange={() => change((it) => toggle(it, district))} />
          {district.name}
        </label>
      </th>
      <td class="right number">{district.households}</td>
      <td class="right number">{district.people}</td>
      <td class="right number">{district.support}</td>
      <td class="right number">{district.televisions}</td>
      <td class="go">
        {places === null ? (
          <span class="dim">災害を 選ぶと 出ます</span>
        ) : (
          <>
            {places.usable.map((place) => (
              <div key={place.place}>
                {place.place} {place.standing === "unknown" && <span class="standing unknown">？ 不明</span>}
              </div>
            ))}
            {places.unsafe.map((place) => (
              <div key={place.place}>
                <span class="standing unsafe">危</span> {refused
                  ? `${place.place}は ${hazardName(hazard ?? "")}では 危険です。この 地区は ここから 送れません。防災無線・電話で 知らせ、行き先を 直してください。`
                  : `${place.place}は 使いません`}
              </div>
            ))}
            {places.usable.length + places.unsafe.length === 0 && <span>行き先の 登録が ありません（お知らせだけ 出ます）</span>}
          </>
        )}
      </td>
    </tr>
  );
}

const LANGUAGES: Array<{ key: keyof Texts; name: string; language: string }> = [
  { key: "simple", name: "やさしい日本語", language: "ja" },
  { key: "ja", name: "日本語", language: "ja" },
  { key: "en", name: "English", language: "en" },
];

function Reading({ message, exercise }: { message: Message | undefined; exercise: boolean }) {
  const [at, setAt] = useState(0);
  const chosen = LANGUAGES[at] ?? LANGUAGES[0];
  if (chosen === undefined) {
    return null;
  }
  const turn = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step !== 0) {
      const next = (at + step + LANGUAGES.length) % LANGUAGES.length;
      setAt(next);
      document.getElementById(`language-${next}`)?.focus();
    }
  };
  return (
    <div class="reading">
      <div role="tablist" aria-label="ことば" class="languages">
        {LANGUAGES.map((language, index) => (
          <button type="button" key={language.key} id={`language-${index}`} role="tab" aria-selected={at === index} aria-controls="text" tabIndex={at === index ? 0 : -1} class="language" onClick={() => setAt(index)} onKeyDown={turn}>
            {language.name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="text" aria-labelledby={`language-${at}`} tabIndex={0} class="panel">
        {message === undefined ? (
          <p class="dim">お知らせを 選ぶと、文が 出ます。</p>
        ) : (
          <>
            <p class="text" lang={chosen.language}>
              {exercise && <Plate of="exercise" />}
              {message.texts[chosen.key]}
            </p>
            <p class="prepared" lang={chosen.language}>
              <b lang="ja">取消の 文</b>
              {message.cancel[chosen.key]}
            </p>
          </>
        )}
      </div>
    </div>
  );
}

function Whom({ chosen }: { chosen: District[] }) {
  const sum = (of: (district: District) => number) => chosen.reduce((total, district) => total + of(district), 0);
  const households = sum((district) => district.households);
  const televisions = sum((district) => district.televisions);
  return (
    <div class="whom">
      <h3>だれに 届くか</h3>
      <p>
        <b class="figure">{households}</b>世帯　<b class="figure">{sum((district) => district.people)}</b>人
        <span class="within">うち 支援が 必要 <b>{sum((district) => district.support)}</b>世帯</span>
      </p>
      <Bar part={televisions} whole={households} />
      <p>
        テレビ <b>{televisions}</b>台
        {households > televisions && <span>　少なくとも {households - televisions}世帯には テレビで 届きません</span>}
      </p>
    </div>
  );
}

function Next({ desk, state }: { desk: Desk; state: State }) {
  const gaps = missing(desk.form, state);
  const first = gaps[0];
  const hindrance = desk.hindrance() ?? (first === undefined ? null : `あと ${gaps.length}つ：${gaps.join("、")}`);
  const drill = desk.mode === "exercise";
  return (
    <div class="next">
      <Action desk={desk} name="compose" look={drill ? "drill-dashed large" : "primary large"} hindrance={hindrance} press={() => void desk.makeOrder()}>
        {drill ? "訓練として 内容を 確かめて 署名へ" : "内容を 確かめて 署名へ"}
      </Action>
      <p class="dim">つぎの 画面で テレビの 見え方と ほかの 手段の 文を 確かめます。{drill ? "1人" : "2人"}の 署名まで 送りません。</p>
    </div>
  );
}
