/** Scans made during a visit become entries of it: the same document with the same outcome once. */
import { utf8 } from "../../core/encoding/bytes.ts";
import { sha256 } from "../../core/encoding/digest.ts";
import type { Report } from "../../core/index.ts";
import type { Scan, Scans } from "../scans/scans.ts";
import { tellFault } from "../session/faults.ts";
import { workOf } from "../session/question.ts";
import type { ComparedBody, DocumentFacts, ScanBody } from "./entries.ts";
import { factsOf } from "./facts.ts";

/** A scan as a visit keeps it. */
export interface Recordable {
  readonly name: string;
  readonly at: number;
  readonly body: ScanBody;
  readonly compared: ComparedBody | null;
}

const NO_FACTS: DocumentFacts = {
  kind: "",
  number: "",
  surname: "",
  forenames: "",
  birthDate: "",
  employerIds: [],
  employerNames: [],
  state: "",
  countries: [],
  first: "",
  last: "",
  institutionId: "",
};

/**
 * Return what a visit keeps of a scan; null for what is no document, or not for this purpose. What was scanned
 * before a lock cannot be looked up: `from`, where the visit was continued, keeps the names apart.
 */
export async function recordable(scan: Scan, visit: string, from = 0): Promise<Recordable | null> {
  const found = foundOf(scan);
  if (found === null) return null;
  const text = textOf(scan);
  const told = found.code ?? "";
  const { onDate, purpose, state, employer } = scan.question;
  const part = from === 0 ? visit : `${visit} ${from}`;
  const name = await nameOf(part, text === "" ? scan.id : text, found.verdict, told, onDate, state, employer);
  const work = workOf(scan.question);
  const body: ScanBody = {
    scan: name,
    text,
    ...found,
    onDate,
    purpose,
    ...(work === undefined ? {} : { work }),
    ...(scan.recognised.kind === "sd_jwt" && scan.nonce !== null ? { nonce: scan.nonce } : {}),
    ...(scan.transaction === null ? {} : { transaction: scan.transaction }),
  };
  const compared = scan.compared === null ? null : { scan: name, samePerson: scan.compared.answer === "same" };
  return { name, at: scan.at, body, compared };
}

/** Return what the service is to judge as well: what was judged here, or could not be. */
function textOf({ judgedText, recognised }: Scan): string {
  if (judgedText !== "") return judgedText;
  return recognised.kind === "seal" || recognised.kind === "sd_jwt" ? recognised.unverifiedText : "";
}

type Found = Pick<ScanBody, "verdict" | "colour" | "code" | "facts" | "kind" | "statusAsOf" | "packSequence">;

function foundOf({ outcome }: Scan): Found | null {
  if (outcome.state === "failed") {
    return { verdict: "not_judged", colour: "amber", code: outcome.code, facts: NO_FACTS };
  }
  if (outcome.state !== "judged") return null;
  const { reports, verdict, colour, code } = outcome.judgement;
  const report = reports.find((each) => each.kind === "pda1") ?? reports[0];
  return {
    verdict,
    colour,
    ...(code === "" ? {} : { code }),
    facts: report === undefined ? NO_FACTS : factsOf(report),
    ...(report === undefined ? {} : knowledgeOf(report)),
  };
}

function knowledgeOf(report: Report): Pick<ScanBody, "kind" | "statusAsOf" | "packSequence"> {
  return {
    ...(report.kind === null ? {} : { kind: report.kind }),
    ...(report.statusAsOf === null ? {} : { statusAsOf: report.statusAsOf }),
    packSequence: report.packSequence,
  };
}

export type Record = (scan: Scan) => Promise<void>;

/** Hand every scan that has its outcome to a recorder, one after the other. Returns how to stop. */
export function recordAll(scans: Scans, record: Record): () => void {
  let line: Promise<void> = Promise.resolve();
  return scans.onSettled((scan) => {
    line = line.then(() => record(scan)).catch(tellFault);
  });
}

/** Return the UUID (version 8) that some texts together always have. */
async function nameOf(...texts: readonly string[]): Promise<string> {
  const bytes = (await sha256(utf8(JSON.stringify(texts)))).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
