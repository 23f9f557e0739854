/**
 * What a visit keeps of a document: enough to list it and to compare it with the declared workers, and no more.
 */
import { siteText } from "../../core/findings/sites.ts";
import { checkRoster } from "../../core/findings/roster.ts";
import type { JsonObject, Report, RosterFinding, ScannedDocument } from "../../core/index.ts";
import { dayAt, identifierOf } from "../session/question.ts";
import type { DocumentFacts, Entry, OpenedBody, ScanBody, Visit } from "./entries.ts";

/** Return the facts of a judged document. The record's personal numbers are never among them. */
export function factsOf(report: Report): DocumentFacts {
  const record = report.record;
  const person = part(record, "person", "insured");
  const period = part(record, "legislation");
  const employments = parts(record, "employments");
  return {
    kind: report.kind ?? "",
    number: word(part(record, "document"), "number") || word(record, "card_number"),
    surname: word(person, "surnames") || word(record, "family_name"),
    forenames: word(person, "forenames") || word(record, "given_name"),
    birthDate: word(person, "date_of_birth") || word(record, "birthdate"),
    employerIds: employments.map((each) => word(each, "id")).filter(Boolean),
    employerNames: employments.map((each) => word(each, "name")).filter(Boolean),
    state: word(period, "state"),
    countries: parts(record, "countries_of_work").map((each) => word(each, "country")),
    first: word(period, "start") || word(record, "start"),
    last: word(period, "end") || word(record, "end"),
    institutionId: report.institutionId ?? "",
  };
}

/** Return the identifier of the declared employer, wherever it was written; empty where only a name was. */
export function declaredIdentifier(opened: OpenedBody | undefined): string {
  return identifierOf(opened?.employerId ?? "") || identifierOf(opened?.note ?? "");
}

/** Return what the check of the list finds on a visit, compared with the others; computed anew, kept nowhere. */
export function rosterFindings(visit: Visit, visits: readonly Visit[]): readonly RosterFinding[] {
  // Where a lock left no name of the site, it cannot be told from others.
  const others = visits.filter((each) => each.id !== visit.id && each.stage === "whole");
  return checkRoster({
    site: siteText(visit.opened.site),
    day: dayAt(visit.openedAt),
    workers: visit.roster,
    scans: scannedDocuments(visit.stage === "whole" ? [visit, ...others] : [visit]),
  });
}

/** Return the scans of visits as the roster check wants them; `site` names the visit that each was made on. */
export function scannedDocuments(visits: readonly Visit[]): ScannedDocument[] {
  return visits.flatMap((visit) => visit.scans.map((scan) => scannedDocument(scan, visit)));
}

function scannedDocument(scan: Entry<ScanBody>, visit: Visit): ScannedDocument {
  const { facts, verdict, worker } = scan.body;
  const matched = worker ?? declaredByNumber(visit, facts.number);
  return {
    scan: scan.body.scan,
    site: siteText(visit.opened.site),
    kind: facts.kind,
    verdict,
    institutionId: facts.institutionId,
    surname: facts.surname,
    forenames: facts.forenames,
    employerIds: facts.employerIds,
    employerNames: facts.employerNames,
    ...(matched === undefined ? {} : { worker: matched }),
    ...(facts.number === "" ? {} : { number: facts.number }),
    ...(facts.birthDate === "" ? {} : { birthDate: facts.birthDate }),
    ...(facts.first === "" ? {} : { first: facts.first }),
    ...(facts.last === "" ? {} : { last: facts.last }),
  };
}

function declaredByNumber(visit: Visit, number: string): string | undefined {
  return number === "" ? undefined : visit.roster.find((worker) => worker.number === number)?.id;
}

function part(record: JsonObject, ...names: readonly string[]): JsonObject {
  const found = names.map((name) => record[name]).find(isObject);
  return isObject(found) ? found : {};
}

function parts(record: JsonObject, name: string): JsonObject[] {
  const found = record[name];
  return Array.isArray(found) ? found.filter(isObject) : [];
}

function word(record: JsonObject, name: string): string {
  const found = record[name];
  return typeof found === "string" ? found : "";
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
