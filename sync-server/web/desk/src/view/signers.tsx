// Who can sign, as far as their passkeys have shown it, and one's own test.

import type { KeyClass, Signer, State } from "../contract.js";
import { type Desk, ENOUGH_OFFICERS } from "../desk.js";
import { DAY, day } from "../words.js";
import { Action } from "./parts.js";

const CLASSES: Array<[KeyClass, string]> = [
  ["live", "本番の パスキー"],
  ["exercise", "訓練の パスキー"],
];

/** `proved` with the time from which on it is too old. */
function Proof({ desk, proved, lasts }: { desk: Desk; proved: number | null; lasts: number }) {
  if (proved === null || proved === 0) {
    return <b class="late">！ パスキーが ありません</b>;
  }
  const left = proved + lasts - desk.now();
  if (left < 0) {
    return <b class="late">！ {day(proved)} から 試していません</b>;
  }
  return (
    <>
      ✓ {day(proved)}
      {left < 7 * DAY && <b class="late">　もうすぐ 試す 日です</b>}
    </>
  );
}

export function Signers({ desk, state }: { desk: Desk; state: State }) {
  const { able } = state;
  const isFew = able.live < ENOUGH_OFFICERS;
  return (
    <main class="signers">
      <h1 tabIndex={-1}>署名できる 職員</h1>
      <p class={isFew ? "able few" : ""}>
        本番の お知らせに 署名できる 人は いま <b>{able.live}</b>人です（訓練 {able.exercise}人）。
        {isFew && `${ENOUGH_OFFICERS}人より 少ないと、だれかが いない 時に 送れません。`}
      </p>
      <p>パスキーは 月に 1回 試します。サインインや 署名も 試した ことに なります。試しても どこにも 何も 送りません。</p>
      <section class="card">
        <table>
          <thead>
            <tr>
              <th scope="col">職員</th>
              {CLASSES.map(([, words]) => (
                <th scope="col" key={words}>
                  {words}（最後に 使えた 日）
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {state.signers.map((signer: Signer) => (
              <tr key={signer.id}>
                <th scope="row">
                  {signer.name}
                  <small>　{signer.title}</small>
                </th>
                {CLASSES.map(([keyClass]) => (
                  <td key={keyClass}>
                    <Proof desk={desk} proved={signer[keyClass]} lasts={state.proved_for} />
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
    </main>
  );
}
