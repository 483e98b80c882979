// A passkey of this tablet, made and asked for as the server says. The JSON is put together by hand: browsers of tablets that
// towns still have (iPadOS 17, Chrome before 129) know neither `parseCreationOptionsFromJSON` nor `toJSON`.

import { base64url, fromBase64url } from "../../desk/src/passkeys.js";
import { post } from "./server.js";

export { available, passkeyTrouble } from "../../desk/src/passkeys.js";

interface CredentialJson {
  id: string;
  type: "public-key";
}
interface CreationJson {
  publicKey: Omit<PublicKeyCredentialCreationOptions, "challenge" | "user" | "excludeCredentials"> & {
    challenge: string;
    user: { id: string; name: string; displayName: string };
    excludeCredentials?: CredentialJson[];
  };
}
interface RequestJson {
  publicKey: Omit<PublicKeyCredentialRequestOptions, "challenge" | "allowCredentials"> & { challenge: string; allowCredentials?: CredentialJson[] };
}

const listed = (credentials: CredentialJson[] = []) => credentials.map((credential) => ({ ...credential, id: fromBase64url(credential.id) }));

function asJson(credential: PublicKeyCredential, response: Record<string, unknown>): object {
  return { id: credential.id, rawId: base64url(credential.rawId), type: credential.type, response, clientExtensionResults: credential.getClientExtensionResults() };
}

export async function enrol(code: string): Promise<void> {
  const { publicKey } = await post<CreationJson>("enrolment/begin", { code });
  const made = (await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: fromBase64url(publicKey.challenge),
      user: { ...publicKey.user, id: fromBase64url(publicKey.user.id) },
      excludeCredentials: listed(publicKey.excludeCredentials),
    },
  })) as PublicKeyCredential | null;
  if (made === null) {
    throw new Error("この 端末の パスキーは 使えません。別の 端末で お試しください。");
  }
  const response = made.response as AuthenticatorAttestationResponse;
  const json = { attestationObject: base64url(response.attestationObject), clientDataJSON: base64url(response.clientDataJSON), transports: response.getTransports?.() ?? [] };
  await post("enrolment/finish", asJson(made, json));
}

export async function signIn(): Promise<void> {
  const { publicKey } = await post<RequestJson>("session/begin", {});
  const given = (await navigator.credentials.get({
    publicKey: { ...publicKey, challenge: fromBase64url(publicKey.challenge), allowCredentials: listed(publicKey.allowCredentials) },
  })) as PublicKeyCredential | null;
  if (given === null) {
    throw new Error("パスキーが 選ばれませんでした。");
  }
  const response = given.response as AuthenticatorAssertionResponse;
  await post(
    "session/finish",
    asJson(given, {
      authenticatorData: base64url(response.authenticatorData),
      clientDataJSON: base64url(response.clientDataJSON),
      signature: base64url(response.signature),
      userHandle: response.userHandle === null ? null : base64url(response.userHandle),
    }),
  );
}
