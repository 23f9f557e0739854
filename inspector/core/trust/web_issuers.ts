/**
 * Issuers that are believed by the keys they publish, because the operator says so; and the keys held of them.
 *
 * An issuer named here is not believed by a certificate, and one that is not named here is not believed by a key
 * of the web. SD-JWT VC §2.5 and security considerations.
 */

import { type Json, type JsonObject, isArray, isObject } from "../encoding/strict_json.ts";
import { CoreError, malformed, untrusted } from "../errors.ts";
import { PRIVATE_MEMBERS, type VerificationKey, publicKeyFromJwk } from "../jose/keys.ts";

const SPEC = "SD-JWT VC, JWT VC Issuer Metadata";
const MAX_KEYS = 64;
const KEPT: ReadonlySet<string> = new Set(["kid", "kty", "crv", "x", "y", "alg", "use", "key_ops"]);

/** What an institution may sign as `issuer` (its exact `iss`). Times in seconds; ends are the last that count. */
export interface WebIssuer {
  readonly issuer: string;
  readonly institution: string;
  readonly name: string;
  readonly country: string;
  readonly credentialTypes: ReadonlySet<string>;
  readonly validFrom: number;
  readonly validTo: number | null;
  readonly withdrawnAt: number | null;
  readonly keys: readonly JsonObject[];
  readonly believedUntil: number;
}

/**
 * Return the one key that `kid`, of an unverified header, names.
 *
 * Throws issuer_untrusted (kid_missing, keys_not_held, keys_stale, kid_unknown, kid_ambiguous, key_unfit),
 * alg_not_allowed.
 */
export async function webIssuerKey(
  { issuer, keys, believedUntil }: WebIssuer,
  kid: Json | undefined,
  { at, allowedAlgs }: { readonly at: number; readonly allowedAlgs: ReadonlySet<string> },
): Promise<VerificationKey> {
  if (typeof kid !== "string") throw issuerUntrusted("kid_missing");
  if (keys.length === 0) throw issuerUntrusted("keys_not_held", { issuer });
  if (at > believedUntil) throw issuerUntrusted("keys_stale", { issuer });
  const [named, ...others] = keys.filter((key) => key["kid"] === kid);
  if (named === undefined) throw issuerUntrusted("kid_unknown", { issuer });
  if (others.length > 0) throw issuerUntrusted("kid_ambiguous");
  try {
    return await publicKeyFromJwk(named, { allowedAlgs });
  } catch (error) {
    if (!(error instanceof CoreError) || error.code !== "holder_key_unsupported") throw error;
    throw issuerUntrusted("key_unfit", { detail: error.reason });
  }
}

/** Accept a credential of a type, for an institution (null: it names none), at a time. Throws issuer_untrusted. */
export function authoriseWebIssuer(
  issuer: WebIssuer,
  asked: { readonly at: number; readonly credentialType: string | null; readonly institution: string | null },
): void {
  const { at, credentialType, institution } = asked;
  if (institution !== null && institution !== issuer.institution) throw issuerUntrusted("institution_mismatch");
  if (issuer.withdrawnAt !== null && at >= issuer.withdrawnAt) throw issuerUntrusted("withdrawn");
  if (at < issuer.validFrom || (issuer.validTo !== null && at > issuer.validTo))
    throw issuerUntrusted("outside_period");
  if (credentialType === null || !issuer.credentialTypes.has(credentialType))
    throw issuerUntrusted("type_not_authorised");
}

/**
 * Return the keys of a JWK Set that can be named, reduced to what a public signature key has.
 *
 * Throws issuer_metadata_invalid (jwks_form, private_member), limit_exceeded. RFC 7517 §5.
 */
export function publishedKeys(entries: Json | undefined): readonly JsonObject[] {
  if (!isArray(entries) || !entries.every(isObject)) throw metadataInvalid("jwks_form");
  if (entries.length > MAX_KEYS) throw malformed("limit_exceeded", { what: "jwks", limit: MAX_KEYS }, SPEC);
  if (entries.some((entry) => PRIVATE_MEMBERS.some((name) => Object.hasOwn(entry, name)))) {
    throw metadataInvalid("private_member");
  }
  return entries.filter((entry) => typeof entry["kid"] === "string").map(reduced);
}

function reduced(entry: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => KEPT.has(name)));
}

function metadataInvalid(reason: string): CoreError {
  return untrusted("issuer_metadata_invalid", { reason }, SPEC);
}

function issuerUntrusted(reason: string, params: Readonly<Record<string, string>> = {}): CoreError {
  return untrusted("issuer_untrusted", { ...params, reason }, SPEC);
}
