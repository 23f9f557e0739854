/**
 * The policies of an inspector's device: what each purpose accepts, and how old the word of a status list may be.
 */

import { DEFAULT_PROFILE, KIND_OF_TYPE, PROFILES, SIGNATURE_ALGORITHMS } from "../generated/catalogue.ts";
import { SEAL_KINDS } from "../generated/seal_labels.ts";
import type { Day } from "../layouts/days.ts";
import type { KeyBindingRule, Policy, WorkAsked } from "./policy.ts";

/**
 * `inspection`: A1 certificates, proofs that one was applied for, and the person.
 * `care`: entitlement to health care and the person; never an A1.
 */
export type Purpose = "inspection" | "care";

const KINDS: Readonly<Record<Purpose, ReadonlySet<string>>> = {
  inspection: new Set(["pda1", "application", "pid"]),
  care: new Set(["ehic", "prc", "pid"]),
};
/** As in the presets of the Python verifier for the same purposes. */
const MAX_STATUS_AGE_S = 86_400;
const CLOCK_SKEW_S = 60;

/** What is asked on this occasion; all the rest follows from the purpose. */
export interface Occasion {
  readonly purpose: Purpose;
  readonly onDate: Day;
  readonly keyBinding: KeyBindingRule;
  readonly work?: WorkAsked;
  readonly maxStatusAgeS?: number;
}

/** Return what is decided before a presentation or a seal is looked at. */
export function inspectionPolicy({ purpose, onDate, keyBinding, work, maxStatusAgeS }: Occasion): Policy {
  const profile = PROFILES[DEFAULT_PROFILE];
  if (profile === undefined) throw new Error("the default profile is among the profiles");
  const seals = Object.values(SEAL_KINDS).map(([kind, type]) => [type, kind] as const);
  const types = [...Object.entries(KIND_OF_TYPE), ...seals].filter(([, kind]) => KINDS[purpose].has(kind));
  const policy = {
    policyId: `device-${purpose}`,
    acceptedTypes: new Set(types.map(([type]) => type)),
    keyBinding,
    statusRequired: true,
    profile,
    onDate,
    maxStatusAgeS: maxStatusAgeS ?? MAX_STATUS_AGE_S,
    clockSkewS: CLOCK_SKEW_S,
    allowedAlgs: new Set(SIGNATURE_ALGORITHMS),
  };
  return work === undefined ? policy : { ...policy, work };
}
