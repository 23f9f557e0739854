/** Digests of disclosures, and the names that the format keeps for itself. RFC 9901 §4.1, §4.2. */

import { encodeBase64url } from "../encoding/base64url.ts";
import { utf8 } from "../encoding/bytes.ts";
import type { Json } from "../encoding/strict_json.ts";
import { untrusted } from "../errors.ts";

const HASH_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ["sha-256", "SHA-256"],
  ["sha-384", "SHA-384"],
  ["sha-512", "SHA-512"],
]);
export const DEFAULT_HASH_ALG = "sha-256";
export const RESERVED_NAMES: ReadonlySet<string> = new Set(["_sd", "...", "_sd_alg"]);
/** Claims that decide whether a credential counts: in clear with all their members. SD-JWT VC §2.2.2.2. */
export const PROTECTED_CLAIMS: ReadonlySet<string> = new Set([
  "iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status",
]);

/** Return what `_sd_alg` names, as WebCrypto calls it. Throws hash_alg_unsupported. RFC 9901 §4.1.1. */
export function hashFunction(name: Json | undefined): string {
  const found = typeof name === "string" ? HASH_FUNCTIONS.get(name) : undefined;
  if (found === undefined) throw untrusted("hash_alg_unsupported", {}, "RFC 9901 §4.1.1");
  return found;
}

/** Return the base64url digest of the ASCII text of a disclosure or a presentation. RFC 9901 §4.2.3. */
export async function digest(text: string, hash: string): Promise<string> {
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest(hash, utf8(text))));
}
