/**
 * Names in certificates: who is named (distinguished names) and under what else (general names). RFC 5280
 * §4.1.2.4.
 */

import { type Bytes, equalBytes } from "../encoding/bytes.ts";
import * as der from "./der.ts";
import { type Element, NotDer } from "./der.ts";

export const COUNTRY_NAME = "2.5.4.6";
/** Carries the institution's identifier. ITU-T X.520 §6.4.4, ETSI EN 319 412-1 §5.1.4. */
export const ORGANIZATION_IDENTIFIER = "2.5.4.97";
const UNIQUE_IDENTIFIER = "2.5.4.45";

const UNIVERSAL_STRING = 0x1c;
const BMP_STRING = 0x1e;
const PRINTABLE_STRING = 0x13;
/** Octets, UTF8, numeric, printable, T61, IA5, UTCTime, GeneralizedTime, visible. */
const TEXTS: ReadonlySet<number> = new Set([0x04, 0x0c, 0x12, PRINTABLE_STRING, 0x14, 0x16, 0x17, 0x18, 0x1a]);
const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

export interface Attribute {
  readonly oid: string;
  readonly value: string;
}

/** A distinguished name: its encoding, and its parts in order, each a set of attributes. */
export interface DistinguishedName {
  readonly encoded: Bytes;
  readonly parts: readonly (readonly Attribute[])[];
}

export function distinguishedName(element: Element): DistinguishedName {
  return { encoded: element.encoded, parts: der.members(element).rest().map(relativeName) };
}

/** Whether two names say the same, in whatever type of string. */
export function sayTheSame(one: DistinguishedName, other: DistinguishedName): boolean {
  return spelt(one) === spelt(other);
}

/** Return every value of an attribute, in order. */
export function valuesOf(name: DistinguishedName, oid: string): readonly string[] {
  return name.parts
    .flat()
    .filter((each) => each.oid === oid)
    .map((each) => each.value);
}

function spelt(name: DistinguishedName): string {
  return JSON.stringify(name.parts.map((part) => part.map(({ oid, value }) => `${oid}=${value}`).sort()));
}

function relativeName(element: Element): readonly Attribute[] {
  if (element.tag !== der.SET || element.content.length === 0) throw new NotDer("name part");
  const elements = der.members(element).rest();
  elements.slice(1).forEach((each, at) => requireOrder(elements[at], each));
  const attributes = elements.map(attribute);
  if (new Set(attributes.map(({ oid, value }) => `${oid}=${value}`)).size !== attributes.length) {
    throw new NotDer("attribute twice");
  }
  return attributes;
}

/** Require the ascending order of a set's encodings. ITU-T X.690 §11.6. */
function requireOrder(before: Element | undefined, after: Element): void {
  const [one, other] = [before?.encoded ?? new Uint8Array(), after.encoded];
  const at = one.findIndex((byte, place) => byte !== other[place]);
  if (at >= 0 && (one[at] ?? 0) > (other[at] ?? -1)) throw new NotDer("set out of order");
}

function attribute(element: Element): Attribute {
  if (element.tag !== der.SEQUENCE) throw new NotDer("attribute");
  const inside = der.members(element);
  const oid = der.objectIdentifier(inside.next(der.OBJECT_IDENTIFIER));
  const value = inside.any();
  inside.end();
  return { oid, value: attributeText(oid, value) };
}

function attributeText(oid: string, value: Element): string {
  if (value.tag === PRINTABLE_STRING && !PRINTABLE.test(der.text(value))) throw new NotDer("printable text");
  if (TEXTS.has(value.tag)) return der.text(value);
  if (value.tag === BMP_STRING) return decoded("utf-16be", value.content);
  if (value.tag === UNIVERSAL_STRING) return utf32Text(value.content);
  if (value.tag === der.BIT_STRING && oid === UNIQUE_IDENTIFIER) return der.wholeBytes(value).join();
  throw new NotDer("attribute value");
}

function decoded(encoding: string, content: Bytes): string {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new NotDer("text");
  }
}

function utf32Text(content: Bytes): string {
  if (content.length % 4 !== 0) throw new NotDer("text");
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const letters = Array.from({ length: content.length / 4 }, (_, at) => view.getUint32(at * 4));
  if (letters.some((letter) => letter > 0x10ffff || (letter >= 0xd800 && letter < 0xe000)))
    throw new NotDer("text");
  return String.fromCodePoint(...letters);
}

export type NameKind = "other" | "mail" | "dns" | "directory" | "uri" | "ip" | "registered";

/**
 * A general name: its text for mail, DNS and URI, its bytes for an IP address or network, nothing for the others.
 */
export interface GeneralName {
  readonly kind: NameKind;
  readonly text: string;
  readonly bytes: Bytes;
}

const NO_BYTES: Bytes = new Uint8Array();

/** Return a general name; the forms that nobody uses (X.400, EDI) are refused. RFC 5280 §4.2.1.6. */
export function generalName(element: Element): GeneralName {
  const { content } = element;
  switch (element.tag) {
    case der.context(0, { constructed: true }):
      return { kind: "other", text: "", bytes: otherName(element) };
    case der.context(1, { constructed: false }):
      return { kind: "mail", text: der.text(element), bytes: NO_BYTES };
    case der.context(2, { constructed: false }):
      return { kind: "dns", text: der.text(element), bytes: NO_BYTES };
    case der.context(4, { constructed: true }):
      return { kind: "directory", text: "", bytes: distinguishedName(der.only(content, der.SEQUENCE)).encoded };
    case der.context(6, { constructed: false }):
      return { kind: "uri", text: der.text(element), bytes: NO_BYTES };
    case der.context(7, { constructed: false }):
      return { kind: "ip", text: "", bytes: content };
    case der.context(8, { constructed: false }):
      return { kind: "registered", text: der.objectIdentifier(element), bytes: NO_BYTES };
    default:
      throw new NotDer("general name");
  }
}

function otherName(element: Element): Bytes {
  const inside = der.members(element);
  inside.next(der.OBJECT_IDENTIFIER);
  const value = inside.next(der.context(0, { constructed: true }));
  inside.end();
  const wrapped = der.members(value);
  wrapped.any();
  wrapped.end();
  return element.encoded;
}

export function sameName(one: DistinguishedName, other: DistinguishedName): boolean {
  return equalBytes(one.encoded, other.encoded);
}
