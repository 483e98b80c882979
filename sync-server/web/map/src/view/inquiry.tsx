// 安否情報の照会: a clerk at a counter or a telephone writes down who asks after whom, and is given the one sentence that may be said.
//
// What is typed stands in this component alone, and is gone with it: it is in no storage, no address and no cache.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Birth, type Calendar, CALENDARS, birthOf } from "../birth.js";
import type { InquiryAnswer, Relation, Sex } from "../contract.js";
import type { Page } from "../page.js";
import { MINUTE, plain, todayInJapan } from "../words.js";
import { Menu } from "./bar.js";
import { Popup, Trouble } from "./parts.js";

/** A form or an answer that somebody left lying there is wiped away, when the server has closed the session of a clerk, too. */
const LEFT_LYING = 30 * MINUTE;
/** Characters, as the server takes them. */
const LONGEST = 300;
const LONGEST_ANSWER = 2_000;
const A_USUAL_REASON = "安否を 知りたい";

const OTHER = "other";
/** What the log keeps of a document: its kind. */
const DOCUMENTS: Array<[string, string]> = [
  ["個人番号カード", "マイナンバーカード"],
  ["運転免許証", "運転免許証"],
  ["旅券", "パスポート"],
  ["在留カード・特別永住者証明書", "在留カード・特別永住者証明書"],
  ["健康保険の資格確認書", "健康保険の 資格確認書"],
  [OTHER, "そのほか"],
];
const RELATIONS: Array<[Relation, string]> = [
  ["family", "いっしょに 住む 家族"],
  ["relative", "そのほかの 親せき"],
  ["workplace", "職場の 人"],
  ["acquaintance", "友だち・知り合い"],
];
const SEXES: Array<[Sex, string]> = [
  ["unknown", "わからない"],
  ["female", "女"],
  ["male", "男"],
  ["other", "そのほか"],
];

interface Form {
  name: string;
  address: string;
  reason: string;
  document: string;
  otherDocument: string;
  relation: Relation | "";
  soughtName: string;
  soughtAddress: string;
  calendar: Calendar;
  year: string;
  month: string;
  day: string;
  sex: Sex;
}

/** How somebody stands to the one person says nothing of the next one. */
const SOUGHT_BLANK = { relation: "", soughtName: "", soughtAddress: "", calendar: "showa", year: "", month: "", day: "", sex: "unknown" } as const satisfies Partial<Form>;
const BLANK: Form = { name: "", address: "", reason: "", document: "", otherDocument: "", ...SOUGHT_BLANK };

type Part = "name" | "address" | "reason" | "document" | "otherDocument" | "relation" | "soughtName" | "soughtAddress" | "birth";
type Wrong = Partial<Record<Part, string>>;

function mistakes(form: Form, birth: Birth): Wrong {
  const wrong: Wrong = {};
  const texts: Array<[Part & keyof Form, string]> = [
    ["name", "聞いている 人の 名前を 書いて ください"],
    ["address", "聞いている 人の 住所を 書いて ください"],
    ["reason", "聞く 理由を 書いて ください"],
    ["soughtName", "さがしている 人の 名前を 書いて ください"],
  ];
  if (form.document === OTHER) {
    texts.push(["otherDocument", "何で 確かめたか 書いて ください"]);
  }
  for (const [part, sentence] of texts) {
    if (form[part].trim() === "") {
      wrong[part] = sentence;
    }
  }
  if (form.document === "") {
    wrong.document = "見た 書類を 選んで ください";
  }
  if (form.relation === "") {
    wrong.relation = "どういう 関係か 選んで ください";
  }
  if (birth.kind === "wrong") {
    wrong.birth = birth.sentence;
  } else if (birth.kind === "blank" && form.soughtAddress.trim() === "") {
    wrong.birth = "生年月日か 住所の、どちらかを 書いて ください";
  }
  return wrong;
}

