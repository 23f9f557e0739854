/** The rows of a layout as a tree, and how values get to their places in the record. */

import type { Json } from "../encoding/strict_json.ts";
import { FORMS } from "../generated/layouts.ts";
import { type ClaimPath, type ClaimPattern, EACH_MEMBER, pathKey, plainObject } from "./claims.ts";
import type { Form } from "./forms.ts";

/** A row as generated: path, field, number of the form, number of the form of names, flags, other places. */
export type GeneratedRow = readonly [
  path: ClaimPattern,
  field: ClaimPattern | null,
  form: number,
  names: number,
  flags: string,
  also: readonly ClaimPattern[],
];

/** One row: a place in the credential, a place in the record, and what may stand there. */
export interface Claim {
  readonly path: ClaimPattern;
  readonly key: string;
  readonly field: ClaimPattern | null;
  readonly form: Form | null;
  readonly names: Form | null;
  readonly alwaysDisclosable: boolean;
  readonly mandatory: boolean;
  readonly also: readonly ClaimPattern[];
}

export function claimOf([path, field, form, names, flags, also]: GeneratedRow): Claim {
  return {
    path,
    key: pathKey(path),
    field,
    form: FORMS[form] ?? null,
    names: FORMS[names] ?? null,
    alwaysDisclosable: flags.includes("a"),
    mandatory: flags.includes("m"),
    also,
  };
}

/** One step of the tree that the rows span; `renamed` marks a place that only peers use. */
export interface Step {
  claim: Claim | null;
  renamed: boolean;
  readonly below: Map<string | number | null, Step>;
  /** The rows right below that are present whenever this place is, and in clear. */
  mandatory: readonly Claim[];
}

/** Return the tree of all places that the rows name. */
export function stepsOf(claims: readonly Claim[]): Step {
  const root = newStep();
  for (const claim of claims) {
    for (const pattern of [claim.path, ...claim.also]) {
      let step = root;
      for (const name of pattern) step = below(step, name);
      step.claim = claim;
      step.renamed = pathKey(pattern) !== claim.key;
    }
  }
  noteMandatory(root);
  return root;
}

function newStep(): Step {
  return { claim: null, renamed: false, below: new Map(), mandatory: [] };
}

function below(step: Step, name: string | number | null): Step {
  const found = step.below.get(name) ?? newStep();
  step.below.set(name, found);
  return found;
}

function noteMandatory(step: Step): void {
  const rows = [...step.below.values()].filter((each) => !each.renamed).map((each) => each.claim);
  step.mandatory = rows.filter((row): row is Claim => row !== null && row.mandatory && !row.alwaysDisclosable);
  for (const each of step.below.values()) noteMandatory(each);
}

/** Return a pattern with its wildcards replaced by keys, in order. */
export function filled(pattern: ClaimPattern, keys: ClaimPath): ClaimPath {
  let next = 0;
  const found = (step: string | number | null): string | number => {
    if (step !== null && step !== EACH_MEMBER) return step;
    const key = keys[next] ?? EACH_MEMBER;
    next += 1;
    return key;
  };
  return pattern.map(found);
}

type Branch = Record<string, Json> | Json[];

/** Set a value at a path, making the objects and arrays on the way; a value that is there already stays. */
export function put(tree: Record<string, Json>, path: ClaimPath, value: Json): void {
  let place: Branch = tree;
  for (const [index, step] of path.slice(0, -1).entries()) {
    place = childOf(place, step, () => (typeof path[index + 1] === "number" ? [] : plainObject()));
  }
  const last = path[path.length - 1] ?? "";
  if (Array.isArray(place)) place.push(value);
  else if (!Object.hasOwn(place, last)) place[last] = value;
}

function childOf(place: Branch, step: string | number, empty: () => Branch): Branch {
  if (!Array.isArray(place)) {
    if (!Object.hasOwn(place, step)) place[step] = empty();
    return place[step] as Branch;
  }
  while (place.length <= Number(step)) place.push(empty());
  return place[Number(step)] as Branch;
}
