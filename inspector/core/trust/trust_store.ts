/** Trust as values: which anchors we hold, and which institution may sign which credential type, when. */

import { type Bytes, hex, latin1Text } from "../encoding/bytes.ts";
import { sha256 } from "../encoding/digest.ts";
import { misconfigured, untrusted } from "../errors.ts";
import type { VerificationKey } from "../jose/keys.ts";
import { type UnverifiedCertificate, isAuthority, parseCertificate } from "../certificates/certificates.ts";
import { type ValidatedChain, covers, validateChain } from "../certificates/chain_validation.ts";
import type { KeyPurpose } from "../certificates/purposes.ts";
import type { WebIssuer } from "./web_issuers.ts";

const CHAINS_KEPT = 1024;

/**
 * A root certificate (DER) and the purposes it may vouch for.
 *
 * `trustList` is the URI of the trusted list that it comes from, empty for one that the operator set. An anchor of
 * a list may be the certificate of a signer itself, and counts only for authorisations that name it. ETSI TS 119
 * 602 Annex H.
 */
export interface TrustAnchor {
  readonly name: string;
  readonly certificate: Bytes;
  readonly purposes: ReadonlySet<KeyPurpose>;
  readonly trustList: string;
}

/**
 * What one institution may sign. Times in seconds since the epoch; `validTo` is the last valid second.
 *
 * From `withdrawnAt` on, nothing is believed any more. `anchors` (see `anchorId`) are the only ones it counts for;
 * without any it counts for those that the operator set. After `believedUntil` its source is out of date.
 * `speaksFor` are the institutions whose statuses it may state, itself alone when empty.
 */
export interface Authorisation {
  readonly institution: string;
  readonly name: string;
  readonly country: string;
  readonly issuers: ReadonlySet<string>;
  readonly purposes: ReadonlySet<KeyPurpose>;
  readonly credentialTypes: ReadonlySet<string>;
  readonly validFrom: number;
  readonly validTo: number | null;
  readonly withdrawnAt: number | null;
  readonly anchors: ReadonlySet<string>;
  readonly believedUntil: number | null;
  readonly speaksFor: ReadonlySet<string>;
}

/** A key, whose it is, and until when (seconds, inclusive) its chain is valid or its publication believed. */
export interface TrustedKey {
  readonly key: VerificationKey;
  readonly institutionId: string;
  readonly country: string;
  readonly notAfter: number;
  /** The name of the anchor that the chain leads to, and the URIs of the trusted lists that it is on. */
  readonly anchor: string;
  readonly trustLists: ReadonlySet<string>;
  /** Once authorised for status: the institutions whose statuses it may state. */
  readonly speaksFor: ReadonlySet<string>;
}

/** What is asked of a chain: null where the token names none. */
export interface TrustQuestion {
  readonly purpose: KeyPurpose;
  readonly at: number;
  readonly credentialType: string | null;
  readonly issuer: string | null;
  readonly institution: string | null;
}

/** An anchor as it is held: parsed, and by which name its authorisations know it. */
interface HeldAnchor extends TrustAnchor {
  readonly parsed: UnverifiedCertificate;
  readonly id: string;
  readonly letters: string;
}

/** Answers whether a chain may sign a credential type for an institution at a time. Fetches nothing. */
export class TrustStore {
  readonly authorisations: readonly Authorisation[];
  readonly webIssuers: readonly WebIssuer[];
  readonly #anchors: readonly HeldAnchor[];
  readonly #byInstitution: ReadonlyMap<string, readonly Authorisation[]>;
  readonly #chains = new Map<string, ValidatedChain>();

  private constructor(
    anchors: readonly HeldAnchor[],
    authorisations: readonly Authorisation[],
    webIssuers: readonly WebIssuer[],
  ) {
    this.#anchors = anchors;
    this.authorisations = authorisations;
    this.webIssuers = webIssuers;
    this.#byInstitution = Map.groupBy(authorisations, ({ institution }) => institution);
  }

  /** Return a store. Throws trust_empty, trust_malformed for an anchor that is no authority, malformed_token. */
  static async of(
    anchors: readonly TrustAnchor[],
    authorisations: readonly Authorisation[],
    webIssuers: readonly WebIssuer[] = [],
  ): Promise<TrustStore> {
    if (anchors.length === 0 || authorisations.length === 0) throw misconfigured("trust_empty");
    return new TrustStore(await Promise.all(anchors.map(held)), authorisations, webIssuers);
  }

