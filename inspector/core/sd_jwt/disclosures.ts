/** Read disclosures: text, digest, content. RFC 9901 §4.2. */

import { decodeBase64url } from "../encoding/base64url.ts";
import { type Json, isArray, loads } from "../encoding/strict_json.ts";
import { CoreError, malformed } from "../errors.ts";
import { digest } from "./digests.ts";
import { MAX_DISCLOSURE_CHARS } from "./parse.ts";

/** `[salt, name, value]` for a member of an object, `[salt, value]` for an element of an array. */
export type Content = readonly Json[];

/**
 * Return the content of each disclosure by its digest, in the order given. Input is unverified.
 *
 * Throws disclosure_malformed when a text has no reading, malformed_token when it has more than one (idle bits, a
 * duplicate member), disclosure_duplicate, limit_exceeded. RFC 9901 §7.1 step 3.
 */
export async function read(texts: readonly string[], hash: string): Promise<ReadonlyMap<string, Content>> {
  const contents = texts.map(strictContent);
  const digests = await Promise.all(texts.map((text) => digest(text, hash)));
  const byDigest = new Map(digests.map((each, index) => [each, contents[index] ?? []]));
  if (byDigest.size !== texts.length) throw malformed("disclosure_duplicate", {}, "RFC 9901 §7.1");
  return byDigest;
}

function strictContent(text: string): Content {
  const content = jsonOf(text);
  const isContent = isArray(content) && (content.length === 2 || content.length === 3);
  if (!isContent || !content.slice(0, -1).every((part) => typeof part === "string")) throw unreadable("shape");
  return content;
}

function jsonOf(text: string): Json {
  try {
    return loads(decodeBase64url(text), { what: "disclosure", maxBytes: MAX_DISCLOSURE_CHARS });
  } catch (error) {
    throw error instanceof CoreError ? refusal(error) : error;
  }
}

/** Tell texts with two readings apart from texts with none. */
function refusal(fault: CoreError): CoreError {
  const reason = fault.reason || "base64url";
  if (fault.spec === "RFC 4648 §3.5" || reason === "duplicate_member") {
    return malformed("malformed_token", { part: "disclosure", reason }, fault.spec);
  }
  return fault.code === "limit_exceeded" ? fault : unreadable(reason);
}

function unreadable(reason: string): CoreError {
  return malformed("disclosure_malformed", { reason }, "RFC 9901 §4.2");
}
