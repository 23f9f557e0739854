/** Key Binding JWT: the holder vouches for one presentation, to one audience, once. RFC 9901 §4.3, §7.3. */

import { type Json, type JsonObject, isArray } from "../encoding/strict_json.ts";
import { CoreError, untrusted } from "../errors.ts";
import { split, verify } from "../jose/jws.ts";
import type { VerificationKey } from "../jose/keys.ts";
import { numericDate } from "../jose/numeric_date.ts";
import { KEY_BINDING } from "../jose/roles.ts";
import { DEFAULT_HASH_ALG, digest, hashFunction } from "./digests.ts";

const REASONS: ReadonlyMap<string, string> = new Map([
  ["typ_mismatch", "typ"],
  ["alg_not_allowed", "alg"],
  ["signature_invalid", "signature"],
]);

/** What a Key Binding JWT has to fit. */
export interface Binding {
  /** All before the Key Binding JWT, with the last tilde. */
  readonly presentedText: string;
  readonly holderKey: VerificationKey;
  readonly audience: string;
  readonly nonce: string;
  readonly now: number;
  readonly maxAgeS: number;
  readonly skewS: number;
  /** The credential's. */
  readonly hashAlg: string;
  readonly transactionData: readonly string[];
}

/**
 * Return the claims of a Key Binding JWT that fits the presentation and this transaction.
 *
 * Throws kb_invalid with a reason: form, header, alg, typ, signature, aud, nonce, iat, exp, nbf, sd_hash, txdata.
 * RFC 9901 §7.3 step 5.
 */
export async function verifyKeyBinding(kbText: string, binding: Binding): Promise<JsonObject> {
  const payload = await signedClaims(kbText, binding.holderKey);
  if (payload["aud"] !== binding.audience) throw invalid("aud");
  if (payload["nonce"] !== binding.nonce) throw invalid("nonce");
  checkTimes(payload, binding);
  if (payload["sd_hash"] !== (await digest(binding.presentedText, hashFunction(binding.hashAlg)))) {
    throw invalid("sd_hash");
  }
  await checkTransaction(payload, binding.transactionData);
  return payload;
}

async function signedClaims(kbText: string, holderKey: VerificationKey): Promise<JsonObject> {
  try {
    return await verify(split(kbText, KEY_BINDING, { allowedAlgs: new Set([holderKey.alg]) }), holderKey);
  } catch (error) {
    if (!(error instanceof CoreError)) throw error;
    throw invalid(REASONS.get(error.code) ?? (error.family === "untrusted" ? "header" : "form"));
  }
}

/** Hold `iat` in the window from `maxAgeS` ago to `skewS` ahead, and `exp` and `nbf` if given. */
function checkTimes(payload: JsonObject, { now, maxAgeS, skewS }: Binding): void {
  const signedAt = dateOf(payload, "iat");
  if (signedAt < now - maxAgeS || signedAt > now + skewS) throw invalid("iat");
  if (Object.hasOwn(payload, "exp") && dateOf(payload, "exp") <= now - skewS) throw invalid("exp");
  if (Object.hasOwn(payload, "nbf") && dateOf(payload, "nbf") > now + skewS) throw invalid("nbf");
}

function dateOf(payload: JsonObject, name: string): number {
  try {
    return numericDate(payload, name);
  } catch (error) {
    throw error instanceof CoreError ? invalid(name) : error;
  }
}

/**
 * Compare the hashes of the transaction that was asked for; one that nobody asked for is refused as well.
 *
 * Requests offer one hash function, the one that everybody has. OpenID4VP 1.0 §B.3.3.1.
 */
async function checkTransaction(payload: JsonObject, asked: readonly string[]): Promise<void> {
  const { transaction_data_hashes_alg: alg = DEFAULT_HASH_ALG, transaction_data_hashes: hashes = [] } = payload;
  const wanted = await Promise.all(asked.map((text) => digest(text, hashFunction(DEFAULT_HASH_ALG))));
  if (alg !== DEFAULT_HASH_ALG || !areTexts(hashes, wanted)) throw invalid("txdata");
}

function areTexts(found: Json, wanted: readonly string[]): boolean {
  return isArray(found) && found.length === wanted.length && found.every((each, index) => each === wanted[index]);
}

function invalid(reason: string): CoreError {
  return untrusted("kb_invalid", { reason }, "RFC 9901 §7.3");
}
