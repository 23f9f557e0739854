/** What a key is for. One key serves one purpose: a key that signs credentials never signs anything else. */

export const PURPOSES = [
  "credential",
  "status",
  "metadata",
  "request",
  "token",
  "document_seal",
  "trust_list",
  "receipt",
  "audit",
  "nonce",
  "registration",
  "client_attestation",
  "key_attestation",
] as const;
export type KeyPurpose = (typeof PURPOSES)[number];

export function isPurpose(value: unknown): value is KeyPurpose {
  return PURPOSES.some((purpose) => purpose === value);
}

/** The purposes under the roots of attestation providers; those under relying-party access are others. */
export const ATTESTATION_PURPOSES: ReadonlySet<KeyPurpose> = new Set(["credential", "status", "document_seal"]);

// A UUID arc needs no registration (ITU-T X.667 §7).
const ARC = `2.25.${BigInt("0x5b0c7d2e93f44c1a8e572d6a41f0b9c3")}`;

/** The extended key usage of each purpose that carries a certificate. */
export const EXTENDED_KEY_USAGE: ReadonlyMap<KeyPurpose, string> = new Map(
  (
    [
      "credential",
      "status",
      "metadata",
      "request",
      "document_seal",
      "trust_list",
      "receipt",
      "registration",
      "client_attestation",
      "key_attestation",
    ] as const
  ).map((purpose, at) => [purpose, `${ARC}.${at + 1}`]),
);
