/** How the claims travelled, against what their type says of it. SD-JWT VC, Type Metadata. */

import { type Json, type JsonObject, isArray, isObject } from "../encoding/strict_json.ts";
import { type CoreError, untrusted } from "../errors.ts";
import { type ClaimPath, type ClaimPattern, pathKey } from "../layouts/claims.ts";
import type { ProcessedClaims } from "../sd_jwt/processing.ts";
import type { TypeMetadata } from "../pack/type_metadata.ts";

type Located = readonly [ClaimPath, Json];

/**
 * Refuse claims that travelled otherwise than their type allows; a claim that is absent is no fault.
 *
 * Throws type_metadata_invalid (path_container, sd_never, sd_always).
 */
export function checkDisclosability(metadata: TypeMetadata, processed: ProcessedClaims): void {
  for (const rule of metadata.claims) {
    for (const [path] of located(processed, rule.path)) {
      const wasDisclosed = processed.disclosed.has(pathKey(path));
      if (rule.sd === "never" && wasDisclosed) throw invalid("sd_never");
      if (rule.sd === "always" && !wasDisclosed) throw invalid("sd_always");
    }
  }
}

/** Return the places that a path names; an index counts elements as issued. OpenID4VP 1.0 §7.1. */
function located({ claims, issuedPositions }: ProcessedClaims, pattern: ClaimPattern): readonly Located[] {
  let selected: readonly Located[] = [[[], claims]];
  for (const component of pattern) {
    selected = selected.flatMap((element) => below(element, component, issuedPositions));
  }
  return selected;
}

function below(
  [path, value]: Located,
  component: string | number | null,
  issued: ProcessedClaims["issuedPositions"],
): readonly Located[] {
  if (typeof component === "string" && isObject(value)) return member(path, value, component);
  if (typeof component === "string" || !isArray(value)) throw invalid("path_container");
  const elements = value.map((each, index): Located => [[...path, index], each]);
  if (component === null) return elements;
  const at = issued.get(pathKey(path))?.indexOf(component) ?? component;
  const found = elements[at];
  return found === undefined ? [] : [found];
}

function member(path: ClaimPath, value: JsonObject, name: string): readonly Located[] {
  const found = Object.hasOwn(value, name) ? value[name] : undefined;
  return found === undefined ? [] : [[[...path, name], found]];
}

function invalid(reason: string): CoreError {
  return untrusted("type_metadata_invalid", { reason }, "SD-JWT VC, Type Metadata");
}
