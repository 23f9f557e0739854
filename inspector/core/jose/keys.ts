/** Public keys, strictly: read from JWK or as points, and the signature check that they are for. */

import { decodeBase64url, encodeBase64url } from "../encoding/base64url.ts";
import { type Bytes, bigEndian, concatBytes } from "../encoding/bytes.ts";
import { sha256Text } from "../encoding/digest.ts";
import { type Json, type JsonObject, isArray, isObject } from "../encoding/strict_json.ts";
import { CoreError, untrusted } from "../errors.ts";
import { type Curve, type SignatureAlgorithm, algorithmOfCurve, isOnCurve } from "./algorithms.ts";

export const PRIVATE_MEMBERS: readonly string[] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];
const PRIME_25519 = 2n ** 255n - 19n;
const WITHOUT_SIGN = 2n ** 255n - 1n;
const OF_ORDER_EIGHT = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** The y of the eight points whose order divides eight. RFC 8032 §5.1. */
const OF_SMALL_ORDER: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  PRIME_25519 - 1n,
  OF_ORDER_EIGHT,
  PRIME_25519 - OF_ORDER_EIGHT,
]);

/** A public key with the one algorithm it may be used with. */
export class VerificationKey {
  readonly algorithm: SignatureAlgorithm;
  /** The coordinates in base64url: x and y, or x alone. */
  readonly coordinates: readonly string[];
  readonly #key: CryptoKey;

  constructor(algorithm: SignatureAlgorithm, coordinates: readonly string[], key: CryptoKey) {
    this.algorithm = algorithm;
    this.coordinates = coordinates;
    this.#key = key;
  }

  get alg(): string {
    return this.algorithm.name;
  }

  /** Whether this is the same key, and not merely one that verifies alike. */
  equals(other: VerificationKey): boolean {
    return this.alg === other.alg && this.coordinates.join() === other.coordinates.join();
  }

