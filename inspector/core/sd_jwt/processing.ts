/**
 * From a verified payload and its disclosures to the claims as the issuer meant them. RFC 9901 §7.1.
 *
 * Hash algorithm -> contents by digest -> walk of the payload -> leftovers. The walk puts each disclosed value in
 * its place, drops undisclosed ones and decoys, and refuses a digest that stands twice anywhere.
 */

import { type Json, type JsonObject, isArray, isObject } from "../encoding/strict_json.ts";
import { type CoreError, malformed, untrusted } from "../errors.ts";
import { type ClaimPath, pathKey, plainObject } from "../layouts/claims.ts";
import { DEFAULT_HASH_ALG, PROTECTED_CLAIMS, RESERVED_NAMES, hashFunction } from "./digests.ts";
import { type Content, read } from "./disclosures.ts";

export const MAX_DEPTH = 32;

/**
 * Claims without any trace of the format. Places are keyed by `pathKey`.
 *
 * `disclosed` lists the places that a disclosure filled. `issuedPositions` gives, for each array with undisclosed
 * elements, the index as issued of every element that is left. `withheld` names each object that has digests
 * without a disclosure: members of it may have been kept back, for decoys look the same.
 */
export interface ProcessedClaims {
  readonly claims: JsonObject;
  readonly disclosed: ReadonlySet<string>;
  readonly hashAlg: string;
  readonly issuedPositions: ReadonlyMap<string, readonly number[]>;
  /** The same places as in `issuedPositions`, as paths. */
  readonly shortened: readonly ClaimPath[];
  readonly withheld: readonly ClaimPath[];
}

/**
 * Return the claims that a payload and its disclosures stand for. The payload's signature must have been verified.
 *
 * Throws hash_alg_unsupported, disclosure_unreferenced, protected_claim_disclosed, disclosure_malformed,
 * disclosure_duplicate, digest_duplicate, reserved_claim_name, claim_collision, malformed_token, limit_exceeded.
 * RFC 9901 §7.1 steps 2-5, SD-JWT VC §2.2.2.2.
 */
export async function process(payload: JsonObject, disclosures: readonly string[]): Promise<ProcessedClaims> {
  const hashAlg = Object.hasOwn(payload, "_sd_alg") ? payload["_sd_alg"] : DEFAULT_HASH_ALG;
  const contents = await read(disclosures, hashFunction(hashAlg));
  const assembly = new Assembly(contents);
  const claims = assembly.object(payload, []);
  if (assembly.disclosed.size !== contents.size) throw untrusted("disclosure_unreferenced", {}, "RFC 9901 §7.1");
  const { disclosed, issuedPositions, shortened, withheld } = assembly;
  return { claims, disclosed, hashAlg: String(hashAlg), issuedPositions, shortened, withheld };
}

/** One walk over one payload: what is still to place, what was seen, what was placed where. */
class Assembly {
  readonly disclosed = new Set<string>();
  readonly issuedPositions = new Map<string, readonly number[]>();
  readonly shortened: ClaimPath[] = [];
  readonly withheld: ClaimPath[] = [];
  readonly #contents: ReadonlyMap<string, Content>;
  readonly #seen = new Set<string>();

  constructor(contents: ReadonlyMap<string, Content>) {
    this.#contents = contents;
  }

  /** Return an object with everything in place. Throws limit_exceeded below 32 levels. */
  object(source: JsonObject, path: ClaimPath): JsonObject {
    checkDepth(path);
    const members = plainObject(Object.entries(source));
    const isPlain = Object.keys(source).every((name) => !RESERVED_NAMES.has(name));
    const digests = isPlain ? [] : takeDigests(members, path.length === 0);
    this.#note(digests);
    for (const [name, value] of Object.entries(source)) {
      if (Object.hasOwn(members, name)) members[name] = this.#walk(value, [...path, name]);
    }
    if (digests.length > 0) this.#place(digests, members, path);
    return members;
  }

