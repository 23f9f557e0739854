/** Byte strings: joined, compared, and turned into text and back. */

/** Bytes that WebCrypto takes: never over shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;

const UTF8_WRITER = new TextEncoder();
const UTF8_READER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Bytes {
  return UTF8_WRITER.encode(text);
}

/** Return the text of bytes, a byte order mark kept. Throws TypeError for what is not UTF-8. */
export function utf8Text(bytes: Uint8Array): string {
  return UTF8_READER.decode(bytes);
}

/** Return one letter for each byte: a text that two byte strings share only when they are equal. */
export function latin1Text(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

export function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

export function isAsciiText(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text);
}

export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export function startsWithBytes(whole: Uint8Array, beginning: Uint8Array): boolean {
  return whole.length >= beginning.length && beginning.every((byte, at) => byte === whole[at]);
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return the whole number that bytes, the most significant first, stand for. */
export function bigEndian(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${hex(bytes)}`);
}

/** Return a number as that many bytes, the most significant first; for our own numbers, which fit. */
export function toBigEndian(value: bigint, size: number): Bytes {
  return Uint8Array.from(
    value
      .toString(16)
      .padStart(2 * size, "0")
      .match(/../g) ?? [],
    (pair) => parseInt(pair, 16),
  );
}
