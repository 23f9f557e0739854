/** Is the presenter the holder. */

import { refused, untrusted } from "../errors.ts";
import { holderKey } from "../jose/keys.ts";
import { memberOf } from "../layouts/claims.ts";
import { UNSOLICITED } from "../proximity/challenge.ts";
import { verifyKeyBinding } from "../sd_jwt/key_binding.ts";
import type { UnverifiedSdJwt } from "../sd_jwt/parse.ts";
import type { ProcessedClaims } from "../sd_jwt/processing.ts";
import type { Finding } from "../verdict/checks.ts";
import type { Policy } from "./policy.ts";

/** Ask whether the presenter holds the key, by the rule that was fixed beforehand. RFC 9901 §7.3. */
export async function keyBinding(
  sdJwt: UnverifiedSdJwt,
  processed: ProcessedClaims,
  policy: Policy,
  now: number,
): Promise<Finding> {
  const { keyBinding: rule, allowedAlgs, clockSkewS } = policy;
  const { keyBindingJwt, presentedText } = sdJwt;
  if (rule.kind === "refused") {
    if (keyBindingJwt !== null) throw refused("kb_unexpected", {}, "RFC 9901 §7.2");
    return { outcome: "not_applicable", code: "kb_not_asked" };
  }
  if (keyBindingJwt === null) throw untrusted("kb_missing", {}, "RFC 9901 §7.3");
  await verifyKeyBinding(keyBindingJwt, {
    presentedText,
    holderKey: await holderKey(memberOf(processed.claims, "cnf"), { allowedAlgs }),
    audience: rule.audience,
    nonce: rule.kind === "required" ? rule.nonce : UNSOLICITED,
    now,
    maxAgeS: rule.maxAgeS,
    skewS: clockSkewS,
    hashAlg: processed.hashAlg,
    transactionData: rule.kind === "required" ? (rule.transactionData ?? []) : [],
  });
  if (rule.kind === "unsolicited") return { outcome: "unknown", code: "kb_unsolicited" };
  return { outcome: "pass", code: "key_binding_ok" };
}
