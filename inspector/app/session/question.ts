/** What is asked of every document that is scanned: for what purpose, for which day, about which work. */
import { workAsked } from "../../core/judging/policy.ts";
import type { Day, WorkAsked } from "../../core/index.ts";
import type { Purpose, Settings } from "./device.ts";

/** `state` is empty where the place of work is not asked about. */
export interface Question {
  readonly purpose: Purpose;
  readonly onDate: Day;
  readonly state: string;
}

const SHOWN_FOR: Readonly<Record<Purpose, ReadonlySet<string>>> = {
  inspection: new Set(["pda1", "pid"]),
  care: new Set(["ehic", "prc", "pid"]),
};

/**
 * Tell whether a purpose may see a kind of document: an A1 is not for a care desk, a card not for an inspection.
 */
export function maySee(purpose: Purpose, kind: string): boolean {
  return SHOWN_FOR[purpose].has(kind);
}

/** Return the question that the settings ask on a day. */
export function questionOf(settings: Settings, onDate: Day): Question {
  return { purpose: settings.purpose, onDate, state: settings.purpose === "inspection" ? settings.state : "" };
}

/** Return the work in question, if there is any. */
export function workOf(question: Question): WorkAsked | undefined {
  return question.state === "" ? undefined : workAsked({ state: question.state });
}

/** Return the calendar day at the place where the device is. */
export function dayAt(epoch: number): Day {
  const at = new Date(epoch * 1000);
  const part = (value: number): string => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${part(at.getMonth() + 1)}-${part(at.getDate())}`;
}
