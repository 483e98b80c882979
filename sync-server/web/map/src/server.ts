// Asking the server. Every failure becomes a sentence for the official.

/** What the server refused, in its own words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    sentence: string,
    /** What came with it. */
    readonly body: unknown = null,
  ) {
    super(sentence);
  }
}

/** No answer came, or none that says anything. */
export class NoAnswer extends Error {}

const TIMEOUT = 30_000;

async function answer(path: string, init: RequestInit, accept: string): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    const headers = { Accept: accept, ...(init.body === undefined ? {} : { "Content-Type": "application/json" }) };
    response = await fetch(path, { ...init, headers, credentials: "same-origin", redirect: "error", signal: AbortSignal.timeout(TIMEOUT) });
    text = await response.text();
  } catch (cause) {
    throw new NoAnswer("サーバーから 返事が ありません。", { cause });
  }
  let body: unknown = null;
  try {
    body = text === "" ? {} : JSON.parse(text);
  } catch {
    // What a proxy answers is often no JSON; the status says enough.
  }
  if (response.ok && body !== null) {
    return body;
  }
  const sentence = (body as { title?: unknown } | null)?.title;
  if (response.status >= 400 && response.status < 500) {
    throw new Refused(response.status, typeof sentence === "string" ? sentence : `サーバーが 断りました（${response.status}）。`, body);
  }
  throw new NoAnswer(`サーバーが 答えられません（${response.status}）。`);
}

export const get = <T>(path: string): Promise<T> => answer(`/api/v1/${path}`, { cache: "no-store" }, "application/json") as Promise<T>;
export const post = <T>(path: string, body: unknown): Promise<T> => answer(`/api/v1/${path}`, { method: "POST", body: JSON.stringify(body) }, "application/json") as Promise<T>;
export const remove = (path: string): Promise<unknown> => answer(`/api/v1/${path}`, { method: "DELETE" }, "application/json");
/** A file that the server named; only one of its own. */
export const file = (url: string): Promise<unknown> => answer(own(url), {}, "application/geo+json, application/json");

export function own(url: string): string {
  const whole = new URL(url, location.href);
  if (whole.origin !== location.origin) {
    throw new NoAnswer("地図の ファイルが ほかの 場所を 指しています。");
  }
  return whole.href;
}
