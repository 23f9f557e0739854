/**
 * Withdrawal list: from which day entries of a status list are withdrawn, why, and what took their place.
 *
 * It says it for one status list, whole, signed by the same institution, and names no person: entries are numbers,
 * causes are of a closed list, a successor is an opaque reference.
 */

import type { Bytes } from "../encoding/bytes.ts";
import { type Json, type JsonObject, isArray, isInteger, isObject } from "../encoding/strict_json.ts";
import { toldAs, untrusted } from "../errors.ts";
import * as jws from "../jose/jws.ts";
import type { UnverifiedJws } from "../jose/jws.ts";
import type { VerificationKey } from "../jose/keys.ts";
import { LATEST, checkTimes, numericDate } from "../jose/numeric_date.ts";
import * as roles from "../jose/roles.ts";
import { isIndex } from "./statuses.ts";

const SPEC = "Portadoc withdrawal list";
const CODE = "withdrawals_invalid";
export const MAX_RECORDS = 16_384;
const MAX_AGE_S = 7 * 24 * 3600;
const SUCCESSOR = /^[A-Za-z0-9._:/-]{1,128}$/;
const DEMANDED = ["idx", "effective_from", "cause", "recorded_at"] as const;
const KNOWN: ReadonlySet<string> = new Set([...DEMANDED, "successor"]);

/** Why a document was withdrawn, as far as the world may know: a closed list, no free text. */
export const CAUSES = ["issued_in_error", "facts_changed", "replaced", "ended_early", "other"] as const;
export type WithdrawalCause = (typeof CAUSES)[number];

/**
 * One withdrawal: the first day without effect (YYYY-MM-DD), why, when recorded (seconds), what took its place.
 */
export interface WithdrawalRecord {
  readonly effectiveFrom: string;
  readonly cause: WithdrawalCause;
  readonly recordedAt: number;
  readonly successor: string | null;
}

/** A withdrawal list whose signature has not been checked; the chain is DER, leaf first (may be empty). */
export interface UnverifiedWithdrawalList {
  readonly unverifiedJws: UnverifiedJws;
  readonly unverifiedChain: readonly Bytes[];
}

/** What a list says, by index, once signature, subject and times vouch for it. */
export interface VerifiedWithdrawalList {
  readonly uri: string;
  readonly withdrawals: ReadonlyMap<number, WithdrawalRecord>;
  readonly iat: number;
  readonly exp: number;
}

/** Throws withdrawals_invalid with the inner code as reason, limit_exceeded. */
export function parseWithdrawalList(
  text: string,
  options: { readonly allowedAlgs: ReadonlySet<string> },
): UnverifiedWithdrawalList {
  try {
    const unverifiedJws = jws.split(text, roles.WITHDRAWAL_LIST, options);
    return { unverifiedJws, unverifiedChain: jws.certificateChain(unverifiedJws) };
  } catch (error) {
    throw toldAs(CODE, error);
  }
}

/** What a reader asks of a list. `key` is already trusted for status. */
export interface WithdrawalListTerms {
  readonly key: VerificationKey;
  readonly uri: string;
  readonly now: number;
  readonly skewS: number;
}

/**
 * Return the records for the status list at `uri`. One entry that is not in order refuses the list.
 *
 * Throws withdrawals_invalid with a reason, limit_exceeded.
 */
export async function verifyWithdrawalList(
  unverified: UnverifiedWithdrawalList,
  { key, uri, now, skewS }: WithdrawalListTerms,
): Promise<VerifiedWithdrawalList> {
  try {
    // 1. signature, with the key that the caller trusts for status lists
    const payload = await jws.verify(unverified.unverifiedJws, key);
    // 2. the status list that was meant, compared character by character
    if (payload["sub"] !== uri) throw invalid("sub_mismatch");
    // 3. times
    checkTimes(payload, { now, skewS });
    const iat = numericDate(payload, "iat");
    const exp = Math.min(numericDate(payload, "exp"), iat + MAX_AGE_S);
    if (exp <= now - skewS) throw invalid("expired");
    // 4. content
    return { uri, withdrawals: recordsOf(payload, iat), iat, exp };
  } catch (error) {
    throw toldAs(CODE, error);
  }
}

function recordsOf(payload: JsonObject, iat: number): ReadonlyMap<number, WithdrawalRecord> {
  const entries = payload["withdrawals"];
  if (!isArray(entries)) throw invalid("withdrawals_form");
  if (entries.length > MAX_RECORDS) throw invalid("too_many");
  const records = new Map(entries.map((entry) => recordOf(entry, iat)));
  if (records.size !== entries.length) throw invalid("index_twice");
  return records;
}

/** Return one entry of a list signed at `iat`; a withdrawal cannot have been recorded after that. */
function recordOf(entry: Json, iat: number): readonly [number, WithdrawalRecord] {
  const isRecord = isObject(entry) && DEMANDED.every((name) => name in entry);
  if (!isRecord || !Object.keys(entry).every((name) => KNOWN.has(name))) throw invalid("record_form");
  const { idx, recorded_at: recordedAt, cause: named, successor = "-" } = entry;
  if (!isIndex(idx)) throw invalid("index_form");
  if (!isInteger(recordedAt) || recordedAt < 0 || recordedAt > Math.min(iat, LATEST)) throw invalid("recorded_at");
  const cause = CAUSES.find((each) => each === named);
  if (cause === undefined) throw invalid("cause");
  if (typeof successor !== "string" || !SUCCESSOR.test(successor)) throw invalid("successor");
  const effectiveFrom = dayOf(entry["effective_from"]);
  return [idx, { effectiveFrom, cause, recordedAt, successor: "successor" in entry ? successor : null }];
}

/** Return a day that the calendar has, as it is written. */
function dayOf(value: Json | undefined): string {
  if (typeof value === "string" && /^(?!0000)\d{4}-\d{2}-\d{2}$/.test(value)) {
    const date = new Date(`${value}T00:00:00Z`);
    if (!Number.isNaN(date.getTime()) && date.toISOString().startsWith(value)) return value;
  }
  throw invalid("effective_from");
}

function invalid(reason: string): Error {
  return untrusted(CODE, { reason }, SPEC);
}
