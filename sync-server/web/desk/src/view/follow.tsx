// What is out, what waits, who needs help.

import { Fragment } from "preact";
import type { Draft, KeyClass, Stage, State, Task, Thread } from "../contract.js";
import { type Desk, NOBODY_HELPS } from "../desk.js";
import { automatic, clock, clockAndDay, clockWithSeconds, person, running } from "../words.js";
import { Again, MissingHouseholds, Report } from "./missing.js";
import { Automatic } from "./draft.js";
import { Action, AllClearSign, Bar, CancelSign, Plate } from "./parts.js";
import { Dropped, Unsent } from "./releases.js";

/** Whatever is live stands above whatever is a drill. */
const CLASSES: KeyClass[] = ["live", "exercise"];

export function Follow({ desk, state }: { desk: Desk; state: State }) {
  const threads = desk.threads();
  return (
    <main class="follow">
      <h1 tabIndex={-1}>いまの ようす</h1>
      <div class="columns">
        <div class="stack">
          <Unsent desk={desk} state={state} />
          <Dropped desk={desk} state={state} />
          {CLASSES.map((keyClass) => (
            <Fragment key={keyClass}>
              {desk
                .drafts()
                .filter((draft) => draft.class === keyClass)
                .map((draft) => (
                  <DraftCard key={draft.id} desk={desk} draft={draft} />
                ))}
              {threads
                .filter((thread) => thread.class === keyClass && thread.in_force && thread.kind !== "Cancel")
                .map((thread) => (
                  <ThreadCard key={thread.id} desk={desk} thread={thread} />
                ))}
            </Fragment>
          ))}
          {!threads.some((thread) => thread.in_force && thread.kind !== "Cancel") && (
            <section class="card none">
              <p>
                <b>いま 出ている お知らせは ありません。</b>
              </p>
              <button type="button" class={desk.mode === "live" ? "button primary large" : "button drill-dashed large"} onClick={() => desk.compose()}>
                {desk.mode === "live" ? "お知らせを 作る" : "訓練として お知らせを 作る"}
              </button>
            </section>
          )}
          <Over desk={desk} threads={threads.filter((thread) => !thread.in_force || thread.kind === "Cancel")} />
        </div>
        <Help desk={desk} count={state.help.length} />
        {desk.mode === "live" && state.bindings.total > 0 && (
          <button type="button" class="button quiet" onClick={() => desk.go("live", "televisions")}>
            避難所で つないだ テレビ（{state.bindings.total}）
          </button>
        )}
      </div>
    </main>
  );
}

/** Broadcasters: who has it, and on whose air it is. */
function Stations({ thread }: { thread: Thread }) {
  return thread.stations.length === 0 ? null : (
    <p class="broadcasters">
      <b>放送局</b>
      {thread.stations.map(({ name, is_pushed, is_on_air, received, tries }, index) => (
        <span key={index} class={is_pushed && received === null && tries > 0 ? "station late" : "station"}>
          {`${name}　`}
          {received !== null ? `✓ ${clock(received)} 届いた` : !is_pushed ? "取りに 来る 局" : tries === 0 ? "送る 途中" : `！ 届かない（${tries}回）`}
          {is_on_air && <b>　オンエア</b>}
        </span>
      ))}
    </p>
  );
}

function DraftCard({ desk, draft }: { desk: Desk; draft: Draft }) {
  return (
    <section class={`card waits ${draft.class}`}>
      <div class="row">
        <Plate of={draft.class} />
        <div class="grow">
          <h2>
            署名待ち　{draft.again && "もう一度　"}
            {draft.title}
            {draft.trigger !== null && `　${automatic(draft.trigger)}`}
          </h2>
          <p>
            {draft.districts.join("・")}　{draft.households}世帯　署名 {draft.signed.length}/{draft.needed}
            {draft.signed[0] !== undefined && `（${person(draft.signed[0])}）`}　<span class="number">{running(desk.now() - draft.made)}</span> 待っています
          </p>
        </div>
        <button type="button" class={draft.class === "exercise" ? "button drill-dashed" : draft.mine ? "button" : "button primary"} onClick={() => desk.go(draft.class, "draft", draft.id)}>
          {draft.mine ? "見る（署名ずみ）" : draft.class === "exercise" ? "訓練として 署名へ" : "読んで 署名へ"}
        </button>
      </div>
    </section>
  );
}

