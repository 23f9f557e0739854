/**
 * Status list tokens in both forms, JWT (text) and CWT (bytes): read, verified and judged in one way.
 *
 * draft-ietf-oauth-status-list-20 §5, §8.3.
 */

import * as coseSign1 from "../cose/cose_sign1.ts";
import type { CoseRole, UnverifiedCoseSign1 } from "../cose/cose_sign1.ts";
import type { Bytes } from "../encoding/bytes.ts";
import { type Cbor, type CborKey, type CborMap, isMap } from "../encoding/strict_cbor.ts";
import { type Json, type JsonObject, isInteger, isObject } from "../encoding/strict_json.ts";
import { toldAs, untrusted } from "../errors.ts";
import * as jws from "../jose/jws.ts";
import type { UnverifiedJws } from "../jose/jws.ts";
import type { VerificationKey } from "../jose/keys.ts";
import { checkTimes, numericDate, optionalNumericDate } from "../jose/numeric_date.ts";
import * as roles from "../jose/roles.ts";
import { DEFAULT_MAX_INFLATED, SPEC, type StatusList, decodeLst, inflateLst, uriText } from "./statuses.ts";

const CODE = "status_invalid";
export const CWT_ROLE: CoseRole = {
  name: "status_list",
  typ: "application/statuslist+cwt",
  maxBytes: 2 * 1024 * 1024,
};
/** The registered claims by their names in JWT; our own claims keep their names. §5.2, RFC 8392 §4. */
const NAMES: ReadonlyMap<CborKey, string> = new Map<CborKey, string>([
  [2, "sub"],
  [4, "exp"],
  [5, "nbf"],
  [6, "iat"],
  [65533, "status_list"],
  [65534, "ttl"],
]);
const LABELLED: ReadonlySet<CborKey> = new Set(NAMES.values());

/** Bounds that a reader sets, whatever a list says of itself. Times in seconds, size in bytes. §11.5. */
export interface StatusListLimits {
  readonly minTtlS: number;
  readonly maxTtlS: number;
  readonly defaultTtlS: number;
  readonly maxAgeS: number;
  readonly maxInflated: number;
}

export const DEFAULT_LIMITS: StatusListLimits = {
  minTtlS: 60,
  maxTtlS: 12 * 3600,
  defaultTtlS: 900,
  maxAgeS: 7 * 24 * 3600,
  maxInflated: DEFAULT_MAX_INFLATED,
};

/** A status list token whose signature has not been checked; the chain is DER, leaf first (may be empty). */
export type UnverifiedStatusList =
  | { readonly form: "jwt"; readonly unverifiedJws: UnverifiedJws; readonly unverifiedChain: readonly Bytes[] }
  | {
      readonly form: "cwt";
      readonly unverifiedMessage: UnverifiedCoseSign1;
      readonly unverifiedChain: readonly Bytes[];
    };

/**
 * A status list that its signature, subject and times vouch for. `exp` (epoch seconds) and `ttl` (seconds) are
 * already clamped to the reader's bounds.
 */
export interface VerifiedStatusList {
  readonly uri: string;
  readonly statuses: StatusList;
  readonly iat: number;
  readonly exp: number;
  readonly ttl: number;
  readonly form: "jwt" | "cwt";
  readonly withdrawalsUri: string | null;
  readonly aggregationUri: string | null;
}

/** Text is read as a JWT, bytes as a CWT. Throws status_invalid with the inner code as reason, limit_exceeded. */
export function parseStatusList(
  unverifiedToken: string | Bytes,
  options: { readonly allowedAlgs: ReadonlySet<string> },
): UnverifiedStatusList {
  try {
    if (typeof unverifiedToken !== "string") {
      const unverifiedMessage = coseSign1.split(unverifiedToken, CWT_ROLE, options);
      return { form: "cwt", unverifiedMessage, unverifiedChain: coseSign1.certificateChain(unverifiedMessage) };
    }
    const unverifiedJws = jws.split(unverifiedToken, roles.STATUS_LIST, options);
    return { form: "jwt", unverifiedJws, unverifiedChain: jws.certificateChain(unverifiedJws) };
  } catch (error) {
    throw toldAs(CODE, error);
  }
}

