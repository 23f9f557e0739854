/** A report as JSON: the same names as the Python service writes, so that either side reads the other's. */

import { OLD_TYPES } from "../generated/catalogue.ts";
import type { JsonObject } from "../encoding/strict_json.ts";
import { memberOf } from "../layouts/claims.ts";
import { type Check, fullCode } from "./checks.ts";
import type { Report } from "./report.ts";

export const REPORT_VERSION = 1;
export const REVIEW_LEGAL_BASIS = "Regulation (EC) No 987/2009, Article 5(2)";
const REVIEWED: ReadonlySet<string> = new Set(["pda1"]);

/** Whom to ask when a genuine A1 is doubted, about which document, and by what right; null for anything else. */
export interface ReviewRequest {
  readonly institutionId: string;
  readonly documentReference: string | null;
  readonly legalBasis: string;
}

export function reviewRequest({ verdict, institutionId, kind, record }: Report): ReviewRequest | null {
  if (verdict === "not_authentic" || institutionId === null || kind === null || !REVIEWED.has(kind)) return null;
  const number = memberOf(memberOf(record, "document"), "number");
  const documentReference = typeof number === "string" ? number : null;
  return { institutionId, documentReference, legalBasis: REVIEW_LEGAL_BASIS };
}

/** Return a report as the service stores it, `report_version` 1. */
export function reportToJson(report: Report): JsonObject {
  const { decidingCheck, statusAsOf, asOf, credentialType } = report;
  const review = reviewRequest(report);
  return {
    report_version: REPORT_VERSION,
    verdict: report.verdict,
    colour: report.colour,
    code: decidingCheck === null ? null : fullCode(decidingCheck),
    as_of: asOf,
    on_date: report.onDate,
    policy_id: report.policyId,
    policy_version: report.policyVersion,
    institution_id: report.institutionId,
    credential_type: credentialType,
    old_type_of: oldTypeOf(credentialType),
    layout: report.layout,
    status: statusAsOf === null ? null : { as_of: statusAsOf, age_s: Math.max(0, asOf - statusAsOf) },
    checks: report.checks.map(checkToJson),
    deviations: report.deviations.map(({ code, claim, expected }) => ({ code, claim, expected })),
    review_request:
      review === null
        ? null
        : {
            to_institution: review.institutionId,
            document_reference: review.documentReference,
            legal_basis: review.legalBasis,
          },
    claims: report.claims,
    record: report.record,
  };
}

/** Return the type that took the place of an accepted old one. */
function oldTypeOf(type: string | null): string | null {
  return type !== null && Object.hasOwn(OLD_TYPES, type) ? (OLD_TYPES[type] ?? null) : null;
}

function checkToJson({ id, outcome, code, clause, params }: Check): JsonObject {
  return { id, outcome, code, clause, params: { ...params } };
}
