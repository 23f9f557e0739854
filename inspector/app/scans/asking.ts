/**
 * One question to a wallet: made by the service, shown as a code, followed until the answer or the end of its
 * time.
 */
import { colourOf } from "../../core/verdict/verdict.ts";
import type { Check, Colour, Json, JsonObject, Report, Verdict } from "../../core/index.ts";
import type { Question } from "../session/question.ts";
import { workOf } from "../session/question.ts";
import type { Judgement } from "./judging.ts";
import { ask } from "../session/service.ts";

/** What the service answers to POST asks; `link` is what the code says, `expiresAt` is in epoch seconds. */
export interface Asked {
  readonly transaction: string;
  readonly secret: string;
  readonly link: string;
  readonly confirmation: string;
  readonly expiresAt: number;
}

interface AskAnswer {
  readonly stage: "open" | "answered" | "expired" | "declined";
  readonly verdict?: Verdict | null;
  readonly colour?: Colour | null;
  readonly code?: string | null;
  readonly reports?: readonly JsonObject[];
  readonly receipt?: string | null;
}

export type AskEnd =
  | { readonly stage: "answered"; readonly judgement: Judgement; readonly receipt: string | null }
  | { readonly stage: "expired" | "declined" };

const WAIT_S = 20;
const PAUSE_MS = 1_500;

/** Put a question. Rejects with ServiceProblem. */
export function putQuestion(preset: string, question: Question): Promise<Asked> {
  const work = workOf(question);
  const asked = { preset, onDate: question.onDate, ...(work === undefined ? {} : { work }) };
  return ask<Asked>("asks", { method: "POST", body: asked });
}

/**
 * Wait for what comes of a question. A lost connection is tried again until its time is over; an abort rejects.
 * `clockOffset` tells by how many seconds this clock is ahead of the service's, as far as that is known.
 */
export async function followQuestion(
  asked: Asked,
  question: Question,
  clockOffset: () => number | null,
  signal: AbortSignal,
): Promise<AskEnd> {
  while (!signal.aborted) {
    const answer = await once(asked, signal);
    if (answer?.stage === "answered") {
      return { stage: "answered", judgement: judgementOf(answer, question), receipt: answer.receipt ?? null };
    }
    if (answer !== null && answer.stage !== "open") return { stage: answer.stage };
    if (isOver(asked, Date.now() / 1000, clockOffset())) return { stage: "expired" };
    if (answer === null) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new DOMException("stopped", "AbortError");
}

/** Tell whether no answer can come any more; `now` is this clock's time, and the service said when it is over. */
export function isOver({ expiresAt }: Pick<Asked, "expiresAt">, now: number, clockOffset: number | null): boolean {
  return now - (clockOffset ?? 0) > expiresAt + WAIT_S;
}

async function once(asked: Asked, signal: AbortSignal): Promise<AskAnswer | null> {
  try {
    return await ask<AskAnswer>(`asks/${asked.transaction}?wait=${WAIT_S}`, { bearer: asked.secret, signal });
  } catch (error) {
    if (error instanceof DOMException) throw error;
    return null;
  }
}

/** Return what the service found; it judged by its own trust data, and its verdict over all documents stands. */
function judgementOf(answer: AskAnswer, question: Question): Judgement {
  const reports = (answer.reports ?? []).map(reportOf);
  const verdict = answer.verdict ?? "not_authentic";
  const problem = reports.map((report) => report.decidingCheck).find((check) => check !== null);
  return {
    reports,
    verdict,
    colour: answer.colour ?? colourOf(verdict),
    code: answer.code ?? problem?.code ?? "",
    caution: null,
    question,
    packAsOf: null,
  };
}

/** Read a report as the service writes it. */
function reportOf(json: JsonObject): Report {
  const checks = (Array.isArray(json["checks"]) ? json["checks"] : []) as unknown as readonly Check[];
  const verdict = json["verdict"] as Verdict;
  const code = textOf(json["code"]);
  const status = objectOf(json["status"]);
  const layout = textOf(json["layout"]);
  return {
    carrier: "presentation",
    checks,
    verdict,
    colour: json["colour"] as Colour,
    decidingCheck: checks.find((check) => code !== "" && code.startsWith(check.code)) ?? null,
    asOf: Number(json["as_of"]),
    onDate: textOf(json["on_date"]),
    policyId: textOf(json["policy_id"]),
    policyVersion: textOf(json["policy_version"]),
    institutionId: textOf(json["institution_id"]) || null,
    credentialType: textOf(json["credential_type"]) || null,
    kind: layout.split("-")[0] || null,
    layout: layout || null,
    claims: objectOf(json["claims"]),
    record: objectOf(json["record"]),
    deviations: (Array.isArray(json["deviations"]) ? json["deviations"] : []) as unknown as Report["deviations"],
    statusAsOf: typeof status["as_of"] === "number" ? status["as_of"] : null,
    packSequence: 0,
  };
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
