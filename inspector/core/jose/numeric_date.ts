/** Dates of tokens: whole seconds since the epoch, UTC. Fractions, texts and truth values are refused. */

import { type JsonObject, isInteger } from "../encoding/strict_json.ts";
import { conflict, malformed } from "../errors.ts";

/** The last second of the year 9999. */
export const LATEST = 253_402_300_799;

/** Return the seconds that a claim holds, or undefined when it is absent. Throws claim_invalid. RFC 7519 §2. */
export function optionalNumericDate(payload: JsonObject, name: string): number | undefined {
  const value = payload[name];
  if (value === undefined) return undefined;
  if (!isInteger(value) || value < 0 || value > LATEST)
    throw malformed("claim_invalid", { claim: name }, "RFC 7519 §2");
  return value;
}

/** Return the seconds that a claim holds. Throws claim_missing, claim_invalid. RFC 7519 §2. */
export function numericDate(payload: JsonObject, name: string): number {
  const value = optionalNumericDate(payload, name);
  if (value === undefined) throw malformed("claim_missing", { claim: name }, "RFC 7519 §4.1");
  return value;
}

/**
 * Refuse a token outside its time: `exp` is the first second at which it is dead; `skewS` seconds are forgiven.
 *
 * Throws expired, not_yet_valid, claim_invalid. RFC 7519 §4.1.4-6.
 */
export function checkTimes(
  payload: JsonObject,
  { now, skewS }: { readonly now: number; readonly skewS: number },
): void {
  const expiry = optionalNumericDate(payload, "exp");
  if (expiry !== undefined && expiry <= now - skewS) throw conflict("expired", {}, "RFC 7519 §4.1.4");
  for (const name of ["nbf", "iat"]) {
    const start = optionalNumericDate(payload, name);
    if (start !== undefined && start > now + skewS)
      throw conflict("not_yet_valid", { claim: name }, "RFC 7519 §4.1.5");
  }
}
