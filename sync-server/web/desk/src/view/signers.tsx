// Who can sign, as far as their passkeys have shown it, in the order in which they are called, and one's own test.

import type { KeyClass, Signer, SignerStanding, State } from "../contract.js";
import { type Desk, ENOUGH_OFFICERS } from "../desk.js";
import { DAY, day, person } from "../words.js";
import { Action } from "./parts.js";

const CLASSES: Array<[KeyClass, string]> = [
  ["live", "本番の 鍵"],
  ["exercise", "訓練の 鍵"],
];
const KINDS: Array<["passkey" | "kiosk", string]> = [
  ["passkey", "パスキー"],
  ["kiosk", "箱の 鍵"],
];

/** Why somebody cannot sign; what it takes to change that. */
function reason(signer: Signer, keyClass: KeyClass): string {
  const words: Record<SignerStanding, string> = {
    able: "",
    not_yet: `${day(signer.from)} から`,
    over: `${day(signer.until)} で 期限が 切れました`,
    no_device: "端末が ありません",
    not_listed: "登録の とちゅうです",
    old_proof: "",
  };
  return words[signer.standing[keyClass]];
}

/** When each of their keys worked last, and which of them have not been tested. */
function Proof({ desk, signer, keyClass, lasts }: { desk: Desk; signer: Signer; keyClass: KeyClass; lasts: number }) {
  const why = reason(signer, keyClass);
  if (why !== "") {
    const { [keyClass]: standing } = signer.standing;
    return standing === "not_yet" || standing === "over" ? <>{why}</> : <b class="late">！ {why}</b>;
  }
  return (
    <>
      {KINDS.map(([kind, name]) => {
        const proved = signer[kind]?.[keyClass] ?? null;
        return proved === null ? null : (
          <div key={kind}>
            <KeyProof name={name} proved={proved} left={proved + lasts - desk.now()} />
          </div>
        );
      })}
    </>
  );
}

/** With the time from which on it is too old. */
function KeyProof({ name, proved, left }: { name: string; proved: number; left: number }) {
  return left < 0 ? (
    <b class="late">
      ！ {name}：{day(proved)} から 試していません
    </b>
  ) : (
    <>
      ✓ {name} {day(proved)}
      {left < 7 * DAY && <b class="late">　もうすぐ 試す 日です</b>}
    </>
  );
}

function Telephone({ number }: { number: string }) {
  return (
    <a class="telephone number" href={`tel:${number.replace(/-/g, "")}`}>
      {number}
    </a>
  );
}

/** Whom to call for the next signature. */
export function NextToCall({ next }: { next: Signer | null }) {
  return next === null ? (
    <span class="alarm">！ ほかに いま 署名できる 職員が いません。管理者に 伝えてください。</span>
  ) : (
    <span class="next-to-call">
      つぎに 呼ぶ人：<b>{person(next)}</b> {next.telephone !== null && <Telephone number={next.telephone} />}
    </span>
  );
}

export function Signers({ desk, state }: { desk: Desk; state: State }) {
  const { able, signers } = state;
  const isFew = able.live < ENOUGH_OFFICERS;
  return (
    <main class="signers">
      <h1 tabIndex={-1}>署名できる 職員</h1>
      <p class={isFew ? "able few" : ""}>
        本番の お知らせに 署名できる 人は いま <b>{able.live}</b>人です（訓練 {able.exercise}人）。
        {isFew && `${ENOUGH_OFFICERS}人より 少ないと、だれかが いない 時に 送れません。`}
      </p>
      <p>上の 人から 順に 呼びます。鍵は 月に 1回 試します。パスキーは この 画面で、箱の 鍵は 避難所の 箱の「ためし署名」で 試します。サインインや 署名も 試した ことに なります。試しても どこにも 何も 送りません。</p>
      <section class="card">
        <table>
          <thead>
            <tr>
              <th scope="col">呼ぶ 順</th>
              <th scope="col">職員</th>
              {CLASSES.map(([, words]) => (
                <th scope="col" key={words}>
                  {words}（最後に 使えた 日）
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {signers.map((signer, index) => (
              <tr key={signer.id} class={signer.standing.live === "able" ? "" : "unable"}>
                <td class="place number">{signer.standing.live === "over" ? "－" : index + 1}</td>
                <th scope="row">
                  {signer.name}
                  <small>　{signer.title}</small>
                  {signer.telephone !== null && (
                    <div>
                      <Telephone number={signer.telephone} />
                    </div>
                  )}
                </th>
                {CLASSES.map(([keyClass]) => (
                  <td key={keyClass}>
                    <Proof desk={desk} signer={signer} keyClass={keyClass} lasts={state.proved_for} />
                    {signer.id === state.officer.id && (
                      <Action desk={desk} name={`test/${keyClass}`} look={keyClass === "live" ? "small" : "small drill-dashed"} hindrance={desk.hindrance()} press={() => void desk.test(keyClass)}>
                        {keyClass === "live" ? "本番の パスキーを 試す" : "訓練の パスキーを 試す"}
                      </Action>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <button type="button" class="button" onClick={() => desk.go("live", "staff")}>
        職員の 交代（加える・外す・順番）
        {state.staff.pending !== null && <span class="badge">署名待ち</span>}
      </button>
    </main>
  );
}
