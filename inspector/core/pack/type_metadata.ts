/**
 * Type Metadata documents: integrity of their bytes, strict reading of their structure, and what they inherit.
 *
 * Nothing is fetched here: documents, those of parents (`extends`) too, are given as values. A type is processed
 * as a whole or not at all. draft-ietf-oauth-sd-jwt-vc-19, Type Metadata.
 */

import { decodeBase64 } from "../encoding/base64url.ts";
import { type Bytes, equalBytes } from "../encoding/bytes.ts";
import { type Json, type JsonObject, isArray, isInteger, isObject, loadsObject } from "../encoding/strict_json.ts";
import { CoreError, malformed, toldAs, untrusted } from "../errors.ts";

const CODE = "type_metadata_invalid";
const SPEC = "SD-JWT VC, Type Metadata";
const DIGESTS = [
  ["sha512", "SHA-512"],
  ["sha384", "SHA-384"],
  ["sha256", "SHA-256"],
] as const;
const SVG_ID = /^[A-Za-z_][A-Za-z0-9_]*$/;
const LOCALE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/;
const MAX_ENTRIES = 512;
const MAX_PARENTS = 8;
const MAX_PATH_LENGTH = 16;
const MAX_PATH_INDEX = 9_999;

/** A path of names, indexes, and `null` for every element of an array. */
export type PathPointer = readonly (string | number | null)[];
const DISCLOSABLE = ["always", "allowed", "never"] as const;
export type Disclosable = (typeof DISCLOSABLE)[number];

/** What the type says of the claims at a path: whether they travel by a Disclosure, and labels by locale. */
export interface ClaimMetadata {
  readonly path: PathPointer;
  readonly labels: ReadonlyMap<string, string>;
  readonly mandatory: boolean;
  readonly sd: Disclosable;
  readonly svgId: string | null;
}

/** A type as its document describes it, with what it inherits once that is resolved; names by locale. */
export interface TypeMetadata {
  readonly vct: string;
  readonly extends: string | null;
  readonly names: ReadonlyMap<string, string>;
  readonly claims: readonly ClaimMetadata[];
}

/** Give the document of a type that matches an integrity value, any of its documents without one; or null. */
export type Documents = (vct: string, pin: string | null) => Promise<Bytes | null>;

/** Whether a document matches the strongest digest that we support of those in `pin`. */
export async function matchesIntegrity(document: Bytes, pin: string): Promise<boolean> {
  const entries = pin
    .trim()
    .split(/\s+/)
    .map((entry) => entry.split("?")[0] ?? "");
  for (const [prefix, hash] of DIGESTS) {
    const values = entries
      .filter((entry) => entry.startsWith(`${prefix}-`))
      .map((entry) => entry.slice(prefix.length + 1));
    if (values.length === 0) continue;
    const digest = new Uint8Array(await crypto.subtle.digest(hash, document));
    return values.some((value) => equalBytes(standardBase64(value), digest));
  }
  return false;
}

function standardBase64(text: string): Bytes {
  try {
    return decodeBase64(text);
  } catch (error) {
    if (error instanceof CoreError) return new Uint8Array();
    throw error;
  }
}

/**
 * Return what a type and all its parents say together; null when no document of the type itself is known.
 *
 * A child adds to its parent's claims, property by property; it may tighten and never loosen. Throws
 * type_metadata_invalid with a reason.
 */
export async function resolveTypeMetadata(
  vct: string,
  pin: string | null,
  documents: Documents,
): Promise<TypeMetadata | null> {
  try {
    const lineage = await lineageOf(vct, pin, documents);
    const merged = lineage.length === 0 ? null : lineage.reduceRight((parent, child) => inherited(parent, child));
    return merged === null ? null : parseTypeMetadata({ ...merged, vct }, vct);
  } catch (error) {
    throw toldAs(CODE, error);
  }
}

