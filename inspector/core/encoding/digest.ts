/** Digests and check sums. */

import type { Bytes } from "./bytes.ts";
import { encodeBase64url } from "./base64url.ts";
import { utf8 } from "./bytes.ts";

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Return the SHA-256 of a text's UTF-8 bytes in base64url, as tokens write it. */
export async function sha256Text(text: string): Promise<string> {
  return encodeBase64url(await sha256(utf8(text)));
}

const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1)
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder;
});

/** Return the CRC-32 that zlib and PNG use: it finds accidents, it proves nothing. */
export function crc32(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) remainder = (REMAINDERS[(remainder ^ byte) & 0xff] ?? 0) ^ (remainder >>> 8);
  return (remainder ^ 0xffffffff) >>> 0;
}
