/** The judgement of a certificate chain: does it lead from a leaf of the right kind to an anchor we hold? */

import { type Bytes, equalBytes, latin1Text } from "../encoding/bytes.ts";
import { type CoreError, untrusted } from "../errors.ts";
import type { VerificationKey } from "../jose/keys.ts";
import {
  type UnverifiedCertificate,
  certificateKey,
  isAuthority,
  isSameCertificate,
  isSelfIssued,
  onlyName,
  parseChain,
} from "./certificates.ts";
import { CERTIFICATE_POLICIES, POLICY_CONSTRAINTS } from "./extensions.ts";
import { COUNTRY_NAME, type GeneralName, ORGANIZATION_IDENTIFIER } from "./names.ts";
import { isPathInOrder } from "./path_rules.ts";
import { ATTESTATION_PURPOSES, EXTENDED_KEY_USAGE, type KeyPurpose } from "./purposes.ts";
import { isIssuedBy } from "./signatures.ts";

/** Certificates in `x5c`, anchor left out. Our own chains have two. */
export const MAX_CHAIN_LENGTH = 4;

const PURPOSE_USAGES: ReadonlySet<string> = new Set(EXTENDED_KEY_USAGE.values());
const ANY_USAGE = "2.5.29.37.0";
/** The forms of name whose constraints are checked. */
const CHECKED_NAMES: ReadonlySet<GeneralName["kind"]> = new Set(["dns", "ip", "mail"]);

/** What a chain proves, between `notBefore` and `notAfter` (seconds, inclusive, of the whole path). */
export interface ValidatedChain {
  readonly key: VerificationKey;
  readonly institutionId: string;
  readonly country: string;
  readonly uris: ReadonlySet<string>;
  readonly hostNames: ReadonlySet<string>;
  readonly notBefore: number;
  readonly notAfter: number;
  /** The certificate (DER) that it leads to: an authority, or the signer's own from a trusted list. */
  readonly anchor: Bytes;
}

export interface ChainQuestion {
  readonly anchors: readonly UnverifiedCertificate[];
  readonly purpose: KeyPurpose;
  readonly at: number;
  /** The anchors that vouch for `purpose` alone: under them, a leaf that names no extended key usage is for it. */
  readonly dedicated: readonly Bytes[];
}

/**
 * Prove that DER certificates, leaf first, lead to one of the anchors and suit the purpose at a time.
 *
 * Nothing is fetched: revocation lists and responders named in certificates are ignored. Throws malformed_token,
 * chain_invalid, issuer_untrusted. RFC 5280 §6.1, HAIP 1.0 §6.1.1, ETSI EN 319 412-3 §4.
 */
export async function validateChain(
  unverifiedChain: readonly Bytes[],
  question: ChainQuestion,
): Promise<ValidatedChain> {
  const { anchors, purpose, at, dedicated } = question;
  checkLength(unverifiedChain); // 1 bounded, no certificate twice (before anything is parsed)
  const chain = parseChain(unverifiedChain); // 2 strict DER
  const [leaf, ...authorities] = chain;
  if (leaf === undefined) throw invalid("chain_missing", "HAIP 1.0 §6.1.1");
  checkAnchorLeftOut(leaf, authorities, anchors); // 3 leaf not self-signed, anchor not sent
  checkLeaf(leaf, purpose); // 4 signs data, for no other purpose, and is no authority
  checkAuthorities(authorities); // 5 every other certificate may sign certificates
  await checkSignatures(chain); // 6 each is signed by the next
  const path = await pathToAnchor(leaf, authorities, anchors, at); // 7 the last is signed by an anchor we hold
  const anchor = path.at(-1) ?? leaf;
  checkPurpose(
    path,
    purpose,
    dedicated.some((each) => equalBytes(each, anchor.der)),
  ); // 8 all for this purpose
  checkLimits(path.slice(1)); // 9 nothing below an authority that it may not have
  checkValidity(path, at); // 10 all valid at the same time
  checkPath(path); // 11 everything else of RFC 5280
  return factsOf(leaf, path); // 12 one institution, one key
}

