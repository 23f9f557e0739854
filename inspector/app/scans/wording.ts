/** The words of a verdict: by verdict, by what was presented, and by what a person added to it. */
import { REASON_GROUPS } from "../../core/generated/reasons.ts";
import type { Check, Colour, Report } from "../../core/index.ts";
import { factsOf, namesNobody } from "./facts.ts";
import type { Facts } from "./facts.ts";
import type { Judgement } from "./judging.ts";
import { completable } from "./judging.ts";
import type { Scan } from "./scans.ts";
import { clock, day, has, say, sayFirst } from "../words/texts.ts";
import type { Params } from "../words/texts.ts";
import { visible } from "../words/visible.ts";

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

const OF_THE_PERIOD: Readonly<Record<string, string>> = {
  coverage_not_started: "not_begun",
  coverage_ended: "ended",
};

/** Return the words for a judged scan. */
export function wordingOf(scan: Scan, judgement: Judgement): Wording {
  if (scan.compared !== null && completable(judgement)) return completed(scan.compared.answer, scan.compared.at);
  const facts = judgement.reports.map(factsOf);
  const params = daysOf(judgement);
  const keys = (part: string): string[] =>
    [...variants(judgement, facts), ""].map(
      (name) => `verdict.${judgement.verdict}${name === "" ? "" : `.${name}`}.${part}`,
    );
  return {
    colour: judgement.colour,
    headline: sayFirst(keys("headline")),
    sentence: sayFirst(keys("sentence"), params),
    reason: saysItself(judgement) ? remarkOf(judgement) : whyOf(judgement),
    action: sayFirst(keys("action"), params),
    completed: false,
  };
}

/** Tell whether the sentence of the verdict leaves no reason to say. */
function saysItself(judgement: Judgement): boolean {
  return judgement.code === "" || judgement.code === "not_decided" || completable(judgement);
}

/** Return what has to be known beside a verdict that nothing speaks against: a withdrawal from a later day on. */
function remarkOf({ reports }: Judgement): string {
  const later = reports.flatMap((report) => report.checks).find((check) => check.code === "withdrawn_later");
  return later === undefined ? "" : withdrawalOf(later);
}

/** Return why the verdict is what it is; of a withdrawal also from which day, for what cause, and what follows. */
function whyOf({ reports, code }: Judgement): string {
  const check = reports.map((report) => report.decidingCheck).find((each) => each?.code === code);
  return check?.id === "status" && check.params["effective_from"] !== undefined
    ? withdrawalOf(check)
    : reasonOf(code);
}

function withdrawalOf({ code, params }: Check): string {
  const told = (name: string): string => {
    const value = params[name];
    return typeof value === "string" && value !== "-" ? value : "";
  };
  const [from, cause, successor] = [told("effective_from"), told("cause"), told("successor")];
  return [
    reasonOf(code),
    from === "" ? "" : say("note.without_effect_from", { day: day(from) }),
    has(`cause.${cause}`) ? say("note.cause", { cause: say(`cause.${cause}`) }) : "",
    successor === "" ? "" : say("note.successor", { number: visible(successor) }),
  ].filter((each) => each !== "").join(" ");
}

/** Return the days that words name: those of a period that has not begun or has ended, that of an application. */
function daysOf({ reports, code }: Judgement): Params {
  const params = reports.map((report) => report.decidingCheck).find((each) => each?.code === code)?.params ?? {};
  const undecided = reports.flatMap(({ checks }) => checks).find((check) => check.code === "not_decided");
  const shown = { ...undecided?.params, ...params };
  const of = (name: string): string => day(String(shown[name] ?? ""));
  return { first: of("first"), last: of("last"), filed: of("filed_on") };
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

/** What the words are chosen by: the weightiest first. */
function variants(judgement: Judgement, facts: readonly Facts[]): readonly string[] {
  const [report] = judgement.reports;
  if (report === undefined) return [];
  return [
    OF_THE_PERIOD[judgement.code] ?? "",
    facts.some((each) => each.unreadable.length > 0) ? "unreadable" : "",
    facts.every((each) => each.nameless) ? "nameless" : "",
    facts.every(namesNobody) ? "unnamed" : "",
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