export function InquiryDesk({ page }: { page: Page }) {
  const [form, setForm] = useState(BLANK);
  const [answer, setAnswer] = useState<InquiryAnswer | null>(null);
  const [tried, setTried] = useState(false);
  const [turn, setTurn] = useState(0);
  const touched = useRef(Date.now());
  const fields = useRef<HTMLFormElement>(null);
  const birth = birthOf(form, todayInJapan(page.now()));
  const wrong = tried ? mistakes(form, birth) : {};

  const begin = (next: Form) => {
    page.set({ trouble: undefined });
    setForm(next);
    setAnswer(null);
    setTried(false);
    setTurn(turn + 1);
  };
  // Whoever closed an answer goes on where the next one begins.
  useLayoutEffect(() => {
    if (turn > 0) {
      fields.current?.querySelector<HTMLElement>(form.name === "" ? "#name" : "#soughtName")?.focus();
    }
  }, [turn]);
  // What went wrong stands above the button, and both have to be seen.
  const send = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (page.trouble !== undefined) {
      send.current?.scrollIntoView({ block: "end" });
    }
  }, [page.trouble]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (Date.now() - touched.current > LEFT_LYING) {
        touched.current = Date.now();
        setForm(BLANK);
        setAnswer(null);
        setTried(false);
      }
    }, MINUTE);
    return () => clearInterval(timer);
  }, []);

  const change = (changes: Partial<Form>) => {
    touched.current = Date.now();
    page.typed();
    setForm((before) => ({ ...before, ...changes }));
  };
  const ask = async () => {
    touched.current = Date.now();
    setTried(true);
    const found = mistakes(form, birth);
    if (Object.keys(found).length > 0) {
      // After it is drawn, so that its sentence is read out with the field.
      requestAnimationFrame(() => requestAnimationFrame(() => fields.current?.querySelector<HTMLElement>("[data-wrong] input")?.focus()));
      return;
    }
    const { relation } = form;
    if (relation === "") {
      return;
    }
    const said = (text: string) => text.normalize("NFC").trim();
    const told = await page.inquire({
      mode: page.mode,
      inquirer: {
        name: said(form.name),
        address: said(form.address),
        reason: said(form.reason),
        identity_document: form.document === OTHER ? said(form.otherDocument) : form.document,
        relation,
      },
      sought: {
        name: said(form.soughtName),
        address: form.soughtAddress.trim() === "" ? null : said(form.soughtAddress),
        birth: birth.kind === "day" ? birth.iso : null,
        sex: form.sex,
      },
    });
    if (told !== null) {
      setAnswer(told);
    }
  };

  const { session } = page;
  return (
    <>
      <header class="bar">
        <h1 tabIndex={-1}>安否の 照会</h1>
        <p class="order">{plain(session?.town ?? "", 16)}</p>
        <Popup name={plain(session?.name ?? "メニュー", 8)} label="メニュー">
          {(close) => <Menu page={page} close={close} />}
        </Popup>
      </header>
      <main class="inquiry">
        {answer !== null ? (
          <Answer answer={answer} close={() => begin(BLANK)} again={() => begin({ ...form, ...SOUGHT_BLANK })} />
        ) : (
          <form ref={fields} autocomplete="off" onSubmit={(event) => event.preventDefault()}>
            <div class="pair">
              <section class="part" aria-labelledby="inquirer">
                <h2 id="inquirer">1　聞いている 人</h2>
                <Text part="name" label="名前" form={form} wrong={wrong} change={change} />
                <Text part="address" label="住所" form={form} wrong={wrong} change={change} />
                <Choices part="document" label="見た 書類" hint="書類の 番号は 書きません" wrong={wrong.document} choices={DOCUMENTS} chosen={form.document} choose={(document) => change({ document })} />
                {form.document === OTHER && <Text part="otherDocument" label="何で 確かめましたか" form={form} wrong={wrong} change={change} />}
                <Text part="reason" label="聞く 理由" form={form} wrong={wrong} change={change}>
                  {form.reason === "" && (
                    <button type="button" class="button" onClick={() => change({ reason: A_USUAL_REASON })}>
                      「{A_USUAL_REASON}」
                    </button>
                  )}
                </Text>
              </section>
              <section class="part" aria-labelledby="sought">
                <h2 id="sought">2　さがしている 人</h2>
                <Text part="soughtName" label="名前" hint="名字と 名前を ぜんぶ。漢字でも かなでも" form={form} wrong={wrong} change={change} />
                <Choices part="relation" label="聞いている 人との 関係" hint="書類や 話で 確かめた とおりに" wrong={wrong.relation} choices={RELATIONS} chosen={form.relation} choose={(relation) => change({ relation })} />
                <p class="either">生年月日か 住所の どちらかは 必ず。わかれば 両方</p>
                <fieldset class="field" data-wrong={wrong.birth === undefined ? undefined : ""} aria-describedby="birth-wrong birth-said">
                  <legend>生年月日</legend>
                  <div class="choices eras">
                    {CALENDARS.map(([calendar, word]) => (
                      <Choice key={calendar} name="calendar" on={form.calendar === calendar} press={() => change({ calendar })}>
                        {word}
                      </Choice>
                    ))}
                  </div>
                  <div class="date">
                    {(["year", "month", "day"] as const).map((part, index) => (
                      <label key={part}>
                        <input type="text" inputMode="numeric" maxLength={4} autocomplete="off" value={form[part]} aria-invalid={wrong.birth !== undefined} aria-describedby="birth-wrong" onInput={(event) => change({ [part]: event.currentTarget.value })} />
                        {"年月日"[index]}
                      </label>
                    ))}
                  </div>
                  <p class="said" id="birth-said" aria-live="polite">
                    {birth.kind === "day" && `＝ ${birth.words}`}
                  </p>
                  <Mistake id="birth" text={wrong.birth} />
                </fieldset>
                <Text part="soughtAddress" label="住所" hint="ぜんぶか、地区の 名前だけ" form={form} wrong={wrong} change={change} optional />
                <Choices part="sex" label="性別" choices={SEXES} chosen={form.sex} choose={(sex) => change({ sex })} optional />
              </section>
            </div>
            <div class="send" ref={send}>
              <Trouble text={page.trouble ?? (Object.keys(wrong).length > 0 ? "赤い ところを 直して ください" : undefined)} />
              <button type="button" class="button primary huge" aria-busy={page.busy} onClick={() => void ask()}>
                {page.busy ? "お待ちください…" : "答えを 見る（記録に 残ります）"}
              </button>
            </div>
          </form>
        )}
      </main>
    </>
  );
}

