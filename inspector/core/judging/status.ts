/** Was it withdrawn, and if so from which day. */

import type { JsonObject } from "../encoding/strict_json.ts";
import { type CoreError, malformed, refused } from "../errors.ts";
import { type Day, momentText, utcDay } from "../layouts/days.ts";
import type { Finding, Params } from "../verdict/checks.ts";
import type { StatusAnswer } from "../status/answers.ts";
import { INVALID, SUSPENDED, VALID, statusReference } from "../status/statuses.ts";
import type { WithdrawalRecord } from "../status/withdrawal_list.ts";
import type { Knowledge } from "./answers.ts";
import { type Policy, daysOfWork } from "./policy.ts";
import { technicalPeriod } from "./validity.ts";

const SECONDS_PER_DAY = 86_400;

/**
 * Ask whether it was withdrawn for the day in question, by a list of the institution that signed it.
 *
 * A withdrawal is never undone: a record of one counts whatever the list says, and a withdrawal that is known
 * counts however old the list is. That there is none, or none yet, is said only by a list no older than the policy
 * allows. Token Status List §8.3, §13.7.
 */
export async function judgeStatus(
  claims: JsonObject,
  institution: string,
  knowledge: Knowledge,
  policy: Policy,
  now: number,
): Promise<Finding> {
  const reference = statusReference(claims);
  if (reference === undefined) {
    if (policy.statusRequired || outlivesADay(claims, policy)) {
      throw malformed("claim_missing", { claim: "status" }, "SD-JWT VC §2.2.2.3");
    }
    return { outcome: "not_applicable", code: "status_not_named" };
  }
  return judgeAnswer(await knowledge.status(reference, { institution, now }), policy, now);
}

function judgeAnswer(answer: StatusAnswer, policy: Policy, now: number): Finding {
  const { withdrawal } = answer;
  if (withdrawal !== null && withdrawal.effectiveFrom <= daysInQuestion(policy)[1]) {
    return inEffect(withdrawal, policy, answer.asOf);
  }
  if (answer.knowledge === "unknown") {
    const since = momentText(answer.asOf || null);
    return { outcome: "unknown", code: answer.code, params: { reason: answer.reason, since } };
  }
  if (answer.value !== VALID && answer.value !== INVALID) throw ofNoMeaning(answer.value, policy);
  if (answer.value === INVALID && withdrawal === null) return unrecorded(policy, now, answer.asOf);
  return noneInEffect(answer, policy, now);
}

/** Judge by the age of the list; it may know of a withdrawal that takes effect after all days in question. */
function noneInEffect(answer: StatusAnswer, policy: Policy, now: number): Finding {
  const ageS = Math.max(0, now - answer.asOf);
  const limitS = policy.maxStatusAgeS;
  const said = { age_s: ageS, as_of: answer.asOf, form: answer.form };
  if (limitS !== undefined && ageS > limitS) {
    return { outcome: "unknown", code: "status_too_old", params: { ...said, limit_s: limitS } };
  }
  const stale = answer.knowledge === "stale";
  if (answer.withdrawal !== null) {
    const params = { ...ofRecord(answer.withdrawal), ...said, stale: Number(stale) };
    return { outcome: "warning", code: "withdrawn_later", params };
  }
  return stale
    ? { outcome: "warning", code: "status_stale", params: said }
    : { outcome: "pass", code: "status_ok", params: said };
}

/**
 * Judge by the institution's own record: before it takes effect the document binds, from then on it does not.
 *
 * Where work goes on from a day before to a day after, it is covered in part. A list of no time (0) has no age.
 */
function inEffect(record: WithdrawalRecord, policy: Policy, asOf: number): Finding {
  const params = { ...ofRecord(record), ...(asOf === 0 ? {} : { as_of: asOf }) };
  const lastOfWork = daysOfWork(policy.work, policy.onDate)[1];
  const inPart = daysInQuestion(policy)[0] < record.effectiveFrom && record.effectiveFrom <= lastOfWork;
  return { outcome: "fail", code: inPart ? "withdrawn_during_work" : "revoked", params };
}

/** Judge by the bit alone: it speaks of today, and cannot say from which day on. */
function unrecorded(policy: Policy, now: number, asOf: number): Finding {
  const last = daysInQuestion(policy)[1];
  if (last < utcDay(now)) {
    return { outcome: "unknown", code: "effect_not_established", params: { day: last, as_of: asOf } };
  }
  const params = { effective_from: "-", cause: "-", successor: "-", as_of: asOf };
  return { outcome: "fail", code: "revoked", params };
}

/** Return the earliest and the latest of all days in question, those of the work among them. */
function daysInQuestion({ work, onDate }: Policy): readonly [Day, Day] {
  const [first, last] = daysOfWork(work, onDate);
  return [first < onDate ? first : onDate, last > onDate ? last : onDate];
}

function ofRecord({ effectiveFrom, cause, successor }: WithdrawalRecord): Params {
  return { effective_from: effectiveFrom, cause, successor: successor ?? "-" };
}

/** Tell whether the profile wants a status of a credential that lives so long. CIR (EU) 2026/1731. */
function outlivesADay(claims: JsonObject, { profile }: Policy): boolean {
  if (profile.statusRule !== "or_short_lived") return false;
  const [start, end] = technicalPeriod(claims);
  return start === null || end === null || end - start > SECONDS_PER_DAY;
}

/**
 * Return the refusal of a value that these attestations cannot have: by law there is no suspension.
 *
 * Token Status List §7.1, CIR (EU) 2026/1731, CJEU C-410/21.
 */
function ofNoMeaning(value: number, { profile }: Policy): CoreError {
  if (value !== SUSPENDED)
    return malformed("status_invalid", { reason: "value_reserved" }, "Token Status List §7.1");
  if (profile.suspensionAllowed) return refused("suspended", {}, "Token Status List §7.1");
  return malformed("status_invalid", { reason: "suspended" }, "CIR (EU) 2026/1731");
}
