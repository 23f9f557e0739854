/** The words of a verdict: by verdict, by what was presented, and by what a person added to it. */
import { REASON_GROUPS } from "../../core/generated/reasons.ts";
import type { Colour, Report } from "../../core/index.ts";
import type { Judgement } from "./judging.ts";
import { completable } from "./judging.ts";
import type { Scan } from "./scans.ts";
import { clock, has, say, sayFirst } from "../words/texts.ts";

/** A verdict as it is shown. `completed` where a person added what no code can prove. */
export interface Wording {
  readonly colour: Colour;
  readonly headline: string;
  readonly sentence: string;
  /** Empty where the sentence says it already. */
  readonly reason: string;
  readonly action: string;
  readonly completed: boolean;
}

/** Return the words for a judged scan. */
export function wordingOf(scan: Scan, judgement: Judgement): Wording {
  if (scan.compared !== null && completable(judgement)) return completed(scan.compared.answer, scan.compared.at);
  const keys = (part: string): string[] =>
    [...variants(judgement), ""].map(
      (name) => `verdict.${judgement.verdict}${name === "" ? "" : `.${name}`}.${part}`,
    );
  return {
    colour: judgement.colour,
    headline: sayFirst(keys("headline")),
    sentence: sayFirst(keys("sentence")),
    reason: judgement.code === "" || completable(judgement) ? remarkOf(judgement) : reasonOf(judgement.code),
    action: sayFirst(keys("action")),
    completed: false,
  };
}

/** Return what has to be known beside a verdict that nothing speaks against: a withdrawal from a later day on. */
function remarkOf({ reports }: Judgement): string {
  const isLater = reports.some((report) => report.checks.some((check) => check.code === "withdrawn_later"));
  return isLater ? reasonOf("withdrawn_later") : "";
}

/** Return the sentence for a code, in the language that is spoken. */
export function reasonOf(code: string): string {
  const own = `reason.${code}`;
  if (has(own)) return say(own);
  const group = REASON_GROUPS[code] ?? REASON_GROUPS[code.split(".")[0] ?? ""] ?? "service_fault";
  return say(`reason.${group}`);
}

function completed(answer: "same" | "different", at: number): Wording {
  const part = (name: string): string => say(`verdict.compared_${answer}.${name}`, { time: clock(at) });
  return {
    colour: answer === "same" ? "green" : "red",
    headline: part("headline"),
    sentence: part("sentence"),
    reason: say("note.compared", { time: clock(at) }),
    action: part("action"),
    completed: true,
  };
}

function variants(judgement: Judgement): readonly string[] {
  const [report] = judgement.reports;
  if (report === undefined) return [];
  return [
    isUnsolicited(report) ? "unsolicited" : "",
    report.carrier === "seal" ? "seal" : "",
    report.kind ?? "",
  ].filter((each) => each !== "");
}

function isUnsolicited(report: Report): boolean {
  return report.checks.some((check) => check.id === "key_binding" && check.code === "kb_unsolicited");
}

/** Return the sentence for a refusal of the service; that of `otherwise` where its code has none of its own. */
export function problemOf(code: string, otherwise = "refused"): string {
  return say(has(`problem.${code}`) ? `problem.${code}` : `problem.${otherwise}`);
}
