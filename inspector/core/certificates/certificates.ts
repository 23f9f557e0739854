/** X.509 certificates as values: read strictly, with the few facts of them that judging needs. RFC 5280 §4.1. */

import { decodeBase64, encodeBase64 } from "../encoding/base64url.ts";
import { type Bytes, equalBytes, isAsciiText } from "../encoding/bytes.ts";
import { CoreError, malformed, untrusted } from "../errors.ts";
import { type VerificationKey, keyOfCoordinates } from "../jose/keys.ts";
import * as der from "./der.ts";
import { type Element, NotDer } from "./der.ts";
import { type Extensions, extensionsOf } from "./extensions.ts";
import { type DistinguishedName, distinguishedName, sayTheSame, valuesOf } from "./names.ts";
import { type PublicKeyInfo, pointOf, publicKeyInfo } from "./public_keys.ts";

/** One certificate, read and not yet judged. Times in seconds since the epoch, both inclusive. */
export interface UnverifiedCertificate {
  readonly der: Bytes;
  readonly version: number;
  readonly serialSize: number;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly extensions: Extensions;
  readonly publicKey: PublicKeyInfo;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Whether a date that has a short form is written in the long one. */
  readonly hasLongDates: boolean;
  /** What is signed, the algorithm (the whole AlgorithmIdentifier, as named outside and inside), the signature. */
  readonly signed: Bytes;
  readonly signatureAlgorithm: Bytes;
  readonly signedAlgorithm: Bytes;
  readonly signature: Bytes;
}

/** Whether subject and issuer carry the same name. */
export function isSelfIssued(certificate: UnverifiedCertificate): boolean {
  return sayTheSame(certificate.subject, certificate.issuer);
}

/** Whether the certificate may sign others: basicConstraints cA and keyUsage keyCertSign. */
export function isAuthority({ extensions }: UnverifiedCertificate): boolean {
  return extensions.basicConstraints?.isAuthority === true && extensions.keyUsage?.keyCertSign === true;
}

export function parseChain(chain: readonly Bytes[]): readonly UnverifiedCertificate[] {
  return chain.map(parseCertificate);
}

/** Return the certificate of exactly these DER bytes. Throws malformed_token (part x5c, reason certificate). */
export function parseCertificate(bytes: Bytes): UnverifiedCertificate {
  try {
    const inside = der.members(der.only(bytes, der.SEQUENCE));
    const signed = inside.next(der.SEQUENCE);
    const signatureAlgorithm = algorithmIdentifier(inside);
    const signature = der.wholeBytes(inside.next(der.BIT_STRING));
    inside.end();
    return { der: bytes, ...content(signed), signed: signed.encoded, signatureAlgorithm, signature };
  } catch (error) {
    if (!(error instanceof NotDer)) throw error;
    throw malformed("malformed_token", { part: "x5c", reason: "certificate" }, "RFC 5280 §4.1");
  }
}

type Content = Omit<UnverifiedCertificate, "der" | "signed" | "signatureAlgorithm" | "signature">;

function content(signed: Element): Content {
  const inside = der.members(signed);
  const version = versionOf(inside.optional(der.context(0, { constructed: true })));
  const serial = inside.next(der.INTEGER);
  if (der.integer(serial) <= 0n) throw new NotDer("serial number not positive");
  const signedAlgorithm = algorithmIdentifier(inside);
  const issuer = distinguishedName(inside.next(der.SEQUENCE));
  const validity = validityOf(inside.next(der.SEQUENCE));
  const subject = distinguishedName(inside.next(der.SEQUENCE));
  const publicKey = publicKeyInfo(inside.next(der.SEQUENCE));
  inside.optional(der.context(1, { constructed: false }));
  inside.optional(der.context(2, { constructed: false }));
  const wrapped = inside.optional(der.context(3, { constructed: true }));
  inside.end();
  const extensions = extensionsOf(wrapped && der.only(wrapped.content, der.SEQUENCE));
  return {
    version,
    serialSize: serial.content.length,
    signedAlgorithm,
    issuer,
    subject,
    publicKey,
    extensions,
    ...validity,
  };
}

function versionOf(wrapped: Element | undefined): number {
  if (wrapped === undefined) return 1;
  if (der.integer(der.only(wrapped.content, der.INTEGER)) !== 2n) throw new NotDer("version");
  return 3;
}

function algorithmIdentifier(inside: der.Elements): Bytes {
  const element = inside.next(der.SEQUENCE);
  const parts = der.members(element);
  der.objectIdentifier(parts.next(der.OBJECT_IDENTIFIER));
  if (!parts.isAtEnd) parts.any();
  parts.end();
  return element.encoded;
}

const YEAR_1950 = -631_152_000;
const YEAR_2050 = 2_524_608_000;

function validityOf(element: Element): Pick<Content, "notBefore" | "notAfter" | "hasLongDates"> {
  const [start, end, ...more] = der.members(element).rest();
  if (start === undefined || end === undefined || more.length > 0) throw new NotDer("validity");
  const [notBefore, notAfter] = [der.time(start), der.time(end)];
  const isLong = (tag: number, at: number): boolean =>
    tag === der.GENERALIZED_TIME && at >= YEAR_1950 && at < YEAR_2050;
  return { notBefore, notAfter, hasLongDates: isLong(start.tag, notBefore) || isLong(end.tag, notAfter) };
}

/** Return the public key for signatures. Throws chain_invalid with reason key_type. */
export async function certificateKey(certificate: UnverifiedCertificate): Promise<VerificationKey> {
  const point = pointOf(certificate.publicKey);
  const refusal = untrusted("chain_invalid", { reason: "key_type" });
  if (point === null) throw refusal;
  try {
    return await keyOfCoordinates(point.algorithm, point.coordinates);
  } catch (error) {
    throw error instanceof CoreError ? refusal : error;
  }
}

/** Return the subject attribute that has to occur exactly once. Throws chain_invalid (subject). */
export function onlyName(certificate: UnverifiedCertificate, oid: string): string {
  const [value, ...more] = valuesOf(certificate.subject, oid);
  if (value === undefined || more.length > 0) {
    throw untrusted("chain_invalid", { reason: "subject" }, "ETSI EN 319 412-3 §4.2.1");
  }
  return value;
}

const PEM = /^\s*-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+?)\r?\n-----END CERTIFICATE-----\s*$/;

/** Return the DER of the one certificate in PEM text. Throws malformed_token (part x5c, reason pem). */
export function onlyFromPem(text: string): Bytes {
  const body = isAsciiText(text) ? PEM.exec(text)?.[1] : undefined;
  const refusal = malformed("malformed_token", { part: "x5c", reason: "pem" }, "RFC 7468 §5");
  if (body === undefined) throw refusal;
  try {
    return parseCertificate(decodeBase64(body.replace(/[\r\n]/g, ""))).der;
  } catch (error) {
    throw error instanceof CoreError ? refusal : error;
  }
}

/** Return the PEM text of a certificate. RFC 7468. */
export function toPem(certificate: Bytes): string {
  const lines = encodeBase64(certificate).match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

export function isSameCertificate(one: UnverifiedCertificate, other: UnverifiedCertificate): boolean {
  return equalBytes(one.der, other.der);
}
