/** Whether a status or withdrawal list may be believed, and whose it is. */

import type { Bytes } from "../encoding/bytes.ts";
import { untrusted } from "../errors.ts";
import { ALL_ALGORITHMS } from "../jose/algorithms.ts";
import type { TrustStore, TrustedKey } from "../trust/trust_store.ts";
import {
  type StatusListLimits,
  type VerifiedStatusList,
  parseStatusList,
  verifyStatusList,
} from "./status_list.ts";
import { type VerifiedWithdrawalList, parseWithdrawalList, verifyWithdrawalList } from "./withdrawal_list.ts";

/** A status list that was verified, the institution whose chain signed it, and whom it speaks for. */
export interface BelievedStatusList {
  readonly token: VerifiedStatusList;
  readonly issuedBy: string;
  readonly speaksFor: ReadonlySet<string>;
}

export interface Believing {
  readonly trust: TrustStore;
  readonly now: number;
  readonly skewS: number;
}

/** Return the key of a chain that may sign status lists at a time. */
export async function statusSigner(trust: TrustStore, chain: readonly Bytes[], at: number): Promise<TrustedKey> {
  return trust.resolve(chain, { purpose: "status", at, credentialType: null, issuer: null, institution: null });
}

/**
 * Return the list that was asked for at `uri`; its `exp` is no later than its signer's certificate.
 *
 * Text is read as a JWT, bytes as a CWT. Throws status_invalid, chain_invalid, issuer_untrusted with a reason,
 * limit_exceeded. Token Status List §8.3 steps 3 to 6, §8.4, §11.3.
 */
export async function believeStatusList(
  unverifiedToken: string | Bytes,
  { uri, trust, now, skewS, limits }: Believing & { readonly uri: string; readonly limits: StatusListLimits },
): Promise<BelievedStatusList> {
  // 1. form and header
  const unverified = parseStatusList(unverifiedToken, { allowedAlgs: ALL_ALGORITHMS });
  // 2. a chain that may sign status lists
  const signer = await statusSigner(trust, unverified.unverifiedChain, now);
  // 3. signature, subject, times, content
  const token = await verifyStatusList(unverified, { key: signer.key, uri, now, skewS, limits });
  return signedBy(token, signer);
}

/** Return a list as its signer vouches for it: no longer than the signer's certificate. */
export function signedBy(token: VerifiedStatusList, signer: TrustedKey): BelievedStatusList {
  const within = { ...token, exp: Math.min(token.exp, signer.notAfter + 1) };
  return { token: within, issuedBy: signer.institutionId, speaksFor: signer.speaksFor };
}

/**
 * Return the records for a status list: those that its own institution signed, for the same credentials.
 *
 * Throws withdrawals_invalid, chain_invalid, issuer_untrusted with a reason, limit_exceeded.
 */
export async function believeWithdrawalList(
  unverifiedText: string,
  { statusList, trust, now, skewS }: Believing & { readonly statusList: BelievedStatusList },
): Promise<VerifiedWithdrawalList> {
  // 1. form and header
  const unverified = parseWithdrawalList(unverifiedText, { allowedAlgs: ALL_ALGORITHMS });
  // 2. a chain of the same institution that may sign status lists
  const signer = await statusSigner(trust, unverified.unverifiedChain, now);
  requireSameInstitution(signer, statusList);
  // 3. signature, subject, times, content
  const found = await verifyWithdrawalList(unverified, { key: signer.key, uri: statusList.token.uri, now, skewS });
  return { ...found, exp: Math.min(found.exp, signer.notAfter + 1) };
}

/** Require that who signed the records may speak of all that the list speaks of. Throws withdrawals_invalid. */
export function requireSameInstitution(signer: TrustedKey, { issuedBy, speaksFor }: BelievedStatusList): void {
  if (signer.institutionId !== issuedBy || ![...speaksFor].every((each) => signer.speaksFor.has(each))) {
    throw untrusted("withdrawals_invalid", { reason: "institution_mismatch" }, "Portadoc withdrawal list");
  }
}
