/** Forms that a claim value can have in a layout, and how a peer's value is read. The tables are generated. */

import type { Json } from "../encoding/strict_json.ts";
import { OPEN_END_DATE } from "../generated/layouts.ts";
import { PDA1_STATES } from "../generated/catalogue.ts";
import { isDay } from "./days.ts";

/** A name and its bounds: lengths for texts, the allowed values for codes. */
export type Form = readonly [name: string, ...bounds: (string | number)[]];

const STATES: ReadonlySet<string> = new Set(PDA1_STATES);
const EESSI_TO_ISO: ReadonlyMap<string, string> = new Map([["EL", "GR"], ["UK", "GB"]]);
const USUAL_INSTITUTION = /^([A-Z]{2}):[A-Za-z0-9]{4,10}$/;

/** Return the ISO 3166-1 code for an EESSI code (EL, UK), and other codes as they are. */
export function canonicalCountry(code: string): string {
  return EESSI_TO_ISO.get(code) ?? code;
}

/** Tell whether an institution id has the form of the EESSI Institution Repository. */
export function isUsualInstitution(id: string): boolean {
  return STATES.has(canonicalCountry(USUAL_INSTITUTION.exec(id)?.[1] ?? ""));
}

/** Count characters as people do in specifications: code points. */
export function lengthOf(text: string): number {
  return [...text].length;
}

/** Return a value in canonical spelling; whether it has the form at all is for `accepts`. */
export function reads([name]: Form, value: Json): Json {
  if (name === "country" && typeof value === "string") return canonicalCountry(value);
  return name === "end_date" && value === OPEN_END_DATE ? null : value;
}

/** Tell whether a canonical value has the form. */
export function accepts([name, ...bounds]: Form, value: Json): boolean {
  switch (name) {
    case "text":
      return typeof value === "string" && isBetween(lengthOf(value), Number(bounds[0]), Number(bounds[1]));
    case "institution_id":
      return typeof value === "string" && isBetween(lengthOf(value), 1, Number(bounds[0]));
    case "code":
      return (typeof value === "string" || typeof value === "number") && bounds.includes(value);
    case "country":
      return typeof value === "string" && bounds.includes(value);
    case "ship_or_base":
      return typeof value === "string" && lengthOf(value) === 2;
    case "full_date":
      return isDay(value);
    case "end_date":
      return value === null || isDay(value);
    case "count":
      return (typeof value === "number" || typeof value === "bigint") && value > 0;
    case "flag":
      return typeof value === "boolean";
    default:
      throw new Error(`no such form: ${name}`);
  }
}

/** Return the code of a deviation for a value as received that is readable and unusual. */
export function remarks([name]: Form, value: Json): string | null {
  if (typeof value !== "string") return null;
  if (name === "institution_id") return isUsualInstitution(value) ? null : "claim_institution_unusual";
  const hasCountry = name === "country" || name === "ship_or_base";
  return hasCountry && canonicalCountry(value) !== value ? "country_code_eessi" : null;
}

function isBetween(length: number, shortest: number, longest: number): boolean {
  return shortest <= length && length <= longest;
}
