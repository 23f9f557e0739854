/**
 * The verdict: what the checks come to, in the words that the law allows.
 *
 * A genuine document that is not withdrawn binds whoever reads it (Regulation (EC) 987/2009 art. 5): no verdict
 * calls it invalid. Red and amber are no pass. The rules are those of the Python side, written out by its
 * generator.
 */

import { RULES, TOLD } from "../generated/verdict_rules.ts";
import type { Check, Procedure } from "./checks.ts";
import { PROCEDURE, speaksAgainst } from "./checks.ts";

export type Verdict = keyof typeof TOLD;
export type Colour = (typeof TOLD)[Verdict]["colour"];
type Rule = (typeof RULES)[number];

/** Return the colour that people see. */
export function colourOf(verdict: Verdict): Colour {
  return TOLD[verdict].colour;
}

/** Return authentic_in_force only if every step of the procedure ran and let the presentation through. */
export function verdictOf(checks: readonly Check[], procedure: Procedure = PROCEDURE): Verdict {
  const isWhole = checks.length === procedure.length && checks.every((check, i) => check.id === procedure[i]?.[0]);
  if (!isWhole) return "not_authentic";
  const against = checks.filter(speaksAgainst);
  if (against.length === 0) return "authentic_in_force";
  if (!against.every((check) => RULES.some((rule) => decides(rule, check)))) return "not_authentic";
  return RULES.find((rule) => against.some((check) => decides(rule, check)))?.verdict ?? "not_authentic";
}

/** Return the check that the verdict rests on; null where nothing speaks against the presentation. */
export function decidingCheck(checks: readonly Check[]): Check | null {
  const against = checks.filter(speaksAgainst);
  for (const rule of RULES) {
    const found = against.find((check) => decides(rule, check));
    if (found !== undefined) return found;
  }
  return against[0] ?? null;
}

function decides(rule: Rule, check: Check): boolean {
  const codes: readonly string[] = rule.codes;
  return (
    check.id === rule.step && check.outcome === rule.outcome && (codes.length === 0 || codes.includes(check.code))
  );
}
