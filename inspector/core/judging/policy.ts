/** What an inspector decided before looking at the presentation. */

import { CoreError } from "../errors.ts";
import type { Day } from "../layouts/days.ts";
import type { ProtocolProfile } from "./profiles.ts";

/** The holder has to prove possession of the key: to this audience, for this nonce, within `maxAgeS`. */
export interface KeyBindingRequired {
  readonly kind: "required";
  readonly audience: string;
  readonly nonce: string;
  readonly maxAgeS: number;
  readonly transactionData?: readonly string[];
}

/** The holder signed for this audience just now, and no challenge was asked: that alone proves no holder. */
export interface KeyBindingUnsolicited {
  readonly kind: "unsolicited";
  readonly audience: string;
  readonly maxAgeS: number;
}

/** No key binding belongs here (a stored file): one that is there is refused. */
export interface KeyBindingRefused {
  readonly kind: "refused";
}

export type KeyBindingRule = KeyBindingRequired | KeyBindingUnsolicited | KeyBindingRefused;

/** The work in question: where, for whom, when. All that is set has to be covered. Make it by `workAsked`. */
export interface WorkAsked {
  readonly state?: string;
  readonly employers: readonly string[];
  readonly first?: Day;
  readonly last?: Day;
}

/** Every decision of the verifier, fixed beforehand. Spec: RFC 9901 §7.3 step 1. */
export interface Policy {
  readonly policyId: string;
  readonly policyVersion?: string;
  readonly acceptedTypes: ReadonlySet<string>;
  readonly keyBinding: KeyBindingRule;
  readonly statusRequired: boolean;
  readonly profile: ProtocolProfile;
  readonly onDate: Day;
  readonly work?: WorkAsked;
  readonly maxStatusAgeS?: number;
  readonly clockSkewS: number;
  readonly allowedAlgs: ReadonlySet<string>;
}

/** Return the work in question. Throws work_period_reversed, work_employer_empty. */
export function workAsked(asked: Partial<WorkAsked>): WorkAsked {
  if (asked.first !== undefined && asked.last !== undefined && asked.last < asked.first) {
    throw new CoreError("work_period_reversed");
  }
  const employers = asked.employers ?? [];
  if (!employers.every((each) => levelled(each) !== "")) throw new CoreError("work_employer_empty");
  return { ...asked, employers };
}

/** Return the first and the last day of the work; without days of its own it is done on the day in question. */
export function daysOfWork(work: WorkAsked | undefined, onDate: Day): readonly [Day, Day] {
  const first = work?.first ?? work?.last ?? onDate;
  return [first, work?.last ?? first];
}

/** Return the letters and digits of an identifier: spaces, dots and dashes only help the eye. */
export function levelled(identifier: string): string {
  return identifier.normalize("NFKC").replace(/[^\p{L}\p{N}]/gu, "").toUpperCase();
}
