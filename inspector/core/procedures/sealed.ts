/**
 * The verdict procedure for seals: the steps of `verifyPresentation`, each as it is for a printed code.
 *
 * A seal says nothing of who shows it: whoever has a copy has the seal.
 */

import { SEAL_STEPS } from "../generated/verdict_rules.ts";
import { judgeStatus } from "../judging/status.ts";
import { documentValidity } from "../judging/validity.ts";
import { coversWork } from "../judging/work.ts";
import { memberOf } from "../layouts/claims.ts";
import { type Signer, trustedSigners, verifiedClaims } from "../seal/authenticating.ts";
import * as judging from "../seal/judging.ts";
import { SealReading } from "../seal/reading.ts";
import { type SealClaims, readHeader, readMessage } from "../seal/seal.ts";
import { Run, Stopped } from "../verdict/checks.ts";
import { type Judging, type Proven, type Report, reportOf } from "../verdict/report.ts";

/**
 * Report whether a seal is to be believed; throw nothing for anything that it contains.
 *
 * `unverifiedText` is what was scanned, from anybody. Whatever the policy says, a seal needs a status of its own.
 * docs/seal.md §3.
 */
export async function verifySealed(unverifiedText: string, asked: Judging): Promise<Report> {
  const run = new Run(SEAL_STEPS);
  const found = await authenticated(run, unverifiedText, asked);
  const proven = found === null ? null : await judged(run, found, asked);
  return reportOf("seal", run.finish(), asked, proven);
}

async function authenticated(
  run: Run,
  unverifiedText: string,
  { knowledge, policy, now }: Judging,
): Promise<readonly [Signer, SealClaims] | null> {
  const { allowedAlgs } = policy;
  try {
    const read = () => readMessage(unverifiedText);
    const message = await run.authenticate("structure", read, "seal_structure_ok"); // 1
    const headed = () => readHeader(message, { allowedAlgs });
    const seal = await run.authenticate("header", headed, "seal_header_ok"); // 2
    const candidates = await run.authenticate("trust_chain", () => trustedSigners(seal, knowledge, now)); // 3
    return await run.authenticate("signature", () => verifiedClaims(seal, candidates)); // 4
  } catch (error) {
    if (error instanceof Stopped) return null;
    throw error;
  }
}

async function judged(
  run: Run,
  [signer, signed]: readonly [Signer, SealClaims],
  { knowledge, policy, now }: Judging,
): Promise<Proven> {
  const reading = new SealReading(signed, knowledge);
  const { institutionId } = signer.trusted;
  const demanding = { ...policy, statusRequired: true };
  await run.judge("disclosures", () => ({ outcome: "not_applicable", code: "seal_discloses_all" })); // 5
  await run.judge("authorisation", () => judging.authorisation(signer, reading, knowledge, now)); // 6
  await run.judge("type", () => judging.sealType(reading, policy)); // 7
  await run.judge("key_binding", () => ({ outcome: "unknown", code: "seal_not_bound" })); // 8
  await run.judge("content", () => judging.content(reading)); // 9
  await run.judge("status", () => judgeStatus(reading.claims, institutionId, knowledge, demanding, now)); // 10
  await run.judge("technical_validity", () => judging.sealTechnicalValidity(reading, policy, now)); // 11
  await run.judge("document_validity", () => documentValidity(reading, policy)); // 12
  await run.judge("coverage_period", () => judging.sealCoveragePeriod(reading, policy)); // 13
  await run.judge("covers_work", () => coversWork(reading, policy)); // 14
  const layout = reading.knownLayout;
  const type = memberOf(reading.claims, "vct");
  return {
    institutionId,
    credentialType: typeof type === "string" ? type : null,
    kind: layout?.kind ?? null,
    layout: layout?.id ?? null,
    claims: reading.claims,
    record: layout === null ? {} : reading.restored.recordFields,
    deviations: reading.deviations,
  };
}
