/**
 * CBOR with exactly one reading: the part of it that signed claims need, at a cost that its bytes bound.
 *
 * Whole numbers, byte and text strings, arrays, maps with keys of numbers or texts, false, true and null. Refused:
 * indefinite lengths, floats, other simple values, tags (but the one that a caller expects), duplicate keys, and
 * bytes after the end. The form is walked before anything is made of it. RFC 8949 §3, §5.
 *
 * A whole number is a number, or a bigint where a number would not be exact.
 */

import { malformed } from "../errors.ts";
import { type Bytes, concatBytes, toBigEndian, utf8, utf8Text } from "./bytes.ts";

export type CborKey = number | bigint | string;
export type CborMap = ReadonlyMap<CborKey, Cbor>;
export type Cbor = null | boolean | number | bigint | string | Bytes | readonly Cbor[] | CborMap;

export const MAX_BYTES = 256 * 1024;
export const MAX_DEPTH = 8;
export const MAX_ITEMS = 4096;
const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;
const SIMPLE = 7;
const KEYS: readonly number[] = [UNSIGNED, NEGATIVE, TEXT];
const SIMPLE_VALUES: ReadonlyMap<number, boolean | null> = new Map([
  [20, false],
  [21, true],
  [22, null],
]);
/** The argument of -2^63, the smallest number that is read; the largest is 2^64 - 1. */
const LARGEST_NEGATIVE = 2n ** 63n - 1n;

export interface CborOptions {
  /** How the bytes are named in a refusal. */
  readonly what: string;
  /** The tag that has to stand before the value; it is left out of it. */
  readonly tag?: number;
  readonly maxBytes?: number;
}

/**
 * Return the value of strict CBOR. Input is unverified.
 *
 * Throws cbor_malformed (reason: truncated, trailing, indefinite, reserved, type, tag, key, duplicate_key, number,
 * utf8) and limit_exceeded.
 */
export function loads(raw: Bytes, { what, tag, maxBytes = MAX_BYTES }: CborOptions): Cbor {
  if (raw.length > maxBytes) throw malformed("limit_exceeded", { what, limit: maxBytes });
  const walk = new Walk(raw, what);
  const start = tag === undefined ? 0 : walk.afterTag(tag);
  if (walk.afterItem(start, MAX_DEPTH) !== raw.length) throw walk.refusal("trailing");
  return new Making(walk, start).value();
}

/** Return the entries of a strict CBOR map. Throws as `loads`, and cbor_malformed (reason not_map). */
export function loadsMap(raw: Bytes, options: CborOptions): CborMap {
  const value = loads(raw, options);
  if (!isMap(value)) throw malformed("cbor_malformed", { what: options.what, reason: "not_map" }, "RFC 8949 §3.1");
  return value;
}

export function isMap(value: Cbor | undefined): value is CborMap {
  return value instanceof Map;
}

export function isBytes(value: Cbor | undefined): value is Bytes {
  return value instanceof Uint8Array;
}

export function isArray(value: Cbor | undefined): value is readonly Cbor[] {
  return Array.isArray(value);
}

interface Head {
  readonly major: number;
  readonly argument: number | bigint;
  readonly end: number;
}

/** Goes from head to head over encoded items, each counted, none made into a value. */
class Walk {
  readonly raw: Bytes;
  readonly #what: string;
  #items = 0;

  constructor(raw: Bytes, what: string) {
    this.raw = raw;
    this.#what = what;
  }

