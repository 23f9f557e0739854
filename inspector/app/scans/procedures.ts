/** A scanned text judged by the core. This module is loaded ahead of the first scan, not with the first screen. */
import { inspectionPolicy, proximityRule, verifyPresentation, verifySealed } from "../../core/index.ts";
import type { KeyBindingRule, Policy } from "../../core/index.ts";
import { cautioned } from "./judging.ts";
import type { Judgement, Standing } from "./judging.ts";
import { workOf } from "../session/question.ts";
import type { Question } from "../session/question.ts";

/** Judge a seal. */
export async function judgeSeal(text: string, question: Question, standing: Standing): Promise<Judgement> {
  const policy = policyFor(question, { kind: "refused" });
  const report = await verifySealed(text, { knowledge: standing.knowledge, policy, now: standing.now });
  return cautioned([report], question, standing);
}

/** Judge a presentation: `bound` where a holder signed it just now; a stored copy is not, and proves no holder. */
export async function judgePresentation(
  text: string,
  bound: boolean,
  question: Question,
  standing: Standing,
): Promise<Judgement> {
  const policy = policyFor(question, bound ? proximityRule(text, standing.shownNonce) : { kind: "refused" });
  const report = await verifyPresentation(text, { knowledge: standing.knowledge, policy, now: standing.now });
  return cautioned([report], question, standing);
}

function policyFor(question: Question, keyBinding: KeyBindingRule): Policy {
  const work = workOf(question);
  const asked = { purpose: question.purpose, onDate: question.onDate, keyBinding };
  return inspectionPolicy(work === undefined ? asked : { ...asked, work });
}
