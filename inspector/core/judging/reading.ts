/** Authenticated claims, read once for all judging steps. */

import type { JsonObject } from "../encoding/strict_json.ts";
import { CoreError, malformed } from "../errors.ts";
import { type ClaimPath, memberOf, pathKey } from "../layouts/claims.ts";
import { projectionFor } from "../layouts/dialects.ts";
import type { Deviation, Projection, Restored } from "../layouts/layout.ts";
import type { ProcessedClaims } from "../sd_jwt/processing.ts";
import type { TypeMetadata } from "../pack/type_metadata.ts";
import type { Knowledge } from "./answers.ts";

/** Claims that a trusted signature vouches for, and the layout in which they are to be read. */
export class Reading {
  readonly processed: ProcessedClaims;
  readonly claims: JsonObject;
  readonly #knowledge: Knowledge;
  #layout: Projection | undefined;
  #restored: Restored | undefined;

  constructor(processed: ProcessedClaims, knowledge: Knowledge) {
    this.processed = processed;
    this.claims = processed.claims;
    this.#knowledge = knowledge;
  }

  /** The type. Throws claim_invalid for one that is no text. */
  get vct(): string | null {
    return this.text("vct");
  }

  /** The layout. Throws claim_missing, vct_unknown, layout_unknown. */
  get layout(): Projection {
    if (this.vct === null) throw malformed("claim_missing", { claim: "vct" }, "SD-JWT VC §2.2.2.1");
    this.#layout ??= projectionFor(this.vct, this.claims);
    return this.#layout;
  }

  /** The claims in the vocabulary of the record. Throws as `layout`. */
  get restored(): Restored {
    this.#restored ??= this.layout.restore(this.claims);
    return this.#restored;
  }

  /** The layout, null where there is none. */
  get knownLayout(): Projection | null {
    try {
      return this.layout;
    } catch (error) {
      if (error instanceof CoreError) return null;
      throw error;
    }
  }

  get deviations(): readonly Deviation[] {
    return this.knownLayout === null ? [] : this.restored.deviations;
  }

  /**
   * Tell whether a claim of the layout is not shown and may stand behind a digest without a disclosure.
   *
   * It may not where the issuer binds itself to Type Metadata that say of the claim: never by a disclosure.
   * Throws as `layout`, type_metadata_invalid. RFC 9901 §4.2.5.
   */
  async mayBeKeptBack(path: ClaimPath | null): Promise<boolean> {
    const { withheld } = this.processed;
    if (path === null || withheld.length === 0) return false;
    const places = this.layout.couldHold(this.claims, path);
    if (!withheld.some((place) => places.has(pathKey(place)))) return false;
    const rules = (await this.typeMetadata())?.claims ?? [];
    return !rules.some((rule) => pathKey(rule.path) === pathKey(path) && rule.sd === "never");
  }

  /** Return what the type says of itself, by the document to which the issuer binds itself; null without one. */
  async typeMetadata(): Promise<TypeMetadata | null> {
    const pin = this.text("vct#integrity");
    return pin === null || this.vct === null ? null : this.#knowledge.typeMetadata(this.vct, pin);
  }

  /** Tell whether there is any document of the type. */
  get typeIsKnown(): boolean {
    return this.vct !== null && this.#knowledge.knowsType(this.vct);
  }

  /** Return a text claim, null when it is absent. Throws claim_invalid for another type. */
  text(name: string): string | null {
    const value = memberOf(this.claims, name) ?? null;
    if (value !== null && typeof value !== "string") {
      throw malformed("claim_invalid", { claim: name }, "RFC 7519 §4.1");
    }
    return value;
  }
}
