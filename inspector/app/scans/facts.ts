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
  /** The identifier of an employer; empty where there is none. */
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly country: string;
}

export interface Facts {
  /** "pda1", "application", "ehic", "prc", "pid", or empty. */
  readonly kind: string;
  readonly person: PersonFacts;
  /** The names that the document holds and that cannot be read: they are missing in `person`. */
  readonly unreadable: readonly NameField[];
  /** Documents of this kind have no place for a name. */
  readonly nameless: boolean;
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
  /** What a proof of application asks for, none of which is decided; null in every other document. */
  readonly asked: AskedFacts | null;
  readonly institution: Place;
  readonly institutionId: string;
  readonly number: string;
  /** The personal number, for a care desk's billing alone. */
  readonly pin: string;
}

export interface AskedFacts {
  readonly filedOn: string;
  /** In UTC. */
  readonly filedTime: string;
  readonly legislation: string;
  readonly statesOfWork: readonly string[];
  readonly first: Day | "";
  readonly last: Day | "";
  readonly urgent: boolean;
}

export type NameField = "surnames" | "forenames";

/** The last step of a claim that is a name, or that holds names, in any layout (as the layouts themselves say). */
export const NAME_CLAIMS: Readonly<Record<string, readonly NameField[]>> = {
  surnames: ["surnames"],
  familynames: ["surnames"],
  family_name: ["surnames"],
  forenames: ["forenames"],
  forename: ["forenames"],
  given_name: ["forenames"],
  names: ["surnames", "forenames"],
  person: ["surnames", "forenames"],
  subject: ["surnames", "forenames"],
  insured: ["surnames", "forenames"],
  credential_holder: ["surnames", "forenames"],
};
export const NAMELESS_LAYOUTS: ReadonlySet<string> = new Set(["pda1-dc4eu-a", "pda1-dc4eu-b"]);

/** Tell whether nothing of a document says who the person is. */
export function namesNobody({ person, unreadable }: Facts): boolean {
  const isNamed = person.surnames !== "" || person.forenames !== "" || person.dateOfBirth !== "";
  return !isNamed && unreadable.length === 0;
}

/** Return the facts of a report. What was not shown is empty; nothing here is looked up. */
export function factsOf(report: Report): Facts {
  const record = report.record;
  const legislation = part(record, "legislation");
  const period = "legislation" in record ? legislation : record;
  return {
    kind: report.kind ?? "",
    person: personOf(record),
    unreadable: unreadableNames(report),
    nameless: report.layout !== null && NAMELESS_LAYOUTS.has(report.layout),
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
    employers: [...parts(record, "employments"), ...partIn(record, "employer")].map(placeOf),
    statesOfWork: parts(record, "countries_of_work")
      .map((each) => text(each, "country"))
      .filter((each) => each !== ""),
    workplaces: parts(record, "countries_of_work").flatMap((each) => workplacesOf(each)),
    moreWorkplaces: numberOf(record, "more_workplaces") || numberOf(report.claims, "more_workplaces"),
    asked: report.kind === "application" ? askedOf(record) : null,
    institution: institutionOf(record),
    institutionId: report.institutionId ?? "",
    number: firstText(
      text(part(record, "document"), "number"),
      text(record, "card_number"),
      text(record, "number"),
      text(record, "reference"),
    ),
    pin: text(personPart(record), "pin") || text(record, "personal_number"),
  };
}

function askedOf(record: JsonObject): AskedFacts {
  const asked = part(record, "asked");
  return {
    filedOn: text(record, "filed_on"),
    filedTime: text(record, "filed_time"),
    legislation: text(asked, "state"),
    statesOfWork: texts(asked, "states_of_work"),
    first: text(asked, "start"),
    last: text(asked, "end"),
    urgent: record["urgent"] === true,
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

function unreadableNames({ deviations }: Report): readonly NameField[] {
  const strange = deviations.filter(({ code }) => code === "claim_not_in_form");
  return [...new Set(strange.flatMap(({ claim }) => NAME_CLAIMS[claim.split(".").at(-1) ?? ""] ?? []))];
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
  const country = text(address, "country");
  return { id: text(named, "id"), name: text(named, "name"), address: lines.join(", "), country };
}

function institutionOf(record: JsonObject): Place {
  for (const name of ["institution", "issuing_authority", "authentic_source"]) {
    const found = part(record, name);
    if (text(found, "name") !== "") return { ...placeOf(found), id: "", country: text(found, "country") };
  }
  const name = text(record, "issuing_authority");
  return { id: "", name, address: "", country: text(record, "issuing_country") };
}

function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

function partIn(object: JsonObject, name: string): readonly JsonObject[] {
  const value = object[name];
  return isObject(value) ? [value] : [];
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
