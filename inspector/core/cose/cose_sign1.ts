/**
 * COSE_Sign1 messages: one role for one reading, as for compact JWS.
 *
 * Tag 18 and no other: no MAC, no tag 61 around it. Algorithm and type stand in the protected header. The chain of
 * certificates may stand in either header: it proves nothing by itself, the caller judges it before the key
 * counts. RFC 9052 §3, §4.2; RFC 8392; RFC 9360 §2; RFC 9596.
 */

import type { Bytes } from "../encoding/bytes.ts";
import * as strictCbor from "../encoding/strict_cbor.ts";
import { type Cbor, type CborKey, type CborMap, isArray, isBytes, isMap } from "../encoding/strict_cbor.ts";
import { malformed, untrusted } from "../errors.ts";
import type { VerificationKey } from "../jose/keys.ts";

export const TAG = 18;
export const ALG = 1;
export const CRIT = 2;
export const KID = 4;
export const TYP = 16;
export const X5CHAIN = 33;
export const MAX_CHAIN = 10;
const MAX_HEADER_BYTES = 16 * 1024;

/** The algorithms we know by COSE identifier; -8 is EdDSA, -19 says the curve too. RFC 9053 §2, RFC 9864. */
const ALGORITHMS: ReadonlyMap<Cbor, string> = new Map<Cbor, string>([
  [-7, "ES256"],
  [-35, "ES384"],
  [-36, "ES512"],
  [-8, "Ed25519"],
  [-19, "Ed25519"],
]);
const PROTECTED: ReadonlySet<CborKey> = new Set([ALG, KID, TYP, X5CHAIN]);
const UNPROTECTED: ReadonlySet<CborKey> = new Set([KID, X5CHAIN]);

/**
 * Which type a message in a role has, letter by letter, how many bytes, and which parameters in each header.
 *
 * Without a type (null) none may stand there: what a message is has to be plain from the purpose of its key.
 */
export interface CoseRole {
  readonly name: string;
  readonly typ: string | null;
  readonly maxBytes: number;
  readonly protected?: ReadonlySet<CborKey>;
  readonly unprotected?: ReadonlySet<CborKey>;
}

/** A message whose form and headers are in order and whose signature nobody has checked yet. */
export interface UnverifiedCoseSign1 {
  readonly role: CoseRole;
  /** The name as in JOSE. */
  readonly alg: string;
  readonly header: CborMap;
  readonly payload: Bytes;
  /** The Sig_structure, encoded. */
  readonly signed: Bytes;
  readonly signature: Bytes;
}

/**
 * Return the parts of a message that may play `role`. Input is unverified.
 *
 * Throws malformed_token, cbor_malformed, limit_exceeded, alg_not_allowed, crit_unsupported, typ_mismatch,
 * header_param_forbidden. RFC 9052 §4.2, §4.4.
 */
export function split(
  message: Bytes,
  role: CoseRole,
  { allowedAlgs }: { readonly allowedAlgs: ReadonlySet<string> },
): UnverifiedCoseSign1 {
  const { encoded, unprotected, payload, signature } = partsOf(message, role);
  const header = strictCbor.loadsMap(encoded, { what: "header", maxBytes: MAX_HEADER_BYTES });
  checkParameters(header, unprotected, role);
  return {
    role,
    alg: algOf(header, allowedAlgs),
    header: new Map([...unprotected, ...header]),
    payload,
    signed: strictCbor.dumps(["Signature1", encoded, new Uint8Array(), payload]),
    signature,
  };
}

/**
 * Return the claims of a message that `key` signed. Throws as `verifiedPayload`, and cbor_malformed,
 * limit_exceeded.
 */
export async function verify(message: UnverifiedCoseSign1, key: VerificationKey): Promise<CborMap> {
  const payload = await verifiedPayload(message, key);
  return strictCbor.loadsMap(payload, { what: "payload", maxBytes: message.role.maxBytes });
}