function Answer({ answer, close, again }: { answer: InquiryAnswer; close: () => void; again: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus(), []);
  return (
    <section class="answer" aria-labelledby="say">
      <h2 id="say" tabIndex={-1} ref={heading} aria-describedby="sentence">
        この 文だけを 言って ください
      </h2>
      <blockquote id="sentence">
        {plain(answer.sentence, LONGEST_ANSWER)
          .split(/(?<=。)/)
          .map((line) => (
            <span key={line}>{line}</span>
          ))}
      </blockquote>
      {answer.desk && <p class="call">担当の 職員を 呼んで ください。</p>}
      <p class="dim">
        ほかの ことは 言わないで ください。記録の 番号：<b class="number">{answer.number}</b>
      </p>
      <button type="button" class="button primary huge" onClick={close}>
        閉じる（ぜんぶ 消えます）
      </button>
      <button type="button" class="button" onClick={again}>
        同じ 人が、もう 1人の ことを 聞いている
      </button>
    </section>
  );
}

function Mistake({ id, text }: { id: string; text: string | undefined }) {
  return (
    <p class="mistake" id={`${id}-wrong`}>
      {text !== undefined && `！ ${text}`}
    </p>
  );
}

function Text({ part, label, hint, form, wrong, change, optional = false, children }: { part: Part & keyof Form; label: string; hint?: string; form: Form; wrong: Wrong; change: (changes: Partial<Form>) => void; optional?: boolean; children?: ComponentChildren }) {
  return (
    <div class="field" data-wrong={wrong[part] === undefined ? undefined : ""}>
      <label for={part}>
        {label} {!optional && <span class="must">必ず</span>}
      </label>
      {hint !== undefined && (
        <p class="dim" id={`${part}-hint`}>
          {hint}
        </p>
      )}
      <input
        id={part}
        type="text"
        value={form[part]}
        maxLength={LONGEST}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-required={!optional}
        aria-invalid={wrong[part] !== undefined}
        aria-describedby={`${part}-hint ${part}-wrong`}
        onInput={(event) => change({ [part]: event.currentTarget.value })}
      />
      {children}
      <Mistake id={part} text={wrong[part]} />
    </div>
  );
}

function Choices<T extends string>({ part, label, hint, wrong, choices, chosen, choose, optional = false }: { part: string; label: string; hint?: string; wrong?: string | undefined; choices: Array<[T, string]>; chosen: T | ""; choose: (value: T) => void; optional?: boolean }) {
  return (
    <fieldset class="field" data-wrong={wrong === undefined ? undefined : ""} role="radiogroup" aria-required={!optional} aria-describedby={`${part}-hint ${part}-wrong`}>
      <legend>
        {label} {!optional && <span class="must">必ず</span>}
      </legend>
      {hint !== undefined && (
        <p class="dim" id={`${part}-hint`}>
          {hint}
        </p>
      )}
      <div class="choices">
        {choices.map(([value, word]) => (
          <Choice key={value} name={part} on={chosen === value} press={() => choose(value)}>
            {word}
          </Choice>
        ))}
      </div>
      <Mistake id={part} text={wrong} />
    </fieldset>
  );
}

function Choice({ name, on, press, children }: { name: string; on: boolean; press: () => void; children: ComponentChildren }) {
  return (
    <label class={on ? "check choice on" : "check choice"}>
      <input type="radio" name={name} checked={on} autocomplete="off" onChange={press} />
      {children}
    </label>
  );
}
