// The last state, for a tablet that is started anew without a network: encrypted with a key that no script can read out, without
// names, and gone after twelve hours or when the official signs out.

import type { DistrictHouseholds, MapBase, MapMode, MapState } from "./contract.js";
import { HOUR } from "../../desk/src/words.js";

const NAME = "hinamori-map";
const STORE = "kept";
export const KEPT_FOR = 12 * HOUR;

export interface Kept {
  state: MapState;
  households: DistrictHouseholds[];
  base: MapBase | null;
  outlines: unknown;
  files: Record<string, unknown>;
  /** When the server was heard last, by its clock. */
  heard: number;
}

interface Sealed {
  at: number;
  nonce: Uint8Array<ArrayBuffer>;
  bytes: ArrayBuffer;
}

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}

async function database(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return asked(request);
}

async function use<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const open = await database();
  try {
    return await asked(act(open.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    open.close();
  }
}

async function key(): Promise<CryptoKey> {
  const held = await use<CryptoKey | undefined>("readonly", (store) => store.get("key"));
  if (held !== undefined) {
    return held;
  }
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await use("readwrite", (store) => store.put(made, "key"));
  return made;
}

/** What belongs to the other mode does not open as this one. */
const bound = (mode: MapMode, at: number) => new TextEncoder().encode(`${mode} ${at}`);

export async function keep(mode: MapMode, kept: Kept): Promise<void> {
  const at = Date.now();
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const text = new TextEncoder().encode(JSON.stringify(kept));
  const bytes = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: bound(mode, at) }, await key(), text);
  await use("readwrite", (store) => store.put({ at, nonce, bytes } satisfies Sealed, mode));
}

export async function take(mode: MapMode): Promise<Kept | null> {
  const sealed = await use<Sealed | undefined>("readonly", (store) => store.get(mode));
  if (sealed === undefined) {
    return null;
  }
  const old = Date.now() - sealed.at;
  if (old > KEPT_FOR || old < 0) {
    await use("readwrite", (store) => store.delete(mode));
    return null;
  }
  const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.nonce, additionalData: bound(mode, sealed.at) }, await key(), sealed.bytes);
  return JSON.parse(new TextDecoder().decode(text)) as Kept;
}

/** With the key: what a disk may still have of it opens no more. */
export async function forget(): Promise<void> {
  await use("readwrite", (store) => store.clear());
}
