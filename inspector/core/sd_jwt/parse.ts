/** From the text of an SD-JWT to its parts; nothing is decoded or believed. RFC 9901 §4. */

import { isAsciiText } from "../encoding/bytes.ts";
import { malformed } from "../errors.ts";

export const MAX_CHARS = 256 * 1024;
export const MAX_DISCLOSURES = 512;
export const MAX_DISCLOSURE_CHARS = 64 * 1024;

/** The parts of an SD-JWT, or of an SD-JWT+KB when `keyBindingJwt` is there. */
export interface UnverifiedSdJwt {
  readonly jwsText: string;
  readonly disclosures: readonly string[];
  readonly keyBindingJwt: string | null;
  /** What a Key Binding JWT vouches for: all before it, with the last tilde. RFC 9901 §4.3.1. */
  readonly presentedText: string;
}

/**
 * Return the parts of a compact SD-JWT or SD-JWT+KB. Input is unverified.
 *
 * Throws malformed_token for a bare JWT, an empty part or a stray dot (a second Key Binding JWT, say),
 * limit_exceeded. RFC 9901 §4.
 */
export function parse(text: string): UnverifiedSdJwt {
  if (text.length > MAX_CHARS) throw malformed("limit_exceeded", { what: "sd_jwt", limit: MAX_CHARS });
  if (!isAsciiText(text)) throw malformedSdJwt("not_ascii");
  const [jwsText = "", ...rest] = text.split("~");
  const keyBindingJwt = rest.pop();
  if (keyBindingJwt === undefined || jwsText === "" || rest.includes("")) throw malformedSdJwt("tilde");
  const wellFormed = isJws(jwsText) && !rest.some((part) => part.includes("."));
  if (!wellFormed || (keyBindingJwt !== "" && !isJws(keyBindingJwt))) throw malformedSdJwt("segments");
  if (rest.length > MAX_DISCLOSURES)
    throw malformed("limit_exceeded", { what: "disclosures", limit: MAX_DISCLOSURES });
  if (rest.some((part) => part.length > MAX_DISCLOSURE_CHARS)) {
    throw malformed("limit_exceeded", { what: "disclosure", limit: MAX_DISCLOSURE_CHARS });
  }
  const presentedText = text.slice(0, text.length - keyBindingJwt.length);
  return { jwsText, disclosures: rest, keyBindingJwt: keyBindingJwt || null, presentedText };
}

function isJws(text: string): boolean {
  return text.split(".", 4).length === 3;
}

function malformedSdJwt(reason: string): Error {
  return malformed("malformed_token", { part: "sd_jwt", reason }, "RFC 9901 §4");
}
