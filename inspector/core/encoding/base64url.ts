/**
 * Strict base64: one text for each byte string, so that a token cannot be rewritten unseen. RFC 4648, RFC 7515 §2.
 */

import { malformed } from "../errors.ts";
import { type Bytes, latin1Text } from "./bytes.ts";

const SHARED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const NO_LETTER = 64;

interface Alphabet {
  readonly letters: string;
  /** The value of each ASCII letter, 64 for one that is none. */
  readonly values: Uint8Array;
}

function alphabet(letters: string): Alphabet {
  const values = new Uint8Array(128).fill(NO_LETTER);
  for (let value = 0; value < 64; value += 1) values[letters.charCodeAt(value)] = value;
  return { letters, values };
}

const URL_SAFE = alphabet(`${SHARED}-_`);
const STANDARD = alphabet(`${SHARED}+/`);

/** Return base64url text without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  return encodeWith(URL_SAFE, bytes);
}

/**
 * Return the bytes of canonical base64url text; `what` names the part in the refusal.
 *
 * Throws base64url_invalid on padding, on any letter outside the alphabet, on an impossible length and on non-zero
 * trailing bits.
 */
export function decodeBase64url(text: string, what = "segment"): Bytes {
  return decodeWith(URL_SAFE, text, what);
}

/** Return standard base64 text with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  const text = encodeWith(STANDARD, bytes);
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/**
 * Return the bytes of canonical standard base64 with its padding. Throws base64url_invalid as `decodeBase64url`.
 */
export function decodeBase64(text: string, what = "segment"): Bytes {
  const bare = text.replace(/={1,2}$/, "");
  if (text.length % 4 !== 0 || text.length - bare.length !== (4 - (bare.length % 4)) % 4) throw invalid(what);
  return decodeWith(STANDARD, bare, what);
}

function encodeWith({ letters }: Alphabet, bytes: Uint8Array): string {
  const text = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
  let held = 0;
  let bits = 0;
  let filled = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 6; filled += 1) {
      bits -= 6;
      text[filled] = letters.charCodeAt((held >> bits) & 63);
    }
  }
  if (bits > 0) text[filled] = letters.charCodeAt((held << (6 - bits)) & 63);
  return latin1Text(text);
}

function decodeWith({ values }: Alphabet, text: string, what: string): Bytes {
  if (text.length % 4 === 1) throw invalid(what);
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let held = 0;
  let bits = 0;
  let filled = 0;
  for (let at = 0; at < text.length; at += 1) {
    const value = values[text.charCodeAt(at)] ?? NO_LETTER;
    if (value === NO_LETTER) throw invalid(what);
    held = ((held << 6) | value) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[filled] = held >> bits;
    filled += 1;
  }
  if ((held & ((1 << bits) - 1)) !== 0) throw malformed("base64url_invalid", { what }, "RFC 4648 §3.5");
  return bytes;
}

function invalid(what: string): Error {
  return malformed("base64url_invalid", { what }, "RFC 7515 §2");
}
