/** What reports come to, held against what this device knows of its own clock and trust data. */
import { fullCode } from "../../core/verdict/checks.ts";
import { colourOf } from "../../core/verdict/verdict.ts";
import type { Colour, Knowledge, Report, Verdict } from "../../core/index.ts";
import type { Question } from "../session/question.ts";
import { factsOf } from "./facts.ts";

/** Why this device may confirm nothing, whatever the document says. */
export type Caution = "pack_old" | "clock_wrong";

export interface Judgement {
  /** Of one document, or of all that a wallet answered with. */
  readonly reports: readonly Report[];
  readonly verdict: Verdict;
  readonly colour: Colour;
  /** The code of the check that decided; empty where nothing speaks against it. */
  readonly code: string;
  readonly caution: Caution | null;
  readonly question: Question;
  /** When the trust pack was signed that was judged from; null where the service judged. */
  readonly packAsOf: number | null;
}

/** What a judgement needs of the device at one moment. */
export interface Standing {
  readonly knowledge: Knowledge;
  readonly now: number;
  readonly caution: Caution | null;
  readonly packAsOf: number | null;
  /** What this device showed to a phone without network; null where it showed nothing. */
  readonly shownNonce: string | null;
}

/** What this device cannot say any more; that a status is not known has its reason here before anywhere else. */
const IN_DOUBT: ReadonlySet<Verdict> = new Set<Verdict>([
  "authentic_in_force",
  "holder_not_proven",
  "status_not_known",
]);

/** No certificate by any data: it keeps its words, beside which the doubt is told. */
const UNDECIDED: Verdict = "applied_not_decided";

/**
 * Return what reports come to on this device: nothing is confirmed by old trust data or a wrong clock (K06, K09).
 */
export function cautioned(
  reports: readonly Report[],
  question: Question,
  standing: Pick<Standing, "caution" | "packAsOf">,
): Judgement {
  const worst = reports.find((report) => report.verdict !== "authentic_in_force") ?? reports[0];
  const found = worst?.verdict ?? "not_authentic";
  const verdict = found === "authentic_in_force" && !reports.every(holderAsked) ? "holder_not_proven" : found;
  const doubted = IN_DOUBT.has(verdict);
  const held = standing.caution !== null && (doubted || verdict === UNDECIDED);
  const decided: Verdict = held && doubted ? "status_not_known" : verdict;
  const check = worst?.decidingCheck ?? null;
  return {
    reports,
    verdict: decided,
    colour: colourOf(decided),
    code: held
      ? (standing.caution ?? "")
      : check !== null
        ? fullCode(check)
        : verdict === found
          ? ""
          : "kb_not_asked",
    caution: held ? standing.caution : null,
    question,
    packAsOf: standing.packAsOf,
  };
}

/** Tell whether the holder had to prove anything: a stored copy can be anybody's, as a printed code can (K07). */
function holderAsked(report: Report): boolean {
  return !report.checks.some((check) => check.id === "key_binding" && check.code === "kb_not_asked");
}

/** Tell whether a person may complete the verdict by eye: nothing failed, only the holder is not proven. */
export function completable(judgement: Judgement): boolean {
  const binding = judgement.reports
    .flatMap((report) => report.checks)
    .filter((check) => check.id === "key_binding");
  return judgement.verdict === "holder_not_proven" && binding.every((check) => check.outcome !== "fail");
}

/** Tell whether the person can be compared with what the document says: no name in it is beyond reading. */
export function comparable(judgement: Judgement): boolean {
  const facts = judgement.reports.map(factsOf);
  return completable(judgement) && facts.every((each) => each.unreadable.length === 0);
}
