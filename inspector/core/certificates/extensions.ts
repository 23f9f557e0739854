/** The extensions of a certificate that path validation reads, each in its one form. RFC 5280 §4.2. */

import type { Bytes } from "../encoding/bytes.ts";
import * as der from "./der.ts";
import { type Element, NotDer } from "./der.ts";
import { type GeneralName, generalName } from "./names.ts";

export const AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1";
export const SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
export const KEY_USAGE = "2.5.29.15";
export const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
export const BASIC_CONSTRAINTS = "2.5.29.19";
export const NAME_CONSTRAINTS = "2.5.29.30";
export const CERTIFICATE_POLICIES = "2.5.29.32";
export const AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
export const POLICY_CONSTRAINTS = "2.5.29.36";
export const EXTENDED_KEY_USAGE_OID = "2.5.29.37";

export interface BasicConstraints {
  readonly isAuthority: boolean;
  readonly pathLength: bigint | null;
}

export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly contentCommitment: boolean;
  readonly keyCertSign: boolean;
}

/** The names that certificates below may, and may not, carry; at least one of both lists has a name in it. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

export interface AuthorityKeyIdentifier {
  readonly hasKeyIdentifier: boolean;
  readonly namesCertificate: boolean;
}

/** What is read of the extensions of one certificate; null for one that it does not have. */
export interface Extensions {
  /** Whether each extension that is there, by its object identifier, is critical. */
  readonly critical: ReadonlyMap<string, boolean>;
  readonly basicConstraints: BasicConstraints | null;
  readonly keyUsage: KeyUsage | null;
  readonly extendedKeyUsage: ReadonlySet<string> | null;
  readonly alternativeNames: readonly GeneralName[];
  readonly nameConstraints: NameConstraints | null;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | null;
}

/** Return the extensions of a certificate, `list` being the sequence of them. Throws NotDer. */
export function extensionsOf(list: Element | undefined): Extensions {
  const critical = new Map<string, boolean>();
  const values = new Map<string, Bytes>();
  for (const element of list === undefined ? [] : der.members(list).rest()) {
    const { oid, isCritical, value } = extension(element);
    if (critical.has(oid)) throw new NotDer("extension twice");
    critical.set(oid, isCritical);
    values.set(oid, value);
  }
  const read = <Value>(oid: string, reader: (value: Bytes) => Value): Value | null => {
    const value = values.get(oid);
    return value === undefined ? null : reader(value);
  };
  read(SUBJECT_KEY_IDENTIFIER, (value) => der.only(value, der.OCTET_STRING));
  return {
    critical,
    basicConstraints: read(BASIC_CONSTRAINTS, basicConstraints),
    keyUsage: read(KEY_USAGE, keyUsage),
    extendedKeyUsage: read(EXTENDED_KEY_USAGE_OID, extendedKeyUsage),
    alternativeNames: read(SUBJECT_ALTERNATIVE_NAME, alternativeNames) ?? [],
    nameConstraints: read(NAME_CONSTRAINTS, nameConstraints),
    authorityKeyIdentifier: read(AUTHORITY_KEY_IDENTIFIER, authorityKeyIdentifier),
  };
}

interface Extension {
  readonly oid: string;
  readonly isCritical: boolean;
  readonly value: Bytes;
}

function extension(element: Element): Extension {
  if (element.tag !== der.SEQUENCE) throw new NotDer("extension");
  const inside = der.members(element);
  const oid = der.objectIdentifier(inside.next(der.OBJECT_IDENTIFIER));
  const isCritical = unlessDefault(inside);
  const value = inside.next(der.OCTET_STRING).content;
  inside.end();
  return { oid, isCritical, value };
}

/** Return a truth value that is left out when it is false. */
function unlessDefault(inside: der.Elements): boolean {
  const element = inside.optional(der.BOOLEAN);
  if (element !== undefined && !der.boolean(element)) throw new NotDer("default written out");
  return element !== undefined;
}

function basicConstraints(value: Bytes): BasicConstraints {
  const inside = der.members(der.only(value, der.SEQUENCE));
  const isAuthority = unlessDefault(inside);
  const length = inside.optional(der.INTEGER);
  inside.end();
  const pathLength = length === undefined ? null : der.integer(length);
  if (pathLength !== null && (!isAuthority || pathLength < 0n)) throw new NotDer("path length");
  return { isAuthority, pathLength };
}

function keyUsage(value: Bytes): KeyUsage {
  const named = der.bits(der.only(value, der.BIT_STRING));
  return {
    digitalSignature: named[0] ?? false,
    contentCommitment: named[1] ?? false,
    keyCertSign: named[5] ?? false,
  };
}

function extendedKeyUsage(value: Bytes): ReadonlySet<string> {
  const usages = der.members(der.only(value, der.SEQUENCE)).rest();
  if (!usages.every(({ tag }) => tag === der.OBJECT_IDENTIFIER)) throw new NotDer("extended key usage");
  return new Set(usages.map(der.objectIdentifier));
}

function alternativeNames(value: Bytes): readonly GeneralName[] {
  const names = der.members(der.only(value, der.SEQUENCE)).rest().map(generalName);
  if (names.some(({ kind, bytes }) => kind === "ip" && bytes.length !== 4 && bytes.length !== 16)) {
    throw new NotDer("address");
  }
  return names;
}

function nameConstraints(value: Bytes): NameConstraints {
  const inside = der.members(der.only(value, der.SEQUENCE));
  const permitted = inside.optional(der.context(0, { constructed: true }));
  const excluded = inside.optional(der.context(1, { constructed: true }));
  inside.end();
  if (permitted === undefined && excluded === undefined) throw new NotDer("name constraints");
  return { permitted: subtrees(permitted), excluded: subtrees(excluded) };
}

function subtrees(element: Element | undefined): readonly GeneralName[] {
  if (element === undefined) return [];
  const trees = der.members(element).rest();
  if (trees.length === 0) throw new NotDer("name constraints");
  return trees.map((tree) => {
    const name = generalName(der.members(tree).any());
    if (tree.tag !== der.SEQUENCE || (name.kind === "dns" && name.text.includes("*"))) throw new NotDer("subtree");
    if (name.kind === "ip" && name.bytes.length !== 8 && name.bytes.length !== 32) throw new NotDer("network");
    return name;
  });
}

function authorityKeyIdentifier(value: Bytes): AuthorityKeyIdentifier {
  const inside = der.members(der.only(value, der.SEQUENCE));
  const identifier = inside.optional(der.context(0, { constructed: false }));
  const issuer = inside.optional(der.context(1, { constructed: true }));
  const serial = inside.optional(der.context(2, { constructed: false }));
  inside.end();
  if ((issuer === undefined) !== (serial === undefined)) throw new NotDer("authority key identifier");
  return { hasKeyIdentifier: identifier !== undefined, namesCertificate: issuer !== undefined };
}
