/** Claims as JSON, and the places in them. */

import { type Json, isArray, isObject } from "../encoding/strict_json.ts";

export type { Json, JsonObject } from "../encoding/strict_json.ts";

/** A concrete place: names of members and indexes of elements. */
export type ClaimPath = readonly (string | number)[];

/** A place with wildcards: null for each element of an array, "*" for a member of any name. */
export type ClaimPattern = readonly (string | number | null)[];

export const EACH_MEMBER = "*";

/** Return a text that two paths share only when they are equal. */
export function pathKey(path: ClaimPattern): string {
  return JSON.stringify(path);
}

/** Return a path as the text that names a claim in errors and reports; `*` stands for every element. */
export function dotted(path: ClaimPattern): string {
  return path.map((step) => (step === null ? "*" : String(step))).join(".");
}

/** Yield path and value of each claim that a pattern names, in document order. */
export function* claimsAt(
  tree: Json | undefined,
  pattern: ClaimPattern,
  path: ClaimPath = [],
): Generator<readonly [ClaimPath, Json]> {
  const [step, ...rest] = pattern;
  if (tree === undefined) return;
  if (step === undefined) yield [path, tree];
  else if (step === null) {
    if (isArray(tree)) for (const [index, each] of tree.entries()) yield* claimsAt(each, rest, [...path, index]);
  } else if (step === EACH_MEMBER) {
    if (isObject(tree))
      for (const [name, each] of Object.entries(tree)) yield* claimsAt(each, rest, [...path, name]);
  } else if (typeof step === "string") {
    if (isObject(tree) && Object.hasOwn(tree, step)) yield* claimsAt(tree[step], rest, [...path, step]);
  } else if (isArray(tree)) yield* claimsAt(tree[step], rest, [...path, step]);
}

/** Return a member of its own, whatever the value is: undefined for what is no object or has no such member. */
export function memberOf(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Return an object without prototype: no name in it means anything to the language. */
export function plainObject(members: Iterable<readonly [string, Json]> = []): Record<string, Json> {
  const made = Object.create(null) as Record<string, Json>;
  for (const [name, value] of members) made[name] = value;
  return made;
}