/**
 * Return the bytes that `key` signed, for a message whose payload is not CBOR as it stands.
 *
 * Throws alg_not_allowed when the header names another algorithm than the key's, signature_invalid. RFC 9052 §4.4.
 */
export async function verifiedPayload(message: UnverifiedCoseSign1, key: VerificationKey): Promise<Bytes> {
  if (message.alg !== key.alg) throw untrusted("alg_not_allowed", { alg: message.alg }, "RFC 9052 §4.4");
  await key.verify(message.signed, message.signature);
  return message.payload;
}

/** Return the claims of a message that was verified before, or is only shown or looked up. */
export function unverifiedClaims(message: Bytes, role: CoseRole): CborMap {
  return strictCbor.loadsMap(partsOf(message, role).payload, { what: "payload", maxBytes: role.maxBytes });
}

/**
 * Return the DER certificates of `x5chain`, leaf first, not looked into; empty when neither header has it.
 *
 * Throws malformed_token unless it is one byte string or an array of two and more, limit_exceeded beyond ten.
 * RFC 9360 §2.
 */
export function certificateChain(message: UnverifiedCoseSign1): readonly Bytes[] {
  const chain = message.header.get(X5CHAIN);
  if (chain === undefined) return [];
  if (isBytes(chain)) return [chain];
  if (!isArray(chain) || chain.length < 2 || !chain.every(isBytes)) {
    throw malformed("malformed_token", { part: "x5chain", reason: "form" }, "RFC 9360 §2");
  }
  if (chain.length > MAX_CHAIN) throw malformed("limit_exceeded", { what: "x5chain", limit: MAX_CHAIN });
  return chain;
}

interface Parts {
  readonly encoded: Bytes;
  readonly unprotected: CborMap;
  readonly payload: Bytes;
  readonly signature: Bytes;
}

function partsOf(message: Bytes, role: CoseRole): Parts {
  const parts = strictCbor.loads(message, { what: role.name, tag: TAG, maxBytes: role.maxBytes });
  const refusal = malformed("malformed_token", { part: "message", reason: "form" }, "RFC 9052 §4.2");
  if (!isArray(parts) || parts.length !== 4) throw refusal;
  const [encoded, unprotected, payload, signature] = parts;
  if (!isBytes(encoded) || !isMap(unprotected) || !isBytes(payload) || !isBytes(signature)) throw refusal;
  return { encoded, unprotected, payload, signature };
}

function checkParameters(header: CborMap, unprotected: CborMap, role: CoseRole): void {
  const named = { role: role.name };
  if (header.has(CRIT) || unprotected.has(CRIT)) throw untrusted("crit_unsupported", named, "RFC 9052 §3.1");
  const isAllowed =
    areWithin(header, role.protected ?? PROTECTED) && areWithin(unprotected, role.unprotected ?? UNPROTECTED);
  if (!isAllowed || [...unprotected.keys()].some((label) => header.has(label))) {
    throw untrusted("header_param_forbidden", named, "RFC 9052 §3");
  }
  if ((header.get(TYP) ?? null) !== role.typ) throw untrusted("typ_mismatch", named, "RFC 9596 §2");
}

function areWithin(header: CborMap, allowed: ReadonlySet<CborKey>): boolean {
  return [...header.keys()].every((label) => allowed.has(label));
}

function algOf(header: CborMap, allowedAlgs: ReadonlySet<string>): string {
  const identifier = header.get(ALG);
  if (typeof identifier !== "number" && typeof identifier !== "bigint") {
    throw malformed("malformed_token", { part: "header", reason: "alg" }, "RFC 9052 §3.1");
  }
  const alg = ALGORITHMS.get(identifier);
  if (alg !== undefined && allowedAlgs.has(alg)) return alg;
  throw untrusted("alg_not_allowed", { alg: alg ?? String(identifier) }, "RFC 9052 §8");
}
