/** Encrypt for one reader: ECDH-ES on P-256 straight to AES-256-GCM, compact form. RFC 7516, RFC 7518 §4.6. */

import { decodeBase64url, encodeBase64url } from "../encoding/base64url.ts";
import { type Bytes, concatBytes, utf8 } from "../encoding/bytes.ts";
import { sha256 } from "../encoding/digest.ts";
import type { JsonObject } from "../encoding/strict_json.ts";
import { CoreError, untrusted } from "../errors.ts";
import { ES256 } from "./algorithms.ts";
import { keyOfCoordinates } from "./keys.ts";

const ALG = "ECDH-ES";
const ENC = "A256GCM";
const KEY_BITS = 256;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const AGREEMENT = { name: "ECDH", namedCurve: "P-256" } as const;

/**
 * Return a compact JWE for the holder of a public JWK, naming its `kid` when it has one.
 *
 * The ephemeral key and the initialisation vector come from the platform's generator. Throws encryption_invalid
 * (reason key).
 */
export async function encryptFor(jwk: JsonObject, plaintext: Bytes): Promise<string> {
  const reader = await readerKey(jwk);
  const ephemeral = await crypto.subtle.generateKey(AGREEMENT, false, ["deriveBits"]);
  const { x = "", y = "" } = await crypto.subtle.exportKey("jwk", ephemeral.publicKey);
  const named = typeof jwk["kid"] === "string" ? { kid: jwk["kid"] } : {};
  const header = encodeBase64url(
    utf8(
      JSON.stringify({
        alg: ALG,
        enc: ENC,
        ...named,
        epk: { kty: "EC", crv: "P-256", x, y },
      }),
    ),
  );
  const secret = new Uint8Array(
    await crypto.subtle.deriveBits({ name: "ECDH", public: reader }, ephemeral.privateKey, KEY_BITS),
  );
  const key = await crypto.subtle.importKey("raw", await concatKdf(secret), "AES-GCM", false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const scheme = { name: "AES-GCM", iv, additionalData: utf8(header), tagLength: TAG_BYTES * 8 };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(scheme, key, plaintext));
  const end = sealed.length - TAG_BYTES;
  return [header, "", ...[iv, sealed.subarray(0, end), sealed.subarray(end)].map(encodeBase64url)].join(".");
}

/** Return the key of one agreement, without party information. RFC 7518 §4.6.2. */
async function concatKdf(secret: Bytes): Promise<Bytes> {
  const enc = utf8(ENC);
  const number = (value: number): Bytes => Uint8Array.of(0, 0, value >> 8, value & 0xff);
  return sha256(concatBytes(number(1), secret, number(enc.length), enc, number(0), number(0), number(KEY_BITS)));
}

/** Return the reader's key, which has to be for this: a P-256 point on the curve, public. */
async function readerKey(jwk: JsonObject): Promise<CryptoKey> {
  const { kty, crv, alg, use = "enc", kid = "" } = jwk;
  const isForUs = kty === "EC" && crv === "P-256" && alg === ALG && use === "enc" && typeof kid === "string";
  if (!isForUs || "d" in jwk) throw unusable();
  try {
    const [x, y] = [coordinateOf(jwk, "x"), coordinateOf(jwk, "y")];
    await keyOfCoordinates(ES256, [x, y]); // on the curve, whatever the platform checks itself
    return await crypto.subtle.importKey("raw", concatBytes(Uint8Array.of(4), x, y), AGREEMENT, false, []);
  } catch (error) {
    throw error instanceof CoreError ? unusable() : error;
  }
}

function coordinateOf(jwk: JsonObject, name: "x" | "y"): Bytes {
  const text = jwk[name];
  const bytes = typeof text === "string" ? decodeBase64url(text, name) : new Uint8Array();
  if (bytes.length !== ES256.coordinateSize) throw unusable();
  return bytes;
}

function unusable(): CoreError {
  return untrusted("encryption_invalid", { reason: "key" }, "OpenID4VP 1.0 §8.3");
}