  get anchors(): readonly TrustAnchor[] {
    return this.#anchors;
  }

  /**
   * Return the key of a chain (DER, leaf first, anchor left out; unverified) that may sign this at `at`.
   *
   * Throws malformed_token, chain_invalid and issuer_untrusted, each with a reason. SD-JWT VC §3.5, ARF 3.0
   * OIA_14.
   */
  async resolve(chain: readonly Bytes[], question: TrustQuestion): Promise<TrustedKey> {
    const { purpose, at, issuer, institution } = question;
    const validated = await this.#validate(chain, purpose, at); // 1 the chain leads to an anchor for this purpose
    if (institution !== null && validated.institutionId !== institution) {
      throw issuerUntrusted("institution_mismatch"); // 2 the institution expected
    }
    if (issuer !== null && !isBound(issuer, validated)) {
      throw issuerUntrusted("issuer_not_in_certificate"); // 3 the certificate names the issuer
    }
    return this.#trusted(validated, purpose, this.#authorise(validated, question)); // 4 it may do this
  }

  /**
   * Return the key of a chain that leads to an anchor for `purpose` at `at`; nothing is authorised yet.
   *
   * Throws malformed_token, chain_invalid, issuer_untrusted. HAIP 1.0 §6.1.1.
   */
  async resolveChain(chain: readonly Bytes[], asked: Pick<TrustQuestion, "purpose" | "at">): Promise<TrustedKey> {
    return this.#trusted(await this.#validate(chain, asked.purpose, asked.at), asked.purpose, []);
  }

  /** Return the issuer that is believed by the keys it publishes, and by nothing else; undefined for any other. */
  webIssuer(issuer: string): WebIssuer | undefined {
    return this.webIssuers.findLast((each) => each.issuer === issuer);
  }

  async #validate(chain: readonly Bytes[], purpose: KeyPurpose, at: number): Promise<ValidatedChain> {
    const asked = [purpose, ...chain.map(latin1Text)].join("\u0100"); // the chain in full: no two can meet in one
    const known = this.#chains.get(asked);
    if (known !== undefined && covers(known, at)) return known;
    const anchors = this.#anchors.filter(({ purposes }) => purposes.has(purpose)).map(({ parsed }) => parsed);
    const validated = await validateChain(chain, { anchors, purpose, at, dedicated: this.#dedicated() });
    const [oldest] = this.#chains.keys();
    if (this.#chains.size >= CHAINS_KEPT && oldest !== undefined) this.#chains.delete(oldest);
    this.#chains.set(asked, validated);
    return validated;
  }

  /** Return the anchors (DER) that vouch for a single purpose, however often they are listed. */
  #dedicated(): readonly Bytes[] {
    const byLetters = Map.groupBy(this.#anchors, ({ letters }) => letters);
    return [...byLetters.values()]
      .filter((same) => new Set(same.flatMap(({ purposes }) => [...purposes])).size === 1)
      .flatMap(([first]) => (first === undefined ? [] : [first.certificate]));
  }

  /** Return the key of a chain, and for status what those that authorise it say of it. */
  #trusted(validated: ValidatedChain, purpose: KeyPurpose, granting: readonly Authorisation[]): TrustedKey {
    const sources = this.#sources(validated.anchor).filter(({ purposes }) => purposes.has(purpose));
    return {
      key: validated.key,
      institutionId: validated.institutionId,
      country: validated.country,
      notAfter: Math.min(validated.notAfter, ...granting.flatMap(ends)),
      anchor: sources[0]?.name ?? "",
      trustLists: new Set(sources.map(({ trustList }) => trustList).filter((uri) => uri !== "")),
      speaksFor: new Set(
        granting.flatMap((each) => (each.speaksFor.size > 0 ? [...each.speaksFor] : [each.institution])),
      ),
    };
  }

  #sources(anchor: Bytes): readonly HeldAnchor[] {
    const letters = latin1Text(anchor);
    return this.#anchors.filter((each) => each.letters === letters);
  }

