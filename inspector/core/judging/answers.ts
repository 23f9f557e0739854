/**
 * What the procedures ask of the world, as values: whom to trust, and what the lists say. Nothing here fetches.
 */

import type { KeyPurpose } from "../certificates/purposes.ts";
import type { TrustQuestion, TrustedKey as FoundKey } from "../trust/trust_store.ts";
import type { WebIssuer } from "../trust/web_issuers.ts";
import type { Bytes } from "../encoding/bytes.ts";
import type { TypeMetadata } from "../pack/type_metadata.ts";
import type { StatusAnswer } from "../status/answers.ts";
import type { StatusReference } from "../status/statuses.ts";

export type Chain = readonly Bytes[];

export type TrustedKey = Pick<FoundKey, "key" | "institutionId" | "country">;

/** What is known offline: a trust pack answers this. */
export interface Knowledge {
  readonly sequence: number;
  /** Return the key of a chain that may sign for a purpose; nothing is authorised yet. */
  resolveChain(chain: Chain, asked: { purpose: KeyPurpose; at: number }): Promise<TrustedKey>;
  /** Return the key of a chain that may sign this type for this institution at this time. */
  resolve(chain: Chain, asked: TrustQuestion): Promise<TrustedKey>;
  /** Return an issuer that is believed by its published keys only, with those held of it; null for others. */
  webIssuer(issuer: string): WebIssuer | null;
  /** Return every chain whose leaf's SHA-256 begins with the key id; two may share one. */
  chains(keyId: Bytes): Promise<readonly Chain[]>;
  status(reference: StatusReference, asked: { institution: string; now: number }): Promise<StatusAnswer>;
  /** Return the type by the document that matches its integrity; null when none does. */
  typeMetadata(vct: string, pin: string): Promise<TypeMetadata | null>;
  knowsType(vct: string): boolean;
}
