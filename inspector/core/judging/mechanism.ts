/**
 * How an issuer's key is found: by the certificates in the header, or among the keys that the issuer publishes.
 *
 * The trust says which of the two counts for an issuer; a credential cannot choose. SD-JWT VC §2.5.
 */

import type { KeyPurpose } from "../certificates/purposes.ts";
import type { TrustQuestion } from "../trust/trust_store.ts";
import { type WebIssuer, authoriseWebIssuer, webIssuerKey } from "../trust/web_issuers.ts";
import { untrusted } from "../errors.ts";
import { type UnverifiedJws, unverifiedPayload } from "../jose/jws.ts";
import type { Chain, Knowledge, TrustedKey } from "./answers.ts";
import type { Policy } from "./policy.ts";

/** What the verified payload says of itself, and the time asked about. */
export type Claimed = Omit<TrustQuestion, "purpose">;

/** One way to the key of an issuer, and to what the issuer may sign by it. */
export interface Mechanism {
  /** Return the key to verify with; nothing is authorised yet. Throws issuer_untrusted, chain_invalid. */
  trustedKey(knowledge: Knowledge, at: number): Promise<TrustedKey>;
  /** Return the country of who may sign this at that time. */
  authorisedCountry(knowledge: Knowledge, claimed: Claimed): Promise<string>;
}

/** By the certificates of `x5c` (unverified). HAIP 1.0 §6.1.1. */
export function byChain(unverifiedChain: Chain, purpose: KeyPurpose = "credential"): Mechanism {
  return {
    trustedKey: (knowledge, at) => knowledge.resolveChain(unverifiedChain, { purpose, at }),
    authorisedCountry: async (knowledge, claimed) =>
      (await knowledge.resolve(unverifiedChain, { ...claimed, purpose })).country,
  };
}

/** By the key that the header names among those an issuer publishes. SD-JWT VC §2.5. */
function byWebKey(webIssuer: WebIssuer, jws: UnverifiedJws, allowedAlgs: ReadonlySet<string>): Mechanism {
  const { institution, country } = webIssuer;
  return {
    trustedKey: async (_knowledge, at) => ({
      key: await webIssuerKey(webIssuer, jws.header["kid"], { at, allowedAlgs }),
      institutionId: institution,
      country,
    }),
    authorisedCountry: async (_knowledge, claimed) => {
      if (claimed.issuer !== webIssuer.issuer) {
        throw untrusted("issuer_untrusted", { reason: "issuer_mismatch" }, "SD-JWT VC §2.5");
      }
      authoriseWebIssuer(webIssuer, claimed);
      return country;
    },
  };
}

/**
 * Return how the key of a credential has to be found. Throws malformed_token.
 *
 * `iss` is read unverified where there is no chain, and only to look up what was configured for it.
 */
export function mechanismOf(jws: UnverifiedJws, chain: Chain, knowledge: Knowledge, policy: Policy): Mechanism {
  if (chain.length > 0 || !policy.profile.webKeysAllowed) return byChain(chain);
  const issuer = unverifiedPayload(jws)["iss"];
  const webIssuer = typeof issuer === "string" ? knowledge.webIssuer(issuer) : null;
  return webIssuer === null ? byChain(chain) : byWebKey(webIssuer, jws, policy.allowedAlgs);
}
