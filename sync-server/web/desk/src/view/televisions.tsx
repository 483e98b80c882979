// Televisions that were given to households at boxes, and the way back. Nobody is named, and nobody learns where they were.

import { useState } from "preact/hooks";
import type { BoundTelevision, State } from "../contract.js";
import type { Desk } from "../desk.js";
import { dayOf } from "../words.js";
import { Action } from "./parts.js";

export function Televisions({ desk, state }: { desk: Desk; state: State }) {
  const { total, latest } = state.bindings;
  return (
    <main class="televisions">
      <h1 tabIndex={-1}>避難所で つないだ テレビ</h1>
      <p>家の 人の カードを 箱に かざして つないだ テレビです。テレビには その世帯の お知らせと 名前が 出ます。まちがいは ここで はずします。</p>
      {total === 0 && <p class="dim">いまは ありません。</p>}
      {total > 0 && (
        <section class="card">
          <p>
            <b>{total}台</b>
            {total > latest.length && `　新しい ${latest.length}台を 出しています`}
          </p>
          <table>
            <thead>
              <tr>
                <th scope="col">地区・隣組</th>
                <th scope="col" class="right">人数</th>
                <th scope="col">つないだ 日</th>
                <th scope="col">とりけし</th>
              </tr>
            </thead>
            <tbody>
              {latest.map((television) => (
                <Row key={television.id} desk={desk} television={television} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </main>
  );
}

/** The first press says what becomes of the set, the second one does it. */
function Row({ desk, television }: { desk: Desk; television: BoundTelevision }) {
  const [sure, setSure] = useState(false);
  const { district, group, people, day } = television;
  return (
    <tr>
      <th scope="row">{district === "" ? "名簿に ない 世帯" : `${district}　${group}`}</th>
      <td class="right number">{people}人</td>
      <td class="number">{dayOf(day)}</td>
      <td>
        {!sure ? (
          <button type="button" class="button small quiet" onClick={() => setSure(true)}>
            世帯から はずす
          </button>
        ) : (
          <>
            <p>はずすと、だれの ものでも ない テレビに なり、新しい 登録番号が 出ます。いま 出ている お知らせは 終わるまで のこります。</p>
            <Action desk={desk} name={`unbind/${television.id}`} look="danger small" hindrance={desk.hindrance()} press={() => void desk.unbind(television)}>
              はずす
            </Action>
            <button type="button" class="button small quiet" onClick={() => setSure(false)}>
              やめる
            </button>
          </>
        )}
      </td>
    </tr>
  );
}
