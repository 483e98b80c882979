// A device joins: a code, two passkeys, three words to read out.

import { useRef, useState } from "preact/hooks";
import type { Invitation, KeyClass, NewPasskey } from "../contract.js";
import { available, makePasskey, passkeyTrouble } from "../passkeys.js";
import { post } from "../server.js";
import { person } from "../words.js";
import { Trouble, Words } from "./parts.js";

export function Enrol() {
  const [code, setCode] = useState("");
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const [keys, setKeys] = useState<Partial<Record<KeyClass, NewPasskey>>>({});
  const [words, setWords] = useState<string[] | null>(null);
  const [trouble, setTrouble] = useState<string | undefined>();
  // A second press of a double one comes before the first one was drawn.
  const runs = useRef(false);

  const attempt = async (work: () => Promise<void>) => {
    if (runs.current) {
      return;
    }
    runs.current = true;
    setTrouble(undefined);
    try {
      await work();
    } catch (error) {
      setTrouble(passkeyTrouble(error) ?? (error instanceof Error ? error.message : String(error)));
    } finally {
      runs.current = false;
    }
  };
  // Keyboards of tablets type wide letters and spaces.
  const plainCode = code.normalize("NFKC").trim();
  const askInvitation = () => attempt(async () => setInvitation((await post("enrol", { code: plainCode })) as Invitation));
  const make = (keyClass: KeyClass, from: Invitation) =>
    attempt(async () => {
      const key = await makePasskey(from, keyClass);
      setKeys((before) => ({ ...before, [keyClass]: key }));
    });
  const register = () =>
    attempt(async () => {
      const answer = (await post("enrol/device", { code: plainCode, ...keys })) as { words: string[] };
      setWords(answer.words);
    });

  if (words !== null && invitation !== null) {
    return (
      <Frame>
        <h1>この 3つの ことばを 読んで 伝えます</h1>
        <Words words={words} large />
        <p>
          管理者か、番号を くれた人に 教わった 職員に 伝えます。その人の 画面に <b>同じ ことば</b>が 出ていれば、この 端末は 使えるように なります。
          <b>ちがう時は「ちがう」と 伝えてください。</b>だれかが 間に 入っています。
        </p>
        <p class="dim">読み終わるまで この 画面を 閉じないでください。登録が すんだら <a href="#live">サインインへ</a>。</p>
      </Frame>
    );
  }
  if (invitation === null) {
    return (
      <Frame>
        <h1>この 端末を 登録する</h1>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void askInvitation();
          }}
        >
          <label for="code">管理者から もらった コード</label>
          <input id="code" class="code" value={code} autocomplete="off" autocapitalize="off" spellcheck={false} onInput={(event) => setCode(event.currentTarget.value)} aria-describedby="code-trouble code-note" />
          <p class="dim" id="code-note">
            15分以内、1台だけに 使えます。5回 まちがえると 使えなく なります。
          </p>
          <button class={plainCode === "" ? "button off large" : "button primary large"} aria-disabled={plainCode === "" || !available()}>
            つぎへ
          </button>
          <Trouble text={available() ? trouble : "この ブラウザーでは パスキーを 使えません。"} id="code-trouble" />
        </form>
      </Frame>
    );
  }
  return (
    <Frame>
      <h1>パスキーを 2つ 作る</h1>
      <p>
        <b>{person(invitation.officer)}</b> さんの 端末として、{invitation.town}に 登録します。ちがう人の時は、ここで やめて 管理者に 伝えてください。
      </p>
      <p class="why">なぜ 2つ？　訓練の パスキーでは 本番の 警報を 送れません。だから、訓練中に まちがって 本物を 送ることが ありません。</p>
      <ol class="keys">
        <KeyStep number={1} name="本番の パスキー" made={keys.live !== undefined} open press={() => void make("live", invitation)} />
        <KeyStep number={2} name="訓練の パスキー" made={keys.exercise !== undefined} open={keys.live !== undefined} press={() => void make("exercise", invitation)} />
      </ol>
      {keys.live !== undefined && keys.exercise !== undefined && (
        <button type="button" class="button primary large" onClick={() => void register()}>
          登録して 3つの ことばを 見る
        </button>
      )}
      <Trouble text={trouble} />
    </Frame>
  );
}

function Frame({ children }: { children: preact.ComponentChildren }) {
  return (
    <main class="door">
      <section class="card">{children}</section>
    </main>
  );
}

function KeyStep({ number, name, made, open, press }: { number: number; name: string; made: boolean; open: boolean; press: () => void }) {
  return (
    <li>
      <span class="key-name">
        {number}つめ　<b>{name}</b>
      </span>
      {made ? (
        <span class="made">✓ できました</span>
      ) : (
        <button type="button" class={open ? "button primary" : "button off"} aria-disabled={!open} onClick={() => open && press()}>
          {name}を 作る
        </button>
      )}
    </li>
  );
}
