// The line to the server (docs/tv.md §6). What comes over it is believed nowhere but in the television.

import { isArray, text, time } from "./leaf.js";
import type { Answer } from "./memory.js";
import type { Television } from "./television.js";

/** The server answers after 25 seconds at most. */
const TIMEOUT = 35 * 1000;
const LONGEST_PAUSE = 30 * 1000;
/** More than any answer has. */
const MOST_TEXT = 16 * 1024 * 1024;

type Said = (status: number, said: unknown) => void;

export class Line {
  private seen = "";
  private failures = 0;
  private answerFailures: { [kind: string]: number } = {};
  private isSending: { [kind: string]: boolean } = {};

  /** `changed` is called after everything that may change the picture or what is to be kept. */
  constructor(
    private readonly television: Television,
    private readonly running: () => number,
    private readonly changed: () => void,
  ) {}

  start(): void {
    this.next();
    this.sendAnswers();
  }

  private next(): void {
    if (this.television.memory.token === null) {
      this.hello();
    } else {
      this.wait();
    }
  }

  private hello(): void {
    this.ask("POST", "hello", "", (status, said) => {
      const isGood = status === 200 && this.television.hello(said);
      this.changed();
      this.goOn(isGood);
    });
  }

  private wait(): void {
    const began = this.running();
    const path = "wait?seen=" + encodeURIComponent(this.seen) + "&list=" + this.television.listVersion();
    this.ask("GET", path, "", (status, said) => {
      if (status === 401) {
        this.television.forgetToken();
        this.seen = "";
        this.changed();
        this.goOn(false);
        return;
      }
      const isGood = status === 200 && this.television.take(said, this.running());
      let isHasty = false;
      if (isGood) {
        const revision = text((said as { [name: string]: unknown })["revision"]);
        // A server that does not wait would otherwise be asked without end.
        isHasty = revision === this.seen && this.running() - began < 1000;
        this.seen = revision;
        this.sendAnswers();
      }
      this.changed();
      this.goOn(isGood && !isHasty);
    });
  }

  private goOn(isGood: boolean): void {
    this.failures = isGood ? 0 : this.failures + 1;
    setTimeout(() => this.next(), pause(this.failures));
  }

  /**
   * Sends what is to be sent until the town hall has it. Each kind has a way of its own: a call for help waits neither for a receipt
   * nor for the pause after its failure.
   */
  sendAnswers(): void {
    this.send("help");
    this.send("going");
    this.send("shown");
  }

  private send(kind: Answer["answer"]): void {
    const television = this.television;
    const answer = television.nextAnswer(kind);
    if (this.isSending[kind] === true || answer === null || television.memory.token === null || television.isRefused) {
      return;
    }
    this.isSending[kind] = true;
    this.ask("POST", "answer", JSON.stringify({ message: answer.message, answer: kind }), (status, said) => {
      const at = status === 200 && typeof said === "object" && said !== null ? time((said as { [name: string]: unknown })["at"]) : null;
      const failures = at === null ? (this.answerFailures[kind] || 0) + 1 : 0;
      this.answerFailures[kind] = failures;
      if (at !== null) {
        television.delivered(answer, at);
      } else if (kind !== "shown") {
        // Whoever pressed a key is told; a receipt waits in silence.
        television.isStuck = true;
      }
      this.changed();
      setTimeout(() => {
        this.isSending[kind] = false;
        this.send(kind);
      }, pause(failures));
    });
  }

  private ask(method: string, path: string, body: string, said: Said): void {
    const request = new XMLHttpRequest();
    let isOver = false;
    const end = (status: number, parsed: unknown): void => {
      if (!isOver) {
        isOver = true;
        clearTimeout(timer);
        said(status, parsed);
      }
    };
    // Old sets know no `timeout` of a request.
    const timer = setTimeout(() => {
      end(0, null);
      request.abort();
    }, TIMEOUT);
    request.onreadystatechange = () => {
      if (request.readyState === 4) {
        end(request.status, request.status === 200 ? parse(request.responseText) : null);
      }
    };
    try {
      request.open(method, path, true);
      const token = this.television.memory.token;
      if (token !== null) {
        request.setRequestHeader("Authorization", "Bearer " + token);
      }
      if (body !== "") {
        request.setRequestHeader("Content-Type", "application/json");
      }
      request.send(body === "" ? null : body);
    } catch (_noLine) {
      end(0, null);
    }
  }
}

/** Longer after each failure, and by chance up to half as long again: a whole town must not come back in one moment. */
function pause(failures: number): number {
  if (failures === 0) {
    return 0;
  }
  return Math.min(LONGEST_PAUSE, 1000 * Math.pow(2, failures - 1)) * (1 + Math.random() / 2);
}

function parse(json: string): unknown {
  if (json.length > MOST_TEXT) {
    return null;
  }
  try {
    const parsed: unknown = JSON.parse(json);
    return isArray(parsed) ? null : parsed;
  } catch (_noJson) {
    return null;
  }
}
