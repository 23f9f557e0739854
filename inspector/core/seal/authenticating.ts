/** Whose seal it is: of all certificates that its few bytes may mean, a trusted one that made the signature. */

import { CoreError } from "../errors.ts";
import type { Chain, Knowledge, TrustedKey } from "../judging/answers.ts";
import { type SealClaims, type UnverifiedSeal, verifySeal } from "./seal.ts";

/** Chains of one key id that are tried; in honest hands two share one by accident only. */
const MOST_TRIED = 16;

/** A chain and the key that it proves, for seals; nothing is authorised yet. */
export interface Signer {
  readonly unverifiedChain: Chain;
  readonly trusted: TrustedKey;
}

/**
 * Return each chain of the key id that leads to an anchor for seals; two certificates may share an id.
 *
 * Throws issuer_untrusted, chain_invalid, malformed_token: of the first, where none does.
 */
export async function trustedSigners(
  seal: UnverifiedSeal,
  knowledge: Knowledge,
  at: number,
): Promise<readonly Signer[]> {
  const chains = (await knowledge.chains(seal.keyId)).slice(0, MOST_TRIED);
  const { found, refusal } = await collected(chains, isCoreError, async (unverifiedChain) => ({
    unverifiedChain,
    trusted: await knowledge.resolveChain(unverifiedChain, { purpose: "document_seal", at }),
  }));
  if (found.length === 0) throw refusal;
  return found;
}

/** Return who of the candidates signed, and what. Throws as `verifySeal`: of the first, where nobody did. */
export async function verifiedClaims(
  seal: UnverifiedSeal,
  candidates: readonly Signer[],
): Promise<readonly [Signer, SealClaims]> {
  const { found, refusal } = await collected(candidates, isUntrusted, async (signer) => {
    return [signer, await verifySeal(seal, signer.trusted.key)] as const;
  });
  const [first] = found;
  if (first === undefined) throw refusal;
  return first;
}

/** Return what each attempt gave, and the first refusal; an error that is no such refusal is thrown. */
async function collected<Item, Result>(
  items: readonly Item[],
  isRefusal: (error: unknown) => boolean,
  attempt: (item: Item) => Promise<Result>,
): Promise<{ readonly found: readonly Result[]; readonly refusal: unknown }> {
  const found: Result[] = [];
  const refusals: unknown[] = [];
  for (const item of items) {
    try {
      found.push(await attempt(item));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusals.push(error);
    }
  }
  return { found, refusal: refusals[0] };
}

function isCoreError(error: unknown): boolean {
  return error instanceof CoreError;
}

function isUntrusted(error: unknown): boolean {
  return error instanceof CoreError && error.family === "untrusted";
}
