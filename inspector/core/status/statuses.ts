/**
 * Token Status List content: one small number for each referenced token, packed and compressed.
 *
 * Statuses are packed least significant bit first, 1, 2, 4 or 8 bits each (draft-ietf-oauth-status-list-20 §4).
 */

import { decodeBase64url } from "../encoding/base64url.ts";
import type { Bytes } from "../encoding/bytes.ts";
import { InflatesBeyondLimit, NotOneStream, inflate } from "../encoding/inflate.ts";
import { type Json, type JsonObject, isObject } from "../encoding/strict_json.ts";
import { CoreError, malformed, untrusted } from "../errors.ts";

export const SPEC = "Token Status List";
export const MAX_INDEX = Number.MAX_SAFE_INTEGER;
const WIDTHS: readonly unknown[] = [1, 2, 4, 8];
const MAX_URI_CHARS = 2048;
/** Bytes that a list may inflate to: 16 million statuses of one bit. */
export const DEFAULT_MAX_INFLATED = 2 * 1024 * 1024;

/** The registered statuses; every other number is reserved or for one application. §7.1. */
export const VALID = 0;
export const INVALID = 1;
export const SUSPENDED = 2;

/** Where the status of a token stands: entry `idx` of the list published at `uri`. §6.2. */
export interface StatusReference {
  readonly uri: string;
  readonly idx: number;
}

/** Holds statuses of `bits` bits each, packed. */
export class StatusList {
  readonly bits: number;
  readonly packed: Bytes;

  /** Throws status_invalid (bits, list_empty). §4.1. */
  constructor(bits: number, packed: Bytes) {
    this.bits = requireWidth(bits);
    this.packed = packed;
    if (packed.length === 0) throw statusInvalid("list_empty", "§4.1");
  }

  /** The number of statuses held. */
  get capacity(): number {
    return Math.floor((this.packed.length * 8) / this.bits);
  }

  /** Return the status at `idx`. Throws status_invalid (index_form, index_out_of_range). §8.3. */
  get(idx: number): number {
    if (!isIndex(idx)) throw statusInvalid("index_form", "§6.2");
    const byte = idx < this.capacity ? this.packed[Math.floor((idx * this.bits) / 8)] : undefined;
    if (byte === undefined) throw statusInvalid("index_out_of_range", "§8.3");
    return (byte >> ((idx * this.bits) % 8)) & ((1 << this.bits) - 1);
  }
}

/**
 * Return the list that `bits` and the base64url text `lst` describe, inflating at most `maxInflated` bytes.
 *
 * Throws status_invalid (bits, lst_form, lst_compression, list_empty), limit_exceeded. §4.2.
 */
export async function decodeLst(lst: unknown, bits: unknown, maxInflated: number): Promise<StatusList> {
  return inflateLst(lstBytes(lst), bits, maxInflated);
}

/** Return the list that `bits` and the byte string `lst` describe. Throws as `decodeLst`. §4.3. */
export async function inflateLst(lst: unknown, bits: unknown, maxInflated: number): Promise<StatusList> {
  const width = requireWidth(bits);
  if (!(lst instanceof Uint8Array)) throw statusInvalid("lst_form", "§4.3");
  try {
    return new StatusList(width, await inflate(lst as Bytes, maxInflated));
  } catch (error) {
    if (error instanceof NotOneStream) throw statusInvalid("lst_compression", "§4.2");
    if (!(error instanceof InflatesBeyondLimit)) throw error;
    throw malformed("limit_exceeded", { what: "status list", limit: maxInflated }, `${SPEC} §4.2`);
  }
}

/**
 * Return the reference in the `status` claim; undefined only when there is no `status` claim at all.
 *
 * A claim that holds another mechanism only is refused: unknown is not valid. Throws status_invalid
 * (mechanism_unknown, reference_form, index_form, uri_form). §6.1, §6.2.
 */
export function statusReference(claims: JsonObject): StatusReference | undefined {
  if (!("status" in claims)) return undefined;
  const status = claims["status"];
  if (!isObject(status)) throw statusInvalid("reference_form", "§6.1");
  if (!("status_list" in status)) throw statusInvalid("mechanism_unknown", "§6.1");
  const reference = status["status_list"];
  if (!isObject(reference)) throw statusInvalid("reference_form", "§6.2");
  const uri = uriText(reference["uri"]);
  const { idx } = reference;
  if (!isIndex(idx)) throw statusInvalid("index_form", "§6.2");
  return { uri, idx };
}

/** Whether a value is a whole number from 0 to 2^53-1 (`true` and `1.0` are not). */
export function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Return a URI of printable ASCII and bounded length. Throws status_invalid (uri_form). */
export function uriText(value: Json | undefined): string {
  if (typeof value !== "string" || value.length > MAX_URI_CHARS || !/^[!-~]+$/.test(value)) {
    throw statusInvalid("uri_form", "§6.2");
  }
  return value;
}

function requireWidth(bits: unknown): number {
  if (!WIDTHS.includes(bits)) throw statusInvalid("bits", "§4.1");
  return bits as number;
}

function lstBytes(lst: unknown): Bytes {
  if (typeof lst !== "string") throw statusInvalid("lst_form", "§4.2");
  try {
    return decodeBase64url(lst, "lst");
  } catch (error) {
    throw error instanceof CoreError ? statusInvalid("lst_form", "§4.2") : error;
  }
}

function statusInvalid(reason: string, section: string): CoreError {
  return untrusted("status_invalid", { reason }, `${SPEC} ${section}`);
}
