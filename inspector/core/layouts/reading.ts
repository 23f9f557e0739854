/**
 * Reading a received credential by the rows of a layout: what it says, and where it deviates.
 *
 * Input is verified in its signature and unverified in its content; nothing here fails on a strange credential.
 */

import { type Json, type JsonObject, isArray, isObject } from "../encoding/strict_json.ts";
import { type ClaimPath, type ClaimPattern, EACH_MEMBER, dotted, plainObject } from "./claims.ts";
import { type Form, accepts, reads, remarks } from "./forms.ts";
import { type Claim, type Step, filled, put } from "./rows.ts";

const LONGEST_NAME = 64;

/**
 * Something that differs from the layout; `claim` holds names only, with `*` for elements and for names of values.
 */
export interface Deviation {
  readonly code: string;
  readonly claim: string;
  readonly expected: string;
}

/** What a credential says in the vocabulary of the record: as much of it as was disclosed. */
export interface Restored {
  readonly recordFields: Record<string, Json>;
  readonly deviations: readonly Deviation[];
}

/** Read claims in one walk; top-level names in `passedOver` belong to the envelope. */
export function readClaims(root: Step, claims: JsonObject, passedOver: ReadonlySet<string>): Restored {
  const reader = new Reader();
  const subject = plainObject(Object.entries(claims).filter(([name]) => !passedOver.has(name)));
  reader.readObject(root, subject, [], []);
  return { recordFields: reader.fields, deviations: reader.deviationsFound() };
}

class Reader {
  readonly fields = plainObject();
  readonly #found: Deviation[] = [];
  readonly #missing: Claim[] = [];
  readonly #renamed = new Set<string>();

  deviationsFound(): readonly Deviation[] {
    const missing = this.#missing.filter((claim) => !this.#renamed.has(claim.key));
    return [...this.#found, ...missing.map(({ path }) => deviation("claim_missing", path))];
  }

  readObject(step: Step, members: JsonObject, place: ClaimPattern, keys: ClaimPath): void {
    const each = step.below.get(EACH_MEMBER);
    for (const [name, value] of Object.entries(members)) {
      const known = step.below.get(name);
      if (each !== undefined) this.#readMemberOfAnyName(each, name, value, place, keys);
      else if (known !== undefined) this.#read(known, value, [...place, name], keys);
      else this.#found.push(deviation("claim_unknown", [...place, [...name].slice(0, LONGEST_NAME).join("")]));
    }
    this.#missing.push(...step.mandatory.filter(({ path }) => !Object.hasOwn(members, String(path.at(-1)))));
  }

  #readMemberOfAnyName(step: Step, name: string, value: Json, place: ClaimPattern, keys: ClaimPath): void {
    const names = step.claim?.names ?? null;
    const here = [...place, EACH_MEMBER];
    const key = names === null ? name : this.#inForm(names, name, here);
    if (typeof key === "string") this.#read(step, value, here, [...keys, key]);
  }

  #read(step: Step, value: Json, place: ClaimPattern, keys: ClaimPath): void {
    const { claim, below } = step;
    if (claim !== null && step.renamed) {
      this.#renamed.add(claim.key);
      this.#found.push(deviation("claim_renamed", place, claim.path));
    }
    const element = below.get(null);
    if (claim?.form) this.#readValue(claim, claim.form, value, place, keys);
    else if (element !== undefined && isArray(value)) {
      if (claim?.field) put(this.fields, filled(claim.field, keys), []);
      for (const [index, item] of value.entries()) this.#read(element, item, [...place, null], [...keys, index]);
    } else if (element === undefined && isObject(value)) this.readObject(step, value, place, keys);
    else this.#found.push(deviation("claim_not_in_form", place));
  }

  #readValue(claim: Claim, form: Form, value: Json, place: ClaimPattern, keys: ClaimPath): void {
    const read = this.#inForm(form, value, place);
    if (read !== undefined && claim.field !== null) put(this.fields, filled(claim.field, keys), read);
  }

  /** Return the value in canonical spelling, undefined when it does not have the form. */
  #inForm(form: Form, value: Json, place: ClaimPattern): Json | undefined {
    const read = reads(form, value);
    if (!accepts(form, read)) {
      this.#found.push(deviation("claim_not_in_form", place));
      return undefined;
    }
    const remark = remarks(form, value);
    if (remark !== null) this.#found.push(deviation(remark, place));
    return read;
  }
}

function deviation(code: string, claim: ClaimPattern, expected: ClaimPattern = []): Deviation {
  return { code, claim: dotted(claim), expected: dotted(expected) };
}
