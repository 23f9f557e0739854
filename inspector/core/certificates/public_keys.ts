/** The public key of a certificate, as far as signatures of ours and of authorities need it. RFC 5280 §4.1.2.7. */

import { type Bytes, bigEndian, toBigEndian } from "../encoding/bytes.ts";
import { type Curve, ED25519, ES256, ES384, ES512, type SignatureAlgorithm } from "../jose/algorithms.ts";
import * as der from "./der.ts";
import { type Element, NotDer } from "./der.ts";

const EC_PUBLIC_KEY = "1.2.840.10045.2.1";
const RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
const ED25519_KEY = "1.3.101.112";
const CURVES: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ["1.2.840.10045.3.1.7", ES256],
  ["1.3.132.0.34", ES384],
  ["1.3.132.0.35", ES512],
]);

/** A subjectPublicKeyInfo: whole, and its parts. `algorithm` is that of the curve when it is one of ours. */
export interface PublicKeyInfo {
  readonly encoded: Bytes;
  readonly kind: "ec" | "rsa" | "ed25519" | "other";
  readonly algorithm: SignatureAlgorithm | null;
  readonly key: Bytes;
}

export function publicKeyInfo(element: Element): PublicKeyInfo {
  const inside = der.members(element);
  const identifier = der.members(inside.next(der.SEQUENCE));
  const bitString = inside.next(der.BIT_STRING);
  inside.end();
  const oid = der.objectIdentifier(identifier.next(der.OBJECT_IDENTIFIER));
  const parameters = identifier.isAtEnd ? undefined : identifier.any();
  identifier.end();
  const kind = der.idleBits(bitString) === 0 ? kindOf(oid, parameters) : OTHER;
  return { encoded: element.encoded, ...kind, key: bitString.content.subarray(1) };
}

type Kind = Pick<PublicKeyInfo, "kind" | "algorithm">;
const OTHER: Kind = { kind: "other", algorithm: null };
/** A named curve, one inherited, one spelt out. RFC 3279 §2.3.5. */
const CURVE_FORMS: readonly number[] = [der.OBJECT_IDENTIFIER, der.NULL, der.SEQUENCE];

function kindOf(oid: string, parameters: Element | undefined): Kind {
  if (oid === EC_PUBLIC_KEY) {
    if (parameters !== undefined && !CURVE_FORMS.includes(parameters.tag)) throw new NotDer("curve");
    const named = parameters?.tag === der.OBJECT_IDENTIFIER ? der.objectIdentifier(parameters) : "";
    return { kind: "ec", algorithm: CURVES.get(named) ?? null };
  }
  if (oid === ED25519_KEY) {
    if (parameters !== undefined) throw new NotDer("parameters");
    return { kind: "ed25519", algorithm: ED25519 };
  }
  const isRsa = oid === RSA_ENCRYPTION && parameters?.tag === der.NULL && parameters.content.length === 0;
  return isRsa ? { kind: "rsa", algorithm: null } : OTHER;
}

export interface Point {
  readonly algorithm: SignatureAlgorithm;
  readonly coordinates: readonly Bytes[];
}

/** Return the point of a key on one of our curves, null for any other key; whether it is on it, nobody checked. */
export function pointOf({ algorithm, key }: PublicKeyInfo): Point | null {
  if (algorithm === null) return null;
  const { coordinateSize: size, curve } = algorithm;
  if (curve === null) return key.length === size ? { algorithm, coordinates: [key] } : null;
  const x = key.subarray(1, 1 + size);
  if (key.length === 1 + 2 * size)
    return isWhole(key) ? { algorithm, coordinates: [x, key.subarray(1 + size)] } : null;
  if ((key[0] !== 2 && key[0] !== 3) || key.length !== 1 + size) return null;
  return {
    algorithm,
    coordinates: [x, toBigEndian(otherCoordinate(curve, bigEndian(x), BigInt(key[0] & 1)), size)],
  };
}

/**
 * Whether a point is written whole, or whole with the parity of its y told once more. SEC 1 §2.3.3, X9.62 §4.3.6.
 */
function isWhole(key: Bytes): boolean {
  return key[0] === 4 || key[0] === 6 + ((key.at(-1) ?? 0) & 1);
}

/** Return the y of a compressed point, of that parity; no point of the curve comes out for an x that has none. */
function otherCoordinate({ prime, b }: Curve, x: bigint, parity: bigint): bigint {
  const square = (((x * x * x - 3n * x + b) % prime) + prime) % prime;
  const y = power(square, (prime + 1n) / 4n, prime); // the primes of all three curves are 3 modulo 4
  return (y & 1n) === parity ? y : prime - y;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let factor = base % modulus, rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}

/** Return the size of an RSA key's modulus in bits, as its bytes are counted; 0 for what is no RSA key. */
export function modulusBits({ kind, key }: PublicKeyInfo): number {
  if (kind !== "rsa") return 0;
  try {
    return der.members(der.only(key, der.SEQUENCE)).next(der.INTEGER).content.length * 8;
  } catch (error) {
    if (error instanceof NotDer) return 0;
    throw error;
  }
}
