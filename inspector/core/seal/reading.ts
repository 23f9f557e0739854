/** What a trusted key sealed, by the names of the record, read once for all judging steps. */

import type { JsonObject } from "../encoding/strict_json.ts";
import { CoreError } from "../errors.ts";
import type { Knowledge } from "../judging/answers.ts";
import { Reading } from "../judging/reading.ts";
import { plainObject } from "../layouts/claims.ts";
import { type Projection, layoutById } from "../layouts/layout.ts";
import { namedContent, sealKind } from "./content.ts";
import type { SealClaims } from "./seal.ts";

/** Claims of a seal, and the layout of its kind. All of them are there to see: none can be kept back. */
export class SealReading extends Reading {
  readonly #signed: SealClaims;

  constructor(signed: SealClaims, knowledge: Knowledge) {
    const nothing = { disclosed: new Set<string>(), issuedPositions: new Map(), shortened: [], withheld: [] };
    super({ claims: claimsOf(signed), hashAlg: "", ...nothing }, knowledge);
    this.#signed = signed;
  }

  /** The type of the seal. Throws as `layout`. */
  get type(): string {
    return sealKind(this.#signed.content)[1];
  }

  /** The layout of the kind. Throws claim_missing, claim_invalid, seal_kind_unknown. */
  override get layout(): Projection {
    return layoutById(`seal-${sealKind(this.#signed.content)[0]}`);
  }
}

/** Return the claims with the type and the names of the kind; without them where the kind is not known. */
function claimsOf({ envelope, content }: SealClaims): JsonObject {
  try {
    const vct = sealKind(content)[1];
    return plainObject([["vct", vct], ...Object.entries(envelope), ["content", namedContent(content)]]);
  } catch (error) {
    if (error instanceof CoreError) return envelope;
    throw error;
  }
}
