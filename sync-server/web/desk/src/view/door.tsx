// Signing in.

import type { Desk } from "../desk.js";
import { available } from "../passkeys.js";
import { Action } from "./parts.js";

export function Door({ desk }: { desk: Desk }) {
  return (
    <main class="door">
      <section class="card">
        <h1 tabIndex={-1}>警報デスク</h1>
        <p>この 端末の パスキー（指・顔・暗証番号）で 入ります。</p>
        <Action
          desk={desk}
          name="door"
          look="primary large"
          press={() => void desk.signIn()}
          hindrance={available() ? null : "この ブラウザーでは パスキーを 使えません。町の 決めた 端末で 開いてください。"}
        >
          サインインする
        </Action>
        <p class="dim">パスキーは 本番・訓練の どちらでも 入れます。入っただけでは 何も 送りません。</p>
        <p class="dim">はじめての 端末は、町の 管理者から もらった コードで <a href="#enrol">登録します</a>。</p>
      </section>
    </main>
  );
}
