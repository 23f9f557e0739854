/** Which edition of the protocols is read, and what is tolerated in it: the part that a reader needs. */

export interface ProtocolProfile {
  readonly id: string;
  readonly acceptedCredentialTyps: readonly string[];
  /** Claims that may name the type: `vct`, and where the draft has it `aka_vcts`. */
  readonly typeClaims: readonly string[];
  readonly issueHeaderParams: readonly string[];
  readonly requiredClaims: readonly string[];
  /** `or_short_lived`: a status is required unless the credential lives for a day at most. */
  readonly statusRule: string;
  readonly suspensionAllowed: boolean;
  readonly thumbprintRequired: boolean;
  readonly webKeysAllowed: boolean;
  readonly attestationCategory: string | null;
}