  /**
   * Return, for status, the authorisations by which the institution may do this: those under its anchor, and no
   * others say whose statuses it may state. Token Status List §11.3, ETSI TS 119 602 Annex H.
   */
  #authorise(validated: ValidatedChain, question: TrustQuestion): readonly Authorisation[] {
    const [objection] = this.#objections(validated, question);
    if (objection !== undefined) throw issuerUntrusted(objection);
    if (question.purpose !== "status") return []; // of no other purpose anything depends on which of them it was
    const { anchor, country, institutionId } = validated;
    return (this.#byInstitution.get(institutionId) ?? [])
      .filter((each) => this.#countsUnder(each, anchor, question.purpose))
      .filter((each) => objections(each, country, question).length === 0);
  }

  /** Return every reason why the institution of a chain may not do this, of its fittest authorisation. */
  #objections(validated: ValidatedChain, question: TrustQuestion): readonly string[] {
    const named = question.issuer === null ? [...validated.uris] : [question.issuer];
    if (question.purpose === "credential" && named.some((issuer) => this.webIssuer(issuer) !== undefined)) {
      return ["believed_by_web_keys"];
    }
    const authorisations = this.#byInstitution.get(validated.institutionId);
    if (authorisations === undefined) return ["institution_unknown"];
    const forAnchor = authorisations.filter((each) => this.#countsUnder(each, validated.anchor, question.purpose));
    if (forAnchor.length === 0) return ["anchor_of_another"];
    return forAnchor
      .map((each) => objections(each, validated.country, question))
      .reduce((fewest, found) => (found.length < fewest.length ? found : fewest));
  }

  /** Whether an authorisation is meant for keys under this anchor: its list's, or the operator's. */
  #countsUnder(authorisation: Authorisation, anchor: Bytes, purpose: KeyPurpose): boolean {
    const sources = this.#sources(anchor);
    if (authorisation.anchors.size > 0) return sources.some(({ id }) => authorisation.anchors.has(id));
    return sources.some(({ trustList, purposes }) => trustList === "" && purposes.has(purpose));
  }
}

async function held(anchor: TrustAnchor): Promise<HeldAnchor> {
  const parsed = parseCertificate(anchor.certificate);
  if (!isAuthority(parsed) && anchor.trustList === "") {
    throw misconfigured("trust_malformed", { where: anchor.name, reason: "anchor_not_authority" });
  }
  return { ...anchor, parsed, id: await anchorId(anchor.certificate), letters: latin1Text(anchor.certificate) };
}

/** Return how authorisations name an anchor: the SHA-256 of its certificate (DER), in hex. */
export async function anchorId(certificate: Bytes): Promise<string> {
  return hex(await sha256(certificate));
}

/** Return the reasons why this authorisation does not cover the signature, in their order. */
function objections(authorisation: Authorisation, country: string, question: TrustQuestion): readonly string[] {
  const { validFrom, validTo, withdrawnAt, believedUntil } = authorisation;
  const { at, purpose, credentialType, issuer } = question;
  const isTypeAsked = purpose === "credential" || (purpose === "document_seal" && credentialType !== null);
  const isWithdrawn = withdrawnAt !== null && at >= withdrawnAt;
  const found: readonly (readonly [boolean, string])[] = [
    [authorisation.country !== country, "country_mismatch"],
    [believedUntil !== null && at > believedUntil, "list_stale"],
    [isWithdrawn, "withdrawn"],
    [!isWithdrawn && (at < validFrom || (validTo !== null && at > validTo)), "outside_period"],
    [!authorisation.purposes.has(purpose), "purpose_not_authorised"],
    [isTypeAsked && !authorisation.credentialTypes.has(credentialType ?? ""), "type_not_authorised"],
    [issuer !== null && !authorisation.issuers.has(issuer), "issuer_not_authorised"],
  ];
  return found.filter(([holds]) => holds).map(([, reason]) => reason);
}

/** Return the last seconds at which an authorisation is believed, of those that it names. */
function ends({ withdrawnAt, validTo, believedUntil }: Authorisation): readonly number[] {
  return [withdrawnAt === null ? null : withdrawnAt - 1, validTo, believedUntil].filter((end) => end !== null);
}

const HTTPS_HOST = /^https:\/\/(?:[^/?#]*@)?([^/?#:@[\]]+)(?::[^/?#]*)?(?:[/?#]|$)/i;

/** Whether the leaf names the issuer: the same URI, or the host of an HTTPS URL exactly (no wildcard). */
export function isBound(issuer: string, { uris, hostNames }: ValidatedChain): boolean {
  const host = HTTPS_HOST.exec(issuer)?.[1];
  return uris.has(issuer) || (host !== undefined && hostNames.has(host.toLowerCase()));
}

function issuerUntrusted(reason: string): Error {
  return untrusted("issuer_untrusted", { reason }, "ARF 3.0 OIA_14");
}
