// The whole town in one line of figures.

import type { Figures as Counts, HouseholdStanding } from "../contract.js";
import type { Page } from "../page.js";
import type { Town } from "../town.js";
import { STANDING_WORDS, all, clock, number, open, percent, running } from "../words.js";
import { Share, Symbol, useSeconds } from "./parts.js";

export function Figures({ page, town }: { page: Page; town: Town }) {
  const { figures } = town.state;
  const { people, households } = figures;
  const lost = page.isLost() ? `${clock(page.heard())} 時点` : null;
  const gained = lately(figures.arrived_by_ten_minutes);
  return (
    <section class="figures" aria-label="町ぜんたいの 数">
      <Countdown page={page} town={town} />
      <Figure page={page} standing="arrived" value={people.arrived} unit="人" note={lost ?? `${number(households.arrived)}世帯${gained === null ? "" : `　10分で ＋${number(gained)}人`}`} />
      <Figure page={page} standing="passed" value={people.passed} unit="人" note={lost ?? `${number(households.passed)}世帯`} />
      <Figure page={page} standing="told_elsewhere" value={people.told_elsewhere} unit="人" note={lost ?? `${number(households.told_elsewhere)}世帯`} />
      <Figure page={page} standing="not_arrived" value={people.not_arrived} unit="人" note={lost ?? `${number(households.not_arrived)}世帯＋一部 ${number(households.partly)}世帯`} />
      <Figure page={page} standing="unknown" value={households.unknown} unit="世帯" note={lost ?? "届いたか 不明"} />
      <div class="figure wide">
        <p class="label">確認できた 世帯</p>
        <p class="value">
          {percent(households)}
          <small>　{lost ?? `${number(all(households) - open(households))} / ${number(all(households))}`}</small>
        </p>
        <Share part={all(households) - open(households)} whole={all(households)} />
        <Trend values={figures.arrived_by_ten_minutes} />
      </div>
    </section>
  );
}

function Figure({ page, standing, value, unit, note }: { page: Page; standing: HouseholdStanding; value: number; unit: string; note: string }) {
  return (
    <div class="figure">
      <p class="label">
        <Symbol page={page} look={{ kind: "household", standing, support: false }} size={0.75} />
        {STANDING_WORDS[standing]}
      </p>
      <p class={value < 10_000 ? "value" : "value long"}>
        {number(value)}
        <small>{unit}</small>
      </p>
      <p class="note">{note}</p>
    </div>
  );
}

function Countdown({ page, town }: { page: Page; town: Town }) {
  useSeconds();
  const { alert } = town.state;
  const word = page.mode === "drill" ? "訓練の 想定" : "津波 到達予想";
  if (alert === null) {
    return (
      <div class="countdown calm">
        <p class="label">{town.state.incident ?? (page.mode === "drill" ? "訓練" : "いまの 災害")}</p>
        <p class="word">お知らせ なし</p>
      </div>
    );
  }
  if (alert.arrives === null) {
    return (
      <div class="countdown calm">
        <p class="label">お知らせが 出てから</p>
        <p class="value number">{running(page.now() - alert.sent)}</p>
      </div>
    );
  }
  const left = alert.arrives - page.now();
  return (
    <div class="countdown">
      <p class="label">
        {page.isLost() ? "到達予想" : word} <span class="number">{clock(alert.arrives)}</span>
        {page.isLost() && <span class="number">（{clock(alert.sent)} 発表）</span>}
      </p>
      {left <= 0 ? (
        <p class="word">すぐ 来ます</p>
      ) : (
        <p class="value">
          <small>あと</small> <span class="number" role="timer">{running(left + 999)}</span>
        </p>
      )}
    </div>
  );
}

function lately(values: Counts["arrived_by_ten_minutes"]): number | null {
  const [before, now] = values.slice(-2);
  return before == null || now == null ? null : Math.max(0, now - before);
}

/** How many arrived within each ten minutes of the last hour. */
function Trend({ values }: { values: Counts["arrived_by_ten_minutes"] }) {
  const gains = values.slice(1).map((value, index) => {
    const before = values[index];
    return value === null || before == null ? null : Math.max(0, value - before);
  });
  const most = Math.max(1, ...gains.map((gain) => gain ?? 0));
  const width = 14;
  const words = gains.map((gain) => (gain === null ? "不明" : `${number(gain)}人`)).join("、");
  return (
    <svg class="trend" viewBox={`0 0 ${Math.max(1, gains.length) * width} 40`} role="img" aria-label={`10分ごとに 着いた 人、古い 順に ${words}`}>
      {gains.map((gain, index) =>
        gain === null ? (
          <line key={index} x1={index * width + 2} x2={index * width + 10} y1="38" y2="38" stroke="currentColor" stroke-width="2" stroke-dasharray="2 2" />
        ) : (
          <rect key={index} x={index * width + 1} width="10" y={39 - (gain / most) * 37} height={1 + (gain / most) * 37} fill="currentColor" />
        ),
      )}
    </svg>
  );
}
