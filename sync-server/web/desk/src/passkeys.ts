// Passkeys: made two at a time, and asked for a signature over exactly one challenge.

import type { Assertion, Invitation, KeyClass, NewPasskey } from "./contract.js";

const ES256 = -7;
/** Finding a phone or a key in a bag takes its time. */
const TIMEOUT = 120_000;

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

export function base64url(bytes: ArrayBuffer): string {
  return base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function available(): boolean {
  return "PublicKeyCredential" in window && "credentials" in navigator;
}

const CLASS_NAMES: Record<KeyClass, string> = { live: "本番", exercise: "訓練" };

export async function makePasskey(invitation: Invitation, keyClass: KeyClass): Promise<NewPasskey> {
  const { officer, town, party } = invitation;
  const name = `${CLASS_NAMES[keyClass]} ${officer.name}`;
  const made = (await navigator.credentials.create({
    publicKey: {
      rp: { id: party, name: `${town} 警報デスク` },
      // The name is what the device asks with later: it says which of the two keys is meant.
      user: { id: fromBase64url(invitation.users[keyClass]), name, displayName: name },
      challenge: fromBase64url(invitation.challenge),
      pubKeyCredParams: [{ type: "public-key", alg: ES256 }],
      authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      attestation: "none",
      timeout: TIMEOUT,
    },
  })) as PublicKeyCredential | null;
  const response = made?.response as AuthenticatorAttestationResponse | undefined;
  const key = response?.getPublicKey();
  if (made === null || response === undefined || key === null || key === undefined || response.getPublicKeyAlgorithm() !== ES256) {
    throw new Error("この 端末の パスキーは 使えません。別の 端末で お試しください。");
  }
  return { credential: base64url(made.rawId), key: base64(key) };
}

/** With no `allowed` ones the device offers those that it has for the party. */
export async function signWithPasskey(party: string, challenge: string, allowed: string[], signal?: AbortSignal): Promise<Assertion> {
  const given = (await navigator.credentials.get({
    publicKey: {
      rpId: party,
      challenge: fromBase64url(challenge),
      allowCredentials: allowed.map((id) => ({ type: "public-key" as const, id: fromBase64url(id) })),
      userVerification: "required",
      timeout: TIMEOUT,
    },
    ...(signal === undefined ? {} : { signal }),
  })) as PublicKeyCredential | null;
  if (given === null) {
    throw new Error("パスキーが 選ばれませんでした。");
  }
  const response = given.response as AuthenticatorAssertionResponse;
  return {
    credential: base64url(given.rawId),
    authenticator: base64(response.authenticatorData),
    client: base64(response.clientDataJSON),
    signature: base64(response.signature),
  };
}

/** What went wrong at the device, as a sentence; `null` if it was something else. */
export function passkeyTrouble(error: unknown): string | null {
  if (!(error instanceof DOMException)) {
    return null;
  }
  switch (error.name) {
    case "NotAllowedError":
      return "パスキーの 確認が とちゅうで 終わりました。もう一度 押してください。";
    case "InvalidStateError":
      return "この 端末には もう パスキーが あります。";
    case "SecurityError":
      return "この アドレスでは パスキーを 使えません。町の 正しい アドレスか 確かめてください。";
    case "NotSupportedError":
      return "この 端末の パスキーは 使えません。別の 端末で お試しください。";
    default:
      return null;
  }
}
