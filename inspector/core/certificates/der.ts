/**
 * DER, strictly: definite and minimal lengths, one form for each value, nothing behind the end.
 *
 * Whoever reads a structure names each of its members, so nothing is followed deeper than the structure goes.
 * Spec: ITU-T X.690 §10, §11.
 */

import { type Bytes, bigEndian, utf8Text } from "../encoding/bytes.ts";

/** Thrown for bytes that are not the one encoding of a value; callers tell it by their own codes. */
export class NotDer extends Error {}

export const BOOLEAN = 0x01;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;
export const OBJECT_IDENTIFIER = 0x06;
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;
export const SEQUENCE = 0x30;
export const SET = 0x31;
const LONGEST_LENGTH = 4;
/** A UUID makes an arc of 128 bits, and nothing makes a larger one. ITU-T X.667 §7. */
const LARGEST_ARC = 2n ** 128n - 1n;

/** One element: its tag byte, its content, and the whole of it as it is encoded. */
export interface Element {
  readonly tag: number;
  readonly content: Bytes;
  readonly encoded: Bytes;
}

/** The tag byte of a context-specific element. */
export function context(number: number, { constructed }: { readonly constructed: boolean }): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

/** Return the one element that bytes hold. Throws NotDer for another tag, and for bytes behind it. */
export function only(bytes: Bytes, tag: number): Element {
  const elements = new Elements(bytes);
  const element = elements.next(tag);
  elements.end();
  return element;
}

/** Goes from element to element through a content. */
export class Elements {
  readonly #bytes: Bytes;
  #at = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Return the next element, whatever it is. */
  any(): Element {
    const start = this.#at;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) throw new NotDer("tag number above 30");
    const length = this.#length();
    const content = this.#bytes.subarray(this.#at, this.#at + length);
    if (content.length !== length) throw new NotDer("truncated");
    this.#at += length;
    return { tag, content, encoded: this.#bytes.subarray(start, this.#at) };
  }

  /** Return the next element, which has to have this tag. */
  next(tag: number): Element {
    const element = this.any();
    if (element.tag !== tag) throw new NotDer("another tag");
    return element;
  }

  /** Return the next element when it has this tag; go nowhere otherwise. */
  optional(tag: number): Element | undefined {
    return this.#bytes[this.#at] === tag ? this.any() : undefined;
  }

  /** Return all elements that are left. */
  rest(): readonly Element[] {
    const elements: Element[] = [];
    while (!this.isAtEnd) elements.push(this.any());
    return elements;
  }

  /** Require that nothing is left. */
  end(): void {
    if (!this.isAtEnd) throw new NotDer("bytes behind the end");
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new NotDer("truncated");
    this.#at += 1;
    return byte;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const size = first & 0x7f;
    if (size === 0 || size > LONGEST_LENGTH) throw new NotDer("indefinite or oversized length");
    let length = 0;
    for (let place = 0; place < size; place += 1) {
      const byte = this.#byte();
      if (place === 0 && byte === 0) throw new NotDer("length not minimal");
      length = length * 256 + byte;
    }
    if (length < 0x80) throw new NotDer("length not minimal");
    return length;
  }
}

/** Return the members of a sequence element's content. */
export function members(element: Element): Elements {
  return new Elements(element.content);
}

export function boolean({ content }: Element): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new NotDer("truth value");
  return content[0] === 0xff;
}

/** Return a whole number, which may be negative. */
export function integer({ content }: Element): bigint {
  const [first, second = 0] = content;
  if (first === undefined) throw new NotDer("number without bytes");
  const repeatsSign = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
  if (content.length > 1 && repeatsSign) throw new NotDer("number not minimal");
  return BigInt.asIntN(content.length * 8, bigEndian(content));
}

/** Return how many bits of a bit string's last byte do not count; they are zero. */
export function idleBits({ content }: Element): number {
  const idle = content[0] ?? 8;
  const last = content.length > 1 ? (content.at(-1) ?? 0) : 0;
  if (idle > 7 || (content.length === 1 && idle > 0) || (last & ((1 << idle) - 1)) !== 0)
    throw new NotDer("idle bits");
  return idle;
}

/** Return the bytes of a bit string without idle bits. */
export function wholeBytes(element: Element): Bytes {
  if (idleBits(element) !== 0) throw new NotDer("idle bits");
  return element.content.subarray(1);
}

/** Return the bits of a bit string of named bits. */
export function bits(element: Element): readonly boolean[] {
  const idle = idleBits(element);
  const bytes = [...element.content.subarray(1)];
  const all = bytes.flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte & (0x80 >> bit)) !== 0));
  return all.slice(0, all.length - idle);
}

/** Return an object identifier as dotted numbers. */
export function objectIdentifier({ content }: Element): string {
  const arcs: bigint[] = [];
  let arc = 0n;
  let isNew = true;
  for (const byte of content) {
    if (isNew && byte === 0x80) throw new NotDer("arc not minimal");
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if (arc > LARGEST_ARC) throw new NotDer("arc beyond 128 bits");
    isNew = byte < 0x80;
    if (!isNew) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [first] = arcs;
  if (first === undefined || !isNew) throw new NotDer("object identifier");
  const top = first < 40n ? 0n : first < 80n ? 1n : 2n;
  return [top, first - 40n * top, ...arcs.slice(1)].join(".");
}

const UTC = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;
const GENERALIZED = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/**
 * Return the seconds since the epoch of a UTCTime or GeneralizedTime, to the second and in UTC. RFC 5280 §4.1.2.5.
 */
export function time(element: Element): number {
  const isShort = element.tag === UTC_TIME;
  const found = (isShort ? UTC : GENERALIZED).exec(text(element));
  if (found === null || !(isShort || element.tag === GENERALIZED_TIME)) throw new NotDer("time");
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number);
  const whole = isShort ? year + (year < 50 ? 2000 : 1900) : year;
  const date = new Date(0);
  date.setUTCFullYear(whole, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const isReal =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!isReal || whole === 0) throw new NotDer("time");
  return date.getTime() / 1000;
}

/** Return the UTF-8 text of an element. */
export function text({ content }: Element): string {
  try {
    return utf8Text(content);
  } catch {
    throw new NotDer("text");
  }
}
