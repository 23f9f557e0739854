/**
 * The trust pack: one signed file with all that is needed to judge a credential where there is no network.
 *
 * A COSE_Sign1 message whose payload is zlib-compressed CBOR of a JSON text and the lists. The status and
 * withdrawal lists inside stay signed by their issuers and are believed anew by whoever judges from the pack.
 * docs/trust-pack.md.
 */

import * as coseSign1 from "../cose/cose_sign1.ts";
import type { CoseRole, UnverifiedCoseSign1 } from "../cose/cose_sign1.ts";
import { decodeBase64 } from "../encoding/base64url.ts";
import { type Bytes, isAscii, utf8Text } from "../encoding/bytes.ts";
import { InflatesBeyondLimit, NotOneStream, inflate } from "../encoding/inflate.ts";
import * as strictCbor from "../encoding/strict_cbor.ts";
import { type Cbor, isArray as isCborArray, isBytes } from "../encoding/strict_cbor.ts";
import * as strictJson from "../encoding/strict_json.ts";
import { type Json, type JsonObject, hasExactly, isArray, isInteger, isObject } from "../encoding/strict_json.ts";
import { CoreError, malformed, toldAs, untrusted } from "../errors.ts";
import { numericDate } from "../jose/numeric_date.ts";
import { trustFromJson } from "../trust/trust_file.ts";
import type { TrustStore, TrustedKey } from "../trust/trust_store.ts";

export const SPEC = "Trust pack";
export const CODE = "trust_pack_invalid";
const ROLE: CoseRole = { name: "trust_pack", typ: "application/trust-pack+cose", maxBytes: 8 * 1024 * 1024 };
const MAX_INFLATED = 10 * 1024 * 1024;
const MAX_LISTS = 512;
const MAX_TYPES = 64;
const MAX_SIGNERS = 1024;
const MAX_CHAIN = 4;
const MAX_SEQUENCE = Number.MAX_SAFE_INTEGER;
const MAX_LIFETIME_S = 31 * 86_400;
const MEMBERS: ReadonlySet<string> = new Set([
  "iss",
  "sequence",
  "as_of",
  "exp",
  "trust",
  "signer_certificates",
  "type_metadata",
  "status_lists",
  "withdrawal_lists",
]);
const LIST_MEMBERS: ReadonlySet<string> = new Set(["uri", "form", "resolved_at"]);

/** A signed list as it was fetched at `resolvedAt`; bytes are its CWT form. `uri` is that of the status list. */
export interface PackedList {
  readonly uri: string;
  readonly unverifiedToken: string | Bytes;
  readonly resolvedAt: number;
}

/** What an operator vouches for from `asOf` until before `exp` (epoch seconds), 31 days at most. */
export interface TrustPack {
  /** The institution whose certificate signs. */
  readonly operator: string;
  readonly sequence: number;
  readonly asOf: number;
  readonly exp: number;
  readonly trust: TrustStore;
  /** DER, leaf first, anchor left out: the chains of signers whose products carry no certificate. Unverified. */
  readonly signerChains: readonly (readonly Bytes[])[];
  /** Each document by `vct`, letter by letter as it is served. */
  readonly typeMetadata: ReadonlyMap<string, string>;
  readonly statusLists: readonly PackedList[];
  readonly withdrawalLists: readonly PackedList[];
}

/** A pack whose signature nobody has checked; the chain is DER, leaf first. */
export interface UnverifiedTrustPack {
  readonly unverifiedMessage: UnverifiedCoseSign1;
  readonly unverifiedChain: readonly Bytes[];
}

/**
 * Return the parts of a pack so that its chain can be judged; nothing in it is verified or inflated yet.
 *
 * Throws trust_pack_invalid with the inner code as reason, limit_exceeded.
 */
export function parseTrustPack(
  message: Bytes,
  options: { readonly allowedAlgs: ReadonlySet<string> },
): UnverifiedTrustPack {
  try {
    const unverifiedMessage = coseSign1.split(message, ROLE, options);
    return { unverifiedMessage, unverifiedChain: coseSign1.certificateChain(unverifiedMessage) };
  } catch (error) {
    throw toldAs(CODE, error);
  }
}

/**
 * Return the pack that a trusted operator signed; whether it is in force is for the caller to judge.
 *
 * Throws trust_pack_invalid with a reason, limit_exceeded.
 */
export async function verifyTrustPack(
  unverified: UnverifiedTrustPack,
  trusted: Pick<TrustedKey, "key" | "institutionId">,
): Promise<TrustPack> {
  try {
    // 1. the signature, before a byte is inflated
    const compressed = await coseSign1.verifiedPayload(unverified.unverifiedMessage, trusted.key);
    // 2. one zlib stream and nothing behind it, within bounds
    const content = await inflated(compressed);
    // 3. CBOR and JSON with one reading, and exactly the members that a pack has
    const pack = await packOf(content);
    // 4. the operator that it names is the one that signed
    if (pack.operator !== trusted.institutionId) throw invalid("operator_mismatch");
    return pack;
  } catch (error) {
    throw toldAs(CODE, error);
  }
}

