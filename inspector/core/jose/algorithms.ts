/** The signature algorithms that are accepted: a closed list, each tied to one key type and curve. */

/**
 * A short Weierstrass curve y² = x³ - 3x + b over the field of `prime`, with the group order of its base point.
 */
export interface Curve {
  readonly prime: bigint;
  readonly b: bigint;
  readonly order: bigint;
}

/** Sizes in bytes: of a coordinate and of the raw signature (r || s for ECDSA). RFC 7518 §3.4, RFC 8037 §2. */
export interface SignatureAlgorithm {
  readonly name: string;
  readonly kty: "EC" | "OKP";
  readonly crv: string;
  readonly hash: string;
  readonly coordinateSize: number;
  readonly signatureSize: number;
  readonly curve: Curve | null;
}

function ecdsa(name: string, crv: string, hash: string, size: number, curve: Curve): SignatureAlgorithm {
  return { name, kty: "EC", crv, hash, coordinateSize: size, signatureSize: 2 * size, curve };
}

export const ES256 = ecdsa("ES256", "P-256", "SHA-256", 32, {
  prime: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
});
export const ES384 = ecdsa("ES384", "P-384", "SHA-384", 48, {
  prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
});
export const ES512 = ecdsa("ES512", "P-521", "SHA-512", 66, {
  prime: 2n ** 521n - 1n,
  b: BigInt(
    "0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e" +
      "156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
  ),
  order: 2n ** 521n - 0x5ae79787c40d069948033feb708f65a2fc44a36477663b851449048e16ec79bf7n,
});
export const ED25519: SignatureAlgorithm = {
  name: "Ed25519",
  kty: "OKP",
  crv: "Ed25519",
  hash: "",
  coordinateSize: 32,
  signatureSize: 64,
  curve: null,
};

const ALL = [ES256, ES384, ES512, ED25519] as const;
export const SIGNATURE_ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map(
  ALL.map((each) => [each.name, each]),
);
export const ALL_ALGORITHMS: ReadonlySet<string> = new Set(SIGNATURE_ALGORITHMS.keys());

/** Return the algorithm of a key type and curve, of any JSON type; undefined for what is not on the list. */
export function algorithmOfCurve(kty: unknown, crv: unknown): SignatureAlgorithm | undefined {
  return ALL.find((each) => each.kty === kty && each.crv === crv);
}

/** Whether a point lies on the curve, both coordinates within the field. */
export function isOnCurve({ prime, b }: Curve, x: bigint, y: bigint): boolean {
  return x < prime && y < prime && (y * y - (x * x * x - 3n * x + b)) % prime === 0n;
}
