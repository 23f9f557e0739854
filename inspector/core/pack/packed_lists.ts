/** One status list of a pack with the records of its withdrawals: believed when first asked for, then kept. */

import type { Bytes } from "../encoding/bytes.ts";
import { CoreError } from "../errors.ts";
import { ALL_ALGORITHMS } from "../jose/algorithms.ts";
import { LATEST } from "../jose/numeric_date.ts";
import { type StatusAnswer, notKnown, statusAnswer } from "../status/answers.ts";
import { type BelievedStatusList, requireSameInstitution, signedBy, statusSigner } from "../status/believing.ts";
import {
  type StatusListLimits,
  type UnverifiedStatusList,
  type VerifiedStatusList,
  parseStatusList,
  verifyStatusList,
} from "../status/status_list.ts";
import type { StatusReference } from "../status/statuses.ts";
import {
  type UnverifiedWithdrawalList,
  type VerifiedWithdrawalList,
  type WithdrawalRecord,
  parseWithdrawalList,
  verifyWithdrawalList,
} from "../status/withdrawal_list.ts";
import type { TrustedKey } from "../trust/trust_store.ts";
import type { PackedList, TrustPack } from "./trust_pack.ts";

/** For lists whose own times are judged after they are believed: the longest time there is. */
const ANY_AGE_S = LATEST;
const NO_WITHDRAWALS: ReadonlyMap<number, WithdrawalRecord> = new Map();

export interface ReadingTerms {
  /** By how many seconds the clocks of who signed and who asks may differ. */
  readonly skewS: number;
  readonly limits: StatusListLimits;
}

export class PackedLists {
  readonly #pack: TrustPack;
  readonly #packed: PackedList;
  readonly #terms: ReadingTerms;
  readonly #statuses: KeptReading<UnverifiedStatusList, VerifiedStatusList>;
  readonly #withdrawals: KeptReading<UnverifiedWithdrawalList, VerifiedWithdrawalList> | null;

  constructor(pack: TrustPack, packed: PackedList, withdrawals: PackedList | undefined, terms: ReadingTerms) {
    const { uri, unverifiedToken } = packed;
    const allowedAlgs = ALL_ALGORITHMS;
    this.#pack = pack;
    this.#packed = packed;
    this.#terms = terms;
    this.#statuses = new KeptReading(
      () => parseStatusList(unverifiedToken, { allowedAlgs }),
      // Within any age the verdict on the list's times does not depend on now, so it can be kept.
      (unverified, { key }) =>
        verifyStatusList(unverified, { key, uri, now: 0, skewS: ANY_AGE_S, limits: terms.limits }),
    );
    const text = withdrawals?.unverifiedToken;
    this.#withdrawals =
      typeof text !== "string"
        ? null
        : new KeptReading(
            () => parseWithdrawalList(text, { allowedAlgs }),
            (unverified, { key }) => verifyWithdrawalList(unverified, { key, uri, now: 0, skewS: ANY_AGE_S }),
          );
  }

  /** Return what the list says of one status as of `now`. Throws status_invalid for an index outside the list. */
  async answer(
    reference: StatusReference,
    { institution, now }: { readonly institution: string; readonly now: number },
  ): Promise<StatusAnswer> {
    let believed: BelievedStatusList;
    try {
      const signer = await this.#signer(this.#statuses.unverified(), now);
      believed = signedBy(await this.#statuses.verified(signer), signer);
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      return notKnown("status_invalid", error.reason || error.code);
    }
    const withdrawals = await this.#records(believed, now);
    const held = { ...believed, resolvedAt: this.#packed.resolvedAt, withdrawals };
    return statusAnswer(held, reference, { institution, now, skewS: this.#terms.skewS });
  }

  async #signer(
    { unverifiedChain }: { readonly unverifiedChain: readonly Bytes[] },
    now: number,
  ): Promise<TrustedKey> {
    return statusSigner(this.#pack.trust, unverifiedChain, now);
  }

  /** Return why and when entries were withdrawn; without records that can be believed, nobody knows. */
  async #records(statusList: BelievedStatusList, now: number): Promise<ReadonlyMap<number, WithdrawalRecord>> {
    if (this.#withdrawals === null) return NO_WITHDRAWALS;
    try {
      const signer = await this.#signer(this.#withdrawals.unverified(), now);
      requireSameInstitution(signer, statusList);
      return (await this.#withdrawals.verified(signer)).withdrawals;
    } catch (error) {
      if (error instanceof CoreError) return NO_WITHDRAWALS;
      throw error;
    }
  }
}

/** A token read once and verified once for each key; what it comes to, refusals too, is kept. */
class KeptReading<Unverified, Verified> {
  readonly #parse: () => Unverified;
  readonly #verify: (unverified: Unverified, signer: TrustedKey) => Promise<Verified>;
  #unverified: Unverified | undefined;
  #last: { readonly signer: TrustedKey; readonly verified: Promise<Verified> } | undefined;

  constructor(parse: () => Unverified, verify: (unverified: Unverified, signer: TrustedKey) => Promise<Verified>) {
    this.#parse = parse;
    this.#verify = verify;
  }

  unverified(): Unverified {
    this.#unverified ??= this.#parse();
    return this.#unverified;
  }

  async verified(signer: TrustedKey): Promise<Verified> {
    if (this.#last === undefined || !this.#last.signer.key.equals(signer.key)) {
      this.#last = { signer, verified: this.#verify(this.unverified(), signer) };
    }
    return this.#last.verified;
  }
}
