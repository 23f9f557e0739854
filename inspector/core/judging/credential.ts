/** Who may say this, is it what was asked, and does it read as its type says. */

import { isArray } from "../encoding/strict_json.ts";
import { malformed, refused, untrusted } from "../errors.ts";
import { optionalNumericDate } from "../jose/numeric_date.ts";
import { memberOf } from "../layouts/claims.ts";
import { issuingCountries, issuingInstitution } from "../layouts/dialects.ts";
import { canonicalCountry } from "../layouts/forms.ts";
import type { Finding } from "../verdict/checks.ts";
import type { Knowledge } from "./answers.ts";
import type { Mechanism } from "./mechanism.ts";
import type { Policy } from "./policy.ts";
import type { Reading } from "./reading.ts";
import { checkDisclosability } from "./type_rules.ts";

/**
 * Ask whether this signer may sign each type for this institution and country, now and when it signed.
 *
 * SD-JWT VC §2.5, ARF OIA_14.
 */
export async function authorisation(
  signer: Mechanism,
  reading: Reading,
  knowledge: Knowledge,
  policy: Policy,
  now: number,
): Promise<Finding> {
  const { claims } = reading;
  const signedAt = Math.min(optionalNumericDate(claims, "iat") ?? now, now);
  const issuer = reading.text("iss");
  const institution = issuingInstitution(claims);
  const countries = issuingCountries(claims);
  const named = claimedTypes(reading, policy);
  for (const at of new Set([signedAt, now])) {
    for (const credentialType of named.length > 0 ? named : [null]) {
      const country = await signer.authorisedCountry(knowledge, { at, credentialType, issuer, institution });
      if ([...countries].some((each) => each !== canonicalCountry(country))) {
        throw untrusted("issuer_untrusted", { reason: "country_mismatch" }, "ARF 3.0 OIA_14");
      }
    }
  }
  return { outcome: "pass", code: "authorisation_ok" };
}

/** Ask whether the verifier wanted this type, or one that the credential is also known as. SD-JWT VC §2.2.2.1. */
export function credentialType(reading: Reading, policy: Policy): Finding {
  if (!claimedTypes(reading, policy).some((each) => policy.acceptedTypes.has(each))) {
    throw refused("type_not_accepted", {}, "SD-JWT VC §2.2.2.1");
  }
  return { outcome: "pass", code: "type_ok" };
}

/** Ask whether the claims read as their type says; deviations from the layout are a warning. SD-JWT VC §2.2.2. */
export async function content(reading: Reading, policy: Policy): Promise<Finding> {
  for (const name of policy.profile.requiredClaims) {
    if (!Object.hasOwn(reading.claims, name))
      throw malformed("claim_missing", { claim: name }, "SD-JWT VC §2.2.2");
  }
  const [first] = reading.restored.deviations;
  requireCategory(reading, policy);
  const editionUnknown = await isOfUnknownEdition(reading, policy);
  if (first !== undefined) {
    const params = { count: reading.deviations.length, first: first.code };
    return { outcome: "warning", code: "content_deviates", params };
  }
  if (editionUnknown) return { outcome: "warning", code: "type_metadata_unknown" };
  return { outcome: "pass", code: "content_ok" };
}

/**
 * Require that an attestation of a public body says that it is one; identity data are none. TS 119 472-1 §5.2.2.3.
 */
function requireCategory(reading: Reading, { profile }: Policy): void {
  const category = profile.attestationCategory;
  if (category === null || reading.layout.kind === "pid") return;
  const found = memberOf(reading.claims, "category");
  if (found === category) return;
  const code = found === undefined ? "claim_missing" : "claim_invalid";
  throw malformed(code, { claim: "category" }, "ETSI TS 119 472-1 §5.2.2.3");
}

/**
 * Judge how the claims travelled by the Type Metadata to which the issuer binds them, if it does.
 *
 * Return whether the document that it means is none of those that are known; only a profile that demands the
 * binding refuses that. Throws type_metadata_invalid. SD-JWT VC, Type Metadata.
 */
async function isOfUnknownEdition(reading: Reading, { profile }: Policy): Promise<boolean> {
  if (reading.text("vct#integrity") === null || reading.vct === null) return false;
  const metadata = await reading.typeMetadata();
  if (metadata !== null) {
    checkDisclosability(metadata, reading.processed);
    return false;
  }
  if (profile.requiredClaims.includes("vct#integrity") && reading.typeIsKnown) {
    throw untrusted("type_metadata_invalid", { reason: "integrity_mismatch" }, "SD-JWT VC, Type Metadata");
  }
  return true;
}

/** Return the types that a credential claims to be of, as far as the profile reads them. SD-JWT VC §2.2.2.1. */
function claimedTypes(reading: Reading, { profile }: Policy): readonly string[] {
  const { vct, claims } = reading;
  const named = vct === null ? [] : [vct];
  const others = memberOf(claims, "aka_vcts");
  if (others === undefined || !profile.typeClaims.includes("aka_vcts")) return named;
  const isList = isArray(others) && others.length > 0;
  if (!isList || !others.every((each) => typeof each === "string") || (vct !== null && others.includes(vct))) {
    throw malformed("claim_invalid", { claim: "aka_vcts" }, "SD-JWT VC §2.2.2.1");
  }
  return [...named, ...others];
}
