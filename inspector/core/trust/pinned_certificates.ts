/** Certificates that somebody was given by hand and believes: enough for one signed file, with no trust list. */

import { isAuthority, parseChain } from "../certificates/certificates.ts";
import { type ValidatedChain, validateChain } from "../certificates/chain_validation.ts";
import type { KeyPurpose } from "../certificates/purposes.ts";
import { type Bytes, equalBytes } from "../encoding/bytes.ts";
import { misconfigured, untrusted } from "../errors.ts";

export interface PinnedQuestion {
  readonly purpose: KeyPurpose;
  readonly at: number;
  readonly institution: string;
}

/**
 * Return what a chain (DER, leaf first) proves that leads to one of the pinned authorities: a root, or an
 * operator's own. One of them may stand in the chain itself: what comes above it is not needed.
 *
 * Throws trust_empty, trust_malformed for a pin that is no authority, malformed_token, chain_invalid,
 * issuer_untrusted. RFC 5280 §6.1.
 */
export async function resolvePinned(
  chain: readonly Bytes[],
  pins: readonly Bytes[],
  { purpose, at, institution }: PinnedQuestion,
): Promise<ValidatedChain> {
  if (pins.length === 0) throw misconfigured("trust_empty");
  const anchors = parseChain(pins);
  if (!anchors.every(isAuthority)) {
    throw misconfigured("trust_malformed", { where: "anchor", reason: "anchor_not_authority" });
  }
  const pinned = chain.findIndex((certificate) => pins.some((pin) => equalBytes(pin, certificate)));
  const below = pinned < 0 ? chain : chain.slice(0, pinned);
  const validated = await validateChain(below, { anchors, purpose, at, dedicated: [] });
  if (validated.institutionId !== institution)
    throw untrusted("issuer_untrusted", { reason: "institution_mismatch" });
  return validated;
}