/** What a reader asks of a list. `key` is already trusted for status. */
export interface StatusListTerms {
  readonly key: VerificationKey;
  readonly uri: string;
  readonly now: number;
  readonly skewS: number;
  readonly limits: StatusListLimits;
}

/**
 * Return the list after checking signature, subject, times and content.
 *
 * Throws status_invalid with a reason, limit_exceeded. §8.3 steps 3 to 6.
 */
export async function verifyStatusList(
  token: UnverifiedStatusList,
  terms: StatusListTerms,
): Promise<VerifiedStatusList> {
  try {
    const claims =
      token.form === "jwt"
        ? await jws.verify(token.unverifiedJws, terms.key)
        : named(await coseSign1.verify(token.unverifiedMessage, terms.key));
    return await verifiedStatusList(claims, token.form, terms);
  } catch (error) {
    throw toldAs(CODE, error);
  }
}

/** Return the claims by their names in JWT. Throws status_invalid for a name in place of a label. */
function named(claims: CborMap): JsonObject {
  if ([...claims.keys()].some((label) => LABELLED.has(label))) throw invalid("claim_label", "§5.2");
  return fromCbor(new Map([...claims].map(([label, value]) => [NAMES.get(label) ?? label, value])));
}

/**
 * Return a CBOR map as an object whose members may still be CBOR: bytes and maps deeper down stay what they are.
 */
function fromCbor(map: CborMap): JsonObject {
  const members = Object.create(null) as Record<string, Json>;
  for (const [label, value] of map) members[String(label)] = shallow(value);
  return members;
}

function shallow(value: Cbor): Json {
  return isMap(value) && [...value.keys()].every((label) => typeof label === "string")
    ? fromCbor(value)
    : (value as Json);
}

async function verifiedStatusList(
  claims: JsonObject,
  form: "jwt" | "cwt",
  { uri, now, skewS, limits }: StatusListTerms,
): Promise<VerifiedStatusList> {
  // 1. the list that was asked for, compared character by character
  if (claims["sub"] !== uri) throw invalid("sub_mismatch", "§8.3");
  // 2. times
  checkTimes(claims, { now, skewS });
  const iat = numericDate(claims, "iat");
  const exp = Math.min(optionalNumericDate(claims, "exp") ?? Infinity, iat + limits.maxAgeS);
  if (exp <= now - skewS) throw invalid("expired", "§8.3");
  // 3. content
  const content = claims["status_list"];
  if (!isObject(content)) throw invalid("status_list_form", "§5.1");
  const decode = form === "jwt" ? decodeLst : inflateLst;
  return {
    uri,
    statuses: await decode(content["lst"], content["bits"], limits.maxInflated),
    iat,
    exp,
    ttl: boundedTtl(claims, limits),
    form,
    withdrawalsUri: optionalUri(claims, "withdrawals_uri"),
    aggregationUri: optionalUri(content, "aggregation_uri"),
  };
}

/** Return the refresh interval, clamped; it must be a positive whole number when present. §5.1, §11.5. */
function boundedTtl(claims: JsonObject, limits: StatusListLimits): number {
  const ttl = claims["ttl"] === undefined ? limits.defaultTtlS : claims["ttl"];
  const seconds = typeof ttl === "bigint" ? Number(ttl) : ttl;
  if (!isInteger(seconds) || seconds <= 0) throw invalid("ttl_form", "§5.1");
  return Math.max(limits.minTtlS, Math.min(seconds, limits.maxTtlS));
}

function optionalUri(members: JsonObject, name: string): string | null {
  return name in members ? uriText(members[name]) : null;
}

function invalid(reason: string, section: string): Error {
  return untrusted(CODE, { reason }, `${SPEC} ${section}`);
}
