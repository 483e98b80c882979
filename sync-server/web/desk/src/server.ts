// Asking the server. Every failure becomes a sentence for the officer.

import type { State } from "./contract.js";

/** What the server refused, in its own words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    sentence: string,
  ) {
    super(sentence);
  }
}

/** No answer came: it is not known whether the server did what it was asked. */
export class NoAnswer extends Error {}

/** Longer than the server holds a question for the state. */
const STATE_TIMEOUT = 33_000;
const ACT_TIMEOUT = 20_000;

async function ask(path: string, init: RequestInit, timeout: number, signal?: AbortSignal): Promise<unknown> {
  const end = AbortSignal.timeout(timeout);
  let status: number;
  let answer: unknown = null;
  try {
    const response = await fetch(`/desk/api/${path}`, {
      ...init,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: signal === undefined ? end : AbortSignal.any([end, signal]),
    });
    status = response.status;
    const text = await response.text();
    try {
      answer = JSON.parse(text);
    } catch {
      // What a proxy answers is often no JSON; the status says enough.
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw new NoAnswer("サーバーから 返事が ありません。", { cause });
  }
  if (status >= 200 && status < 300 && answer !== null) {
    return answer;
  }
  const sentence = (answer as { error?: unknown } | null)?.error;
  if (typeof sentence === "string" && status >= 400 && status < 500) {
    throw new Refused(status, sentence);
  }
  if (status === 401) {
    throw new Refused(status, "サインインしてください。");
  }
  throw new NoAnswer(`サーバーが 答えられません（${status}）。`);
}

export function post(path: string, body: object, signal?: AbortSignal): Promise<unknown> {
  const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return ask(path, init, ACT_TIMEOUT, signal);
}

/** Waits until there is another state than `seen`, or for at most 25 seconds. */
export async function nextState(seen: string | null, signal: AbortSignal): Promise<State> {
  const query = seen === null ? "" : `?seen=${encodeURIComponent(seen)}`;
  return (await ask(`state${query}`, {}, STATE_TIMEOUT, signal)) as State;
}
