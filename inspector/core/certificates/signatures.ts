/** Signatures on certificates: ECDSA in DER, RSA and Ed25519, by the algorithms that path validation allows. */

import { type Bytes, concatBytes, hex, toBigEndian } from "../encoding/bytes.ts";
import type { SignatureAlgorithm } from "../jose/algorithms.ts";
import type { UnverifiedCertificate } from "./certificates.ts";
import * as der from "./der.ts";
import { NotDer } from "./der.ts";
import { sameName } from "./names.ts";
import { type PublicKeyInfo, pointOf } from "./public_keys.ts";

interface CertificateSignature {
  readonly kind: PublicKeyInfo["kind"];
  readonly hash: string;
  /** The length of the salt of RSASSA-PSS, 0 for PKCS #1 v1.5 and for what is not RSA. */
  readonly salt: number;
}

const ECDSA_ARC = "06082a8648ce3d0403";
const RSA_ARC = "06092a864886f70d0101";
const SHA_2 = [
  ["SHA-256", "01", 32, "02", "0b"],
  ["SHA-384", "02", 48, "03", "0c"],
  ["SHA-512", "03", 64, "04", "0d"],
] as const;

/** The algorithms by their whole AlgorithmIdentifier, parameters included: each has one form. CA/B BR §7.1.3.2. */
const ALGORITHMS: ReadonlyMap<string, CertificateSignature> = new Map(
  SHA_2.flatMap(([hash, digest, salt, ecdsa, rsa]): readonly (readonly [string, CertificateSignature])[] => {
    const digestAlgorithm = `300d06096086480165030402${digest}0500`;
    const mask = `301a06092a864886f70d010108${digestAlgorithm}`;
    const pss = `3034a00f${digestAlgorithm}a11c${mask}a2030201${salt.toString(16)}`;
    return [
      [`300a${ECDSA_ARC}${ecdsa}`, { kind: "ec", hash, salt: 0 }],
      [`300d${RSA_ARC}${rsa}0500`, { kind: "rsa", hash, salt: 0 }],
      [`3041${RSA_ARC}0a${pss}`, { kind: "rsa", hash, salt }],
    ];
  }),
);
const ED25519_SIGNATURE = "300506032b6570";

/** Whether path validation allows the algorithm by which a certificate is signed. */
export function isPermittedSignature(certificate: UnverifiedCertificate): boolean {
  return ALGORITHMS.has(hex(certificate.signatureAlgorithm));
}

/**
 * Whether the issuer's name and key stand behind a certificate. An algorithm that nobody knows here stands for
 * none.
 */
export async function isIssuedBy(
  certificate: UnverifiedCertificate,
  issuer: UnverifiedCertificate,
): Promise<boolean> {
  const { signatureAlgorithm, signedAlgorithm } = certificate;
  const named = hex(signatureAlgorithm);
  if (!sameName(certificate.issuer, issuer.subject) || named !== hex(signedAlgorithm)) return false;
  const algorithm: CertificateSignature | undefined =
    named === ED25519_SIGNATURE ? { kind: "ed25519", hash: "", salt: 0 } : ALGORITHMS.get(named);
  if (algorithm === undefined || algorithm.kind !== issuer.publicKey.kind) return false;
  try {
    return await verifies(certificate, issuer.publicKey, algorithm);
  } catch (error) {
    // What WebCrypto cannot import is no key, and a signature of another form is none.
    if (error instanceof NotDer || error instanceof DOMException || error instanceof TypeError) return false;
    throw error;
  }
}

async function verifies(
  { signed, signature }: UnverifiedCertificate,
  issuerKey: PublicKeyInfo,
  { kind, hash, salt }: CertificateSignature,
): Promise<boolean> {
  if (kind === "rsa") {
    const name = salt === 0 ? "RSASSA-PKCS1-v1_5" : "RSA-PSS";
    const key = await crypto.subtle.importKey("spki", issuerKey.encoded, { name, hash }, false, ["verify"]);
    return crypto.subtle.verify({ name, saltLength: salt }, key, signature, signed);
  }
  const point = pointOf(issuerKey);
  if (point === null) return false;
  const [x = new Uint8Array(), y = new Uint8Array()] = point.coordinates;
  const { algorithm } = point;
  const isEcdsa = kind === "ec";
  const raw = isEcdsa ? concatBytes(Uint8Array.of(4), x, y) : x;
  const scheme = isEcdsa ? { name: "ECDSA", namedCurve: algorithm.crv } : { name: "Ed25519" };
  const key = await crypto.subtle.importKey("raw", raw, scheme, false, ["verify"]);
  return crypto.subtle.verify(
    { ...scheme, hash },
    key,
    isEcdsa ? rawSignature(signature, algorithm) : signature,
    signed,
  );
}

/** Return r || s of an ECDSA signature in DER. Throws NotDer for another form, and for numbers out of range. */
function rawSignature(signature: Bytes, { curve, coordinateSize }: SignatureAlgorithm): Bytes {
  const inside = der.members(der.only(signature, der.SEQUENCE));
  const numbers = [der.integer(inside.next(der.INTEGER)), der.integer(inside.next(der.INTEGER))];
  inside.end();
  if (numbers.some((number) => number <= 0n || number >= (curve?.order ?? 0n))) throw new NotDer("out of range");
  return concatBytes(...numbers.map((number) => toBigEndian(number, coordinateSize)));
}
