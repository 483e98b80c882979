// One request to the server, by what old browsers have.

import { isArray } from "./leaf.js";

/** The server answers after 25 seconds at most. */
const TIMEOUT = 35 * 1000;
const LONGEST_PAUSE = 30 * 1000;
/** More than any answer has. */
const MOST_TEXT = 16 * 1024 * 1024;

/** The status, 0 where there is no line; and the answer where it is 200. */
export type Said = (status: number, said: unknown) => void;

/** Asks once. `token` is the secret of whoever asks; an empty `body` is none. */
export function ask(method: string, path: string, token: string | null, body: string, said: Said, timeout: number = TIMEOUT): void {
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
  }, timeout);
  request.onreadystatechange = () => {
    if (request.readyState === 4) {
      end(request.status, request.status === 200 ? parse(request.responseText) : null);
    }
  };
  try {
    request.open(method, path, true);
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

/** Longer after each failure, and by chance up to half as long again: a whole town must not come back in one moment. */
export function pause(failures: number): number {
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
