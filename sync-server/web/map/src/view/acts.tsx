// What officials do with a site: open it, close it, say how many it takes, and rule on shelters that people opened themselves. Each is
// asked once more in a sentence, and says what was before the official's eyes: where somebody else was faster, nothing happens.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { RuledSite, RulingOnShelter, SiteState } from "../contract.js";
import type { Page } from "../page.js";
import { MOST_PLACES, RULED_WORDS, clockAndDay, number, places, plain } from "../words.js";
import { Trouble } from "./parts.js";

/** What is to be done, and asked once more. */
interface Plan {
  question: string;
  /** On the button that does it. */
  yes: string;
  done: string;
  work: () => Promise<string | null>;
}

const NOBODY_TURNED_AWAY = "来た 人は、これまで通り 受け付けます。";

export function SiteActs({ page, site, unsafe, sites }: { page: Page; site: SiteState; unsafe: boolean; sites: SiteState[] }) {
  const [plan, setPlan] = useState<Plan | null>(null);
  const [trouble, setTrouble] = useState<string | undefined>();
  const group = useRef<HTMLDivElement>(null);
  const question = useRef<HTMLParagraphElement>(null);
  const begun = useRef(false);
  useEffect(() => {
    if (plan !== null) {
      begun.current = true;
      question.current?.focus();
    } else if (begun.current) {
      group.current?.focus();
    }
  }, [plan]);
  const may = page.mayActOn(site);
  const word = site.word ?? null;
  const drill = page.mode === "drill" ? "訓練：" : "";
  const propose = (next: Plan) => {
    setTrouble(undefined);
    setPlan({ ...next, question: `${drill}${next.question}` });
  };
  const carryOut = async ({ work, done }: Plan) => {
    if (page.busy) {
      return;
    }
    const refused = await work();
    setPlan(null);
    setTrouble(refused ?? undefined);
    if (refused === null) {
      page.announce(done);
    }
  };
  return (
    <div class="acts" role="group" aria-label="本部の 指示" tabIndex={-1} ref={group}>
      {word !== null && (word.standing !== null || word.capacity !== null) && (
        <p class="word">
          本部の 指示（{clockAndDay(word.at, page.now())}）：{[word.standing === null ? [] : [RULED_WORDS[word.standing]], word.capacity === null ? [] : [`定員 ${number(word.capacity)}人`]].flat().join("・")}
        </p>
      )}
      {word?.standing === "closed" && word.opened_since && <p class="unsafe">！　本部が 閉めた あとに、現地で 開けました。現地に 確かめて ください</p>}
      {may && page.isLost() && <p class="dim pad">つながって いないので、いまは 変えられません。電話か 無線で 伝えて ください。</p>}
      {may &&
        !page.isLost() &&
        (plan !== null ? (
          <div class="ask">
            <p tabIndex={-1} ref={question}>
              {plan.question}
            </p>
            <div class="pair">
              <button type="button" class="button primary" aria-disabled={page.busy} onClick={() => void carryOut(plan)}>
                {plan.yes}
              </button>
              <button type="button" class="button" onClick={() => setPlan(null)}>
                やめる
              </button>
            </div>
          </div>
        ) : site.own_shelter ? (
          <OwnShelter page={page} site={site} sites={sites} propose={propose} />
        ) : (
          (site.kind === "shelter" || site.kind === "emergency_site") && <OfTown page={page} site={site} unsafe={unsafe} propose={propose} />
        ))}
      <Trouble text={trouble} />
    </div>
  );
}

