/** The last step of reading a layout: from the shape that its rows name to the shape of the record. */

import { type Json, isArray, isObject } from "../encoding/strict_json.ts";
import { memberOf, plainObject } from "./claims.ts";

type Fields = Record<string, Json>;
type Rearrange = (fields: Fields) => Fields;

/** Return the record's fields of a layout; a layout without an entry names them as the record does. */
export function rearranged(layout: string, fields: Fields): Fields {
  return REARRANGE.get(layout)?.(fields) ?? fields;
}

const REARRANGE: ReadonlyMap<string, Rearrange> = new Map([
  ["pda1-webuild", webuild],
  ["pda1-dc4eu-a", oneWorkplace],
  ["pda1-dc4eu-b", severalWorkplaces],
  ["ehic-dc4eu", withSubject],
  ["pda1-eudi-issuer", placesUnderCountries],
  ["ehic-eudi-issuer", holderOrSubject],
  ["pda1-pilot-v0", firstIdentifiers],
  ["ehic-pilot-v0", withoutCountry],
  ["seal-pda1", completePda1],
  ["seal-ehic", completeEhic],
  ["seal-application", completeApplication],
]);

function webuild(fields: Fields): Fields {
  const byCountry = fields["countries_of_work"];
  if (!isObject(byCountry)) return fields;
  return merged(fields, { countries_of_work: countriesOf(Object.entries(byCountry)) });
}

function oneWorkplace(fields: Fields): Fields {
  const workplace = taken(fields, "workplace");
  return workplace === undefined ? fields : merged(fields, byCountry([workplace], undefined));
}

function severalWorkplaces(fields: Fields): Fields {
  const workplaces = objectsOf(taken(fields, "workplaces"));
  const withoutAddress = taken(fields, "no_fixed_place") ?? undefined;
  if (workplaces.length === 0 && withoutAddress === undefined) return fields;
  return merged(fields, byCountry(workplaces, withoutAddress));
}

/** Group workplaces under their countries; one whose country cannot be read is not kept. */
function byCountry(workplaces: readonly Json[], withoutAddress: Json | undefined): Fields {
  const grouped = new Map<string, Json[]>();
  if (withoutAddress !== undefined) grouped.set(String(withoutAddress), []);
  for (const workplace of workplaces) {
    const address = memberOf(workplace, "address");
    const country = memberOf(address, "country");
    if (country === undefined) continue;
    addTo(grouped, String(country), merged(workplace, { address: streetJoined(address) }));
  }
  return { countries_of_work: countriesOf(grouped) };
}

function streetJoined(address: Json | undefined): Json {
  const joined = merged(address, {});
  const number = taken(joined, "house_number");
  if (number === undefined || number === null) return joined;
  const parts = [joined["street_and_number"], number].filter((each) => each !== undefined && each !== "");
  joined["street_and_number"] = parts.join(" ");
  return joined;
}

function withSubject(fields: Fields): Fields {
  const subject = taken(fields, "subject") ?? undefined;
  if (subject !== undefined) fields["insured"] = merged(subject, fields["insured"]);
  return merged(fields, { to_representative: subject !== undefined });
}

/** Group the places of work under their countries, those without an address among them. */
function placesUnderCountries(fields: Fields): Fields {
  const places = objectsOf(taken(fields, "workplaces"));
  const nowhere = taken(fields, "nowhere");
  const grouped = new Map<string, Json[]>();
  for (const country of isArray(nowhere) ? nowhere : []) grouped.set(String(country), []);
  for (const place of places) {
    const country = memberOf(memberOf(place, "address"), "country");
    if (country !== undefined) addTo(grouped, String(country), place);
  }
  if (grouped.size > 0) fields["countries_of_work"] = countriesOf(grouped);
  return institutionNamed(fields);
}

function institutionNamed(fields: Fields): Fields {
  const country = taken(fields, "institution_country") ?? undefined;
  if (country !== undefined) fields["institution"] = merged(fields["authentic_source"], { country });
  return fields;
}