  refusal(reason: string): Error {
    return malformed("cbor_malformed", { what: this.#what, reason }, "RFC 8949 §3");
  }

  afterTag(tag: number): number {
    const { major, argument, end } = this.head(0);
    if (major !== TAG || argument !== tag) throw this.refusal("tag");
    return end;
  }

  /** Return where the item that begins at `at` ends. */
  afterItem(at: number, depth: number): number {
    this.#items += 1;
    if (depth < 0 || this.#items > MAX_ITEMS) {
      const limit = depth < 0 ? MAX_DEPTH : MAX_ITEMS;
      throw malformed("limit_exceeded", { what: this.#what, limit }, "RFC 8949 §5.1");
    }
    const { major, argument, end } = this.head(at);
    if (major === BYTES || major === TEXT) return this.#afterString(end, argument);
    if (major !== ARRAY && major !== MAP) return this.#afterPlain(major, argument, end);
    let next = end;
    for (let item = 0; item < argument; item += 1) {
      if (major === MAP) next = this.#afterKey(next, depth - 1);
      next = this.afterItem(next, depth - 1);
    }
    return next;
  }

  #afterKey(at: number, depth: number): number {
    if (!KEYS.includes(this.head(at).major)) throw this.refusal("key");
    return this.afterItem(at, depth);
  }

  #afterString(at: number, length: number | bigint): number {
    if (length > this.raw.length - at) throw this.refusal("truncated");
    return at + Number(length);
  }

  #afterPlain(major: number, argument: number | bigint, end: number): number {
    if (major === TAG) throw this.refusal("tag");
    if (major === NEGATIVE && argument > LARGEST_NEGATIVE) throw this.refusal("number");
    if (major === SIMPLE && !SIMPLE_VALUES.has(Number(argument))) throw this.refusal("type");
    return end;
  }

  /** Return major type and argument of the head at `at`, and where it ends. */
  head(at: number): Head {
    const first = this.raw[at];
    if (first === undefined) throw this.refusal("truncated");
    const major = first >> 5;
    const low = first & 31;
    if (low < 24) return { major, argument: low, end: at + 1 };
    if (low > 27) throw this.refusal(low === 31 ? "indefinite" : "reserved");
    if (major === SIMPLE) throw this.refusal("type"); // a float, or a simple value without a name
    const end = at + 1 + (1 << (low - 24));
    if (end > this.raw.length) throw this.refusal("truncated");
    return { major, argument: this.#argument(at + 1, end), end };
  }

  #argument(start: number, end: number): number | bigint {
    const view = new DataView(this.raw.buffer, this.raw.byteOffset + start, end - start);
    if (end - start === 8) return exact(view.getBigUint64(0));
    return end - start === 4 ? view.getUint32(0) : end - start === 2 ? view.getUint16(0) : view.getUint8(0);
  }
}

function exact(number: bigint): number | bigint {
  const rough = Number(number);
  return Number.isSafeInteger(rough) ? rough : number;
}

/** Makes values of bytes whose form was walked before. */
class Making {
  readonly #walk: Walk;
  #at: number;

  constructor(walk: Walk, at: number) {
    this.#walk = walk;
    this.#at = at;
  }

  value(): Cbor {
    const { major, argument, end } = this.#walk.head(this.#at);
    this.#at = end;
    if (major === BYTES) return this.#taken(argument).slice();
    if (major === TEXT) return this.#text(argument);
    if (major === ARRAY) return Array.from({ length: Number(argument) }, () => this.value());
    if (major === MAP) return this.#map(Number(argument));
    if (major === NEGATIVE) return exact(-1n - BigInt(argument));
    return major === UNSIGNED ? argument : (SIMPLE_VALUES.get(Number(argument)) ?? null);
  }

  #taken(length: number | bigint): Bytes {
    const start = this.#at;
    this.#at += Number(length);
    return this.#walk.raw.subarray(start, this.#at);
  }

  #text(length: number | bigint): string {
    try {
      return utf8Text(this.#taken(length));
    } catch {
      throw this.#walk.refusal("utf8");
    }
  }

  #map(entries: number): CborMap {
    const map = new Map<CborKey, Cbor>();
    for (let entry = 0; entry < entries; entry += 1) {
      const key = this.value() as CborKey; // the walk let no other kind of key pass
      if (map.has(key)) throw this.#walk.refusal("duplicate_key");
      map.set(key, this.value());
    }
    return map;
  }
}

/** Return the deterministic encoding of a value, under `tag` when one is named. RFC 8949 §4.2.3. */
export function dumps(value: Cbor, { tag }: { readonly tag?: number } = {}): Bytes {
  return tag === undefined ? encoded(value) : concatBytes(headOf(TAG, tag), encoded(value));
}

function encoded(value: Cbor): Bytes {
  if (typeof value === "number" || typeof value === "bigint") return numberOf(BigInt(value));
  if (typeof value === "string") return withHead(TEXT, utf8(value));
  if (isBytes(value)) return withHead(BYTES, value);
  if (isArray(value)) return concatBytes(headOf(ARRAY, value.length), ...value.map(encoded));
  if (isMap(value)) return mapOf(value);
  return Uint8Array.of((SIMPLE << 5) | (value === null ? 22 : value ? 21 : 20));
}

function mapOf(map: CborMap): Bytes {
  const entries = Array.from(map, ([key, value]) => [encoded(key), encoded(value)] as const);
  entries.sort(([one], [other]) => one.length - other.length || compared(one, other));
  return concatBytes(headOf(MAP, map.size), ...entries.flat());
}

function compared(one: Bytes, other: Bytes): number {
  const at = one.findIndex((byte, place) => byte !== other[place]);
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}

function numberOf(number: bigint): Bytes {
  return number < 0n ? headOf(NEGATIVE, -1n - number) : headOf(UNSIGNED, number);
}

function withHead(major: number, content: Bytes): Bytes {
  return concatBytes(headOf(major, content.length), content);
}

function headOf(major: number, argument: number | bigint): Bytes {
  if (argument < 24) return Uint8Array.of((major << 5) | Number(argument));
  const power = argument < 2 ** 8 ? 0 : argument < 2 ** 16 ? 1 : argument < 2 ** 32 ? 2 : 3;
  return concatBytes(Uint8Array.of((major << 5) | (24 + power)), toBigEndian(BigInt(argument), 1 << power));
}
