/** What is known of one status, and how well. */

import { CoreError } from "../errors.ts";
import type { VerifiedStatusList } from "./status_list.ts";
import type { StatusReference } from "./statuses.ts";
import type { WithdrawalRecord } from "./withdrawal_list.ts";

/**
 * What is known of one status: `value` as of the list's iat (-1: nothing), or `code` why nothing is known.
 *
 * `withdrawal` is the institution's record of the withdrawal, where it has published one: what it says holds
 * however well the status is known. `asOf` of a status that is not known is when it was known last, 0 for never.
 */
export interface StatusAnswer {
  readonly knowledge: "fresh" | "stale" | "unknown";
  readonly value: number;
  readonly asOf: number;
  readonly code: string;
  readonly reason: string;
  readonly withdrawal: WithdrawalRecord | null;
  readonly form: "" | "jwt" | "cwt";
}

/** A status list that was verified, for which institutions it speaks, when it was fetched, and its withdrawals. */
export interface HeldStatusList {
  readonly token: VerifiedStatusList;
  readonly speaksFor: ReadonlySet<string>;
  readonly resolvedAt: number;
  readonly withdrawals: ReadonlyMap<number, WithdrawalRecord>;
}

/** Return the answer when nothing is known of a status, and why. */
export function notKnown(code: string, reason: string, asOf = 0): StatusAnswer {
  return { knowledge: "unknown", value: -1, asOf, code, reason, withdrawal: null, form: "" };
}

export interface StatusQuestion {
  /** The institution that signed what the status is of. */
  readonly institution: string;
  readonly now: number;
  /** By how many seconds the clocks of who signed and who asks may differ. */
  readonly skewS: number;
}

/**
 * Return the value from a list held; past its ttl it is stale, past its exp unknown.
 *
 * A list that does not speak for the institution says nothing, whatever is in it. A record of a withdrawal is told
 * whatever the list says, since the withdrawal is never undone; it makes no list newer than it is. Throws
 * status_invalid for an index outside the list and without record. Token Status List §8.3, §8.4, §11.3, §13.7.
 */
export function statusAnswer(
  held: HeldStatusList,
  { idx }: StatusReference,
  question: StatusQuestion,
): StatusAnswer {
  if (!held.speaksFor.has(question.institution)) return notKnown("status_invalid", "institution_mismatch");
  const withdrawal = held.withdrawals.get(idx);
  if (withdrawal === undefined) return byList(held, idx, question);
  try {
    return { ...byList(held, idx, question), withdrawal };
  } catch (error) {
    if (!(error instanceof CoreError) || error.family !== "untrusted") throw error;
    return { ...notKnown(error.code, error.reason), withdrawal };
  }
}

function byList({ token, resolvedAt }: HeldStatusList, idx: number, { now, skewS }: StatusQuestion): StatusAnswer {
  if (token.exp <= now) return notKnown("status_unavailable", "list_expired", token.iat);
  if (token.iat > now + skewS) return notKnown("status_unavailable", "list_of_a_later_time");
  return {
    knowledge: resolvedAt + token.ttl < now ? "stale" : "fresh",
    value: token.statuses.get(idx),
    asOf: token.iat,
    code: "",
    reason: "",
    withdrawal: null,
    form: token.form,
  };
}
