/** Trust, status and type metadata out of a trust pack, as of a time: all that judging without a network needs. */

import { type Bytes, startsWithBytes, utf8 } from "../encoding/bytes.ts";
import { sha256 } from "../encoding/digest.ts";
import { conflict, untrusted } from "../errors.ts";
import { ALL_ALGORITHMS } from "../jose/algorithms.ts";
import { type StatusAnswer, notKnown } from "../status/answers.ts";
import { DEFAULT_LIMITS } from "../status/status_list.ts";
import type { StatusReference } from "../status/statuses.ts";
import { resolvePinned } from "../trust/pinned_certificates.ts";
import type { TrustQuestion, TrustedKey } from "../trust/trust_store.ts";
import type { WebIssuer } from "../trust/web_issuers.ts";
import { PackedLists, type ReadingTerms } from "./packed_lists.ts";
import { SPEC, type TrustPack, parseTrustPack, verifyTrustPack } from "./trust_pack.ts";
import { type TypeMetadata, matchesIntegrity, resolveTypeMetadata } from "./type_metadata.ts";

export const DEFAULT_SKEW_S = 60;
export const KEY_ID_BYTES = 8;

/** What a reader of packs knows beforehand. */
export interface PackTerms {
  /** The certificates (DER) of authorities that the operator's chain has to lead to. */
  readonly pins: readonly Bytes[];
  /** The institution whose pack it has to be: nobody else's stands in for it, whoever else may sign packs. */
  readonly operator: string;
  readonly at: number;
  /** The sequence of the newest pack of this operator seen so far, 0 for none: an older one is refused. */
  readonly newestSequence: number;
  readonly skewS?: number;
}

/**
 * Return a pack that may be judged from at a time.
 *
 * Throws trust_pack_invalid, chain_invalid, issuer_untrusted with a reason, limit_exceeded, trust_pack_not_yet,
 * trust_pack_expired, trust_pack_rollback, trust_empty.
 */
export async function openTrustPack(unverifiedPack: Bytes, terms: PackTerms): Promise<TrustPack> {
  const { pins, operator, at, newestSequence, skewS = DEFAULT_SKEW_S } = terms;
  // 1. form and header
  const unverified = parseTrustPack(unverifiedPack, { allowedAlgs: ALL_ALGORITHMS });
  // 2. a chain of this operator that may sign packs
  const trusted = await resolvePinned(unverified.unverifiedChain, pins, {
    purpose: "trust_list",
    at,
    institution: operator,
  });
  // 3. signature, then content
  const pack = await verifyTrustPack(unverified, trusted);
  // 4. in force at that time
  if (pack.asOf > at + skewS) throw conflict("trust_pack_not_yet", { as_of: pack.asOf }, SPEC);
  if (pack.exp <= at) throw conflict("trust_pack_expired", { exp: pack.exp }, SPEC);
  // 5. not older than what is known already
  if (pack.sequence < newestSequence) {
    throw conflict("trust_pack_rollback", { sequence: pack.sequence, newest: newestSequence }, SPEC);
  }
  return pack;
}

/**
 * Answers what the procedures ask, out of one pack; fetches nothing.
 *
 * A list is read and its signature checked when it is first asked for, and kept: after that a status is a look-up.
 * Who signed a list is judged by the trust of the same pack, at each time asked about, and so are the list's
 * times.
 */
export class PackKnowledge {
  readonly pack: TrustPack;
  readonly #lists: ReadonlyMap<string, PackedLists>;
  #keyIds: Promise<readonly KeyIdOfChain[]> | undefined;

  constructor(pack: TrustPack, { skewS = DEFAULT_SKEW_S, limits = DEFAULT_LIMITS }: Partial<ReadingTerms> = {}) {
    this.pack = pack;
    const withdrawals = new Map(pack.withdrawalLists.map((packed) => [packed.uri, packed]));
    this.#lists = new Map(
      pack.statusLists.map((packed) => [
        packed.uri,
        new PackedLists(pack, packed, withdrawals.get(packed.uri), { skewS, limits }),
      ]),
    );
  }

  get sequence(): number {
    return this.pack.sequence;
  }

  /** Return the key of a chain that may sign for a purpose at a time; nothing is authorised yet. */
  async resolveChain(chain: readonly Bytes[], asked: Pick<TrustQuestion, "purpose" | "at">): Promise<TrustedKey> {
    return this.pack.trust.resolveChain(chain, asked);
  }

  /** Return the key of a chain that may sign this, for this institution, at this time. Throws as `TrustStore`. */
  async resolve(chain: readonly Bytes[], question: TrustQuestion): Promise<TrustedKey> {
    return this.pack.trust.resolve(chain, question);
  }

  /** Return an issuer that is believed by its published keys only; null for others. */
  webIssuer(issuer: string): WebIssuer | null {
    return this.pack.trust.webIssuer(issuer) ?? null;
  }

  /**
   * Return the chains whose leaf's SHA-256 begins with `keyId` (8 bytes), unverified; two may share one.
   *
   * Throws issuer_untrusted (signer_unknown).
   */
  async chains(keyId: Bytes): Promise<readonly (readonly Bytes[])[]> {
    this.#keyIds ??= Promise.all(this.pack.signerChains.map(withKeyId));
    const found = (await this.#keyIds).filter(
      (each) => keyId.length === KEY_ID_BYTES && startsWithBytes(each.keyId, keyId),
    );
    if (found.length === 0) throw untrusted("issuer_untrusted", { reason: "signer_unknown" }, SPEC);
    return found.map(({ chain }) => chain);
  }

  /**
   * Return what the pack says of one status as of `now`; its age counts from then.
   *
   * Throws status_invalid for an index outside the list. Token Status List §8.3.
   */
  async status(
    reference: StatusReference,
    asked: { readonly institution: string; readonly now: number },
  ): Promise<StatusAnswer> {
    const lists = this.#lists.get(reference.uri);
    return lists === undefined ? notKnown("status_unavailable", "not_held") : lists.answer(reference, asked);
  }

  /** Whether there is a document of the type. */
  knowsType(vct: string): boolean {
    return this.pack.typeMetadata.has(vct);
  }

  /** Return the type by the document that matches `pin`; null when none does. Throws type_metadata_invalid. */
  async typeMetadata(vct: string, pin: string): Promise<TypeMetadata | null> {
    return resolveTypeMetadata(vct, pin, async (type, expected) => {
      const text = this.pack.typeMetadata.get(type);
      const document = text === undefined ? null : utf8(text);
      const isIt = document !== null && (expected === null || (await matchesIntegrity(document, expected)));
      return isIt ? document : null;
    });
  }
}

interface KeyIdOfChain {
  readonly keyId: Bytes;
  readonly chain: readonly Bytes[];
}

async function withKeyId(chain: readonly Bytes[]): Promise<KeyIdOfChain> {
  return { keyId: await sha256(chain[0] ?? new Uint8Array()), chain };
}