function ThreadCard({ desk, thread }: { desk: Desk; thread: Thread }) {
  const { stages } = thread;
  const bars: Array<[string, Stage, string, string?]> = [
    ["届いた", stages.delivered, "まだ"],
    ["表示した", stages.shown, "表示を 待つ"],
    ["答えた", stages.answered, "答えなし"],
    ["途中", stages.check_point, "通っていない", "（チェックポイント）"],
    ["着いた", stages.arrived, "着いていない"],
  ];
  return (
    <section class={`card thread ${thread.class}`}>
      <header class="row">
        <Plate of={thread.class} />
        <h2 class="grow">
          {thread.title}
          {thread.trigger !== null && <Automatic trigger={thread.trigger} />}
        </h2>
        <span>
          発令から <b class="number large">{running(desk.now() - thread.sent)}</b>
        </span>
      </header>
      {!thread.believed && (
        <p class="unbelieved" role="status">
          <b>！ いまから 電源が 入る テレビには、この お知らせが 出ません。</b>
          自動で 出す 決まりが、送った あとで 変わりました。2人の 署名で「もう一度 送る」か「更新」を してください。
        </p>
      )}
      <p class="dim">
        {thread.districts.join("・")}　{stages.households}世帯・テレビ {stages.televisions}台　行き先 {thread.places.join("・")}
        {thread.arrives != null && `　津波 ${clockAndDay(thread.arrives, desk.now())}ごろ`}　効力 {clockAndDay(thread.expires, desk.now())} まで
        {thread.updated !== thread.sent && `　${clock(thread.updated)} 更新`}
        {thread.origin && "　避難所の 箱で 署名して 出しました"}
      </p>
      <div class="halves">
        <div>
          <table class="stages">
            <thead>
              <tr>
                <th scope="col">段階</th>
                <th scope="col">世帯（{stages.households}のうち）</th>
                <th scope="col" class="right">中央値</th>
                <th scope="col" class="right">まだの 世帯</th>
              </tr>
            </thead>
            <tbody>
              {bars.map(([name, stage, rest, note]) => (
                <tr key={name}>
                  <th scope="row">
                    {name}
                    {note !== undefined && <small>{note}</small>}
                  </th>
                  <td>
                    <div class="bar">
                      <Bar part={stage.count} whole={stages.households} />
                      <b>{stage.count}</b>
                    </div>
                  </td>
                  <td class="right number">{stage.median === null ? "―" : `＋${running(stage.median)}`}</td>
                  <td class="right">
                    {Math.max(0, stages.households - stage.count)}　<span class="dim">{rest}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <Unreachable count={stages.unreachable} />
          <div class="loop">
            <Again desk={desk} thread={thread} />
            <button type="button" class={thread.class === "live" ? "button" : "button drill-dashed"} onClick={() => desk.update(thread)}>
              {thread.class === "live" ? "内容を 変えて 送る（更新）" : "訓練として 内容を 変えて 送る（更新）"}
            </button>
            <Report desk={desk} thread={thread} />
          </div>
        </div>
        {thread.kind === "Order" ? (
          <div class="ends">
            <CancelCard desk={desk} thread={thread} />
            <AllClearCard desk={desk} thread={thread} />
          </div>
        ) : (
          <p class="ends">
            <b>解除を 送りました。</b>まちがって 解除した時は「内容を 変えて 送る」で もう一度 出します。
          </p>
        )}
      </div>
      <Stations thread={thread} />
      <MissingHouseholds desk={desk} thread={thread} />
    </section>
  );
}

/** Whoever did not answer may have read it; whom no set reached has not, and hears only of somebody who goes there or calls. */
function Unreachable({ count }: { count: number }) {
  return count === 0 ? null : (
    <p class="unreachable">
      <b>
        いま <span class="number">{count}</span>世帯は テレビに 届きません。
      </b>
      電源が 切れているか、停電か、回線が 切れています。電話や 訪問で 知らせてください。
    </p>
  );
}

/** One officer is enough for this: the window runs by the server's clock. */
function aloneFor(desk: Desk, thread: Thread): number {
  return thread.cancel_alone_until === null ? 0 : Math.max(0, thread.cancel_alone_until - desk.now());
}

function CancelCard({ desk, thread }: { desk: Desk; thread: Thread }) {
  const drill = thread.class === "exercise";
  const left = aloneFor(desk, thread);
  const alone = drill || left > 0;
  const why = thread.cancel_why === "tsunami" ? "津波の お知らせが 出ているので、1人では 取り消せません。" : "送ってから 10分を すぎたので、1人では 取り消せません。";
  return (
    <section class={alone ? "end cancel" : "end cancel two"}>
      <h3>
        <CancelSign />
        <span>
          取消 <small>まちがって 送った時</small>
        </span>
      </h3>
      <p class="quote">「{thread.cancel_texts.simple}」</p>
      <Action desk={desk} name={`Cancel/${thread.id}`} look={drill ? "drill-dashed" : alone ? "cancel" : "cancel outline"} hindrance={desk.hindrance()} press={() => void desk.makeEnd(thread, "Cancel")}>
        {drill ? "訓練として 取り消す" : alone ? "取消へ（署名 1回で 送る）" : "2人で 取消を 始める"}
      </Action>
      <p>
        {drill ? (
          "訓練は 1人の 署名で 取り消せます。"
        ) : alone ? (
          <>
            1人で できるのは あと <b class="number large">{running(left)}</b>　そのあとは 2人
          </>
        ) : (
          <b>{why}</b>
        )}
      </p>
    </section>
  );
}

function AllClearCard({ desk, thread }: { desk: Desk; thread: Thread }) {
  const drill = thread.class === "exercise";
  return (
    <section class="end all-clear">
      <h3>
        <AllClearSign />
        <span>
          解除 <small>危険が 終わった時</small>
        </span>
      </h3>
      <Action desk={desk} name={`AllClear/${thread.id}`} look={drill ? "drill-dashed" : "all-clear outline"} hindrance={desk.hindrance()} press={() => void desk.makeEnd(thread, "AllClear")}>
        {drill ? "訓練として 解除する" : "解除を 始める"}
      </Action>
      <p>{drill ? "訓練は 1人の 署名で 送ります。" : "2人の 署名で 送ります。"}</p>
    </section>
  );
}

function Over({ desk, threads }: { desk: Desk; threads: Thread[] }) {
  if (threads.length === 0) {
    return null;
  }
  return (
    <section class="card over">
      <h2>終わった お知らせ</h2>
      <ul>
        {threads.map((thread) => (
          <li key={thread.id}>
            <Plate of={thread.class} />
            <b>{thread.title}</b>
            <span>{thread.districts.join("・")}</span>
            <span class="dim">
              {clockAndDay(thread.sent, desk.now())} に 送る・
              {thread.kind === "Cancel" ? `取消 ${clockWithSeconds(thread.updated)}` : thread.kind === "AllClear" ? `解除 ${clockWithSeconds(thread.updated)}` : `効力 ${clockAndDay(thread.expires, desk.now())} まで`}
            </span>
            <Report desk={desk} thread={thread} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Help({ desk, count }: { desk: Desk; count: number }) {
  return (
    <section class="card help" aria-labelledby="help">
      <h2 id="help">
        助けが 必要　<b class="figure">{count}</b>
      </h2>
      {count === 0 && <p class="dim">いまは ありません。</p>}
      <ul>
        {desk.tasks().map((task) => (
          <HelpTask key={task.id} desk={desk} task={task} />
        ))}
      </ul>
    </section>
  );
}

function HelpTask({ desk, task }: { desk: Desk; task: Task }) {
  const waited = desk.now() - task.at;
  const late = task.owner === null && waited > NOBODY_HELPS;
  return (
    <li class={task.owner !== null ? "task owned" : late ? "task late" : "task"}>
      <b>
        {task.district}
        {task.group}　{task.people}人 {task.support && <span class="support">支援</span>}
      </b>
      {task.owner !== null ? (
        <span>
          ✓ {task.owner.name}　{clock(task.owner.at)} に 引き受けました
        </span>
      ) : (
        <>
          <span class={late ? "alarm" : ""}>
            {late ? "！ " : ""}担当が いません　<span class="number">{running(waited)}</span>
          </span>
          <Action desk={desk} name={`help/${task.id}`} look={late ? "danger" : "primary"} hindrance={desk.hindrance()} press={() => void desk.takeTask(task)}>
            引き受ける
          </Action>
        </>
      )}
    </li>
  );
}