async function inflated(compressed: Bytes): Promise<Bytes> {
  try {
    return await inflate(compressed, MAX_INFLATED);
  } catch (error) {
    if (error instanceof NotOneStream) throw invalid("compression");
    if (error instanceof InflatesBeyondLimit) throw beyond("trust pack", MAX_INFLATED);
    throw error;
  }
}

async function packOf(content: Bytes): Promise<TrustPack> {
  const entries = strictCbor.loadsMap(content, { what: "trust pack", maxBytes: MAX_INFLATED });
  const [text, tokens] = [entries.get("pack"), entries.get("tokens")];
  if (entries.size !== 2 || tokens === undefined || !isBytes(text)) throw invalid("content");
  const members = strictJson.loadsObject(text, { what: "trust pack", maxBytes: MAX_INFLATED });
  if (!hasExactly(members, MEMBERS)) throw invalid("members");
  const [statusLists, withdrawalLists] = listsOf(members, tokens);
  const pack = {
    operator: textOf(members["iss"], "iss"),
    sequence: sequenceOf(members["sequence"]),
    asOf: numericDate(members, "as_of"),
    exp: numericDate(members, "exp"),
    trust: await trustOf(members["trust"]),
    signerChains: arrayOf(members["signer_certificates"], "signers", MAX_SIGNERS).map(chainOf),
    typeMetadata: documentsOf(members["type_metadata"]),
    statusLists,
    withdrawalLists,
  };
  checkValues(pack);
  return pack;
}

/** Refuse values that no pack may have. */
function checkValues({ sequence, asOf, exp, statusLists, withdrawalLists }: TrustPack): void {
  if (sequence <= 0 || sequence > MAX_SEQUENCE) throw invalid("sequence");
  if (asOf >= exp) throw invalid("times");
  if (exp - asOf > MAX_LIFETIME_S) throw invalid("lifetime");
  for (const lists of [statusLists, withdrawalLists]) {
    if (new Set(lists.map(({ uri }) => uri)).size !== lists.length) throw invalid("list_twice");
    if (lists.some(({ resolvedAt }) => resolvedAt > asOf)) throw invalid("resolved_later");
  }
}

/** Return both kinds of lists; their tokens stand in one row, in the order in which they are named. */
function listsOf(members: JsonObject, unread: Cbor): readonly [readonly PackedList[], readonly PackedList[]] {
  const named = arrayOf(members["status_lists"], "status_lists", MAX_LISTS);
  const withdrawals = arrayOf(members["withdrawal_lists"], "withdrawal_lists", MAX_LISTS);
  if (!isCborArray(unread)) throw invalid("tokens");
  if (unread.length > 2 * MAX_LISTS) throw beyond("tokens", 2 * MAX_LISTS);
  if (unread.length !== named.length + withdrawals.length) throw invalid("tokens");
  const lists = [...named, ...withdrawals].map((each, at) => listOf(each, unread[at]));
  return [lists.slice(0, named.length), lists.slice(named.length)];
}

function listOf(value: Json, token: Cbor | undefined): PackedList {
  if (!isObject(value) || !hasExactly(value, LIST_MEMBERS)) throw invalid("list_members");
  const isCwt = value["form"] === "cwt";
  if (!(isCwt || value["form"] === "jwt") || !isBytes(token) || !(isCwt || isAscii(token)))
    throw invalid("list_form");
  const unverifiedToken = isCwt ? token : utf8Text(token);
  return { uri: textOf(value["uri"], "list_uri"), unverifiedToken, resolvedAt: numericDate(value, "resolved_at") };
}

async function trustOf(value: Json | undefined): Promise<TrustStore> {
  try {
    return await trustFromJson(value);
  } catch (error) {
    throw error instanceof CoreError && error.family === "misconfigured" ? invalid("trust") : error;
  }
}

function chainOf(value: Json): readonly Bytes[] {
  const chain = arrayOf(value, "signers", MAX_CHAIN);
  if (chain.length === 0) throw invalid("signers");
  return chain.map(certificateOf);
}

function certificateOf(value: Json): Bytes {
  try {
    return decodeBase64(textOf(value, "signers"));
  } catch (error) {
    throw error instanceof CoreError ? invalid("signers") : error;
  }
}

function documentsOf(value: Json | undefined): ReadonlyMap<string, string> {
  if (!isObject(value) || Object.keys(value).length > MAX_TYPES) throw invalid("type_metadata");
  return new Map(Object.entries(value).map(([vct, document]) => [vct, textOf(document, "type_metadata")]));
}

function arrayOf(value: Json | undefined, what: string, limit: number): readonly Json[] {
  if (!isArray(value)) throw invalid(what);
  if (value.length > limit) throw beyond(what, limit);
  return value;
}

function textOf(value: Json | undefined, what: string): string {
  if (typeof value !== "string" || value === "") throw invalid(what);
  return value;
}

function sequenceOf(value: Json | undefined): number {
  const sequence = typeof value === "bigint" ? Number(value) : value;
  if (!isInteger(sequence)) throw invalid("sequence");
  return sequence;
}

function beyond(what: string, limit: number): CoreError {
  return malformed("limit_exceeded", { what, limit }, SPEC);
}

function invalid(reason: string): CoreError {
  return untrusted(CODE, { reason }, SPEC);
}
