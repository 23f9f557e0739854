/** The judging steps that are of their own kind for seals. */

import { CoreError, malformed, refused, untrusted } from "../errors.ts";
import { TYPES_OF_SEAL } from "../generated/catalogue.ts";
import { numericDate } from "../jose/numeric_date.ts";
import type { Knowledge } from "../judging/answers.ts";
import type { Policy } from "../judging/policy.ts";
import { coveragePeriod, technicalValidity } from "../judging/validity.ts";
import { isArray, type JsonObject } from "../encoding/strict_json.ts";
import { claimsAt, dotted, memberOf } from "../layouts/claims.ts";
import type { Claim } from "../layouts/rows.ts";
import type { Finding } from "../verdict/checks.ts";
import type { Signer } from "./authenticating.ts";
import type { SealReading } from "./reading.ts";

const APPLICATION = "application";

/**
 * Ask whether this signer may seal for this institution and country, now and when it sealed.
 *
 * Who may seal a kind of document is who may seal at all and may issue a credential of that kind; of a kind that
 * is not known, the first is asked alone. docs/seal.md §5, ARF OIA_14.
 */
export async function authorisation(
  signer: Signer,
  reading: SealReading,
  knowledge: Knowledge,
  now: number,
): Promise<Finding> {
  const institution = reading.text("iss");
  if (institution === null) throw malformed("claim_missing", { claim: "iss" }, "RFC 8392 §3.1.1");
  const sealedAt = Math.min(numericDate(reading.claims, "iat"), now);
  for (const at of new Set([sealedAt, now])) {
    const found = await authorisedCountry(signer, reading, knowledge, at, institution);
    const [authority, competent] = [named(reading, "issuing_authority"), named(reading, "institution")];
    if ((authority.id ?? institution) !== institution) {
      throw untrusted("issuer_untrusted", { reason: "institution_mismatch" }, "Seal §5");
    }
    if ((authority.country ?? found) !== found || (competent.country ?? found) !== found) {
      throw untrusted("issuer_untrusted", { reason: "country_mismatch" }, "ARF 3.0 OIA_14");
    }
  }
  return { outcome: "pass", code: "authorisation_ok" };
}

/** Return the country of who may seal; one credential type of the kind is enough. */
async function authorisedCountry(
  { unverifiedChain }: Signer,
  reading: SealReading,
  knowledge: Knowledge,
  at: number,
  institution: string,
): Promise<string> {
  const refusals: CoreError[] = [];
  const asked = { purpose: "document_seal", at, issuer: null, institution } as const;
  for (const credentialType of typesOf(reading)) {
    try {
      return (await knowledge.resolve(unverifiedChain, { ...asked, credentialType })).country;
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      refusals.push(error);
    }
  }
  throw refusals[0];
}

function typesOf({ knownLayout }: SealReading): readonly (string | null)[] {
  return TYPES_OF_SEAL[knownLayout?.kind ?? ""] ?? [null];
}

/** Return id and country of the authority or the competent institution, as far as the content names them. */
function named(reading: SealReading, role: string): { readonly id: unknown; readonly country: unknown } {
  const fields = reading.knownLayout === null ? {} : reading.restored.recordFields;
  const found = memberOf(fields, role);
  return { id: memberOf(found, "id"), country: memberOf(found, "country") };
}

/** Ask whether the verifier wanted seals of this kind. docs/seal.md §4. */
export function sealType(reading: SealReading, policy: Policy): Finding {
  if (!policy.acceptedTypes.has(reading.type)) throw refused("type_not_accepted", {}, "Seal §4");
  return { outcome: "pass", code: "type_ok" };
}

/**
 * Ask whether the content reads as its table says; what is unknown or optional and does not is a warning.
 *
 * A seal keeps nothing back: without a place that every seal has, it says another thing than the document does.
 * Throws claim_missing, claim_invalid. docs/seal.md §4.
 */
export function content({ restored, layout }: SealReading): Finding {
  const missing = restored.deviations.find((each) => each.code === "claim_missing");
  if (missing !== undefined) throw malformed("claim_missing", { claim: missing.claim }, "Seal §4");
  const unread = layout.claims.find((claim) => isInEverySeal(claim) && !isRead(claim, restored.recordFields));
  if (unread !== undefined) throw malformed("claim_invalid", { claim: dotted(unread.path) }, "Seal §4");
  const [first] = restored.deviations;
  if (first === undefined) return { outcome: "pass", code: "content_ok" };
  const params = { count: restored.deviations.length, first: first.code };
  return { outcome: "warning", code: "content_deviates", params };
}

function isInEverySeal({ mandatory, field, path }: Claim): boolean {
  return mandatory && field !== null && !path.includes(null);
}

/** Tell whether there is something to read in a place: a list has at least one entry that can be. */
function isRead({ field }: Claim, fields: JsonObject): boolean {
  const found = field === null ? [] : Array.from(claimsAt(fields, field), ([, value]) => value);
  return found.some((value) => (isArray(value) ? value.length > 0 : Boolean(value)));
}

/** First line of validity: the seal's own times, both of which it has to say. RFC 8392 §3.1.4, §3.1.6. */
export function sealTechnicalValidity({ claims }: SealReading, policy: Policy, now: number): Finding {
  for (const name of ["iat", "exp"]) numericDate(claims, name);
  return technicalValidity(claims, policy, now);
}

/** Third line of validity; a proof of application covers no day, whatever days it asks for. docs/seal.md §3. */
export function sealCoveragePeriod(reading: SealReading, policy: Policy): Finding | Promise<Finding> {
  if (reading.layout.kind !== APPLICATION) return coveragePeriod(reading, policy);
  const filedOn = memberOf(reading.restored.recordFields, "filed_on");
  const params = { filed_on: typeof filedOn === "string" ? filedOn : "-" };
  return { outcome: "unknown", code: "not_decided", params };
}
