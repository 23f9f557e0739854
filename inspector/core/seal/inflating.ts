/**
 * One zlib stream, read to its last bit: nothing in a seal is read by nobody.
 *
 * The platform's own inflater says neither what stands behind a stream nor which bits of its last byte are idle.
 * A seal is small; this one is written for that. RFC 1950, RFC 1951.
 */

import { malformed } from "../errors.ts";
import type { Bytes } from "../encoding/bytes.ts";

const SPEC = "Seal §2";
const CHECKSUM_BYTES = 4;
const END_OF_BLOCK = 256;
const MOST_BITS = 15;
const MAX_LITERAL_CODES = 286;
const MAX_DISTANCE_CODES = 30;
const ORDER_OF_LENGTHS = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LENGTH_FROM = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
  258,
];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_FROM = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577,
];
const DISTANCE_BITS = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];

/**
 * Return what one zlib stream holds, `limit` bytes at most, with nothing behind it and no idle bit set.
 *
 * Input is unverified. Throws seal_malformed (compression, trailing, padding), limit_exceeded.
 */
export function inflateStrictly(stream: Bytes, limit: number): Bytes {
  const inflater = new Inflater(stream, limit);
  inflater.blocks();
  inflater.checkEnd();
  return inflater.content;
}

interface Codes {
  /** How many codes there are of each length. */
  readonly counts: readonly number[];
  /** The symbols in the order of their codes. */
  readonly symbols: readonly number[];
}

class Inflater {
  readonly #stream: Bytes;
  readonly #limit: number;
  readonly #out: Uint8Array<ArrayBuffer>;
  #size = 0;
  #at = 2;
  #held = 0;
  #bits = 0;
  #idleBits = 0;

  constructor(stream: Bytes, limit: number) {
    const [method = 0, flags = 0] = stream;
    const isZlib = stream.length >= 2 && (method & 15) === 8 && method >> 4 <= 7 && (flags & 32) === 0;
    if (!isZlib || (method * 256 + flags) % 31 !== 0) throw broken("compression");
    this.#stream = stream;
    this.#limit = limit;
    this.#out = new Uint8Array(limit);
  }

  get content(): Bytes {
    return this.#out.slice(0, this.#size);
  }

  blocks(): void {
    for (let isLast = false; !isLast; ) {
      isLast = this.#take(1) === 1;
      const type = this.#take(2);
      if (type === 0) this.#stored();
      else if (type === 1) this.#compressed(FIXED_LITERALS, FIXED_DISTANCES);
      else if (type === 2) this.#compressed(...this.#ownCodes());
      else throw broken("compression");
    }
  }

