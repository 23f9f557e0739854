/** What a verification found: one check a step, and a verdict that is computed from them, never set. */

import type { JsonObject } from "../encoding/strict_json.ts";
import type { Knowledge } from "../judging/answers.ts";
import type { Policy } from "../judging/policy.ts";
import type { Day } from "../layouts/days.ts";
import type { Deviation } from "../layouts/layout.ts";
import type { Check } from "./checks.ts";
import { type Colour, type Verdict, colourOf, decidingCheck, verdictOf } from "./verdict.ts";

export type Carrier = "presentation" | "seal";

/**
 * The checks of one presentation or seal as of one time, and what it proves if they hold.
 *
 * `claims` and `record` hold verified values only: they are empty unless the signature holds. Whether they may be
 * relied on says the verdict alone.
 */
export interface Report {
  readonly carrier: Carrier;
  readonly checks: readonly Check[];
  readonly verdict: Verdict;
  readonly colour: Colour;
  /** The check that the verdict rests on; null where nothing speaks against it. */
  readonly decidingCheck: Check | null;
  /** Seconds since the epoch. */
  readonly asOf: number;
  /** The day that was judged for. */
  readonly onDate: Day;
  readonly policyId: string;
  readonly policyVersion: string;
  readonly institutionId: string | null;
  readonly credentialType: string | null;
  /** The kind of attestation as a record has it; null where nothing was authenticated. */
  readonly kind: string | null;
  readonly layout: string | null;
  readonly claims: JsonObject;
  readonly record: JsonObject;
  readonly deviations: readonly Deviation[];
  /** When the status list that was read had been signed; null where none was read. */
  readonly statusAsOf: number | null;
  /** The number of the trust pack that was judged from. */
  readonly packSequence: number;
}

/** What a presentation or a seal is judged by. */
export interface Judging {
  readonly knowledge: Knowledge;
  readonly policy: Policy;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** What was authenticated: the signature of the institution holds over it. */
export type Proven = Pick<
  Report,
  "institutionId" | "credentialType" | "kind" | "layout" | "claims" | "record" | "deviations"
>;

const NOTHING: Proven = {
  institutionId: null,
  credentialType: null,
  kind: null,
  layout: null,
  claims: {},
  record: {},
  deviations: [],
};

/** Return the report of a run; without what was proven it says nothing but why. */
export function reportOf(
  carrier: Carrier,
  checks: readonly Check[],
  { knowledge, policy, now }: Judging,
  proven: Proven | null,
): Report {
  const verdict = verdictOf(checks);
  return {
    carrier,
    checks,
    verdict,
    colour: colourOf(verdict),
    decidingCheck: decidingCheck(checks),
    asOf: now,
    onDate: policy.onDate,
    policyId: policy.policyId,
    policyVersion: policy.policyVersion ?? "",
    statusAsOf: statusAsOf(checks, now),
    packSequence: knowledge.sequence,
    ...(proven ?? NOTHING),
  };
}

/** Return when the status that was judged had been signed; null where no status was read. */
function statusAsOf(checks: readonly Check[], now: number): number | null {
  const params = checks.find(({ id }) => id === "status")?.params ?? {};
  const { age_s: ageS, as_of: asOf } = params;
  if (typeof ageS === "number") return now - ageS;
  return typeof asOf === "number" ? asOf : null;
}
