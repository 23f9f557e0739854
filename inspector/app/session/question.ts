/** What is asked of every document that is scanned: for what purpose, for which day, about which work. */
import { isEmployerName } from "../../core/findings/employers.ts";
import { levelled, workAsked } from "../../core/judging/policy.ts";
import type { Day, WorkAsked } from "../../core/index.ts";
import type { Purpose, Settings } from "./device.ts";

/** `state` and `employer` (its identifier) are empty where the work is not asked about by them. */
export interface Question {
  readonly purpose: Purpose;
  readonly onDate: Day;
  readonly state: string;
  readonly employer: string;
}

const SHOWN_FOR: Readonly<Record<Purpose, ReadonlySet<string>>> = {
  inspection: new Set(["pda1", "application", "pid"]),
  care: new Set(["ehic", "prc", "pid"]),
};

/**
 * Tell whether a purpose may see a kind of document: an A1 is not for a care desk, a card not for an inspection.
 */
export function maySee(purpose: Purpose, kind: string): boolean {
  return SHOWN_FOR[purpose].has(kind);
}

/** Return the question that the settings ask on a day, about work for an employer where one is named. */
export function questionOf({ purpose, state }: Settings, onDate: Day, employer: string): Question {
  if (purpose !== "inspection") return { purpose, onDate, state: "", employer: "" };
  return { purpose, onDate, state, employer: identifierOf(employer) };
}

/** Return the identifier that an entry is; empty for what reads like a name: no document is held against that. */
export function identifierOf(entry: string): string {
  return levelled(entry) === "" || isEmployerName(entry) ? "" : entry.trim();
}

/** Return the work in question, if there is any. */
export function workOf(question: Question): WorkAsked | undefined {
  const { state, employer } = question;
  if (state === "" && employer === "") return undefined;
  return workAsked({ ...(state === "" ? {} : { state }), employers: employer === "" ? [] : [employer] });
}

/** Return the calendar day at the place where the device is. */
export function dayAt(epoch: number): Day {
  const at = new Date(epoch * 1000);
  const part = (value: number): string => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${part(at.getMonth() + 1)}-${part(at.getDate())}`;
}
