// Pieces that several screens are made of.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Channels, KeyClass, Sample } from "../contract.js";
import type { Desk } from "../desk.js";

export function Trouble({ text, id }: { text: string | undefined; id?: string }) {
  // The element is always there: a live region that comes with its text is often not read out.
  return (
    <p class="trouble" role="alert" id={id}>
      {text !== undefined && `！ ${text}`}
    </p>
  );
}

interface ActionProps {
  desk: Desk;
  /** The act of the desk that the button begins; its trouble stands beneath. */
  name: string;
  press: () => void;
  /** Why it cannot be pressed now. */
  hindrance?: string | null;
  look?: string;
  children: ComponentChildren;
}

/** A button that makes something happen at the server. It keeps its place and its focus while it runs or cannot. */
export function Action({ desk, name, press, hindrance = null, look = "", children }: ActionProps) {
  const runs = desk.busy === name;
  const off = hindrance !== null || desk.busy !== null;
  const described = `about ${name}`.replace(/[^A-Za-z0-9]/g, "-");
  return (
    <div class="action">
      <button
        type="button"
        class={`button ${look} ${hindrance !== null ? "off" : ""}`}
        aria-disabled={off}
        aria-busy={runs}
        aria-describedby={hindrance !== null ? described : undefined}
        onClick={() => off || press()}
      >
        {runs ? "お待ちください…" : children}
      </button>
      {hindrance !== null && (
        <p class="hindrance" id={described}>
          {hindrance}
        </p>
      )}
      <Trouble text={desk.trouble.get(name)} />
    </div>
  );
}

/** Three words that two people compare by voice. A line breaks between them, and in none. */
export function Words({ words, large = false }: { words: string[]; large?: boolean }) {
  return (
    <p class={large ? "words large" : "words"}>
      {words.map((word, index) => (
        <span key={index}>{index + 1 < words.length ? `${word}・` : word}</span>
      ))}
    </p>
  );
}

export function Plate({ of }: { of: KeyClass }) {
  return <span class={`plate ${of}`}>{of === "live" ? "本番" : "訓練"}</span>;
}

/** A crossed-out notice. The word always stands beside it. */
export function CancelSign() {
  return (
    <svg class="sign" viewBox="0 0 48 48" aria-hidden="true">
      <rect x="5" y="9" width="38" height="30" rx="3" fill="none" stroke="currentColor" stroke-width="4" />
      <path d="M3 45 45 3M3 3l42 42" stroke="currentColor" stroke-width="5" />
    </svg>
  );
}

/** A ring with a tick. */
export function AllClearSign() {
  return (
    <svg class="sign" viewBox="0 0 48 48" aria-hidden="true">
      <circle cx="24" cy="24" r="19" fill="none" stroke="currentColor" stroke-width="6" />
      <path d="m14 25 7 7 13-15" fill="none" stroke="currentColor" stroke-width="5" />
    </svg>
  );
}

/**
 * What a household's television will show: its own page, told what to show once it is there. It is for looking at only, and must
 * not draw the focus of the keyboard to itself.
 */
export function Television({ sample, exercise }: { sample: Sample; exercise: boolean }) {
  const show = (event: Event) => {
    const { contentWindow } = event.currentTarget as HTMLIFrameElement;
    contentWindow?.postMessage({ hinamori: "preview", content: sample, exercise }, location.origin);
  };
  return (
    <div class="television" inert>
      <iframe src="/tv/?preview" title="テレビの 見え方" tabIndex={-1} onLoad={show} />
    </div>
  );
}

/** How much of a whole; the figure always stands beside it. */
export function Bar({ part, whole }: { part: number; whole: number }) {
  const share = whole > 0 ? Math.min(1, part / whole) : 0;
  return (
    <svg class="share" aria-hidden="true">
      <rect width={`${share * 100}%`} height="100%" fill="currentColor" />
    </svg>
  );
}

function Copy({ text, what }: { text: string; what: string }) {
  const [done, setDone] = useState<"copied" | "failed" | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setDone(null), 4000);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setDone("copied"),
      () => setDone("failed"),
    );
  return (
    <button type="button" class="button small copy" onClick={() => void copy()}>
      <span aria-live="polite">{done === "copied" ? "✓ 写しました" : done === "failed" ? "写せません" : "写す"}</span>
      <span class="unseen">（{what}）</span>
    </button>
  );
}

/** The same words for the other ways out, which officers carry over by hand. */
export function OtherWays({ channels }: { channels: Channels }) {
  const { loudspeaker, mail, l_alert, line } = channels;
  const fields = l_alert.map(([field, value]) => `${field}：${value}`).join("\n");
  const ways: Array<{ name: string; text: string; problems: string[]; read: string }> = [
    { name: "防災無線", text: loudspeaker, problems: [], read: `${[...loudspeaker].length}字` },
    { name: "エリアメール", text: `${mail.subject}\n${mail.body}`, problems: mail.problems, read: `件名${[...mail.subject].length}字・本文${[...mail.body].length}字` },
    { name: "Lアラート", text: fields, problems: [], read: `${l_alert.length}項目` },
    { name: "LINE", text: line, problems: [], read: `${[...line].length}字` },
  ];
  return (
    <ul class="ways">
      {ways.map((way) => (
        <li key={way.name}>
          <details>
            <summary>
              <b>{way.name}</b> <span class="dim">{way.problems.length > 0 ? `！ 直す所 ${way.problems.length}` : way.read}</span>
            </summary>
            {way.problems.map((problem) => (
              <p class="warning" key={problem}>
                ！ {problem}
              </p>
            ))}
            <p class="text">{way.text}</p>
          </details>
          <Copy text={way.text} what={way.name} />
        </li>
      ))}
    </ul>
  );
}
