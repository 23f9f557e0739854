/** Base45, strictly: the letters of alphanumeric QR codes, one text for each byte string. RFC 9285. */

import { malformed } from "../errors.ts";
import type { Bytes } from "./bytes.ts";

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

export function encodeBase45(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = at + 1 < bytes.length;
    let value = pair ? (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0) : (bytes[at] ?? 0);
    for (let letter = 0; letter < (pair ? 3 : 2); letter += 1) {
      text += LETTERS[value % 45];
      value = Math.floor(value / 45);
    }
  }
  return text;
}

/**
 * Return the bytes of Base45 text: upper case only, nothing passed over, no value that bytes cannot have.
 *
 * Input is unverified. Throws base45_invalid (reason: character, length, overflow). RFC 9285 §4, §6.
 */
export function decodeBase45(text: string): Bytes {
  const values = Array.from(text, (letter) => LETTERS.indexOf(letter));
  if (values.includes(-1)) throw invalid("character");
  if (values.length % 3 === 1) throw invalid("length");
  const bytes = new Uint8Array(Math.floor((values.length * 2) / 3));
  for (let at = 0, filled = 0; at < values.length; at += 3) {
    const [first = 0, second = 0, third] = values.slice(at, at + 3);
    const number = first + 45 * second + 2025 * (third ?? 0);
    if (number >= (third === undefined ? 256 : 65_536)) throw invalid("overflow");
    if (third !== undefined) bytes[filled++] = number >> 8;
    bytes[filled++] = number & 0xff;
  }
  return bytes;
}

function invalid(reason: string): Error {
  return malformed("base45_invalid", { reason }, "RFC 9285 §6");
}