function OfTown({ page, site, unsafe, propose }: { page: Page; site: SiteState; unsafe: boolean; propose: (plan: Plan) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const name = plain(site.name);
  const word = site.word ?? null;
  const [standing, capacity] = [word?.standing ?? null, word?.capacity ?? null];
  const rule = (next: RuledSite, question: string, yes: string) => () =>
    propose({ question, yes, done: `${name}を「${RULED_WORDS[next]}」に しました`, work: () => page.say(site, next, capacity) });
  const wanted = typed === null ? capacity : places(typed);
  const wrong = typed !== null && wanted === undefined;
  return (
    <>
      <div class="triple">
        <Choice on={standing === "open"} press={rule("open", unsafe ? `${name}は いまの 災害には 使えません。それでも 開けますか。` : `${name}を 開けますか。`, "開ける")}>
          開ける
        </Choice>
        <Choice on={standing === "full"} press={rule("full", `${name}を「満員」に しますか。${NOBODY_TURNED_AWAY}`, "満員に する")}>
          満員
        </Choice>
        <Choice on={standing === "closed"} press={rule("closed", `${name}を 閉めますか。${NOBODY_TURNED_AWAY}`, "閉める")}>
          閉める
        </Choice>
      </div>
      {standing === "open" && site.standing === "full" && <p class="dim pad">定員に なったので「満員」です。まだ 入れる ときは、定員を 増やして ください。</p>}
      {standing !== null && (
        <button
          type="button"
          class="button wide"
          onClick={() => propose({ question: `${name}への 本部の 指示を やめて、現地の 端末の 通りに 戻しますか。`, yes: "戻す", done: `${name}を 現地の 通りに 戻しました`, work: () => page.say(site, null, capacity) })}
        >
          現地の 通りに 戻す
        </button>
      )}
      <form
        class="capacity"
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted !== undefined && wanted !== capacity) {
            const [question, done] = wanted === null ? [`${name}の 定員を 町の 計画の 数に 戻しますか。`, "計画の 数に 戻しました"] : [`${name}の 定員を ${number(wanted)}人に しますか。`, `${number(wanted)}人に しました`];
            propose({ question, yes: "変える", done: `${name}の 定員を ${done}`, work: () => page.say(site, standing, wanted) });
          }
        }}
      >
        <label for="places">定員（人）</label>
        <input id="places" type="text" inputMode="numeric" autocomplete="off" maxLength={7} value={typed ?? site.capacity?.toString() ?? ""} aria-invalid={wrong} aria-describedby="places-wrong" onInput={(event) => setTyped(event.currentTarget.value)} />
        <button type="submit" class="button" aria-disabled={wanted === undefined || wanted === capacity}>
          定員を 変える
        </button>
        <p id="places-wrong" class="bad" role="alert">
          {wrong && `1から ${MOST_PLACES}までの 数で 書いて ください`}
        </p>
      </form>
    </>
  );
}

function Choice({ on, press, children }: { on: boolean; press: () => void; children: ComponentChildren }) {
  return (
    <button type="button" class="button" aria-pressed={on} onClick={() => !on && press()}>
      {on && "✓ "}
      {children}
    </button>
  );
}

function OwnShelter({ page, site, sites, propose }: { page: Page; site: SiteState; sites: SiteState[]; propose: (plan: Plan) => void }) {
  const [joins, setJoins] = useState(false);
  const [into, setInto] = useState("");
  const name = plain(site.name);
  const others = sites.filter((other) => !other.own_shelter && (other.kind === "shelter" || other.kind === "emergency_site"));
  const other = others.find(({ id }) => id === into);
  const rule = (ruling: RulingOnShelter, question: string, yes: string, done: string) => () => propose({ question, yes, done, work: () => page.rule(site, ruling) });
  if (page.mode === "drill") {
    return <p class="dim pad">自主避難所は 本番の 地図で 決めます。</p>;
  }
  return (
    <div class="stack">
      <button type="button" class="button" onClick={rule({ wanted: "adopt", into: null }, `${name}を 町の 避難所に しますか。`, "町の 避難所に する", `${name}を 町の 避難所に しました`)}>
        町の 避難所に する
      </button>
      <button type="button" class="button" aria-expanded={joins} onClick={() => setJoins(!joins)}>
        ほかの 避難所に 合わせる
      </button>
      {joins && (
        <>
          <label for="into">どの 避難所に 合わせますか</label>
          <select id="into" value={into} onChange={(event) => setInto(event.currentTarget.value)}>
            <option value="">選んで ください</option>
            {others.map(({ id, name: of }) => (
              <option value={id} key={id}>
                {plain(of)}
              </option>
            ))}
          </select>
          {other !== undefined && (
            <button
              type="button"
              class="button primary"
              onClick={rule({ wanted: "join", into: other.id }, `${name}の 人を ${plain(other.name)}の 人として 数えますか。`, "合わせる", `${name}を ${plain(other.name)}に 合わせました`)}
            >
              ここに 合わせる
            </button>
          )}
        </>
      )}
      {site.standing !== "closed" && (
        <button type="button" class="button" onClick={rule({ wanted: "close", into: null }, `${name}を 閉じますか。まだ いる 人の 記録は 残ります。`, "避難所を 閉じる", `${name}を 閉じました`)}>
          避難所を 閉じる
        </button>
      )}
    </div>
  );
}