/** Whether the whole path of a chain is valid at a time. */
export function covers({ notBefore, notAfter }: ValidatedChain, at: number): boolean {
  return notBefore <= at && at <= notAfter;
}

function checkLength(chain: readonly Bytes[]): void {
  if (chain.length === 0) throw invalid("chain_missing", "HAIP 1.0 §6.1.1");
  if (chain.length > MAX_CHAIN_LENGTH) throw invalid("chain_too_long", "RFC 5280 §6.1");
  if (new Set(chain.map(latin1Text)).size !== chain.length)
    throw invalid("duplicate_certificate", "RFC 5280 §6.1");
}

type Certificates = readonly UnverifiedCertificate[];

function checkAnchorLeftOut(leaf: UnverifiedCertificate, authorities: Certificates, anchors: Certificates): void {
  if (isSelfIssued(leaf)) throw invalid("leaf_self_signed", "HAIP 1.0 §6.1.1");
  const above = isListedSigner(leaf, anchors) ? authorities : [leaf, ...authorities];
  if (above.some((each) => isSelfIssued(each) || anchors.some((anchor) => isSameCertificate(anchor, each)))) {
    throw invalid("anchor_included", "HAIP 1.0 §6.1.1");
  }
}

function checkLeaf({ extensions }: UnverifiedCertificate, purpose: KeyPurpose): void {
  if (extensions.basicConstraints?.isAuthority === true) throw invalid("leaf_is_authority", "RFC 5280 §4.2.1.9");
  const usage = extensions.keyUsage;
  // A seal's certificate often allows commitment to content and no more. ETSI EN 319 412-2 §4.3.2 (type A).
  const signs =
    usage?.digitalSignature === true || (ATTESTATION_PURPOSES.has(purpose) && usage?.contentCommitment === true);
  if (!signs || usage?.keyCertSign !== false) throw invalid("key_usage", "RFC 5280 §4.2.1.3");
  const own = EXTENDED_KEY_USAGE.get(purpose);
  const named = [...(extensions.extendedKeyUsage ?? [])].filter((oid) => PURPOSE_USAGES.has(oid));
  const isForIt = extensions.extendedKeyUsage === null || (named.length === 1 && named[0] === own);
  if (own === undefined || !isForIt) throw invalid("extended_key_usage", "RFC 5280 §4.2.1.12");
}

/** Require that the leaf is for the purpose by its own words or by its anchor's, and that no authority objects. */
function checkPurpose([leaf, ...authorities]: Certificates, purpose: KeyPurpose, isDedicated: boolean): void {
  if (leaf?.extensions.extendedKeyUsage === null && !isDedicated) {
    throw invalid("extended_key_usage", "RFC 5280 §4.2.1.12");
  }
  const own = EXTENDED_KEY_USAGE.get(purpose) ?? "";
  for (const {
    extensions: { extendedKeyUsage: named },
  } of authorities) {
    if (named !== null && !named.has(own) && !named.has(ANY_USAGE)) {
      throw invalid("authority_for_other_purpose", "RFC 5280 §4.2.1.12");
    }
  }
}

function checkAuthorities(authorities: Certificates): void {
  if (!authorities.every(isAuthority)) throw invalid("issuer_not_authority", "RFC 5280 §6.1.4");
}

/** Refuse a path longer than an authority may lead, and name constraints that nobody here can check. */
function checkLimits(authorities: Certificates): void {
  authorities.forEach(({ extensions: { basicConstraints, nameConstraints } }, below) => {
    const longest = basicConstraints?.pathLength ?? null;
    if (longest !== null && below > longest) throw invalid("path_length", "RFC 5280 §4.2.1.9");
    const subtrees = nameConstraints === null ? [] : [...nameConstraints.permitted, ...nameConstraints.excluded];
    if (!subtrees.every(({ kind }) => CHECKED_NAMES.has(kind)))
      throw invalid("name_constraints", "RFC 5280 §4.2.1.10");
  });
}

