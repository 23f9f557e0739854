/**
 * Compact JWS, strictly: one text for one token, one role for one reading.
 *
 * Order of a reading: split -> header (alg, crit, typ, parameters) -> signature -> payload. Nothing in a header
 * ever names the key by itself, and nothing in it is ever fetched. RFC 7515, RFC 8725.
 */

import { decodeBase64, decodeBase64url } from "../encoding/base64url.ts";
import { type Bytes, isAsciiText, utf8 } from "../encoding/bytes.ts";
import * as strictJson from "../encoding/strict_json.ts";
import { type JsonObject, isArray } from "../encoding/strict_json.ts";
import { CoreError, malformed, untrusted } from "../errors.ts";
import type { VerificationKey } from "./keys.ts";
import type { TokenRole } from "./roles.ts";

export const MAX_HEADER_CHARS = 16 * 1024;
export const MAX_KID_CHARS = 256;
const MAX_ALG_CHARS = 16;
export const MAX_CHAIN = 10;

/** A token whose form and header are in order and whose signature nobody has checked yet. */
export interface UnverifiedJws {
  readonly role: TokenRole;
  readonly header: JsonObject;
  readonly payload: Bytes;
  readonly signingInput: Bytes;
  readonly signature: Bytes;
}

export interface JwsOptions {
  readonly allowedAlgs: ReadonlySet<string>;
  /** Values of `typ` that a profile still accepts. */
  readonly toleratedTyp?: ReadonlySet<string>;
}

/**
 * Return the parts of a compact JWS that may play `role`. Input is unverified.
 *
 * Throws malformed_token, limit_exceeded, alg_not_allowed, crit_unsupported, typ_mismatch, header_param_forbidden.
 * RFC 7515 §5.2.
 */
export function split(token: string, role: TokenRole, options: JwsOptions): UnverifiedJws {
  checkText(token, role);
  const [header, payload, signature, ...more] = token.split(".");
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) {
    throw malformedToken("token", "segments");
  }
  return {
    role,
    header: headerOf(header, role, options),
    payload: decoded(payload, "payload"),
    signingInput: utf8(`${header}.${payload}`),
    signature: decoded(signature, "signature"),
  };
}

/**
 * Return the claims of a token that `key` signed.
 *
 * Throws alg_not_allowed when the header names another algorithm than the key's, signature_invalid,
 * malformed_token.
 */
export async function verify(jws: UnverifiedJws, key: VerificationKey): Promise<JsonObject> {
  const alg = String(jws.header["alg"]);
  if (alg !== key.alg) throw untrusted("alg_not_allowed", { alg }, "RFC 8725 §3.1");
  await key.verify(jws.signingInput, jws.signature);
  return unverifiedPayload(jws);
}

/** Return the claims of a token before its signature is checked, for looking up who should have signed. */
export function unverifiedPayload(jws: UnverifiedJws): JsonObject {
  return objectOf(jws.payload, "payload", jws.role.maxBytes);
}

/** Return the claims of a compact JWS that was verified before, or is only shown. Throws malformed_token. */
export function unverifiedClaims(token: string): JsonObject {
  const segments = token.split(".");
  if (segments.length !== 3) throw malformedToken("token", "segments");
  return objectOf(decoded(segments[1] ?? "", "payload"), "payload");
}

/**
 * Return the DER certificates of `x5c`, leaf first, not looked into; empty when the header has none.
 *
 * Throws malformed_token unless each is canonical standard base64, limit_exceeded beyond ten. RFC 7515 §4.1.6.
 */
export function certificateChain(jws: UnverifiedJws): readonly Bytes[] {
  if (!("x5c" in jws.header)) return [];
  const texts = jws.header["x5c"];
  if (!isArray(texts) || texts.length === 0) throw malformedToken("x5c", "not_array", "RFC 7515 §4.1.6");
  if (texts.length > MAX_CHAIN) throw malformed("limit_exceeded", { what: "x5c", limit: MAX_CHAIN });
  return texts.map(certificateOf);
}

function certificateOf(text: strictJson.Json): Bytes {
  const refusal = malformedToken("x5c", "base64", "RFC 7515 §4.1.6");
  if (typeof text !== "string" || text === "") throw refusal;
  try {
    return decodeBase64(text);
  } catch (error) {
    throw error instanceof CoreError ? refusal : error;
  }
}

function malformedToken(part: string, reason: string, spec = "RFC 7515 §7.1"): CoreError {
  return malformed("malformed_token", { part, reason }, spec);
}

function checkText(token: string, role: TokenRole): void {
  if (token.length > role.maxBytes) throw malformed("limit_exceeded", { what: role.name, limit: role.maxBytes });
  if (!isAsciiText(token)) throw malformedToken("token", "not_ascii");
  if (/^[{[]/.test(token)) throw malformedToken("token", "json_serialization");
}

function decoded(segment: string, part: string): Bytes {
  try {
    return decodeBase64url(segment, part);
  } catch (error) {
    throw error instanceof CoreError ? malformedToken(part, "base64url", "RFC 7515 §2") : error;
  }
}

function objectOf(raw: Bytes, part: string, maxBytes = strictJson.MAX_BYTES): JsonObject {
  try {
    return strictJson.loadsObject(raw, { what: part, maxBytes });
  } catch (error) {
    if (!(error instanceof CoreError) || error.code === "limit_exceeded") throw error;
    throw malformedToken(part, error.reason, "RFC 7515 §4");
  }
}

function headerOf(segment: string, role: TokenRole, { allowedAlgs, toleratedTyp }: JwsOptions): JsonObject {
  if (segment.length > MAX_HEADER_CHARS)
    throw malformed("limit_exceeded", { what: "header", limit: MAX_HEADER_CHARS });
  const header = objectOf(decoded(segment, "header"), "header");
  checkAlg(header, allowedAlgs);
  const named = { role: role.name };
  if ("b64" in header || "crit" in header) throw untrusted("crit_unsupported", named, "RFC 7515 §4.1.11");
  const { typ } = header;
  if (typeof typ !== "string" || !(typ === role.typ || toleratedTyp?.has(typ) === true)) {
    throw untrusted("typ_mismatch", named, "RFC 8725 §3.11");
  }
  if (!Object.keys(header).every((name) => role.headerParams.has(name))) {
    throw untrusted("header_param_forbidden", named, "RFC 8725 §3.10");
  }
  if ("kid" in header && !isKid(header["kid"]))
    throw untrusted("header_param_forbidden", named, "RFC 7515 §4.1.4");
  return header;
}

function checkAlg(header: JsonObject, allowedAlgs: ReadonlySet<string>): void {
  const { alg } = header;
  if (typeof alg !== "string") throw malformedToken("header", "alg", "RFC 7515 §4.1.1");
  if (allowedAlgs.has(alg)) return;
  const shown = /^[\p{L}\p{N}]+$/u.test(alg) && [...alg].length <= MAX_ALG_CHARS ? alg : "?";
  throw untrusted("alg_not_allowed", { alg: shown }, "RFC 8725 §3.1");
}

/** Whether a key is named by a text of one to 256 letters, all of which can be seen. */
function isKid(kid: strictJson.Json | undefined): boolean {
  return typeof kid === "string" && /^(?: |[^\p{C}\p{Z}])+$/u.test(kid) && [...kid].length <= MAX_KID_CHARS;
}
