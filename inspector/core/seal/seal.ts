/**
 * The seal: `PD1:` and, in base45, a compressed COSE_Sign1 message with the claims of a CWT.
 *
 * The header names the algorithm and the first eight bytes of the SHA-256 of the signer's certificate, and nothing
 * else. Described in docs/seal.md. RFC 9052 §4.2, RFC 8392, RFC 9285, RFC 1950.
 */

import * as coseSign1 from "../cose/cose_sign1.ts";
import { decodeBase45 } from "../encoding/base45.ts";
import { type Bytes, bigEndian, equalBytes } from "../encoding/bytes.ts";
import * as strictCbor from "../encoding/strict_cbor.ts";
import { type Cbor, isArray, isBytes, isMap } from "../encoding/strict_cbor.ts";
import type { Json, JsonObject } from "../encoding/strict_json.ts";
import { type CoreError, malformed, untrusted } from "../errors.ts";
import { SIGNATURE_ALGORITHMS } from "../jose/algorithms.ts";
import type { VerificationKey } from "../jose/keys.ts";
import { plainObject } from "../layouts/claims.ts";
import { inflateStrictly } from "./inflating.ts";

export const PREFIX = "PD1:";
const KEY_ID_BYTES = 8;
/** Characters of the largest QR code that there is: nothing longer can have been scanned. ISO 18004. */
const LARGEST_READ = 4296;
const MAX_INFLATED = 16 * 1024;
const ROLE: coseSign1.CoseRole = {
  name: "seal",
  typ: null,
  maxBytes: MAX_INFLATED,
  protected: new Set([coseSign1.ALG, coseSign1.KID]),
  unprotected: new Set(),
};
const CONTENT = -65_537;
/** The claims around the content by their names in JWT. */
const NAMES: ReadonlyMap<strictCbor.CborKey, string> = new Map([
  [1, "iss"],
  [4, "exp"],
  [6, "iat"],
  [65_535, "status"],
]);

/** A seal whose form is in order and whose signature nobody has checked; `keyId` helps to find its key. */
export interface UnverifiedSeal {
  readonly keyId: Bytes;
  readonly unverifiedMessage: coseSign1.UnverifiedCoseSign1;
}

/** What a key signed: the claims around the content by their names in JWT, and the content by its labels. */
export interface SealClaims {
  readonly envelope: JsonObject;
  readonly content: Cbor | undefined;
}

/**
 * Return the message that a text carries. Input is from anybody.
 *
 * Throws seal_malformed (prefix, compression, trailing, padding), base45_invalid, limit_exceeded. docs/seal.md §3.
 */
export function readMessage(text: string): Bytes {
  if ([...text.slice(0, 2 * LARGEST_READ + 2)].length > LARGEST_READ) {
    throw malformed("limit_exceeded", { what: "seal", limit: LARGEST_READ }, "Seal");
  }
  if (!text.startsWith(PREFIX)) throw malformedSeal("prefix");
  return inflateStrictly(decodeBase45(text.slice(PREFIX.length)), MAX_INFLATED);
}

/**
 * Return a message with a header that a seal may have.
 *
 * Throws seal_malformed (encoding, key_id), cbor_malformed, malformed_token, limit_exceeded, alg_not_allowed,
 * crit_unsupported, header_param_forbidden, typ_mismatch. RFC 9052 §3.
 */
export function readHeader(
  message: Bytes,
  options: { readonly allowedAlgs: ReadonlySet<string> },
): UnverifiedSeal {
  const unverified = coseSign1.split(message, ROLE, options);
  const tag = coseSign1.TAG;
  const again = strictCbor.dumps(strictCbor.loads(message, { what: ROLE.name, tag }), { tag });
  if (!equalBytes(again, message)) throw malformedSeal("encoding");
  const keyId = unverified.header.get(coseSign1.KID);
  if (!isBytes(keyId) || keyId.length !== KEY_ID_BYTES) throw malformedSeal("key_id");
  return { keyId, unverifiedMessage: unverified };
}

/**
 * Return the claims that `key` signed; the caller trusts it for seals already.
 *
 * Throws signature_invalid, alg_not_allowed, seal_malformed (label, type), cbor_malformed, limit_exceeded.
 */
export async function verifySeal(
  { unverifiedMessage }: UnverifiedSeal,
  key: VerificationKey,
): Promise<SealClaims> {
  checkSignatureForm(unverifiedMessage.alg, unverifiedMessage.signature);
  const claims = await coseSign1.verify(unverifiedMessage, key);
  if (![...claims.keys()].every((label) => label === CONTENT || NAMES.has(label))) throw malformedSeal("label");
  checkNoBytes(claims);
  const around = [...claims].filter(([label]) => label !== CONTENT);
  const envelope = plainObject(around.map(([label, value]) => [NAMES.get(label) ?? "", asJson(value)]));
  return { envelope, content: claims.get(CONTENT) };
}

/** Refuse byte strings: no claim of a seal is one, and no reader would know how to tell it. */
function checkNoBytes(value: Cbor): void {
  if (isBytes(value)) throw malformedSeal("type");
  for (const each of isMap(value) ? value.values() : isArray(value) ? value : []) checkNoBytes(each);
}

/**
 * Require the lesser of the two values of s with which an ECDSA signature holds. Throws signature_invalid. SEC 1.
 */
function checkSignatureForm(alg: string, signature: Bytes): void {
  const algorithm = SIGNATURE_ALGORITHMS.get(alg);
  const order = algorithm?.curve?.order;
  if (order === undefined || signature.length !== algorithm?.signatureSize) return;
  if (bigEndian(signature.subarray(algorithm.coordinateSize)) > order / 2n) {
    throw untrusted("signature_invalid", { reason: "high_s" }, "Seal §2");
  }
}

/** Return a claim around the content as JSON: names of members are texts; bytes were refused before. */
function asJson(value: Cbor): Json {
  if (isMap(value)) return plainObject(Array.from(value, ([name, each]) => [String(name), asJson(each)]));
  if (isArray(value)) return value.map(asJson);
  return isBytes(value) ? null : value;
}

function malformedSeal(reason: string): CoreError {
  return malformed("seal_malformed", { reason }, "Seal");
}
