/**
 * JSON with exactly one reading: what two parsers could understand differently is refused.
 *
 * Valid UTF-8 without a byte order mark, no duplicate members at any depth, no lone surrogates, integers in
 * [-2^63, 2^64 - 1], finite floats, no negative zero, bounded size and depth. RFC 8259, RFC 7493.
 *
 * An integer is a number, or a bigint where a number would not be exact; what is written with a fraction or an
 * exponent is a `JsonFloat`, so that nothing takes 1.0 for 1. Objects have no prototype.
 */

import { malformed } from "../errors.ts";
import { utf8, utf8Text } from "./bytes.ts";

export class JsonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  toJSON(): number {
    return this.value;
  }
}

export type Json = null | boolean | number | bigint | string | JsonFloat | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [member: string]: Json;
}

export const MAX_BYTES = 256 * 1024;
export const MAX_DEPTH = 32;

export interface JsonOptions {
  /** How the text is named in a refusal. */
  readonly what: string;
  readonly maxBytes?: number;
  readonly maxDepth?: number;
}

/**
 * Return the value of strict JSON. Input is unverified.
 *
 * Throws json_malformed (reason: encoding, syntax, duplicate_member, number) and limit_exceeded.
 */
export function loads(raw: Uint8Array | string, options: JsonOptions): Json {
  const { what, maxBytes = MAX_BYTES, maxDepth = MAX_DEPTH } = options;
  if (typeof raw === "string" && !raw.isWellFormed()) throw refusal(what, "encoding", "RFC 8259 §8.1");
  const encoded = typeof raw === "string" ? utf8(raw) : raw;
  if (encoded.length > maxBytes) throw malformed("limit_exceeded", { what, limit: maxBytes });
  checkDepth(encoded, what, maxDepth);
  return new Reading(textOf(encoded, what), what).whole();
}

/** Return the members of a strict JSON object. Throws as `loads`, and json_malformed (reason not_object). */
export function loadsObject(raw: Uint8Array | string, options: JsonOptions): JsonObject {
  const value = loads(raw, options);
  if (!isObject(value)) throw refusal(options.what, "not_object", "RFC 8259 §4");
  return value;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof JsonFloat);
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether a value is a whole number that JavaScript holds exactly; texts, truth values and 1.0 are none. */
export function isInteger(value: Json | undefined): value is number {
  return typeof value === "number";
}

/** Whether an object has exactly these members. */
export function hasExactly(value: JsonObject, members: ReadonlySet<string>): boolean {
  const names = Object.keys(value);
  return names.length === members.size && names.every((name) => members.has(name));
}

function textOf(encoded: Uint8Array, what: string): string {
  try {
    return utf8Text(encoded);
  } catch {
    throw refusal(what, "syntax", "RFC 8259 §2");
  }
}

function refusal(what: string, reason: string, spec: string): Error {
  return malformed("json_malformed", { what, reason }, spec);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Refuse too many brackets in each other before anything is parsed, whatever stands between them. */
function checkDepth(encoded: Uint8Array, what: string, maxDepth: number): void {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < encoded.length; at += 1) {
    const byte = encoded[at] ?? 0;
    if (inText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inText = false;
      continue;
    }
    if (byte === QUOTE) inText = true;
    else if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) depth -= 1;
    if (depth > maxDepth) throw malformed("limit_exceeded", { what, limit: maxDepth });
  }
}

const WHITE_SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y;
const WORDS: readonly (readonly [string, Json])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

const SMALLEST_INTEGER = -(2n ** 63n);
const LARGEST_INTEGER = 2n ** 64n - 1n;
const LONGEST_INTEGER = 20;

/**
 * Goes once over the text. A fault of syntax is told at once, a second reading only when the syntax is in order.
 */
class Reading {
  readonly #text: string;
  readonly #what: string;
  #at = 0;
  #secondReading = "";

  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
  }

  whole(): Json {
    const value = this.#value();
    if (this.#at !== this.#text.length) throw this.#syntax();
    if (this.#secondReading !== "") throw refusal(this.#what, this.#secondReading, "RFC 7493 §2");
    return value;
  }

  #syntax(): Error {
    return refusal(this.#what, "syntax", "RFC 8259 §2");
  }

  /** Remember the first fault that a lenient parser would not see. */
  #fault(reason: string): void {
    this.#secondReading ||= reason;
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #takes(letter: string): boolean {
    if (this.#text[this.#at] !== letter) return false;
    this.#at += 1;
    return true;
  }

  #value(): Json {
    this.#skip(WHITE_SPACE);
    const letter = this.#text[this.#at];
    const value = this.#takes("{") ? this.#object() : this.#takes("[") ? this.#array() : this.#scalar(letter);
    this.#skip(WHITE_SPACE);
    return value;
  }

  #scalar(letter: string | undefined): Json {
    if (letter === '"') return this.#string();
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#number();
  }

  #object(): JsonObject {
    const members = Object.create(null) as Record<string, Json>;
    let repeated = false;
    this.#skip(WHITE_SPACE);
    if (this.#takes("}")) return members;
    do {
      this.#skip(WHITE_SPACE);
      const name = this.#string();
      this.#skip(WHITE_SPACE);
      if (!this.#takes(":")) throw this.#syntax();
      repeated ||= name in members;
      members[name] = this.#value();
    } while (this.#takes(","));
    if (!this.#takes("}")) throw this.#syntax();
    if (repeated) this.#fault("duplicate_member");
    return members;
  }

  #array(): readonly Json[] {
    const items: Json[] = [];
    this.#skip(WHITE_SPACE);
    if (this.#takes("]")) return items;
    do items.push(this.#value());
    while (this.#takes(","));
    if (!this.#takes("]")) throw this.#syntax();
    return items;
  }

  #string(): string {
    if (!this.#takes('"')) throw this.#syntax();
    let text = this.#skip(PLAIN_TEXT);
    while (!this.#takes('"')) {
      if (!this.#takes("\\")) throw this.#syntax();
      text += this.#escape() + this.#skip(PLAIN_TEXT);
    }
    if (!text.isWellFormed()) throw this.#syntax();
    return text;
  }

  #escape(): string {
    const letter = this.#text[this.#at] ?? "";
    this.#at += 1;
    if (letter !== "u") {
      const meant = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
      if (meant === undefined) throw this.#syntax();
      return meant;
    }
    const digits = this.#text.slice(this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#syntax();
    this.#at += 4;
    return String.fromCharCode(parseInt(digits, 16));
  }

  #number(): Json {
    const text = this.#skip(NUMBER);
    const rough = Number(text);
    if (text === "" || !Number.isFinite(rough)) throw this.#syntax();
    if (/[.eE]/.test(text)) {
      if (Object.is(rough, -0)) this.#fault("number");
      return new JsonFloat(rough);
    }
    return this.#integer(text, rough);
  }

  #integer(text: string, rough: number): Json {
    if (text === "-0" || text.length > LONGEST_INTEGER) {
      this.#fault("number");
      return rough;
    }
    if (Number.isSafeInteger(rough)) return rough;
    const exact = BigInt(text);
    if (exact < SMALLEST_INTEGER || exact > LARGEST_INTEGER) this.#fault("number");
    return exact;
  }
}
