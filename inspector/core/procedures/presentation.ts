/**
 * The verdict procedure: what must hold before a presentation is believed.
 *
 * Steps 1 to 5 authenticate: the first failure stops the run, since later steps would read claims that nobody
 * vouches for. Steps 6 to 14 judge what was authenticated: all of them run and all are reported.
 */

import { encodeBase64url } from "../encoding/base64url.ts";
import { sha256 } from "../encoding/digest.ts";
import { untrusted } from "../errors.ts";
import { type UnverifiedJws, certificateChain, split, verify } from "../jose/jws.ts";
import { CREDENTIAL, CREDENTIAL_WITH_X5U } from "../jose/roles.ts";
import type { Chain, TrustedKey } from "../judging/answers.ts";
import * as credential from "../judging/credential.ts";
import { keyBinding } from "../judging/holder.ts";
import { type Mechanism, mechanismOf } from "../judging/mechanism.ts";
import type { Policy } from "../judging/policy.ts";
import { Reading } from "../judging/reading.ts";
import { judgeStatus } from "../judging/status.ts";
import { coveragePeriod, documentValidity, technicalValidity } from "../judging/validity.ts";
import { coversWork } from "../judging/work.ts";
import { memberOf } from "../layouts/claims.ts";
import { kindOfType } from "../layouts/dialects.ts";
import { type UnverifiedSdJwt, parse } from "../sd_jwt/parse.ts";
import { type ProcessedClaims, process } from "../sd_jwt/processing.ts";
import { Run, Stopped } from "../verdict/checks.ts";
import { type Judging, type Proven, type Report, reportOf } from "../verdict/report.ts";

/** What steps 1 to 5 establish. */
interface Authenticated {
  readonly sdJwt: UnverifiedSdJwt;
  readonly signer: Mechanism;
  readonly institution: string;
  readonly processed: ProcessedClaims;
}

/**
 * Report whether a presentation is to be believed; throw nothing for anything that it contains.
 *
 * `unverifiedText` is a compact SD-JWT or SD-JWT+KB from anybody. RFC 9901 §7.1 and §7.3, SD-JWT VC §2, Token
 * Status List §8.3.
 */
export async function verifyPresentation(unverifiedText: string, judging: Judging): Promise<Report> {
  const run = new Run();
  const found = await authenticated(run, unverifiedText, judging);
  const proven = found === null ? null : await judged(run, found, judging);
  return reportOf("presentation", run.finish(), judging, proven);
}

async function authenticated(run: Run, unverifiedText: string, judging: Judging): Promise<Authenticated | null> {
  const { policy } = judging;
  try {
    const sdJwt = await run.authenticate("structure", () => parse(unverifiedText)); // 1
    const [jws, chain] = await run.authenticate("header", () => readHeader(sdJwt, policy)); // 2
    const [signer, trusted] = await run.authenticate("trust_chain", () => findKey(jws, chain, judging)); // 3
    const payload = await run.authenticate("signature", () => verify(jws, trusted.key)); // 4
    const processed = await run.authenticate("disclosures", () => process(payload, sdJwt.disclosures)); // 5
    return { sdJwt, signer, institution: trusted.institutionId, processed };
  } catch (error) {
    if (error instanceof Stopped) return null;
    throw error;
  }
}

async function judged(
  run: Run,
  { sdJwt, signer, institution, processed }: Authenticated,
  judging: Judging,
): Promise<Proven> {
  const { knowledge, policy, now } = judging;
  const { claims } = processed;
  const reading = new Reading(processed, knowledge);
  await run.judge("authorisation", () => credential.authorisation(signer, reading, knowledge, policy, now)); // 6
  await run.judge("type", () => credential.credentialType(reading, policy)); // 7
  await run.judge("key_binding", () => keyBinding(sdJwt, processed, policy, now)); // 8
  await run.judge("content", () => credential.content(reading, policy)); // 9
  await run.judge("status", () => judgeStatus(claims, institution, knowledge, policy, now)); // 10
  await run.judge("technical_validity", () => technicalValidity(claims, policy, now)); // 11
  await run.judge("document_validity", () => documentValidity(reading, policy)); // 12
  await run.judge("coverage_period", () => coveragePeriod(reading, policy)); // 13
  await run.judge("covers_work", () => coversWork(reading, policy)); // 14
  const named = memberOf(claims, "vct");
  const type = typeof named === "string" ? named : null;
  const layout = reading.knownLayout;
  return {
    institutionId: institution,
    credentialType: type,
    kind: layout?.kind ?? (type === null ? null : kindOfType(type)),
    layout: layout?.id ?? null,
    claims,
    record: layout === null ? {} : reading.restored.recordFields,
    deviations: reading.deviations,
  };
}

/** SD-JWT VC §2.2.1, RFC 8725 §3.11, RFC 7515 §4.1.6, §4.1.8. */
async function readHeader(
  sdJwt: UnverifiedSdJwt,
  { profile, allowedAlgs }: Policy,
): Promise<[UnverifiedJws, Chain]> {
  const role = profile.issueHeaderParams.includes("x5u") ? CREDENTIAL_WITH_X5U : CREDENTIAL;
  const toleratedTyp = new Set(profile.acceptedCredentialTyps);
  const jws = split(sdJwt.jwsText, role, { allowedAlgs, toleratedTyp });
  const chain = certificateChain(jws);
  await checkThumbprint(jws, chain, profile.thumbprintRequired);
  return [jws, chain];
}

/**
 * Where the header names the thumbprint of a certificate, or has to, require that of the leaf. RFC 7515 §4.1.8.
 */
async function checkThumbprint(jws: UnverifiedJws, [leaf]: Chain, required: boolean): Promise<void> {
  const named = memberOf(jws.header, "x5t#S256");
  if (named === undefined && !required) return;
  const reason = named === undefined ? "thumbprint_missing" : "thumbprint_mismatch";
  const fits = named !== undefined && leaf !== undefined && named === encodeBase64url(await sha256(leaf));
  if (!fits) throw untrusted("chain_invalid", { reason }, "ETSI TS 119 472-1 §5.6.3");
}

/** HAIP 1.0 §6.1.1, SD-JWT VC §2.5. */
async function findKey(jws: UnverifiedJws, chain: Chain, judging: Judging): Promise<[Mechanism, TrustedKey]> {
  const { knowledge, policy, now } = judging;
  const signer = mechanismOf(jws, chain, knowledge, policy);
  return [signer, await signer.trustedKey(knowledge, now)];
}
