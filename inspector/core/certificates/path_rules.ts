/**
 * Everything of path validation that no earlier step of a chain's judgement asks: the form of each certificate,
 * what its extensions may be, which keys and signatures an authority may use, and which names it may certify. RFC
 * 5280 §6.1.
 */

import { type UnverifiedCertificate, isSelfIssued } from "./certificates.ts";
import * as extensions from "./extensions.ts";
import { areWithin } from "./name_constraints.ts";
import { modulusBits } from "./public_keys.ts";
import { isPermittedSignature } from "./signatures.ts";

const LONGEST_SERIAL = 21;
const SMALLEST_MODULUS = 2048;
const KNOWN: ReadonlySet<string> = new Set([
  extensions.AUTHORITY_INFORMATION_ACCESS,
  extensions.AUTHORITY_KEY_IDENTIFIER,
  extensions.SUBJECT_KEY_IDENTIFIER,
  extensions.KEY_USAGE,
  extensions.SUBJECT_ALTERNATIVE_NAME,
  extensions.BASIC_CONSTRAINTS,
  extensions.NAME_CONSTRAINTS,
  extensions.EXTENDED_KEY_USAGE_OID,
]);
const NEVER_CRITICAL = [
  extensions.AUTHORITY_INFORMATION_ACCESS,
  extensions.AUTHORITY_KEY_IDENTIFIER,
  extensions.SUBJECT_KEY_IDENTIFIER,
] as const;

/** Whether a path, leaf first and anchor last, whose signatures, lengths and times were checked, is in order. */
export function isPathInOrder(path: readonly UnverifiedCertificate[]): boolean {
  return (
    path.every(isWellFormed) &&
    path.slice(1).every(isAuthorityInOrder) &&
    path.slice(0, -1).every(isPermittedSignature) &&
    path.every((certificate, at) => keepsNames(certificate, path.slice(0, at + 1)))
  );
}

function isWellFormed({
  version,
  serialSize,
  issuer,
  hasLongDates,
  extensions: found,
}: UnverifiedCertificate): boolean {
  const knowsAll = [...found.critical].every(([oid, isCritical]) => !isCritical || KNOWN.has(oid));
  return version === 3 && serialSize <= LONGEST_SERIAL && issuer.parts.length > 0 && !hasLongDates && knowsAll;
}

function isAuthorityInOrder({ extensions: found, publicKey }: UnverifiedCertificate): boolean {
  const identifier = found.authorityKeyIdentifier;
  return (
    NEVER_CRITICAL.every((oid) => found.critical.get(oid) !== true) &&
    found.critical.get(extensions.BASIC_CONSTRAINTS) === true &&
    (identifier === null || (identifier.hasKeyIdentifier && !identifier.namesCertificate)) &&
    (publicKey.kind === "ec" ? publicKey.algorithm !== null : modulusBits(publicKey) >= SMALLEST_MODULUS)
  );
}

/** Whether the names of a certificate and of those below it are within its constraints; `path` ends with it. */
function keepsNames(certificate: UnverifiedCertificate, path: readonly UnverifiedCertificate[]): boolean {
  const constraints = certificate.extensions.nameConstraints;
  if (constraints === null) return true;
  return path.every(
    (below, at) => (at > 0 && isSelfIssued(below)) || areWithin(below.extensions.alternativeNames, constraints),
  );
}
