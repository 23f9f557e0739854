/** Which layout claims of a type are to be read in, and who they say has issued them. */

import { type JsonObject, isArray, isObject } from "../encoding/strict_json.ts";
import { malformed, refused } from "../errors.ts";
import { KIND_OF_TYPE, OLD_TYPES, TYPE_LAYOUTS } from "../generated/catalogue.ts";
import { memberOf } from "./claims.ts";
import { canonicalCountry } from "./forms.ts";
import { type Projection, layoutById } from "./layout.ts";

const PDA1_TYPE = "urn:eudi:pda1:1";
const EHIC_TYPE = "urn:eudi:ehic:1";
const PID_TYPE = "urn:eudi:pid:1";
const DOMESTIC_PID = /^urn:eudi:pid:[a-z]{2}:[0-9]{1,3}$/;

/** Return the type that took an older one's place, or that a domestic PID type extends; else the type itself. */
export function currentType(vct: string): string {
  if (DOMESTIC_PID.test(vct)) return PID_TYPE;
  return Object.hasOwn(OLD_TYPES, vct) ? (OLD_TYPES[vct] ?? vct) : vct;
}

/** Return the kind of a type that is accepted; null for a type that is not known. */
export function kindOfType(vct: string): string | null {
  const current = currentType(vct);
  return Object.hasOwn(KIND_OF_TYPE, current) ? (KIND_OF_TYPE[current] ?? null) : null;
}

/**
 * Return the layout in which verified claims of a type are to be read; the dialect is told by its shape.
 *
 * Throws vct_unknown, layout_unknown for claims that mix dialects or follow none.
 */
export function projectionFor(vct: string, claims: JsonObject): Projection {
  const current = currentType(vct);
  if (current === PDA1_TYPE) return layoutById(pda1Dialect(claims));
  if (current === EHIC_TYPE) return layoutById(ehicDialect(claims));
  const id = Object.hasOwn(TYPE_LAYOUTS, current) ? TYPE_LAYOUTS[current] : undefined;
  if (id === undefined) throw refused("vct_unknown");
  return layoutById(id);
}

/** Return the one dialect of which the claims have something that no other dialect has. */
function pda1Dialect(claims: JsonObject): string {
  const employer = memberOf(claims, "employer");
  const has = (name: string): boolean => Object.hasOwn(claims, name);
  const shapes: readonly (readonly [string, boolean])[] = [
    ["pda1-dc4eu-a", isObject(employer) && !has("work_information")],
    ["pda1-dc4eu-b", isArray(employer) && !has("work_address")],
    ["pda1-eudi-issuer", has("employment_details") || has("legislation")],
    ["pda1-pilot-v0", has("details_of_employment") || has("decision_legislation_applicable")],
  ];
  const [fitting, ...others] = shapes.filter(([, fits]) => fits);
  if (fitting === undefined || others.length > 0) throw malformed("layout_unknown", { vct: PDA1_TYPE });
  return fitting[0];
}

/** Return the dialect: the older two name the competent institution where the current one has its source. */
function ehicDialect(claims: JsonObject): string {
  const has = (name: string): boolean => Object.hasOwn(claims, name);
  const isCurrent = has("authentic_source") || isObject(memberOf(claims, "issuing_authority"));
  if (isCurrent || !has("competent_institution")) return "ehic-dc4eu";
  return has("period_entitlement") ? "ehic-pilot-v0" : "ehic-eudi-issuer";
}

/** Return the id of the institution that issues, where the layout names it by id and it is disclosed. */
export function issuingInstitution(claims: JsonObject): string | null {
  for (const [holder, name] of [["issuing_authority", "id"], ["competentInstitution", "institutionID"]] as const) {
    const id = memberOf(memberOf(claims, holder), name);
    if (typeof id === "string") return id;
  }
  return null;
}

/** Return the countries that the claims name as the issuer's, as stored; empty text for what is no text. */
export function issuingCountries(claims: JsonObject): ReadonlySet<string> {
  const named = [
    memberOf(claims, "issuing_country"),
    memberOf(memberOf(claims, "issuing_authority"), "country"),
    memberOf(memberOf(claims, "competentInstitution"), "countryCode"),
  ];
  const codes = named.filter((code) => code !== undefined && code !== null);
  return new Set(codes.map((code) => canonicalCountry(typeof code === "string" ? code : "")));
}
