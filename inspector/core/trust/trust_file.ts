/** The trust configuration as JSON: PEM anchors, authorisations, and issuers believed by their web keys. */

import { type Json, type JsonObject, hasExactly, isArray, isInteger, isObject } from "../encoding/strict_json.ts";
import { CoreError, misconfigured } from "../errors.ts";
import { onlyFromPem } from "../certificates/certificates.ts";
import { type KeyPurpose, isPurpose } from "../certificates/purposes.ts";
import { type Authorisation, type TrustAnchor, TrustStore } from "./trust_store.ts";
import { type WebIssuer, publishedKeys } from "./web_issuers.ts";

const PLAIN = 1;
/** The second version also says what comes from trusted lists, and who may sign status lists for whom. */
const WITH_LISTS = 2;
/** The third has all of the second, and names the issuers that are believed by the keys that they publish. */
const WITH_WEB_ISSUERS = 3;
const ANCHOR_MEMBERS = ["name", "purposes", "certificate"] as const;
const AUTHORISATION_MEMBERS = [
  "institution",
  "name",
  "country",
  "issuers",
  "purposes",
  "credential_types",
  "valid_from",
  "valid_to",
  "withdrawn_at",
] as const;
const WEB_ISSUER_MEMBERS = [
  "issuer",
  "institution",
  "name",
  "country",
  "credential_types",
  "valid_from",
  "valid_to",
  "withdrawn_at",
  "keys",
  "believed_until",
] as const;

/** Return the store that a configuration describes. Throws trust_malformed, trust_empty, malformed_token. */
export async function trustFromJson(value: Json | undefined): Promise<TrustStore> {
  const hasWeb = isObject(value) && value["version"] === WITH_WEB_ISSUERS;
  const trust = exactMembers(
    value,
    ["version", "anchors", "authorisations", ...(hasWeb ? ["web_issuers"] : [])],
    "trust",
  );
  const version = trust.seconds("version");
  if (![PLAIN, WITH_LISTS, WITH_WEB_ISSUERS].includes(version)) throw trustMalformed("trust", "version");
  const isListed = version !== PLAIN;
  const anchors = trust.objects("anchors", [...ANCHOR_MEMBERS, ...(isListed ? ["trust_list"] : [])]);
  const more = isListed ? ["anchors", "believed_until", "speaks_for"] : [];
  const authorisations = trust.objects("authorisations", [...AUTHORISATION_MEMBERS, ...more]);
  const parsed = [
    anchors.map((each) => anchorOf(each, isListed)),
    authorisations.map((each) => authorisationOf(each, isListed)),
  ] as const;
  const web = hasWeb ? trust.objects("web_issuers", WEB_ISSUER_MEMBERS).map(webIssuerOf) : [];
  const store = await TrustStore.of(...parsed, web);
  checkOneMechanism(store);
  return store;
}

/** The members of one JSON object, read by name and type. `where` says which one. */
class Members {
  readonly values: JsonObject;
  readonly where: string;

  constructor(values: JsonObject, where: string) {
    this.values = values;
    this.where = where;
  }

  text(name: string): string {
    const value = this.values[name];
    if (typeof value !== "string") throw this.refusal(name);
    return value;
  }

  seconds(name: string): number {
    const value = this.values[name];
    if (typeof value === "bigint") return Number(value); // beyond any time: its exact value says nothing
    if (!isInteger(value)) throw this.refusal(name);
    return value;
  }

  optionalSeconds(name: string): number | null {
    return this.values[name] === null ? null : this.seconds(name);
  }

  texts(name: string): ReadonlySet<string> {
    const value = this.values[name];
    if (!isArray(value) || !value.every((each) => typeof each === "string")) throw this.refusal(name);
    return new Set(value);
  }

  purposes(): ReadonlySet<KeyPurpose> {
    const named = [...this.texts("purposes")];
    if (!named.every(isPurpose)) throw this.refusal("purposes");
    return new Set(named);
  }

  objects(name: string, members: readonly string[]): readonly Members[] {
    const value = this.values[name];
    if (!isArray(value)) throw this.refusal(name);
    return value.map((each) => exactMembers(each, members, name));
  }

  refusal(reason: string): CoreError {
    return trustMalformed(this.where, reason);
  }
}

function exactMembers(value: Json | undefined, members: readonly string[], where: string): Members {
  if (!isObject(value)) throw trustMalformed(where, "not_an_object");
  if (!hasExactly(value, new Set(members))) throw trustMalformed(where, "members");
  return new Members(value, where);
}

function trustMalformed(where: string, reason: string): CoreError {
  return misconfigured("trust_malformed", { where, reason });
}

/** Return what a reader makes; what it refuses is told as a fault of the configuration. */
function orMalformed<Value>(where: string, reason: string, reader: () => Value): Value {
  try {
    return reader();
  } catch (error) {
    throw error instanceof CoreError ? trustMalformed(where, reason) : error;
  }
}

function anchorOf(members: Members, isListed: boolean): TrustAnchor {
  const text = members.values["certificate"];
  if (typeof text !== "string") throw members.refusal("certificate");
  const certificate = orMalformed("anchors", "certificate", () => onlyFromPem(text));
  const trustList = isListed ? members.text("trust_list") : "";
  return { name: members.text("name"), certificate, purposes: members.purposes(), trustList };
}

function authorisationOf(members: Members, isListed: boolean): Authorisation {
  return {
    institution: members.text("institution"),
    name: members.text("name"),
    country: members.text("country"),
    issuers: members.texts("issuers"),
    purposes: members.purposes(),
    credentialTypes: members.texts("credential_types"),
    validFrom: members.seconds("valid_from"),
    validTo: members.optionalSeconds("valid_to"),
    withdrawnAt: members.optionalSeconds("withdrawn_at"),
    anchors: isListed ? members.texts("anchors") : new Set(),
    believedUntil: isListed ? members.optionalSeconds("believed_until") : null,
    speaksFor: isListed ? members.texts("speaks_for") : new Set(),
  };
}

function webIssuerOf(members: Members): WebIssuer {
  return {
    keys: orMalformed(members.where, "keys", () => publishedKeys(members.values["keys"])),
    issuer: members.text("issuer"),
    institution: members.text("institution"),
    name: members.text("name"),
    country: members.text("country"),
    credentialTypes: members.texts("credential_types"),
    validFrom: members.seconds("valid_from"),
    validTo: members.optionalSeconds("valid_to"),
    withdrawnAt: members.optionalSeconds("withdrawn_at"),
    believedUntil: members.seconds("believed_until"),
  };
}

/** Refuse an issuer that is named twice, or both for its certificates and for its web keys. */
function checkOneMechanism({ authorisations, webIssuers }: TrustStore): void {
  const web = webIssuers.map(({ issuer }) => issuer);
  const signing = authorisations.filter(({ purposes }) => purposes.has("credential"));
  const isBoth = web.some((issuer) => signing.some(({ issuers }) => issuers.has(issuer)));
  if (new Set(web).size !== web.length || isBoth) throw trustMalformed("web_issuers", "issuer_twice");
}
