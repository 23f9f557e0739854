/** The three lines of validity: the token, the document, the period that the decision covers. */

import type { JsonObject } from "../encoding/strict_json.ts";
import { refused } from "../errors.ts";
import { checkTimes, optionalNumericDate } from "../jose/numeric_date.ts";
import { type Day, momentText } from "../layouts/days.ts";
import type { Period } from "../layouts/layout.ts";
import type { Finding } from "../verdict/checks.ts";
import type { Policy } from "./policy.ts";
import type { Reading } from "./reading.ts";

/** First line of validity: the token's own times. RFC 7519 §4.1.4-6. */
export function technicalValidity(claims: JsonObject, policy: Policy, now: number): Finding {
  checkTimes(claims, { now, skewS: policy.clockSkewS });
  const [start, end] = technicalPeriod(claims);
  const params = { first: momentText(start), last: momentText(end) };
  return { outcome: "pass", code: "technical_validity_ok", params };
}

/** Return the first and last second of the token's life, null where it does not say. */
export function technicalPeriod(claims: JsonObject): readonly [number | null, number | null] {
  const start = optionalNumericDate(claims, Object.hasOwn(claims, "nbf") ? "nbf" : "iat");
  return [start ?? null, optionalNumericDate(claims, "exp") ?? null];
}

/**
 * Second line of validity: the document, from its issuance to its expiry.
 *
 * Its end has to be shown where there is one; that it was issued is plain from its being there.
 */
export async function documentValidity(reading: Reading, { onDate }: Policy): Promise<Finding> {
  const period = reading.layout.documentPeriod(reading.claims);
  checkWithin(period, onDate, "document_not_yet_issued", "document_expired");
  if (await reading.mayBeKeptBack(reading.layout.document[1])) {
    return { outcome: "unknown", code: "document_end_kept_back" };
  }
  if (isNotShown(period)) return { outcome: "not_applicable", code: "document_period_not_shown" };
  return { outcome: "pass", code: "document_validity_ok", params: shown(period) };
}

/** Third line of validity: the period that the decision covers. Both ends have to be shown where they are. */
export async function coveragePeriod(reading: Reading, { onDate }: Policy): Promise<Finding> {
  const period = reading.layout.coveragePeriod(reading.claims);
  checkWithin(period, onDate, "coverage_not_started", "coverage_ended");
  if (await coverageKeptBack(reading)) return { outcome: "unknown", code: "coverage_period_kept_back" };
  if (isNotShown(period)) return { outcome: "not_applicable", code: "coverage_period_not_shown" };
  return { outcome: "pass", code: "coverage_period_ok", params: shown(period) };
}

/** Tell whether the coverage may have a first or a last day that is not shown. */
export async function coverageKeptBack(reading: Reading): Promise<boolean> {
  const [first, last] = reading.layout.coverage;
  return (await reading.mayBeKeptBack(first)) || (await reading.mayBeKeptBack(last));
}

export function isNotShown({ start, end }: Period): boolean {
  return start === null && end === null;
}

/** Refuse a day outside a period. Throws what `before` and `after` name. */
export function checkWithin({ start, end }: Period, day: Day, before: string, after: string): void {
  if (start !== null && day < start) throw refused(before, { first: start, day });
  if (end !== null && day > end) throw refused(after, { last: end, day });
}

export function shown({ start, end }: Period): { readonly first: string; readonly last: string } {
  return { first: start ?? "-", last: end ?? "-" };
}
