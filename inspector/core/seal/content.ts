/**
 * From the content of a seal to names and dates, as it stands.
 *
 * Verified in its signature and unverified in its content: a value of another form stays as it is, and one under a
 * number that no table has keeps the number as its name; the layout then names both as deviations.
 */

import { type Cbor, type CborMap, isArray, isBytes, isMap } from "../encoding/strict_cbor.ts";
import type { Json, JsonObject } from "../encoding/strict_json.ts";
import { malformed, refused } from "../errors.ts";
import { KIND_LABEL, SEAL_KINDS, SEAL_ROWS, type SealRow } from "../generated/seal_labels.ts";
import { plainObject } from "../layouts/claims.ts";
import { daysAfter } from "../layouts/days.ts";

/** 0001-01-01 and 9999-12-31 as days since 1970-01-01. */
const [FIRST_DAY, LAST_DAY] = [-719_162, 2_932_896];
const LONGEST_NAME = 64;

/**
 * Return kind and type of document that a content says it is. Throws claim_missing, claim_invalid,
 * seal_kind_unknown.
 */
export function sealKind(content: Cbor | undefined): readonly [kind: string, type: string] {
  const number = isMap(content) ? content.get(KIND_LABEL) : undefined;
  if (number === undefined) throw malformed("claim_missing", { claim: "kind" }, "Seal §4");
  if (typeof number !== "number" && typeof number !== "bigint") {
    throw malformed("claim_invalid", { claim: "kind" }, "Seal §4");
  }
  const found = SEAL_KINDS[Number(number)];
  if (found === undefined) throw refused("seal_kind_unknown", { kind: String(number) }, "Seal §4");
  return found;
}

/** Return a content by the names of the record, as it stands. Throws as `sealKind`. */
export function namedContent(content: Cbor | undefined): JsonObject {
  const rows = SEAL_ROWS[sealKind(content)[0]] ?? [];
  const members = isMap(content) ? [...content].filter(([label]) => label !== KIND_LABEL) : [];
  return named(rows, new Map(members));
}

function named(rows: readonly SealRow[], members: CborMap): JsonObject {
  const known = new Map(rows.map((row) => [row[0], row]));
  const fields = plainObject();
  for (const [label, value] of members) {
    const row = typeof label === "number" ? known.get(label) : undefined;
    if (row === undefined) fields[shortened(`label_${label}`)] = plain(value);
    else put(fields, row[1], valueOf(row, value));
  }
  return fields;
}

function put(fields: Record<string, Json>, path: readonly string[], value: Json): void {
  let place = fields;
  for (const name of path.slice(0, -1)) place = (place[name] ??= plainObject()) as Record<string, Json>;
  place[path.at(-1) ?? ""] = value;
}

function valueOf([, , form, rows = []]: SealRow, value: Cbor): Json {
  if (form === "days") return dayOf(value);
  if (form === "rows" && isArray(value))
    return value.map((each) => (isMap(each) ? named(rows, each) : plain(each)));
  return plain(value);
}

/** Return the date of a number of days; anything else stands in a list, where no reader takes it for a date. */
function dayOf(value: Cbor): Json {
  const isDays = typeof value === "number" && FIRST_DAY <= value && value <= LAST_DAY;
  return isDays ? daysAfter("1970-01-01", value) : [plain(value)];
}

/** Return a value with texts for the names of its members, as JSON wants them; bytes were refused before. */
function plain(value: Cbor): Json {
  if (isMap(value))
    return plainObject(Array.from(value, ([name, each]) => [shortened(String(name)), plain(each)]));
  if (isArray(value)) return value.map(plain);
  return isBytes(value) ? null : value;
}

function shortened(name: string): string {
  return [...name].slice(0, LONGEST_NAME).join("");
}
