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
/** Some hundred pages. */
const FILE_TIMEOUT = 60_000;

async function answerOf(path: string, init: RequestInit, timeout: number, signal?: AbortSignal): Promise<{ status: number; body: Blob }> {
  const end = AbortSignal.timeout(timeout);
  try {
    const response = await fetch(`/desk/api/${path}`, {
      ...init,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: signal === undefined ? end : AbortSignal.any([end, signal]),
    });
    return { status: response.status, body: await response.blob() };
  } catch (cause) {
    signal?.throwIfAborted();
    throw new NoAnswer("サーバーから 返事が ありません。", { cause });
  }
}

const isFine = (status: number): boolean => status >= 200 && status < 300;

async function jsonOf(body: Blob): Promise<unknown> {
  try {
    return JSON.parse(await body.text());
  } catch {
    // What a proxy answers is often no JSON; the status says enough.
    return null;
  }
}

function failureOf(status: number, answer: unknown): Error {
  const sentence = (answer as { error?: unknown } | null)?.error;
  if (typeof sentence === "string" && status >= 400 && status < 500) {
    return new Refused(status, sentence);
  }
  if (status === 401) {
    return new Refused(status, "サインインしてください。");
  }
  return new NoAnswer(`サーバーが 答えられません（${status}）。`);
}

async function ask(path: string, init: RequestInit, timeout: number, signal?: AbortSignal): Promise<unknown> {
  const { status, body } = await answerOf(path, init, timeout, signal);
  const answer = await jsonOf(body);
  if (!isFine(status) || answer === null) {
    throw failureOf(status, answer);
  }
  return answer;
}

export function read(path: string, signal?: AbortSignal): Promise<unknown> {
  return ask(path, {}, ACT_TIMEOUT, signal);
}

/** What the server gives as a file. */
export async function file(path: string, signal?: AbortSignal): Promise<Blob> {
  const { status, body } = await answerOf(path, {}, FILE_TIMEOUT, signal);
  if (!isFine(status)) {
    throw failureOf(status, await jsonOf(body));
  }
  return body;
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