/** Tell the insured person from a holder who represents that person. */
function holderOrSubject(fields: Fields): Fields {
  const holder = taken(fields, "holder");
  const subject = taken(fields, "subject") ?? undefined;
  fields["insured"] = merged(subject ?? holder, fields["insured"]);
  delete fields["institution_country"];
  return merged(fields, { to_representative: subject !== undefined });
}

/** Bring lists of identifiers down to the first one, and countries of work to where the record has them. */
function firstIdentifiers(fields: Fields): Fields {
  for (const employment of objectsOf(fields["employments"])) firstIdentifier(employment, "id", "id_type");
  const stays = objectsOf(taken(fields, "stays"));
  for (const stay of stays) {
    stay["workplaces"] ??= [];
    for (const place of objectsOf(stay["workplaces"])) {
      firstIdentifier(place, "company_id", "company_id_type");
      if (stay["country"] === undefined) continue;
      place["address"] = merged({ country: stay["country"] }, place["address"]);
    }
  }
  if (stays.length > 0) fields["countries_of_work"] = stays.filter((stay) => stay["country"] !== undefined);
  return institutionNamed(fields);
}

function firstIdentifier(part: Fields, name: string, kind: string): void {
  const identifiers = taken(part, "ids");
  const first = isArray(identifiers) ? identifiers[0] : undefined;
  for (const [member, place] of [["id", name], ["type", kind]] as const) {
    const found = memberOf(first, member);
    if (found !== undefined) part[place] = found;
  }
}

function withoutCountry(fields: Fields): Fields {
  delete fields["institution_country"];
  return fields;
}

/** Add all that a seal leaves unsaid because it goes without saying. */
function completePda1(fields: Fields): Fields {
  const unsaid = { for_duration_of_activity: false, provisional: false, transitional_rules: false, end: null };
  fields["legislation"] = merged(unsaid, fields["legislation"]);
  for (const state of objectsOf(fields["countries_of_work"])) {
    state["workplaces"] ??= [];
    for (const place of objectsOf(state["workplaces"])) {
      place["address"] = merged({ country: state["country"] ?? null }, place["address"]);
    }
  }
  fields["issuing_authority"] ??= merged(fields["institution"], {});
  fields["authentic_source"] ??= idAndName(fields["institution"]);
  return fields;
}

function completeEhic(fields: Fields): Fields {
  fields["to_representative"] ??= false;
  fields["authentic_source"] ??= idAndName(fields["issuing_authority"]);
  return fields;
}

function completeApplication(fields: Fields): Fields {
  fields["urgent"] ??= false;
  return fields;
}

function idAndName(institution: Json | undefined): Fields {
  return plainObject(Object.entries(merged(institution, {})).filter(([name]) => name === "id" || name === "name"));
}

function countriesOf(grouped: Iterable<readonly [string, Json]>): Json {
  const entries = [...grouped].toSorted(byName);
  return entries.map(([country, workplaces]) => plainObject([["country", country], ["workplaces", workplaces]]));
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : Number(one > other);
}

function addTo(grouped: Map<string, Json[]>, key: string, value: Json): void {
  grouped.set(key, [...(grouped.get(key) ?? []), value]);
}

/** Remove a member and return it. */
function taken(fields: Fields, name: string): Json | undefined {
  const found = fields[name];
  delete fields[name];
  return found;
}

/** Return a new object: the members of the first, over which those of the second go. */
function merged(first: Json | undefined, second: Json | undefined): Fields {
  const members = (value: Json | undefined): [string, Json][] => (isObject(value) ? Object.entries(value) : []);
  return plainObject([...members(first), ...members(second)]);
}

function objectsOf(value: Json | undefined): Fields[] {
  return isArray(value) ? value.filter((each): each is Fields => isObject(each)) : [];
}
