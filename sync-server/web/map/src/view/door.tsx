// Coming in: with the tablet's passkey, and how it gets one.

import { useState } from "preact/hooks";
import type { Page } from "../page.js";
import { available, enrol, passkeyTrouble } from "../passkeys.js";
import { Trouble } from "./parts.js";

const NO_PASSKEYS = "この ブラウザーでは パスキーを 使えません。町の 決めた 端末で 開いてください。";

const failure = (error: unknown): string => passkeyTrouble(error) ?? (error instanceof Error ? error.message : String(error));

export function Door({ page }: { page: Page }) {
  const can = available();
  const enter = () => page.act(() => page.signIn(), failure);
  return (
    <main class="door">
      <section class="sheet-card">
        <h1 tabIndex={-1}>避難の 地図</h1>
        <p>まだ 避難できていない 世帯と、開いている 避難所が わかります。</p>
        <button type="button" class="button primary huge" aria-disabled={!can} aria-busy={page.busy} onClick={() => can && void enter()}>
          {page.busy ? "お待ちください…" : "この 端末で 入る"}
        </button>
        <p class="dim">指・顔・暗証番号の どれかを、端末が 聞きます。</p>
        <Trouble text={can ? page.trouble : NO_PASSKEYS} />
        <p class="dim">
          はじめての 端末は、町の 管理者から もらった コードで <button type="button" class="link" onClick={() => page.set({ door: "enrol", trouble: undefined })}>登録します</button>
        </p>
      </section>
    </main>
  );
}

export function Enrol({ page }: { page: Page }) {
  const [code, setCode] = useState(page.code);
  const [done, setDone] = useState(false);
  // Keyboards of tablets type wide letters and spaces.
  const plain = code.normalize("NFKC").trim();
  const can = available() && plain !== "";
  const register = () =>
    page.act(async () => {
      await enrol(plain);
      page.code = "";
      setDone(true);
    }, failure);
  if (done) {
    return (
      <main class="door">
        <section class="sheet-card">
          <h1 tabIndex={-1}>✓ 登録できました</h1>
          <p>この 端末は、次から ボタン 1つで 入れます。</p>
          <button
            type="button"
            class="button primary huge"
            onClick={() => {
              page.door = "closed";
              void page.act(() => page.signIn(), failure);
            }}
          >
            入る
          </button>
        </section>
      </main>
    );
  }
  return (
    <main class="door">
      <section class="sheet-card">
        <h1 tabIndex={-1}>この 端末を 登録する</h1>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (can) {
              void register();
            }
          }}
        >
          <label for="code">管理者から もらった コード</label>
          <input id="code" class="code" value={code} autocomplete="off" autocapitalize="off" spellcheck={false} onInput={(event) => setCode(event.currentTarget.value)} aria-describedby="code-trouble" />
          <button class="button primary huge" aria-disabled={!can} aria-busy={page.busy}>
            {page.busy ? "お待ちください…" : "登録する"}
          </button>
          <p class="dim">指・顔・暗証番号の どれかを、端末が 聞きます。コードは 1台だけに 使えます。</p>
          <Trouble text={available() ? page.trouble : NO_PASSKEYS} id="code-trouble" />
        </form>
        <p class="dim">
          もう 登録した 端末は <button type="button" class="link" onClick={() => { page.set({ door: "asking", trouble: undefined }); void page.enter(); }}>入る</button>
        </p>
      </section>
    </main>
  );
}

export function Asking({ page }: { page: Page }) {
  return (
    <main class="door">
      <h1 class="unseen" tabIndex={-1}>
        避難の 地図
      </h1>
      <p role="status" class="asking">
        {page.mode === "drill" && <b>訓練　</b>}
        {page.trouble ?? "読んでいます…"}
      </p>
    </main>
  );
}
