// Pieces that several parts of the page are made of.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Look, picture } from "../symbols.js";
import type { Page } from "../page.js";

/** A symbol as the map has it. What it says stands beside it in words. */
export function Symbol({ page, look, stale = false, size = 1 }: { page: Page; look: Look; stale?: boolean; size?: number }) {
  const { url, side } = picture(look, { night: page.isNight(), stale: stale || page.isLost() });
  return <img class="symbol" src={url} width={Math.round(side * size)} height={Math.round(side * size)} alt="" />;
}

export function Trouble({ text, id }: { text: string | undefined; id?: string }) {
  // The element is always there: a live region that comes with its text is often not read out.
  return (
    <p class="trouble" role="alert" id={id}>
      {text !== undefined && `！ ${text}`}
    </p>
  );
}

/** Draws what it is in anew at every second. */
export function useSeconds(): void {
  const [, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTurn((turn) => turn + 1), 1000);
    return () => clearInterval(timer);
  }, []);
}

/** A button, and what it opens beneath itself. */
export function Popup({ name, label, children }: { name: ComponentChildren; label: string; children: (close: () => void) => ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  useEffect(() => {
    if (!open) {
      return;
    }
    const outside = (event: Event) => {
      if (event.target instanceof Node && whole.current?.contains(event.target) === false) {
        setOpen(false);
      }
    };
    addEventListener("pointerdown", outside, true);
    return () => removeEventListener("pointerdown", outside, true);
  }, [open]);
  return (
    <div
      class="popup"
      ref={whole}
      onKeyDown={(event) => {
        if (event.key === "Escape" && open) {
          close();
        }
      }}
    >
      <button type="button" class="control" ref={button} aria-expanded={open} onClick={() => setOpen(!open)}>
        {name}
      </button>
      {open && (
        <div class="panel" role="group" aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

export function Check({ on, press, children }: { on: boolean; press: () => void; children: ComponentChildren }) {
  return (
    <label class="check">
      <input type="checkbox" checked={on} onChange={press} />
      {children}
    </label>
  );
}

/** How much of a whole; the figure always stands beside it. */
export function Share({ part, whole }: { part: number; whole: number }) {
  const share = whole > 0 ? Math.min(1, part / whole) : 0;
  return (
    <svg class="share" aria-hidden="true">
      <rect width={`${share * 100}%`} height="100%" fill="currentColor" />
    </svg>
  );
}