  /** Require the checksum, nothing behind it, and no bit set that no block reads. */
  checkEnd(): void {
    const rest = this.#stream.subarray(this.#at);
    if (rest.length < CHECKSUM_BYTES || bigEndian(rest) !== adler32(this.#out.subarray(0, this.#size))) {
      throw broken("compression");
    }
    if (rest.length > CHECKSUM_BYTES) throw broken("trailing");
    if ((this.#idleBits | this.#held) !== 0) throw broken("padding");
  }

  #take(count: number): number {
    while (this.#bits < count) {
      const byte = this.#stream[this.#at];
      if (byte === undefined) throw broken("compression");
      this.#held |= byte << this.#bits;
      this.#at += 1;
      this.#bits += 8;
    }
    const taken = this.#held & ((1 << count) - 1);
    this.#held >>>= count;
    this.#bits -= count;
    return taken;
  }

  #put(byte: number): void {
    if (this.#size >= this.#limit)
      throw malformed("limit_exceeded", { what: "seal", limit: this.#limit }, "Seal §2");
    this.#out[this.#size] = byte;
    this.#size += 1;
  }

  #stored(): void {
    this.#idleBits |= this.#held;
    this.#held = 0;
    this.#bits = 0;
    const length = this.#take(16);
    if (length !== (this.#take(16) ^ 0xffff)) throw broken("compression");
    for (let byte = 0; byte < length; byte += 1) this.#put(this.#take(8));
  }

  #compressed(literals: Codes, distances: Codes): void {
    for (;;) {
      const symbol = this.#symbol(literals);
      if (symbol === END_OF_BLOCK) return;
      if (symbol < END_OF_BLOCK) this.#put(symbol);
      else this.#copy(symbol - END_OF_BLOCK - 1, distances);
    }
  }

  #copy(code: number, distances: Codes): void {
    const length = this.#amount(code, LENGTH_FROM, LENGTH_BITS);
    const distance = this.#amount(this.#symbol(distances), DISTANCE_FROM, DISTANCE_BITS);
    if (distance > this.#size) throw broken("compression");
    for (let byte = 0; byte < length; byte += 1) this.#put(this.#out[this.#size - distance] ?? 0);
  }

  #amount(code: number, from: readonly number[], bits: readonly number[]): number {
    const least = from[code];
    if (least === undefined) throw broken("compression");
    return least + this.#take(bits[code] ?? 0);
  }

  #symbol({ counts, symbols }: Codes): number {
    let [code, first, index] = [0, 0, 0];
    for (let length = 1; length <= MOST_BITS; length += 1) {
      code |= this.#take(1);
      const count = counts[length] ?? 0;
      if (code - first < count) return symbols[index + code - first] ?? 0;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw broken("compression");
  }

  /** Read the codes of a block that brings its own. RFC 1951 §3.2.7. */
  #ownCodes(): [Codes, Codes] {
    const [literals, distances, lengths] = [this.#take(5) + 257, this.#take(5) + 1, this.#take(4) + 4];
    if (literals > MAX_LITERAL_CODES || distances > MAX_DISTANCE_CODES) throw broken("compression");
    const ofLengths = new Array<number>(ORDER_OF_LENGTHS.length).fill(0);
    for (const place of ORDER_OF_LENGTHS.slice(0, lengths)) ofLengths[place] = this.#take(3);
    const all = this.#lengthsBy(codesOf(ofLengths, false), literals + distances);
    if (all[END_OF_BLOCK] === 0) throw broken("compression");
    return [codesOf(all.slice(0, literals), true), codesOf(all.slice(literals), true)];
  }

  #lengthsBy(codes: Codes, count: number): readonly number[] {
    const all: number[] = [];
    while (all.length < count) {
      const symbol = this.#symbol(codes);
      if (symbol < 16) all.push(symbol);
      else {
        const previous = symbol === 16 ? all.at(-1) : 0;
        const times = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
        if (previous === undefined || all.length + times > count) throw broken("compression");
        all.push(...new Array<number>(times).fill(previous));
      }
    }
    return all;
  }
}

/**
 * Return the codes of lengths; a set that leaves codes unused has to be of one code of one bit. RFC 1951 §3.2.2.
 */
function codesOf(lengths: readonly number[], mayBeSingle: boolean): Codes {
  const counts = new Array<number>(MOST_BITS + 1).fill(0);
  for (const length of lengths) if (length > 0) counts[length] = (counts[length] ?? 0) + 1;
  let left = 1;
  for (const count of counts.slice(1)) {
    left = 2 * left - count;
    if (left < 0) throw broken("compression");
  }
  const longest = counts.findLastIndex((count) => count > 0);
  const isEmpty = longest < 1;
  if (left > 0 && !(mayBeSingle && (isEmpty || longest === 1))) throw broken("compression");
  const symbols = lengths.flatMap((length, symbol) => (length > 0 ? [[length, symbol] as const] : []));
  return { counts, symbols: symbols.toSorted(([one], [other]) => one - other).map(([, symbol]) => symbol) };
}

const FIXED_LITERALS = codesOf(
  Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
  false,
);
const FIXED_DISTANCES = codesOf(new Array<number>(32).fill(5), false);

function bigEndian(bytes: Uint8Array): number {
  return bytes.subarray(0, CHECKSUM_BYTES).reduce((sum, byte) => sum * 256 + byte, 0);
}

function adler32(bytes: Uint8Array): number {
  let [low, high] = [1, 0];
  for (const byte of bytes) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return high * 65_536 + low;
}

function broken(reason: string): Error {
  return malformed("seal_malformed", { reason }, SPEC);
}