/** Return the documents from a type up to the parent that has none, each checked by itself. */
async function lineageOf(vct: string, pin: string | null, documents: Documents): Promise<readonly JsonObject[]> {
  const lineage = new Map<string, JsonObject>();
  for (let [type, expected] = [vct, pin]; ;) {
    if (lineage.has(type)) throw invalid("cycle");
    if (lineage.size > MAX_PARENTS) throw invalid("too_many_parents");
    const document = await documents(type, expected);
    if (document === null && lineage.size > 0) throw invalid("parent_missing");
    if (document === null) return [];
    const read = loadsObject(document, { what: "type metadata" });
    lineage.set(type, read);
    const parent = parseTypeMetadata(read, type).extends;
    const integrity = read["extends#integrity"] ?? null;
    if (integrity !== null && typeof integrity !== "string") throw invalid("extends");
    if (parent === null) return [...lineage.values()];
    [type, expected] = [parent, integrity];
  }
}

function inherited(parent: JsonObject, child: JsonObject): JsonObject {
  const place = (entry: JsonObject): string => JSON.stringify(pointerOf(entry["path"]));
  const claims = new Map(entriesOf(parent, "claims").map((entry) => [place(entry), entry]));
  for (const entry of entriesOf(child, "claims")) {
    claims.set(place(entry), tightened(claims.get(place(entry)) ?? {}, entry));
  }
  return { ...parent, ...child, claims: [...claims.values()] };
}

function tightened(parent: JsonObject, child: JsonObject): JsonObject {
  const { sd = "allowed" } = parent;
  const isLoosened = sd !== "allowed" && (child["sd"] ?? sd) !== sd;
  if (isLoosened || (parent["mandatory"] === true && child["mandatory"] === false)) throw invalid("loosened");
  return { ...parent, ...child };
}

function parseTypeMetadata(document: JsonObject, vct: string): TypeMetadata {
  if (document["vct"] !== vct) throw invalid("vct_mismatch");
  const parent = document["extends"];
  if (parent !== undefined && (typeof parent !== "string" || parent === vct)) throw invalid("extends");
  const claims = entriesOf(document, "claims").map(claimOf);
  const svgIds = claims.map(({ svgId }) => svgId).filter((id) => id !== null);
  if (new Set(svgIds).size !== svgIds.length) throw invalid("svg_id");
  return { vct, extends: parent ?? null, names: textsOf(document, "name"), claims };
}

function claimOf(entry: JsonObject): ClaimMetadata {
  const { mandatory = false, sd: named = "allowed", svg_id: svgId } = entry;
  if (typeof mandatory !== "boolean") throw invalid("mandatory");
  const sd = DISCLOSABLE.find((each) => each === named);
  if (sd === undefined) throw invalid("sd");
  if (svgId !== undefined && (typeof svgId !== "string" || !SVG_ID.test(svgId))) throw invalid("svg_id");
  return { path: pointerOf(entry["path"]), labels: textsOf(entry, "label"), mandatory, sd, svgId: svgId ?? null };
}

function pointerOf(value: Json | undefined): PathPointer {
  if (!isArray(value) || value.length === 0 || value.length > MAX_PATH_LENGTH || !value.every(isComponent)) {
    throw malformed("query_malformed", { reason: "path_form" }, "OpenID4VP 1.0 §7");
  }
  return value as PathPointer;
}

function isComponent(value: Json): boolean {
  return (
    value === null || typeof value === "string" || (isInteger(value) && value >= 0 && value <= MAX_PATH_INDEX)
  );
}

/** Return the text of each `display` entry by locale; a locale stands once. */
function textsOf(entry: JsonObject, member: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const display of entriesOf(entry, "display")) {
    const { locale, [member]: text } = display;
    if (typeof locale !== "string" || !LOCALE.test(locale) || texts.has(locale)) throw invalid("locale");
    if (typeof text !== "string") throw invalid(member);
    texts.set(locale, text);
  }
  return texts;
}

function entriesOf(value: JsonObject, member: string): readonly JsonObject[] {
  const { [member]: entries = [] } = value;
  if (!isArray(entries) || entries.length > MAX_ENTRIES || !entries.every(isObject)) throw invalid(member);
  return entries;
}

function invalid(reason: string): CoreError {
  return untrusted(CODE, { reason }, SPEC);
}
