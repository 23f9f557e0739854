/**
 * Does the decision cover the work in question: in this State, for this employer, on these days.
 *
 * Judged by the record that the claims restore to, so that every layout is read by its own rows. What is not shown
 * is never held against the document and never in its favour: it is not known. Work in the State whose legislation
 * applies is covered: one legislation applies to all that the person does (Regulation (EC) 883/2004 art. 11(1)).
 */

import { type Json, type JsonObject, isArray } from "../encoding/strict_json.ts";
import { memberOf } from "../layouts/claims.ts";
import { canonicalCountry } from "../layouts/forms.ts";
import type { Period } from "../layouts/layout.ts";
import type { Finding } from "../verdict/checks.ts";
import { type Policy, type WorkAsked, daysOfWork, levelled } from "./policy.ts";
import type { Reading } from "./reading.ts";
import { coverageKeptBack, isNotShown } from "./validity.ts";

const PLACES: ReadonlySet<Json> = new Set([
  "countries_of_work", "state_of_work", "workplace", "workplaces", "no_fixed_place",
]);
const EMPLOYERS: ReadonlySet<Json> = new Set(["employments"]);
/** The kinds of document that say which work a legislation covers. */
const DECIDED_IN: ReadonlySet<string> = new Set(["pda1", "bilateral", "maintenance"]);

/** What of a record the work is judged by, and whether all of it can be seen. */
export interface RecordOfWork {
  readonly record: JsonObject;
  readonly period: Period;
  readonly periodKeptBack: () => Promise<boolean>;
  readonly placesAreWhole: boolean;
  readonly employersAreWhole: boolean;
}

/** Ask whether the decision covers the work in question. A failure outweighs what is not shown. */
export async function coversWork(reading: Reading, policy: Policy): Promise<Finding> {
  if (policy.work === undefined) return { outcome: "not_applicable", code: "work_not_asked" };
  if (!DECIDED_IN.has(reading.layout.kind)) return { outcome: "not_applicable", code: "work_not_decided_here" };
  return judgeWork(
    {
      record: reading.restored.recordFields,
      period: reading.layout.coveragePeriod(reading.claims),
      periodKeptBack: () => coverageKeptBack(reading),
      placesAreWhole: isWhole(reading, PLACES),
      employersAreWhole: isWhole(reading, EMPLOYERS),
    },
    policy.work,
    policy,
  );
}

/** Return what speaks against the work being covered: a failure before what is not shown. */
export async function judgeWork(of: RecordOfWork, work: WorkAsked, policy: Policy): Promise<Finding> {
  const found = [judgeState(of, work), judgeEmployer(of, work), await judgeDays(of, work, policy)];
  const against = found.filter((each) => each !== null);
  return (
    against.find(({ outcome }) => outcome === "fail") ?? against[0] ?? { outcome: "pass", code: "covers_work_ok" }
  );
}

function judgeState({ record, placesAreWhole }: RecordOfWork, { state }: WorkAsked): Finding | null {
  if (state === undefined || statesOf(record).has(canonicalCountry(state))) return null;
  const isNamed = hasEntries(memberOf(record, "countries_of_work")) || Boolean(memberOf(record, "state_of_work"));
  const canTell = isNamed && placesAreWhole;
  return canTell ? { outcome: "fail", code: "work_state_not_covered" } : notShown("state");
}

function judgeEmployer({ record, employersAreWhole }: RecordOfWork, { employers }: WorkAsked): Finding | null {
  const named = employersOf(record);
  if (employers.length === 0 || employers.some((each) => named.has(levelled(each)))) return null;
  const canTell = hasEntries(memberOf(record, "employments")) && employersAreWhole;
  return canTell ? { outcome: "fail", code: "work_employer_not_covered" } : notShown("employer");
}

async function judgeDays(of: RecordOfWork, work: WorkAsked, policy: Policy): Promise<Finding | null> {
  const { period, periodKeptBack } = of;
  const [first, last] = daysOfWork(work, policy.onDate);
  if (first < (period.start ?? first) || last > (period.end ?? last)) {
    return { outcome: "fail", code: "work_period_not_covered", params: { first, last } };
  }
  return isNotShown(period) || (await periodKeptBack()) ? notShown("period") : null;
}

function statesOf(record: JsonObject): ReadonlySet<Json | undefined> {
  const named = entriesOf(record, "countries_of_work").map((entry) => memberOf(entry, "country"));
  const others = [memberOf(record, "state_of_work"), memberOf(memberOf(record, "legislation"), "state")];
  const states = [...named, ...others];
  return new Set(states.filter((state) => state !== undefined && state !== null));
}

/** Return the identifiers of employers; one without a letter or digit names nobody. */
function employersOf(record: JsonObject): ReadonlySet<string> {
  const ids = entriesOf(record, "employments").map((each) => memberOf(each, "id"));
  return new Set(ids.filter((id) => typeof id === "string").map(levelled).filter((id) => id !== ""));
}

function entriesOf(record: JsonObject, name: string): readonly Json[] {
  const entries = memberOf(record, name);
  return isArray(entries) ? entries : [];
}

function hasEntries(value: Json | undefined): boolean {
  return isArray(value) && value.length > 0;
}

/** Tell whether every claim about these fields of the record was shown and could be read. */
function isWhole({ layout, processed, deviations }: Reading, fields: ReadonlySet<Json>): boolean {
  const tops = new Set(
    layout.claims.filter(({ field }) => fields.has(field?.[0] ?? null)).map(({ path }) => path[0]),
  );
  const keptBack = [...processed.shortened, ...processed.withheld].map(([top]) => top);
  const strange = deviations
    .filter(({ code }) => code === "claim_not_in_form")
    .map(({ claim }) => claim.split(".")[0]);
  return ![...keptBack, ...strange].some((top) => top !== undefined && tops.has(top));
}

function notShown(reason: string): Finding {
  return { outcome: "unknown", code: "work_not_shown", params: { reason } };
}
