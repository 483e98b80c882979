// The line to the server (docs/tv.md §6). What comes over it is believed nowhere but in the television.

import { text, time } from "./leaf.js";
import type { Answer } from "./memory.js";
import { ask, pause, type Said } from "./request.js";
import type { Television } from "./television.js";

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
      const from = status === 200 && typeof said === "object" && said !== null ? (said as { [name: string]: unknown }) : {};
      const [at, kept] = [time(from["at"]), time(from["kept"])];
      const failures = at === null && kept === null ? (this.answerFailures[kind] || 0) + 1 : 0;
      this.answerFailures[kind] = failures;
      if (at !== null) {
        television.delivered(answer, at);
      } else if (kept !== null) {
        television.keptByBox(answer, kept);
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
    ask(method, path, this.television.memory.token, body, said);
  }
}
