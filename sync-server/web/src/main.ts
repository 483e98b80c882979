// The page of a household's television: brings the line, the picture, the keys and the sound together.

import { isArray, contentOf } from "./leaf.js";
import { Line } from "./line.js";
import { browserStore, load, save } from "./memory.js";
import { type Key, Screen } from "./screen.js";
import { Sound } from "./sound.js";
import { Television } from "./television.js";
import { type Page, preview, view } from "./view.js";

const TICK = 500;
/** A press that was meant for the picture before is none for this one. */
const UNREADY = 1500;
/** A clock alone is not worth a write into the set's memory every ten seconds. */
const KEEP_BEAT = 5 * 60 * 1000;
const [LEFT, RIGHT, OK] = [37, 39, 13];

/** Milliseconds that only go forward: a set's own clock is put right while it runs. */
function running(): number {
  return window.performance && performance.now ? performance.now() : Date.now();
}

/** A set that was bound meanwhile shows the same message as another one: its household's, with keys. */
function messageOf(page: Page): string {
  const isNobodys = page.kind === "order" && page.nobodys !== null;
  return page.kind === "order" || page.kind === "word" ? page.kind + isNobodys + page.head.digest : "";
}

function start(root: HTMLElement): void {
  const store = browserStore();
  const television = new Television(load(store), running());
  const sound = new Sound();
  let page: Page = { kind: "connecting" };
  let focus: Key | null = null;
  let began = 0;
  let kept = "";
  let keptAt = -KEEP_BEAT;

  const keep = (): void => {
    const { beat, ...rest } = television.memory;
    const now = JSON.stringify(rest);
    if (now !== kept || (beat !== null && running() - keptAt >= KEEP_BEAT)) {
      kept = now;
      keptAt = running();
      save(store, television.memory);
    }
  };

  const press = (key: Key): void => {
    if (running() - began < UNREADY || (page.kind !== "order" && page.kind !== "word") || focus === null) {
      return;
    }
    const message = page.head.digest;
    sound.stop();
    if (page.kind === "word") {
      television.close(message);
    } else if (key === "help" && page.help.delivery === "none") {
      television.answer(message, "help");
    } else if (key === "going" && page.going.delivery === "none" && (page.help.delivery === "none" || page.body === "all arrived")) {
      television.answer(message, "going");
    }
    line.sendAnswers();
    update();
  };

  const screen = new Screen(root, press);

  const update = (): void => {
    const next = view(television, running());
    if (messageOf(next) !== messageOf(page)) {
      began = running();
      screen.beginTurning(began);
      focus = next.kind === "word" ? "close" : next.kind === "order" && next.nobodys === null ? "going" : null;
      if (next.kind === "order" || next.kind === "word") {
        sound.play(speechOf(television, running()));
        afterPaint(() => shown(next.head.digest));
      } else {
        sound.stop();
      }
    }
    page = next;
    screen.show(page, focus, running());
    keep();
  };

  /** Only what still stands there was shown. */
  const shown = (message: string): void => {
    if ((page.kind === "order" || page.kind === "word") && page.head.digest === message) {
      television.answer(message, "shown");
      keep();
      line.sendAnswers();
    }
  };

  const line = new Line(television, running, update);

  document.onkeydown = (event) => {
    const code = event.keyCode;
    if (page.kind === "order" && page.nobodys === null && (code === LEFT || code === RIGHT)) {
      focus = code === LEFT ? "going" : "help";
      screen.show(page, focus, running());
      event.preventDefault();
    } else if (code === OK && focus !== null) {
      press(focus);
      event.preventDefault();
    }
  };
  window.onresize = () => screen.scale();
  setInterval(update, TICK);
  update();
  line.start();
}

function speechOf(television: Television, now: number): string {
  const shown = television.shown(now);
  return shown === null ? "" : shown.message.content.speech;
}

function afterPaint(then: () => void): void {
  if (window.requestAnimationFrame) {
    // The first one comes before the painting, the second one after it; neither comes while nobody sees the page.
    window.requestAnimationFrame(() => {
      window.requestAnimationFrame(then);
    });
  } else {
    setTimeout(then, 200);
  }
}

/** For the desk: draws what it is given by its own origin, asks no server and takes no key. */
function startPreview(root: HTMLElement): void {
  const screen = new Screen(root, () => undefined);
  let draw = (): void => undefined;
  window.onresize = () => screen.scale();
  window.onmessage = (event: MessageEvent) => {
    const said = event.data as { [name: string]: unknown } | null;
    const isOurs = event.origin === location.protocol + "//" + location.host && typeof said === "object" && said !== null && !isArray(said);
    const content = isOurs && said["hinamori"] === "preview" ? contentOf(said["content"]) : null;
    if (content !== null && said !== null) {
      const isExercise = said["exercise"] === true;
      draw = () => {
        const page = preview(content, isExercise, Date.now());
        screen.show(page, page.kind === "order" ? "going" : "close", running());
      };
      screen.beginTurning(running());
      draw();
    }
  };
  setInterval(() => draw(), TICK);
}

const root = document.getElementById("tv");
if (root !== null) {
  (location.search === "?preview" ? startPreview : start)(root);
}