  #walk(value: Json, path: ClaimPath): Json {
    if (isObject(value)) return this.object(value, path);
    return isArray(value) ? this.#elements(value, path) : value;
  }

  /** Put the disclosed members of an object in their place. RFC 9901 §7.1 step 3.c.ii. */
  #place(digests: readonly string[], members: Record<string, Json>, path: ClaimPath): void {
    let allDisclosed = true;
    for (const digest of digests) {
      const content = this.#contents.get(digest);
      if (content === undefined) allDisclosed = false;
      else this.#placeMember(content, members, path);
    }
    if (!allDisclosed) this.withheld.push(path);
  }

  #placeMember(content: Content, members: Record<string, Json>, path: ClaimPath): void {
    if (content.length !== 3) throw malformedContent("element_among_members");
    const name = String(content[1]);
    const place = [...path, name];
    if (RESERVED_NAMES.has(name)) throw malformed("reserved_claim_name", {}, "RFC 9901 §7.1");
    if (Object.hasOwn(members, name)) throw malformed("claim_collision", {}, "RFC 9901 §7.1");
    if (isProtected(place)) throw protectedClaim(place);
    this.disclosed.add(pathKey(place));
    members[name] = this.#walk(content[2] ?? null, place);
  }

  #elements(source: readonly Json[], path: ClaimPath): readonly Json[] {
    checkDepth(path);
    const elements: Json[] = [];
    const positions: number[] = [];
    for (const [index, element] of source.entries()) {
      const place = [...path, elements.length];
      const found = isObject(element) && Object.hasOwn(element, "...") ? this.#element(element, place) : element;
      if (found === undefined) continue;
      elements.push(this.#walk(found, place));
      positions.push(index);
    }
    if (positions.length !== source.length) {
      this.issuedPositions.set(pathKey(path), positions);
      this.shortened.push(path);
    }
    return elements;
  }

  /** Return a disclosed array element, undefined for one that is not disclosed. RFC 9901 §7.1 step 3.c.iii. */
  #element(placeholder: JsonObject, place: ClaimPath): Json | undefined {
    const digest = placeholder["..."];
    if (Object.keys(placeholder).length !== 1 || typeof digest !== "string") throw malformedPayload("placeholder");
    this.#note([digest]);
    const content = this.#contents.get(digest);
    if (content === undefined) return undefined;
    if (content.length !== 2) throw malformedContent("member_among_elements");
    if (isProtected(place)) throw protectedClaim(place);
    this.disclosed.add(pathKey(place));
    return content[1];
  }

  /** Refuse a digest met before, whether or not its disclosure came along. RFC 9901 §7.1 step 4. */
  #note(digests: readonly string[]): void {
    for (const digest of digests) {
      if (this.#seen.has(digest)) throw malformed("digest_duplicate", {}, "RFC 9901 §7.1");
      this.#seen.add(digest);
    }
  }
}

function checkDepth(path: ClaimPath): void {
  if (path.length >= MAX_DEPTH) throw malformed("limit_exceeded", { what: "claims", limit: MAX_DEPTH });
}

/** Remove what belongs to the format from an object and return its digests. RFC 9901 §4.2.4.1. */
function takeDigests(members: Record<string, Json>, atRoot: boolean): readonly string[] {
  if (Object.hasOwn(members, "...")) throw malformedPayload("placeholder");
  if (Object.hasOwn(members, "_sd_alg") && !atRoot) throw untrusted("hash_alg_unsupported", {}, "RFC 9901 §4.1.1");
  const digests = Object.hasOwn(members, "_sd") ? members["_sd"] : [];
  delete members["_sd_alg"];
  delete members["_sd"];
  if (!isArray(digests) || !digests.every((each): each is string => typeof each === "string")) {
    throw malformedPayload("_sd");
  }
  return digests;
}

function isProtected(place: ClaimPath): boolean {
  return PROTECTED_CLAIMS.has(String(place[0]));
}

function protectedClaim(place: ClaimPath): CoreError {
  return untrusted("protected_claim_disclosed", { claim: String(place[0]) }, "SD-JWT VC §2.2.2.2");
}

function malformedContent(reason: string): CoreError {
  return malformed("disclosure_malformed", { reason }, "RFC 9901 §7.1");
}

function malformedPayload(reason: string): CoreError {
  return malformed("malformed_token", { part: "payload", reason }, "RFC 9901 §4.2.4");
}
