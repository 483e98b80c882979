// A broadcaster's file (docs/broadcast.md §1) as a playout system hands it over: what the officers signed, taken out of the server's
// signature. That signature says where a file came from and is not looked at: the officers' is what counts.

import { fromBase64, toHex } from "./bytes.js";
import { readEnvelope } from "./envelope.js";
import type { Item } from "./player.js";

const SIGNATURE = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">';
const ENVELOPE = '<Object><Envelope xmlns="urn:hinamori:alert:envelope:1">';
const CLOSED = "</Envelope></Object></Signature></alert>";
/** Characters: an alert of a megabyte, and its signature. */
const MOST = 1200000;

/** The message of a file and its digest; `null` for what is no such file. Whether it holds is judged as everything else is. */
export function itemOf(file: unknown): { item: Item; digest: string } | null {
  if (typeof file !== "string" || file.length > MOST) {
    return null;
  }
  // Who hands it over may have lost or added line feeds behind it; within it every byte is signed.
  const text = file.replace(/\s+$/, "");
  const from = text.lastIndexOf(SIGNATURE);
  const at = text.lastIndexOf(ENVELOPE);
  if (from < 0 || at < from || text.slice(-CLOSED.length) !== CLOSED) {
    return null;
  }
  const envelope = text.slice(at + ENVELOPE.length, -CLOSED.length);
  const bytes = fromBase64(envelope);
  const read = bytes === null ? null : readEnvelope(bytes);
  const alert = base64Of(text.slice(0, from) + "</alert>\n");
  return read === null || alert === null ? null : { item: { envelope, alert }, digest: toHex(read.digest) };
}

/** UTF-8 in base64; `null` for half a character. */
function base64Of(text: string): string | null {
  try {
    return btoa(encodeURIComponent(text).replace(/%([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16))));
  } catch (_half) {
    return null;
  }
}
