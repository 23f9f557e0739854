/** What a verified record says, as a person compares it: who, where, for whom, from when to when, by whom. */
import type { Day, Json, JsonObject, Report } from "../../core/index.ts";

export interface PersonFacts {
  readonly surnames: string;
  readonly forenames: string;
  readonly surnameAtBirth: string;
  readonly dateOfBirth: string;
  readonly nationalities: readonly string[];
}

export interface Place {
  readonly name: string;
  readonly address: string;
  readonly country: string;
}

export interface Facts {
  /** "pda1", "ehic", "prc", "pid", or empty. */
  readonly kind: string;
  readonly person: PersonFacts;
  /** Of coverage or entitlement; empty where it was not shown. */
  readonly first: Day | "";
  readonly last: Day | "";
  readonly issuedOn: string;
  readonly expiresOn: string;
  /** The State whose legislation applies. */
  readonly legislation: string;
  readonly situation: string;
  readonly employers: readonly Place[];
  readonly statesOfWork: readonly string[];
  readonly workplaces: readonly Place[];
  /** How many places of work the seal leaves out. */
  readonly moreWorkplaces: number;
  readonly institution: Place;
  readonly institutionId: string;
  readonly number: string;
  /** The personal number, for a care desk's billing alone. */
  readonly pin: string;
}

/** Return the facts of a report. What was not shown is empty; nothing here is looked up. */
export function factsOf(report: Report): Facts {
  const record = report.record;
  const legislation = part(record, "legislation");
  const period = "legislation" in record ? legislation : record;
  return {
    kind: report.kind ?? "",
    person: personOf(record),
    first: text(period, "start") || text(record, "valid_from"),
    last: text(period, "end") || text(record, "valid_to"),
    issuedOn: firstText(
      text(part(record, "document"), "date_of_issuance"),
      text(record, "date_of_issuance"),
      text(record, "issued_on"),
    ),
    expiresOn: text(part(record, "document"), "date_of_expiry") || text(record, "date_of_expiry"),
    legislation: text(legislation, "state"),
    situation: text(part(record, "status"), "code"),
    employers: parts(record, "employments").map(placeOf),
    statesOfWork: parts(record, "countries_of_work")
      .map((each) => text(each, "country"))
      .filter((each) => each !== ""),
    workplaces: parts(record, "countries_of_work").flatMap((each) => workplacesOf(each)),
    moreWorkplaces: numberOf(record, "more_workplaces") || numberOf(report.claims, "more_workplaces"),
    institution: institutionOf(record),
    institutionId: report.institutionId ?? "",
    number: text(part(record, "document"), "number") || text(record, "card_number") || text(record, "number"),
    pin: text(personPart(record), "pin") || text(record, "personal_number"),
  };
}

function personPart(record: JsonObject): JsonObject {
  return "person" in record ? part(record, "person") : "insured" in record ? part(record, "insured") : record;
}

function personOf(record: JsonObject): PersonFacts {
  const person = personPart(record);
  return {
    surnames: text(person, "surnames") || text(person, "family_name"),
    forenames: text(person, "forenames") || text(person, "given_name"),
    surnameAtBirth: text(person, "surname_at_birth") || text(person, "birth_family_name"),
    dateOfBirth: text(person, "date_of_birth") || text(person, "birthdate"),
    nationalities: texts(person, "nationalities"),
  };
}

function workplacesOf(state: JsonObject): readonly Place[] {
  const country = text(state, "country");
  return parts(state, "workplaces").map((each) => ({
    ...placeOf(each),
    country: placeOf(each).country || country,
  }));
}

function placeOf(named: JsonObject): Place {
  const address = part(named, "address");
  const town = [text(address, "postcode"), text(address, "town")].filter((each) => each !== "").join(" ");
  const lines = [text(address, "street_and_number"), town].filter((each) => each !== "");
  return { name: text(named, "name"), address: lines.join(", "), country: text(address, "country") };
}

function institutionOf(record: JsonObject): Place {
  for (const name of ["institution", "issuing_authority", "authentic_source"]) {
    const found = part(record, name);
    if (text(found, "name") !== "") return { ...placeOf(found), country: text(found, "country") };
  }
  return { name: text(record, "issuing_authority"), address: "", country: text(record, "issuing_country") };
}

function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

function parts(object: JsonObject, name: string): readonly JsonObject[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function text(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === "string" ? value : "";
}

function firstText(...found: readonly string[]): string {
  return found.find((each) => each !== "") ?? "";
}

function texts(object: JsonObject, name: string): readonly string[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
}

function numberOf(object: JsonObject, name: string): number {
  const value = object[name];
  return typeof value === "number" ? value : 0;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
