/** Claim layouts: which there are, what they say of periods, and how claims are read in them. */

import { type Json, type JsonObject, isObject } from "../encoding/strict_json.ts";
import { malformed } from "../errors.ts";
import * as generated from "../generated/layouts.ts";
import { type ClaimPath, type ClaimPattern, claimsAt, dotted, pathKey } from "./claims.ts";
import { type Day, isDay } from "./days.ts";
import { type Deviation, type Restored, readClaims } from "./reading.ts";
import { rearranged } from "./rearranging.ts";
import { type Claim, type GeneratedRow, type Step, claimOf, stepsOf } from "./rows.ts";

export type { Form } from "./forms.ts";
export type { Deviation, Restored };

type Ends = readonly [ClaimPath | null, ClaimPath | null];

/** A layout as generated. */
export interface Layout {
  readonly id: string;
  readonly kind: string;
  readonly document: readonly (ClaimPath | null)[];
  readonly coverage: readonly (ClaimPath | null)[];
  readonly envelope: readonly string[];
  readonly rows: readonly GeneratedRow[];
}

/** Two days, both included; null where nothing is said (for an end: none is set). */
export interface Period {
  readonly start: Day | null;
  readonly end: Day | null;
}

const ENVELOPE: readonly string[] = generated.ENVELOPE_CLAIMS;

/** A claim layout of one credential type. */
export class Projection {
  readonly id: string;
  readonly kind: string;
  readonly claims: readonly Claim[];
  readonly document: Ends;
  readonly coverage: Ends;
  readonly #rows: ReadonlyMap<string, Claim>;
  readonly #passedOver: ReadonlySet<string>;
  readonly #steps: Step;

  constructor(layout: Layout) {
    this.id = layout.id;
    this.kind = layout.kind;
    this.claims = layout.rows.map(claimOf);
    this.document = [layout.document[0] ?? null, layout.document[1] ?? null];
    this.coverage = [layout.coverage[0] ?? null, layout.coverage[1] ?? null];
    this.#rows = new Map(this.claims.map((claim) => [claim.key, claim]));
    this.#passedOver = new Set([...ENVELOPE, ...layout.envelope]);
    this.#steps = stepsOf(this.claims);
  }

  /** Read verified claims, whole or partly disclosed, into the vocabulary of the record. */
  restore(claims: JsonObject): Restored {
    const read = readClaims(this.#steps, claims, this.#passedOver);
    return { recordFields: rearranged(this.id, read.recordFields), deviations: read.deviations };
  }

  /** Return the dates of the document. Throws claim_missing, claim_invalid. */
  documentPeriod(claims: JsonObject): Period {
    return this.#period(claims, this.document);
  }

  /** Return the period that the attestation covers. Throws claim_missing, claim_invalid. */
  coveragePeriod(claims: JsonObject): Period {
    return this.#period(claims, this.coverage);
  }

  /**
   * Return the objects (by `pathKey`) in which a claim that is not shown could stand; none for one that is shown.
   */
  couldHold(claims: JsonObject, path: ClaimPath): ReadonlySet<string> {
    const row = this.#row(path);
    if (valuesOf(claims, row).length > 0) return new Set();
    return new Set([row.path, ...row.also].map((place) => pathKey(lastObject(claims, place))));
  }

  /** Return the days of a period; none of one whose end the holder keeps back: it may have passed. */
  #period(claims: JsonObject, [first, last]: Ends): Period {
    const start = first === null ? null : this.#dateAt(claims, first);
    const end = last === null ? null : this.#dateAt(claims, last);
    return last !== null && this.#isWithheld(claims, last) ? { start: null, end: null } : { start, end };
  }

  #isWithheld(claims: JsonObject, path: ClaimPath): boolean {
    const claim = this.#row(path);
    return claim.mandatory && claim.alwaysDisclosable && valuesOf(claims, claim).length === 0;
  }

  #dateAt(claims: JsonObject, path: ClaimPath): Day | null {
    const claim = this.#row(path);
    const [found] = valuesOf(claims, claim);
    if (isDay(found)) return found === generated.OPEN_END_DATE ? null : found;
    if (found !== undefined) throw malformed("claim_invalid", { claim: dotted(path) });
    if (claim.mandatory && !claim.alwaysDisclosable) throw malformed("claim_missing", { claim: dotted(path) });
    return null;
  }

  #row(path: ClaimPath): Claim {
    const row = this.#rows.get(pathKey(path));
    if (row === undefined) throw new Error(`no row for ${dotted(path)}`);
    return row;
  }
}

function valuesOf(claims: JsonObject, claim: Claim): readonly Json[] {
  return [claim.path, ...claim.also].flatMap((pattern) =>
    Array.from(claimsAt(claims, pattern), ([, value]) => value),
  );
}

function lastObject(claims: JsonObject, place: ClaimPattern): ClaimPath {
  const here: (string | number)[] = [];
  let members: Json | undefined = claims;
  for (const step of place.slice(0, -1)) {
    members = typeof step === "string" && isObject(members) ? members[step] : undefined;
    if (step === null || !isObject(members)) break;
    here.push(step);
  }
  return here;
}

const MADE = new Map<string, Projection>();

/** Return a layout by id; each is made when it is first asked for. */
export function layoutById(id: string): Projection {
  const made = MADE.get(id);
  if (made !== undefined) return made;
  const found = generated.LAYOUTS.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no layout ${id}`);
  const projection = new Projection(found);
  MADE.set(id, projection);
  return projection;
}