async function checkSignatures(chain: Certificates): Promise<void> {
  for (const [at, certificate] of chain.entries()) {
    const issuer = chain[at + 1];
    if (issuer !== undefined && !(await isIssuedBy(certificate, issuer))) {
      throw invalid("order_or_signature", "RFC 5280 §6.1.3");
    }
  }
}

/** Whether an anchor is this leaf itself; only lists hold such. ETSI TS 119 602 Table H.3. */
function isListedSigner(leaf: UnverifiedCertificate, anchors: Certificates): boolean {
  return !isAuthority(leaf) && anchors.some((anchor) => isSameCertificate(anchor, leaf));
}

/** Return the path that counts: the chain and its anchor, or the leaf alone where that is the anchor. */
async function pathToAnchor(
  leaf: UnverifiedCertificate,
  authorities: Certificates,
  anchors: Certificates,
  at: number,
): Promise<Certificates> {
  if (isListedSigner(leaf, anchors)) return [leaf];
  return [leaf, ...authorities, await anchorOf(authorities.at(-1) ?? leaf, anchors, at)];
}

/** Return the anchor that signed; of several with one key (a root and its renewal) one that is valid now. */
async function anchorOf(
  last: UnverifiedCertificate,
  anchors: Certificates,
  at: number,
): Promise<UnverifiedCertificate> {
  const signers: UnverifiedCertificate[] = [];
  for (const anchor of anchors) {
    if (isAuthority(anchor) && (await isIssuedBy(last, anchor))) signers.push(anchor);
  }
  const signer = signers.find((each) => each.notBefore <= at && at <= each.notAfter) ?? signers[0];
  if (signer === undefined) throw untrusted("issuer_untrusted", { reason: "anchor_unknown" }, "RFC 5280 §6.1");
  return signer;
}

function checkValidity(path: Certificates, at: number): void {
  if (path.some(({ notAfter }) => at > notAfter)) throw invalid("expired", "RFC 5280 §6.1.3");
  if (path.some(({ notBefore }) => at < notBefore)) throw invalid("not_yet_valid", "RFC 5280 §6.1.3");
}

function checkPath(path: Certificates): void {
  const policies = [CERTIFICATE_POLICIES, POLICY_CONSTRAINTS];
  if (path.some(({ extensions }) => policies.some((oid) => extensions.critical.get(oid) === true))) {
    throw invalid("critical_policies", "RFC 5280 §4.2.1.4");
  }
  if (!isPathInOrder(path)) throw invalid("path_rejected", "RFC 5280 §6.1");
}

async function factsOf(leaf: UnverifiedCertificate, path: Certificates): Promise<ValidatedChain> {
  const institutionId = onlyName(leaf, ORGANIZATION_IDENTIFIER);
  // An institution's own authority must not be able to mint certificates in the name of another institution.
  if (path.slice(1, -1).some((authority) => onlyName(authority, ORGANIZATION_IDENTIFIER) !== institutionId)) {
    throw untrusted("issuer_untrusted", { reason: "institution_mismatch" }, "ETSI EN 319 412-1 §5.1.4");
  }
  const names = leaf.extensions.alternativeNames;
  return {
    key: await certificateKey(leaf),
    institutionId,
    country: onlyName(leaf, COUNTRY_NAME),
    uris: new Set(names.filter(({ kind }) => kind === "uri").map(({ text }) => text)),
    hostNames: new Set(names.filter(({ kind }) => kind === "dns").map(({ text }) => text)),
    notBefore: Math.max(...path.map(({ notBefore }) => notBefore)),
    notAfter: Math.min(...path.map(({ notAfter }) => notAfter)),
    anchor: (path.at(-1) ?? leaf).der,
  };
}

function invalid(reason: string, spec: string): CoreError {
  return untrusted("chain_invalid", { reason }, spec);
}