  /**
   * Accept a raw signature (r || s for ECDSA) over `data`, or throw signature_invalid (length, range, mismatch).
   *
   * Length and range of r and s are checked before any curve arithmetic. RFC 7518 §3.4, RFC 8032 §5.1.7.
   */
  async verify(data: Bytes, signature: Bytes): Promise<void> {
    const { curve, hash, signatureSize } = this.algorithm;
    if (signature.length !== signatureSize) throw invalidSignature("length");
    if (curve !== null) checkRange(signature, curve);
    const scheme = curve === null ? { name: "Ed25519" } : { name: "ECDSA", hash };
    if (!(await crypto.subtle.verify(scheme, this.#key, signature, data))) throw invalidSignature("mismatch");
  }
}

/** Require that r and s lie in [1, n-1]. Throws signature_invalid (range). RFC 7518 §3.4. */
function checkRange(signature: Bytes, { order }: Curve): void {
  const half = signature.length / 2;
  for (const part of [signature.subarray(0, half), signature.subarray(half)]) {
    const number = bigEndian(part);
    if (number === 0n || number >= order) throw invalidSignature("range");
  }
}

function invalidSignature(reason: string): Error {
  return untrusted("signature_invalid", { reason }, reason === "mismatch" ? "RFC 7515 §5.2" : "RFC 7518 §3.4");
}

/**
 * Return the verification key of a public JWK for signatures; members that are not known are ignored.
 *
 * Input is unverified. Throws alg_not_allowed, holder_key_unsupported (reason: not_an_object, private_member,
 * key_type, alg_mismatch, use, key_ops, coordinate, not_on_curve, small_order). RFC 7517 §4, RFC 7518 §6.2.
 */
export async function publicKeyFromJwk(
  jwk: Json | undefined,
  { allowedAlgs }: { readonly allowedAlgs: ReadonlySet<string> },
): Promise<VerificationKey> {
  if (!isObject(jwk)) throw unsupported("not_an_object");
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) throw unsupported("private_member");
  const algorithm = algorithmOf(jwk);
  checkDeclaredUse(jwk, algorithm);
  if (!allowedAlgs.has(algorithm.name)) {
    throw untrusted("alg_not_allowed", { alg: algorithm.name }, "RFC 8725 §3.1");
  }
  return keyOfCoordinates(
    algorithm,
    coordinateNames(algorithm).map((name) => coordinate(jwk, name, algorithm)),
  );
}

/**
 * Return the holder's key of a `cnf` claim, which has to carry it by value.
 *
 * Throws holder_key_missing when there is no `cnf`, and what `publicKeyFromJwk` throws; a key by reference is not
 * supported. RFC 7800 §3, RFC 9901 §4.1.2.
 */
export async function holderKey(
  cnf: Json | undefined,
  options: { readonly allowedAlgs: ReadonlySet<string> },
): Promise<VerificationKey> {
  if (cnf === undefined || cnf === null) throw untrusted("holder_key_missing", {}, "RFC 9901 §4.1.2");
  if (!isObject(cnf)) throw unsupported("not_an_object");
  if (!Object.hasOwn(cnf, "jwk")) {
    throw Object.keys(cnf).length > 0
      ? unsupported("by_reference")
      : untrusted("holder_key_missing", {}, "RFC 7800 §3.1");
  }
  return publicKeyFromJwk(cnf["jwk"], options);
}

/**
 * Return the key of coordinates of the right size: x and y of a curve's point, or the one of Ed25519.
 *
 * Throws holder_key_unsupported (not_on_curve, small_order).
 */
export async function keyOfCoordinates(
  algorithm: SignatureAlgorithm,
  coordinates: readonly Bytes[],
): Promise<VerificationKey> {
  const [x = new Uint8Array(), y = new Uint8Array()] = coordinates;
  const { curve } = algorithm;
  if (curve === null) checkOrder(x);
  else if (!isOnCurve(curve, bigEndian(x), bigEndian(y))) throw unsupported("not_on_curve");
  const raw = curve === null ? x : concatBytes(Uint8Array.of(4), x, y);
  const scheme = curve === null ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: algorithm.crv };
  try {
    const key = await crypto.subtle.importKey("raw", raw, scheme, false, ["verify"]);
    return new VerificationKey(algorithm, coordinates.map(encodeBase64url), key);
  } catch {
    throw unsupported("not_on_curve");
  }
}

/** Return the JWK with the required public members only. */
export function publicJwk(key: VerificationKey): JsonObject {
  const { kty, crv } = key.algorithm;
  const names = coordinateNames(key.algorithm);
  return { kty, crv, ...Object.fromEntries(names.map((name, at) => [name, key.coordinates[at] ?? ""])) };
}

/** Return the SHA-256 thumbprint (base64url) of an EC or OKP key. Throws holder_key_unsupported. RFC 7638 §3. */
export async function thumbprint(jwk: JsonObject): Promise<string> {
  const algorithm = algorithmOf(jwk);
  const names = coordinateNames(algorithm);
  for (const name of names) coordinate(jwk, name, algorithm);
  const members = names.map((name) => `,"${name}":"${String(jwk[name])}"`).join("");
  return sha256Text(`{"crv":"${algorithm.crv}","kty":"${algorithm.kty}"${members}}`);
}

function coordinateNames(algorithm: SignatureAlgorithm): readonly string[] {
  return algorithm.curve === null ? ["x"] : ["x", "y"];
}

function algorithmOf(jwk: JsonObject): SignatureAlgorithm {
  const algorithm = algorithmOfCurve(jwk["kty"], jwk["crv"]);
  if (algorithm === undefined) throw unsupported("key_type");
  return algorithm;
}

function checkDeclaredUse(jwk: JsonObject, algorithm: SignatureAlgorithm): void {
  const { alg = algorithm.name, use = "sig", key_ops: operations = ["verify"] } = jwk;
  if (alg !== algorithm.name) throw unsupported("alg_mismatch");
  if (use !== "sig") throw unsupported("use");
  if (!isArray(operations) || !operations.includes("verify")) throw unsupported("key_ops");
}

/** Refuse the points of small order: under such a key anybody can sign, so it would bind nobody. */
function checkOrder(encoded: Bytes): void {
  const y = (bigEndian(encoded.toReversed()) & WITHOUT_SIGN) % PRIME_25519;
  if (OF_SMALL_ORDER.has(y)) throw unsupported("small_order");
}

function coordinate(jwk: JsonObject, name: string, algorithm: SignatureAlgorithm): Bytes {
  const text = jwk[name];
  const length = Math.floor((algorithm.coordinateSize * 4 + 2) / 3);
  if (typeof text !== "string" || text.length !== length) throw unsupported("coordinate");
  try {
    return decodeBase64url(text, name);
  } catch (error) {
    throw error instanceof CoreError ? unsupported("coordinate") : error;
  }
}

function unsupported(reason: string): CoreError {
  return untrusted("holder_key_unsupported", { reason }, "RFC 7517 §4");
}
